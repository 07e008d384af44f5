"""The base of embedded strategies: an actor of its own process, with callbacks instead of messages.

Callbacks run one after the other in the strategy's thread; a slow one delays this strategy alone. None
is called before the strategy's own orders and executions are known again, so `position` is true from the
first quote on, also after a restart. A refusal or a lost answer that a callback does not catch is logged
and the callback ends, the strategy lives on. Any other exception ends the process, and the supervisor
starts a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pydantic

from actors.messages.account import AccountEvent
from actors.messages.broker import Snapshot
from actors.messages.market import Bar, Gap, Quote, Resumed, Ticks
from actors.messages.orders import Fill, OrderEvent
from actors.messages.session import LinkChanged, SessionDown, SessionUp
from actors.messages.state import CutFinished, CutView
from actors.messages.system import CustomEvent
from actors.trader import Trader
from supervision import clock
from supervision.actor import Context, Sender, handles
from supervision.errors import ConfigurationError, SupervisionError

BAR_CHECK_SECONDS = 0.25
BAR_GRACE_NS = 250_000_000  # a tick of the last instant may still be on its way
SessionEvent = SessionUp | SessionDown | LinkChanged


class Strategy(Trader):
    """Subclass this. `Params` is the model that `params` of the configuration is checked against."""

    class Params(pydantic.BaseModel):
        """No parameters."""

        model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    params: Any
    topics: ClassVar[tuple[str, ...]] = ()
    """Custom topics whose events `on_event` gets."""

    def __init__(self, context: Context, *, params: Mapping[str, object] | None = None) -> None:
        super().__init__(context)
        self._raw_params = dict(params or {})

    # --- callbacks -----------------------------------------------------------------------------

    def on_quote(self, quote: Quote) -> None:
        """A subscribed quote changed."""

    def on_tick(self, symbol: str, field: int, price: float, size: float, time_ns: int) -> None:
        """One tick of a symbol subscribed with `ticks=True`; `field` is the broker's tick type, price -1 for sizes."""

    def on_ticks(self, ticks: Ticks) -> None:
        """Ticks in columns, as they were read together; calls `on_tick` for each unless overridden."""
        for con_id, field, price, size in zip(ticks.con_ids, ticks.fields, ticks.prices, ticks.sizes, strict=True):
            self.on_tick(self.symbols.get(con_id, ""), field, price, size, ticks.time_ns)

    def on_bar(self, symbol: str, bar: Bar) -> None:
        """A bar of a symbol subscribed with `bars=seconds` is complete."""

    def on_order(self, event: OrderEvent) -> None:
        """One of this strategy's orders changed."""

    def on_fill(self, fill: Fill) -> None:
        """One of this strategy's orders was filled, in part or whole; `position` already counts it."""

    def on_account(self, event: AccountEvent) -> None:
        """Profit and loss or a position of the account changed."""

    def on_session(self, event: SessionEvent) -> None:
        """The link to the broker came up, went down, or changed."""

    def on_reconciliation(self, cut: CutView) -> None:
        """The service compared its books with the broker's; `differences` are what it found, of all accounts."""

    def on_gap(self, event: Gap | Resumed) -> None:
        """Quotes may have been missed, or flow again."""

    def on_event(self, event: CustomEvent) -> None:
        """Someone published under one of `topics`."""

    def on_timer(self) -> None:
        """The timer set with `every` is due."""

    def every(self, seconds: float) -> None:
        """Call `on_timer` every `seconds`."""

        def tick() -> None:
            self.every(seconds)
            self._call(self.on_timer)

        self.reactor.after(seconds, tick)

    # --- framework -------------------------------------------------------------------------------

    def prepare(self) -> None:
        try:
            self.params = self.Params(**self._raw_params)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "params"
            problem = f"strategy {self.name}: params.{where} = {first['input']!r}: {first['msg']}"
            raise ConfigurationError(problem) from error
        super().prepare()
        self.link("account", topics=("account",))
        self.link("connection", topics=("session",))
        self.link("state", topics=("risk", *self.topics))
        self._close_bars()

    def _call(self, callback: Callable[..., None], *args: object) -> None:
        if not self.known:
            return
        try:
            callback(*args)
        except SupervisionError as error:
            self.log.warning("%s ended early: %s", getattr(callback, "__name__", "callback"), error)

    @handles(Quote)
    def _quote(self, quote: Quote, _: Sender) -> None:
        self.quotes[quote.symbol] = quote
        self._call(self.on_quote, quote)

    @handles(Ticks)
    def _ticks(self, ticks: Ticks, _: Sender) -> None:
        self._call(self.on_ticks, ticks)
        if self.builders:
            self._build_bars(ticks)

    def _build_bars(self, ticks: Ticks) -> None:
        for con_id, field, price, size in zip(ticks.con_ids, ticks.fields, ticks.prices, ticks.sizes, strict=True):
            builder = self.builders.get(con_id)
            if builder is not None:
                for bar in builder.add(field, price, size, ticks.time_ns):
                    self._call(self.on_bar, self.symbols[con_id], bar)

    def _close_bars(self) -> None:
        """A bar must not wait for the next trade to be seen as complete."""
        self.reactor.after(BAR_CHECK_SECONDS, self._close_bars)
        for con_id, builder in self.builders.items():
            for bar in builder.close(clock.now_ns() - BAR_GRACE_NS):
                self._call(self.on_bar, self.symbols[con_id], bar)

    @handles(OrderEvent)
    def _order_event(self, event: OrderEvent, _: Sender) -> None:
        if self.note_order(event):
            self._call(self.on_order, event)

    @handles(Fill)
    def _fill(self, fill: Fill, _: Sender) -> None:
        self.note_fill(fill)

    def filled(self, fill: Fill) -> None:
        self._call(self.on_fill, fill)

    @handles(AccountEvent)
    def _account_event(self, event: AccountEvent, _: Sender) -> None:
        self._call(self.on_account, event)

    @handles(SessionUp)
    def _session_up(self, event: SessionUp, _: Sender) -> None:
        self._call(self.on_session, event)

    @handles(SessionDown)
    def _session_down(self, event: SessionDown, _: Sender) -> None:
        self._call(self.on_session, event)

    @handles(LinkChanged)
    def _link_changed(self, event: LinkChanged, _: Sender) -> None:
        self._call(self.on_session, event)

    @handles(CutFinished)
    def _cut_finished(self, event: CutFinished, _: Sender) -> None:
        self._call(self.on_reconciliation, event.cut)

    @handles(Snapshot)
    def _snapshot(self, _: Snapshot, __: Sender) -> None:
        """Where the session stands at attach; strategies ask when they want to know."""

    @handles(Gap)
    def _gap(self, event: Gap, _: Sender) -> None:
        self._call(self.on_gap, event)

    @handles(Resumed)
    def _resumed(self, event: Resumed, _: Sender) -> None:
        self._call(self.on_gap, event)

    @handles(CustomEvent)
    def _custom(self, event: CustomEvent, _: Sender) -> None:
        self._call(self.on_event, event)
