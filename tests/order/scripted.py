"""The actors beside Order, each of which answers as a test says, and one that hears all that Order publishes."""

from __future__ import annotations

import queue
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from actors.messages.broker import (
    FetchPreview,
    FetchReports,
    GateStands,
    Reports,
    Snapshot,
    Transmit,
    TransmitCancel,
    Transmitted,
)
from actors.messages.market import Contract, GetReference, KeepQuotes, Quote, Quotes, Reference
from actors.messages.orders import Fill, GateChanged, OrderEvent
from actors.messages.risk import ProtectionChanged, RiskFigures
from actors.messages.session import GetSession, SessionView
from actors.messages.state import CutView, JournalRows, Reconcile
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.message import Message
from supervision.peer import Peer
from tests.domain.order_builders import OUR_CLIENT, details, quote

Script = Callable[[Any, Sender], object]
"""How a neighbour answers a message instead."""


def now() -> datetime:
    return datetime.now(UTC)


class Broker(Actor):
    """Connection: takes orders and cancels unless `script` says otherwise; `asked` has all of them in order."""

    def __init__(
        self, context: Context, *, epoch: int, asked: queue.Queue[Message], script: dict[type, Script]
    ) -> None:
        super().__init__(context)
        self.epoch = epoch
        self.asked = asked
        self.script = script
        self.next_order_id = 1
        self.gates: list[GateStands] = []
        self.clock_problem = ""

    def view(self) -> SessionView:
        state = "up" if self.epoch else "down"
        return SessionView(
            state=state, since=now(), epoch=self.epoch, generation=0, host="h", port=1, client_id=OUR_CLIENT,
            server_version=176, accounts=("DU1",), next_order_id=self.next_order_id, reconnects=0, last_heartbeat=None,
            retry_at=None, reason="" if self.epoch else "gateway refused", requests_waiting=0,
            callback_errors=0, clock_problem=self.clock_problem,
        )  # type: ignore[arg-type] # fmt: skip

    def on_attach(self, peer: Peer, _: tuple[str, ...]) -> None:
        peer.send(Snapshot(self.view()))

    @handles(GetSession)
    def _session(self, message: GetSession, sender: Sender) -> object:
        script = self.script.get(GetSession)
        return self.view() if script is None else script(message, sender)

    @handles(GateStands)
    def _gate(self, message: GateStands, _: Sender) -> None:
        self.gates.append(message)

    @handles(FetchReports)
    def _reports(self, message: FetchReports, sender: Sender) -> object:
        script = self.script.get(FetchReports)
        return Reports((), complete=True) if script is None else script(message, sender)

    @handles(Transmit)
    def _transmit(self, message: Transmit, sender: Sender) -> object:
        return self._take(message, sender)

    @handles(TransmitCancel)
    def _cancel(self, message: TransmitCancel, sender: Sender) -> object:
        return self._take(message, sender)

    @handles(FetchPreview)
    def _preview(self, message: FetchPreview, sender: Sender) -> object:
        return self.script[FetchPreview](message, sender)

    def _take(self, message: Transmit | TransmitCancel, sender: Sender) -> object:
        script = self.script.get(type(message))
        answer = Transmitted(message.epoch) if script is None else script(message, sender)
        self.asked.put(message)
        return answer


class Market(Actor):
    """MarketData: answers with `details` and `quote` unless `script` says otherwise; `asked` has the contracts."""

    def __init__(self, context: Context, *, script: dict[type, Script]) -> None:
        super().__init__(context)
        self.script = script
        self.details = details()
        self.quote: Quote = quote()
        self.legs: tuple[Reference, ...] = ()
        self.asked: list[str | Contract] = []

    @handles(KeepQuotes)
    def _keep(self, message: KeepQuotes, sender: Sender) -> object:
        script = self.script.get(KeepQuotes)
        return Quotes((self.quote,)) if script is None else script(message, sender)

    @handles(GetReference)
    def _reference(self, message: GetReference, sender: Sender) -> object:
        self.asked.append(message.contract)
        script = self.script.get(GetReference)
        return Reference(self.details, self.quote, self.legs) if script is None else script(message, sender)


class Reconciling(Actor):
    """State: writes down who asks for a cut, and carries the cuts that a test makes to Order."""

    def __init__(self, context: Context, *, causes: queue.Queue[str], script: dict[type, Script]) -> None:
        super().__init__(context)
        self.causes = causes
        self.script = script

    def on_start(self) -> None:
        self.order = self.link("order")

    @handles(Reconcile)
    def _reconcile(self, message: Reconcile, sender: Sender) -> object:
        if Reconcile in self.script:
            return self.script[Reconcile](message, sender)
        self.causes.put(message.cause)
        return CutView(0, 1, message.cause, now(), now(), True, (), ())


class Accountant(Actor):
    """Account: tells what the account is worth to whoever attaches, and again when a test changes it."""

    def __init__(self, context: Context, *, figures: RiskFigures) -> None:
        super().__init__(context)
        self.figures = figures

    def on_attach(self, peer: Peer, _: tuple[str, ...]) -> None:
        peer.send(self.figures)

    def tell(self, **changes: Any) -> None:
        self.figures = msgspec.structs.replace(self.figures, **changes)
        self.publish("risk_figures", self.figures)


class Listener(Actor):
    """Attached to everything Order publishes."""

    def __init__(self, context: Context, *, heard: queue.Queue[Message]) -> None:
        super().__init__(context)
        self.heard = heard

    def on_start(self) -> None:
        self.link("order", topics=("orders", "risk", "journal"))

    @handles(OrderEvent)
    def _event(self, message: OrderEvent, _: Sender) -> None:
        self.heard.put(message)

    @handles(Fill)
    def _fill(self, message: Fill, _: Sender) -> None:
        self.heard.put(message)

    @handles(GateChanged)
    def _gate(self, message: GateChanged, _: Sender) -> None:
        self.heard.put(message)

    @handles(ProtectionChanged)
    def _protection(self, message: ProtectionChanged, _: Sender) -> None:
        self.heard.put(message)

    @handles(JournalRows)
    def _rows(self, message: JournalRows, _: Sender) -> None:
        self.heard.put(message)


def held(box: queue.Queue[Sender]) -> Script:
    """A script that leaves the ask open; its sender comes out of the box."""

    def hold(_: Any, sender: Sender) -> object:
        box.put(sender)
        return LATER

    return hold
