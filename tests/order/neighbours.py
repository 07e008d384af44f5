"""A House: Order among its scripted neighbours, with what a test does to it and reads of it."""

from __future__ import annotations

import queue
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from actors.messages.broker import CommissionReport, ExecutionList, ExecutionReport, OpenOrders, OrderReport, Transmit
from actors.messages.broker_account import PositionList, PositionReport
from actors.messages.orders import Fill, GateChanged, GetOrdersView, OrderEvent, PlaceOrder
from actors.messages.risk import RiskFigures
from actors.messages.session import SessionDown, SessionUp
from actors.messages.state import ApplyCut, CutResult, JournalRow, JournalRows, UnexplainedPosition
from actors.order import OrderActor
from config.settings import LossSettings, OrderSettings, RiskSettings, StrategyRisk
from supervision.message import Message
from supervision.ref import Ref
from tests.domain.order_builders import OUR_CLIENT, terms
from tests.order.scripted import Accountant, Broker, Listener, Market, Reconciling, Script, now
from tests.support.local import LocalActor, LocalService

NO_LOSS_LIMIT = LossSettings(reduce_at=None, halt_at=None)
"""With a limit the gate is closed until the profit and loss was told."""
MILLION = Decimal(1_000_000)
RICH = RiskFigures("DU1", "USD", True, MILLION, MILLION, MILLION, Decimal(0), {"USD": Decimal(1)}, (), None)
"""An account that nothing keeps from trading."""


class House:
    """Order with its neighbours. `sent` is what reached Connection, `causes` what State was asked."""

    def __init__(self, service: LocalService, directory: Path) -> None:
        self.service = service
        self.directory = directory
        self.sent: queue.Queue[Message] = queue.Queue()
        self.causes: queue.Queue[str] = queue.Queue()
        self.heard: queue.Queue[Message] = queue.Queue()
        self.script: dict[type, Script] = {}
        self.settings = OrderSettings()
        self.risk = RiskSettings(daily_loss=NO_LOSS_LIMIT, duplicate_window=0)
        self.strategies: dict[str, StrategyRisk] = {}
        self.figures = RICH
        service.bind("connection", "market_data", "state", "account", "order")
        self.ref: Ref = service.ref("order")
        self._cut = 0

    def start(self, epoch: int = 1) -> House:
        self.start_broker(epoch)
        self.market_data = self.service.start("market_data", Market, script=self.script)
        self.market: Market = self.market_data.actor
        self.start_state()
        self.start_account()
        self.start_order()
        self.service.start("listener", Listener, heard=self.heard)
        return self

    def start_broker(self, epoch: int = 1) -> None:
        self.connection = self.service.start("connection", Broker, epoch=epoch, asked=self.sent, script=self.script)
        self.broker: Broker = self.connection.actor

    def start_state(self) -> None:
        self.state = self.service.start("state", Reconciling, causes=self.causes, script=self.script)

    def start_account(self) -> None:
        self.accountant = self.service.start("account", Accountant, figures=self.figures)

    def worth(self, **changes: Any) -> None:
        """Account tells that the account is worth something else; it may be handled a moment later."""
        self.accountant.call(lambda: self.accountant.actor.tell(**changes))

    def start_order(self) -> LocalActor:
        self.order = self.service.start(
            "order",
            OrderActor,
            settings=self.settings,
            risk=self.risk,
            strategies=self.strategies,
            quote_age=30.0,
            accounts=("DU1",),
            burst=5,
            never_closes=True,
            directory=self.directory,
        )
        return self.order

    def open(self) -> House:
        """Wait for the session, and reconcile with an empty broker."""
        self.wait_gate("reconciling")
        self.cut()
        assert self.gate() == "open"
        return self

    # --- the broker --------------------------------------------------------------------------------

    def says(self, *reports: Message) -> None:
        """Connection publishes reports of the broker; they are handled when this returns."""
        self.publish("order_reports", *reports)
        self.settle()

    def publish(self, topic: str, *messages: Message) -> None:
        self.connection.call(lambda: [self.broker.publish(topic, each) for each in messages])

    def begin(self, epoch: int) -> None:
        self.broker.epoch = epoch
        self.publish("session", SessionUp(epoch, 0, 176, ("DU1",), self.broker.next_order_id, now()))
        self.settle()

    def end(self, reason: str = "socket closed") -> None:
        over, self.broker.epoch = self.broker.epoch, 0
        self.publish("session", SessionDown(over, reason, now()))
        self.settle()

    def settle(self) -> None:
        """All that Connection published has been handled: a cut is applied after everything before it."""
        barrier = ApplyCut(0, -1, None, None, None, None, time.monotonic())
        error = self._told(barrier)
        assert isinstance(error, Exception), error

    def cut(
        self,
        orders: tuple[OrderReport, ...] | None = (),
        completed: tuple[OrderReport, ...] | None = (),
        executions: tuple[ExecutionReport, ...] | None = (),
        asked: float | None = None,
        commissions: tuple[CommissionReport, ...] = (),
        unexplained: tuple[UnexplainedPosition, ...] = (),
        positions: tuple[PositionReport, ...] = (),
        uncounted: tuple[str, ...] = (),
    ) -> CutResult:
        """State brings a picture of the broker; None is a failed query."""
        self._cut += 1
        result = self._told(
            ApplyCut(
                cut=self._cut,
                epoch=self.broker.epoch,
                orders=None if orders is None else OpenOrders(orders),
                completed=None if completed is None else OpenOrders(completed),
                executions=None if executions is None else ExecutionList(executions, commissions),
                positions=PositionList(positions),
                asked=asked or time.monotonic(),
                unexplained=unexplained,
                uncounted=uncounted,
            )
        )
        if isinstance(result, Exception):
            raise result
        return result

    def _told(self, message: ApplyCut) -> Any:
        box: queue.Queue[Any] = queue.Queue()
        link = self.state.actor.order
        self.state.call(lambda: link.ask(message, timeout=5.0, on_reply=box.put, on_error=box.put))
        return box.get(timeout=6.0)

    # --- a user ------------------------------------------------------------------------------------

    def place(self, **changes: Any) -> Any:
        values = {"contract": "AAPL", "side": "BUY", "quantity": Decimal(10), "limit": 150.0, "key": "k1"}
        return self.ref.ask(PlaceOrder(**(values | changes)), timeout=5.0)

    def transmitted(self) -> Any:
        """The next order (the one of its message) or cancel that reached Connection."""
        sent = self.sent.get(timeout=5.0)
        return sent.orders[0] if isinstance(sent, Transmit) else sent

    def gate(self) -> str:
        return self.ref.ask(GetOrdersView(), timeout=5.0).gate.state

    def reasons(self) -> str:
        return "; ".join(self.ref.ask(GetOrdersView(), timeout=5.0).gate.reasons)

    def wait_gate(self, state: str) -> GateChanged:
        """The gate is, or becomes, this."""
        while True:
            message = self.heard.get(timeout=5.0)
            if isinstance(message, GateChanged) and message.gate.state == state:
                return message

    def events(self, until: str) -> list[str]:
        """Words of the order events up to this one; a fill counts as `fill`."""
        words: list[str] = []
        while not words or words[-1] != until:
            message = self.heard.get(timeout=5.0)
            if isinstance(message, OrderEvent):
                words.append(message.event)
            elif isinstance(message, Fill):
                words.append("fill")
        return words

    def journalled(self, until: int) -> list[JournalRow]:
        """The journal rows that were published, up to this sequence."""
        rows: list[JournalRow] = []
        while not rows or rows[-1].sequence < until:
            message = self.heard.get(timeout=5.0)
            if isinstance(message, JournalRows):
                rows += message.items
        return rows

    def restart(self) -> None:
        """Order is killed and a new incarnation comes."""
        self.service.kill("order")
        self.start_order()


def mine(order_id: int = 1) -> dict[str, Any]:
    """The identity of an order that was placed here, the first one unless told."""
    return {"order_id": order_id, "client_id": OUR_CLIENT, "perm_id": 900 + order_id}


def manual(**changes: Any) -> dict[str, Any]:
    """The identity of an order made by hand in TWS."""
    return {"order_id": 0, "client_id": 0, "perm_id": 77, "terms": terms(key="")} | changes
