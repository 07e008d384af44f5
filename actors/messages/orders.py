"""Orders, executions and the gate: the conversation with Order.

The key identifies an order for ever: it travels to the broker as orderRef, and the same key never
makes two orders. Quantities are Decimal, prices float, money Decimal.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from actors.messages.market import Contract
from supervision.message import Ask, Message

Side = Literal["BUY", "SELL"]
OrderType = Literal["MKT", "LMT", "STP", "STP LMT"]
TimeInForce = Literal["DAY", "GTC", "IOC"]
OrderStatus = Literal[
    "INTENT",
    "SENDING",
    "SENT",
    "PENDING",
    "PRESUBMITTED",
    "SUBMITTED",
    "PENDING_CANCEL",
    "INACTIVE",
    "FILLED",
    "CANCELLED",
    "REJECTED",
    "UNKNOWN",
    "NOT_PLACED",
]
GateState = Literal["closed", "reconciling", "open", "paused", "reducing", "halted"]


class OrderView(Message, frozen=True):
    """One order as the service knows it. `reason` tells why it is rejected, cancelled or unknown."""

    key: str
    order_id: int
    perm_ids: tuple[int, ...]
    account: str
    symbol: str
    con_id: int
    side: Side
    quantity: Decimal
    order_type: str
    limit: float | None
    stop: float | None
    tif: str
    status: OrderStatus
    filled: Decimal
    average_price: float | None
    commission: Decimal
    strategy: str
    created: datetime
    updated: datetime
    reason: str = ""
    external: bool = False

    @property
    def remaining(self) -> Decimal:
        """What is still to be filled if the order goes on working."""
        return self.quantity - self.filled

    @property
    def working(self) -> bool:
        """Whether the broker may still fill it, as far as is known."""
        return self.status not in ("FILLED", "CANCELLED", "REJECTED", "NOT_PLACED")


class PlaceOrder(Ask[OrderView], frozen=True):
    """Place an order. The type follows from the prices unless given: none is market, `limit` is limit,
    `stop` is stop, both are stop-limit. Without `key` one is made. Answers once the intent is durable
    and the bytes are on the socket; the broker's verdict comes as OrderEvent.
    """

    contract: str | Contract
    side: Side
    quantity: Decimal | int
    limit: float | None = None
    stop: float | None = None
    type: str | None = None
    tif: str | None = None
    key: str = ""
    account: str = ""
    strategy: str = ""
    outside_rth: bool = False


class ModifyOrder(Ask[OrderView], frozen=True):
    """Change quantity or prices of a working order; None leaves a value as it is."""

    key: str
    quantity: Decimal | int | None = None
    limit: float | None = None
    stop: float | None = None


class CancelOrder(Ask[OrderView], frozen=True):
    """Ask the broker to cancel; answers once the request is on the socket. Cancels pass a closed gate.

    `key` is a key or an order id in digits.
    """

    key: str


class OrderEvent(Message, frozen=True):
    """Topic `orders`: the order changed; `event` names what happened in one word."""

    event: str
    order: OrderView


class Execution(Message, frozen=True):
    """One fill, identified by the broker's execution id. Commission arrives later, None until then."""

    exec_id: str
    key: str
    order_id: int
    perm_id: int
    client_id: int
    account: str
    symbol: str
    con_id: int
    side: Side
    quantity: Decimal
    price: float
    exchange: str
    time: datetime
    strategy: str = ""
    commission: Decimal | None = None
    currency: str = ""
    realized: Decimal | None = None


class Fill(Message, frozen=True):
    """Topic `orders`: an execution seen for the first time, with the order after it."""

    execution: Execution
    order: OrderView


class Orders(Message, frozen=True):
    """Orders, newest last. `as_of` is when the answer was true."""

    items: tuple[OrderView, ...]
    as_of: datetime


class GetOrders(Ask[Orders], frozen=True):
    """The working orders, or all known ones."""

    all: bool = False


class GetOrder(Ask[OrderView], frozen=True):
    """One order by key or order id; rejected when unknown."""

    key: str


class Executions(Message, frozen=True):
    """Executions, oldest first."""

    items: tuple[Execution, ...]
    as_of: datetime


class GetExecutions(Ask[Executions], frozen=True):
    """The executions of the last days; with `strategy` all of that strategy's, however old."""

    strategy: str = ""


class GateView(Message, frozen=True):
    """Whether orders may leave, and every reason why not. `version` rises with each change."""

    state: GateState
    reasons: tuple[str, ...]
    version: int
    since: datetime


class GateChanged(Message, frozen=True):
    """Topic `risk`: the gate changed."""

    gate: GateView


class OrdersView(Message, frozen=True):
    """Counters for `status`. `working_of` has those of each strategy that has any."""

    gate: GateView
    working: int
    filled: int
    rejected: int
    unknown: int
    total: int
    executions: int
    working_of: dict[str, int]


class GetOrdersView(Ask[OrdersView], frozen=True):
    """Gate and counters of Order."""


class Halt(Ask[GateView], frozen=True):
    """Kill switch: refuse new orders from now on, over restarts; with `cancel` also cancel our working ones."""

    reason: str
    cancel: bool = False
    by: str = "operator"


class Resume(Ask[GateView], frozen=True):
    """Lift the kill switch, with a reason that is kept."""

    reason: str
    by: str = "operator"
