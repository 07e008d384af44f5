"""The live view of `start` in a terminal: an actor like the others, so a fault here harms nobody else.

Twice a second it asks everyone what the screen shows and draws what came; whoever does not answer is
shown as away. Of orders it also listens to events, so that the ones just done stay in sight.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from actors.messages.account import Accounts, GetAccounts, GetPositions, Positions
from actors.messages.market import GetQuotes, Quotes
from actors.messages.orders import Fill, GetOrders, OrderEvent, Orders, OrderView
from actors.status import QUESTIONS, assemble
from cli.live import Picture, live_screen
from supervision import clock
from supervision.actor import Actor, Context, Sender, handles
from supervision.errors import ActorUnavailable
from supervision.message import Ask, Message

INTERVAL = 0.5
ANSWER_LIMIT = 1.0
RECENT_ORDERS = 10

ASKED: dict[str, tuple[str, Ask[Any]]] = {
    **QUESTIONS,
    "quotes": ("market_data", GetQuotes()),
    "positions": ("account", GetPositions()),
    "accounts": ("account", GetAccounts()),
    "working": ("order", GetOrders()),
}
"""What each part of the screen is, whom it is asked of, and how."""


class TerminalView(Actor):
    """Draws the service on the terminal it was started from."""

    def __init__(self, context: Context, *, mode: str, account: str, log_file: Path) -> None:
        super().__init__(context)
        self._mode = mode
        self._account = account
        self._footer = f"Ctrl-C stops the service. Log: {log_file}"
        self._answers: dict[str, Message | Exception] = {
            part: ActorUnavailable(name, "not asked yet") for part, (name, _) in ASKED.items()
        }
        self._recent: dict[str, OrderView] = {}
        self._live = Live(console=Console(), screen=True, auto_refresh=False)

    def on_start(self) -> None:
        names = {name for name, _ in ASKED.values()}
        self._links = {name: self.link(name, topics=("orders",) if name == "order" else ()) for name in names}
        self._live.start()
        self._refresh()

    def on_stop(self) -> None:
        self._live.stop()

    @handles(OrderEvent)
    def order_changed(self, message: OrderEvent, sender: Sender) -> None:  # noqa: ARG002
        self._remember(message.order)

    @handles(Fill)
    def order_filled(self, message: Fill, sender: Sender) -> None:  # noqa: ARG002
        self._remember(message.order)

    def _remember(self, order: OrderView) -> None:
        self._recent.pop(order.key, None)
        self._recent[order.key] = order
        while len(self._recent) > RECENT_ORDERS:
            del self._recent[next(iter(self._recent))]

    def _refresh(self) -> None:
        width, height = self._live.console.size
        self._live.update(live_screen(self._picture(), width, height), refresh=True)
        for part, (name, question) in ASKED.items():
            keep = self._keeper(part)
            self._links[name].ask(question, timeout=ANSWER_LIMIT, on_reply=keep, on_error=keep)
        self.reactor.after(INTERVAL, self._refresh)

    def _keeper(self, part: str) -> Callable[[Any], None]:
        def keep(answer: Message | Exception) -> None:
            self._answers[part] = answer

        return keep

    def _picture(self) -> Picture:
        return Picture(
            status=assemble(self._mode, self._account, self._answers, clock.now()),
            quotes=self._part("quotes", Quotes),
            positions=self._part("positions", Positions),
            accounts=self._part("accounts", Accounts),
            orders=self._orders(),
            footer=self._footer,
        )

    def _part(self, part: str, kind: type[Any]) -> Any:
        """The answer, or the error that stands in its place."""
        answer = self._answers[part]
        if isinstance(answer, (kind, Exception)):
            return answer
        return TypeError(f"unexpected {type(answer).__name__}")

    def _orders(self) -> list[OrderView]:
        """Those just done, then those still working, which a small screen must not lose; newest last."""
        working = self._answers["working"]
        known = {order.key: order for order in working.items} if isinstance(working, Orders) else {}
        return sorted({**known, **self._recent}.values(), key=lambda order: (order.key in known, order.updated))
