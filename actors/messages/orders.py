"""Orders, executions and the gate: the conversation with Order.

The key identifies an order for ever: it travels to the broker as orderRef, and the same key never
makes two orders. Quantities are Decimal, prices float, money Decimal.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from actors.messages.market import Combo, Contract
from supervision.message import Ask, Message

Side = Literal["BUY", "SELL"]
OrderType = Literal["MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MOC", "LOC"]
TimeInForce = Literal["DAY", "GTC", "IOC", "FOK", "GTD", "OPG"]
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
CancelMode = Literal["none", "entries", "own", "all"]
Passes = Literal["all", "reducing", "none"]
"""Which orders the gate lets leave: each, only those that reduce a position, or no one."""


class OrderView(Message, frozen=True):
    """One order as the service knows it. `reason` tells why it is rejected, cancelled or unknown.

    `contract` is what it is for in words: with expiry and strike of an option, with the legs of a combo.
    `parent` is the key of the bracket entry that this order hangs on, `oca_group` names the orders of which one
    cancels the others. `held`: reconciliation can find out nothing more, a person must decide (SettleOrder).
    """

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
    trail: float | None = None
    trail_percent: float | None = None
    limit_offset: float | None = None
    good_till: datetime | None = None
    parent: str = ""
    oca_group: str = ""
    held: bool = False
    contract: str = ""

    @property
    def remaining(self) -> Decimal:
        """What is still to be filled if the order goes on working."""
        return self.quantity - self.filled

    @property
    def working(self) -> bool:
        """Whether the broker may still fill it, as far as is known."""
        return self.status not in ("FILLED", "CANCELLED", "REJECTED", "NOT_PLACED")


class Orders(Message, frozen=True):
    """Orders, newest last. `as_of` is when the answer was true."""

    items: tuple[OrderView, ...]
    as_of: datetime


class PlaceOrder(Ask[OrderView], frozen=True):
    """Place an order. The type follows from the prices unless given: none is market, `limit` is limit,
    `stop` is stop, both are stop-limit; `trail` or `trail_percent` make it a trailing stop, which `stop` may start,
    with `limit_offset` a trailing stop-limit. MOC and LOC are for the closing auction, the time in force OPG with
    MKT or LMT for the opening one; GTD needs `good_till`. Without `key` one is made. Answers once the intent is
    durable and the bytes are on the socket; the broker's verdict comes as OrderEvent. With `what_if` the broker is
    asked for the margin first, which it answers about once a minute, and decides instead of our buying power.
    """

    contract: str | Contract | Combo
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
    trail: float | None = None
    trail_percent: float | None = None
    limit_offset: float | None = None
    good_till: datetime | None = None
    what_if: bool = False


class ModifyOrder(Ask[OrderView], frozen=True):
    """Change quantity or prices of a working order; None leaves a value as it is."""

    key: str
    quantity: Decimal | int | None = None
    limit: float | None = None
    stop: float | None = None
    trail: float | None = None
    trail_percent: float | None = None
    limit_offset: float | None = None


class CancelOrder(Ask[OrderView], frozen=True):
    """Ask the broker to cancel; answers once the request is on the socket. Cancels pass a closed gate.

    `key` is a key or an order id in digits.
    """

    key: str


class CancelAll(Ask[Orders], frozen=True):
    """Ask the broker to cancel every working order of ours, or of one strategy; answers with those asked for."""

    strategy: str = ""


class PlaceBracket(Ask[Orders], frozen=True):
    """Place an entry with its exits, all or nothing: the exits wait at the broker until the entry fills.

    One of the exits may be missing. `take_profit` is a limit price. The stop is `stop_loss`, with `stop_limit` a
    stop-limit, or trails by `trail` or `trail_percent`. Key, account, strategy and contract are the entry's; the
    exits get the keys `KEY/profit` and `KEY/stop`. A key used before answers with that bracket and places nothing.
    """

    entry: PlaceOrder
    take_profit: float | None = None
    stop_loss: float | None = None
    stop_limit: float | None = None
    trail: float | None = None
    trail_percent: float | None = None
    exit_tif: str | None = None


class PlaceOneCancelsAll(Ask[Orders], frozen=True):
    """Place several orders of which one cancels the others at the broker, all or nothing.

    Each order gets the key `KEY/1`, `KEY/2` and so on unless it names its own; `key` also names the group there.
    """

    orders: tuple[PlaceOrder, ...]
    key: str = ""


class SettleOrder(Ask[OrderView], frozen=True):
    """A person's decision about an order that reconciliation could not decide; it is kept with its reason.

    Executions heard of stay counted either way. Rejected unless the order is held or UNKNOWN.
    """

    key: str
    outcome: Literal["not_placed", "cancelled"]
    reason: str
    by: str = "operator"


class OrderPreview(Message, frozen=True):
    """What the broker says an order would do, in the account's base currency; None where it does not say."""

    initial_before: Decimal | None
    initial_change: Decimal | None
    initial_after: Decimal | None
    maintenance_before: Decimal | None
    maintenance_change: Decimal | None
    maintenance_after: Decimal | None
    equity_before: Decimal | None
    equity_change: Decimal | None
    equity_after: Decimal | None
    commission: Decimal | None
    least_commission: Decimal | None
    most_commission: Decimal | None
    currency: str
    warning: str = ""


class PreviewOrder(Ask[OrderPreview], frozen=True):
    """Margin and commission of an order before sending it (IB's what-if); nothing is placed, no gate is asked."""

    order: PlaceOrder


class OrderEvent(Message, frozen=True):
    """Topic `orders`: the order changed; `event` names what happened in one word."""

    event: str
    order: OrderView


class Execution(Message, frozen=True):
    """One fill, identified by the broker's execution id. Commission arrives later, None until then.

    A combo is told as one execution of `sec_type` BAG at its net price, and again leg by leg: the first fills the
    order, the others move positions. `sec_type` is empty for executions kept before it was.
    """

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
    sec_type: str = ""
    commission: Decimal | None = None
    currency: str = ""
    realized: Decimal | None = None


class Fill(Message, frozen=True):
    """Topic `orders`: an execution seen for the first time, or its correction, with the order after it."""

    execution: Execution
    order: OrderView


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


class Lock(Message, frozen=True):
    """New orders in one contract of one account are refused: `reason` says why, `unlock` what ends it.

    `con_id` 0 is a combo, which is locked with its legs. Cancels and changes of working orders pass.
    """

    account: str
    con_id: int
    symbol: str
    reason: str
    unlock: str


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
    locks: tuple[Lock, ...] = ()


class GetOrdersView(Ask[OrdersView], frozen=True):
    """Gate and counters of Order."""


class Halt(Ask[GateView], frozen=True):
    """Kill switch: refuse new orders from now on, over restarts, and cancel what works until it is lifted.

    `cancel`: nothing, `entries` (what reduces no position, so that exits stay), our own orders, or all, also those of
    other clients and by hand. `flatten` then closes every position at the market. The same `id` is the same halt.
    """

    reason: str
    cancel: CancelMode = "own"
    by: str = "operator"
    flatten: bool = False
    id: str = ""


class Resume(Ask[GateView], frozen=True):
    """Lift the kill switch, with a reason that is kept."""

    reason: str
    by: str = "operator"
