"""What the other actors ask of Connection, and what it delivers: the broker's words in our types.

Nothing here is a decision. IB's sentinels are already None. Reports about orders carry epoch and sequence, so
that a receiver can tell what it has seen; what the broker repeats after a restart has an identity, so that poison
among it is recognised. A request fails with Rejected (the broker refused it, kind `code NNN`), or the session ends
and every open request is rejected with kind `session_down`: a failed query is never an empty answer. What concerns
accounts is in `broker_account`.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from actors.messages.market import Bar, Contract, ContractDetails
from actors.messages.orders import OrderPreview, Passes
from actors.messages.session import SessionView
from supervision.message import Ask, Done, Message

OUTCOME_UNKNOWN: Final = "outcome_unknown"
"""Kind of the one refusal after which some bytes have left."""

# --- market data: topic "ticks" -----------------------------------------------------------------


class TickBatch(Message, frozen=True):
    """Ticks read in one go, in order, in columns. A size tick has price -1; a price tick may carry a size.

    A price tick of -1 says that there is no such quote any more; size -1 on a price tick is a size not told.
    They arrived at `time_ns` of the calendar, and `elapsed_ns` of the clock that nobody sets.
    """

    epoch: int
    time_ns: int
    elapsed_ns: int
    requests: list[int]
    fields: list[int]
    prices: list[float]
    sizes: list[float]


class LineNotice(Message, frozen=True):
    """An error or market data type for one line: `code` 0 and `data_type` set, or a code with its text."""

    epoch: int
    request_id: int
    code: int
    text: str
    data_type: int = 0


class LiveLine(Message, frozen=True):
    """A quote line open on the current socket."""

    request_id: int
    con_id: int


class LiveLines(Message, frozen=True):
    """All quote lines open on the current socket."""

    epoch: int
    items: tuple[LiveLine, ...]


class GetLiveLines(Ask[LiveLines], frozen=True):
    """For a restarted MarketData, to adopt or close what it finds."""


class OpenLine(Ask[LiveLine], frozen=True):
    """Stream quotes of a resolved contract."""

    epoch: int
    contract: Contract


class CloseLine(Ask[Done], frozen=True):
    """Stop a stream."""

    epoch: int
    request_id: int


class ContractList(Message, frozen=True):
    """Every contract that matches the question."""

    items: tuple[ContractDetails, ...]


class FetchContracts(Ask[ContractList], frozen=True):
    """Contract details from the broker."""

    contract: Contract


class BarList(Message, frozen=True):
    """Bars, oldest first."""

    items: tuple[Bar, ...]


class FetchBars(Ask[BarList], frozen=True):
    """One historical request, as the broker takes it. `end` None is now."""

    contract: Contract
    end: datetime | None
    duration: str
    bar: str
    what: str
    rth: bool


# --- orders: topic "order_reports" ---------------------------------------------------------------


def _order(perm_id: int, client_id: int, order_id: int) -> str:
    """What an order is called at the broker: its permId, before it has one our id."""
    return f"perm {perm_id}" if perm_id else f"client {client_id} order {order_id}"


class OrderTerms(Message, frozen=True):
    """What an order says, apart from its contract.

    `stop` of a trailing order is where its stop begins, None for the gateway to work it out. It trails by `trail`,
    in the price's unit, or by `trail_percent`; `limit_offset` is how far the limit of a trailing stop-limit stands
    from the stop. `good_till` belongs to the time in force GTD. `parent_id` is the order id of a bracket's entry.
    """

    account: str
    side: str
    quantity: Decimal
    order_type: str
    limit: float | None
    stop: float | None
    tif: str
    key: str
    outside_rth: bool = False
    transmit: bool = True
    trail: float | None = None
    trail_percent: float | None = None
    limit_offset: float | None = None
    good_till: datetime | None = None
    parent_id: int = 0
    oca_group: str = ""
    oca_type: int = 0


class Transmitted(Message, frozen=True):
    """The whole frame is in the kernel's hands, on the socket of this epoch."""

    epoch: int


class Sending(Message, frozen=True):
    """One order on its way out, new or changed. `receipt` is the journal sequence of its durable intent, never 0."""

    order_id: int
    contract: Contract
    terms: OrderTerms
    receipt: int


class Transmit(Ask[Transmitted], frozen=True):
    """Send orders that belong together, all of them or none: one order, or a bracket or group.

    `gate` is the version of the gate that let them through, `reducing` that all of them reduce a position. At the last
    byte Connection checks the epoch, the link, that the gate still is that one, and that every receipt is new.
    Rejected means that no byte was sent but for kind OUTCOME_UNKNOWN; any other failure leaves the outcome unknown.
    """

    epoch: int
    gate: int
    orders: tuple[Sending, ...]
    reducing: bool = False


class GateStands(Message, frozen=True):
    """From Order to Connection, after every change of the gate: which version it has, and which orders may leave.

    Until the first one from this incarnation of Order nothing leaves. Orders that waited for their turn under another
    version are answered with a refusal; `reason` is its text. Cancels never wait for this. `flattens`: the kill switch
    is on, and what passes all the same closes positions because of it.
    """

    version: int
    passes: Passes
    reason: str
    flattens: bool = False


class FetchPreview(Ask[OrderPreview], frozen=True):
    """A what-if: margin and commission of an order that is not placed. It uses up the order id."""

    epoch: int
    order_id: int
    contract: Contract
    terms: OrderTerms


class TransmitCancel(Ask[Transmitted], frozen=True):
    """Send a cancel; with `order_id` 0 of every order, also of other clients and by hand."""

    epoch: int
    order_id: int


class OrderReport(Message, frozen=True):
    """openOrder, or a completed order (then `order_id` is 0 and `completed` set)."""

    epoch: int
    sequence: int
    order_id: int
    client_id: int
    perm_id: int
    contract: Contract
    terms: OrderTerms
    status: str
    warning: str = ""
    reject_reason: str = ""
    completed: bool = False
    filled: Decimal = Decimal(0)

    def identity(self) -> str:
        return _order(self.perm_id, self.client_id, self.order_id)


class StatusReport(Message, frozen=True):
    """orderStatus: advisory; fills come from executions."""

    epoch: int
    sequence: int
    order_id: int
    client_id: int
    perm_id: int
    status: str
    filled: Decimal
    remaining: Decimal
    average_price: float | None
    why_held: str

    def identity(self) -> str:
        return _order(self.perm_id, self.client_id, self.order_id)


class ExecutionReport(Message, frozen=True):
    """execDetails. A corrected execution has the same id but for its last segment."""

    epoch: int
    sequence: int
    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    key: str
    account: str
    contract: Contract
    side: str
    quantity: Decimal
    price: float
    cumulative: Decimal
    exchange: str
    time: datetime

    def identity(self) -> str:
        return self.exec_id


class CommissionReport(Message, frozen=True):
    """Commission of an execution; may come before or after it."""

    epoch: int
    sequence: int
    exec_id: str
    commission: Decimal | None
    currency: str
    realized: Decimal | None

    def identity(self) -> str:
        return self.exec_id


class OrderNotice(Message, frozen=True):
    """An error whose id is an order id. Never terminal by itself: the order machine decides."""

    epoch: int
    sequence: int
    order_id: int
    code: int
    text: str

    def identity(self) -> str:
        return f"order {self.order_id} code {self.code}"


Report = OrderReport | StatusReport | ExecutionReport | CommissionReport | OrderNotice


class Reports(Message, frozen=True):
    """The next reports about orders, in the order in which the gateway spoke; none when that was all.

    `complete` is False when some before them are forgotten: then only a reconciliation can tell what they said.
    """

    items: tuple[Report, ...]
    complete: bool


class FetchReports(Ask[Reports], frozen=True):
    """What was said of orders after `after` of session `epoch`, later sessions included, for an Order that was away."""

    epoch: int
    after: int


class OpenOrders(Message, frozen=True):
    """The open orders, complete (the broker sent its end marker)."""

    items: tuple[OrderReport, ...]


class FetchOpenOrders(Ask[OpenOrders], frozen=True):
    """Open orders of every client."""


class FetchCompletedOrders(Ask[OpenOrders], frozen=True):
    """Today's completed orders, each an OrderReport with `completed` set."""


class ExecutionList(Message, frozen=True):
    """Today's executions with the commissions that came with them, complete."""

    items: tuple[ExecutionReport, ...]
    commissions: tuple[CommissionReport, ...]


class FetchExecutions(Ask[ExecutionList], frozen=True):
    """Executions of every client since midnight."""


# --- any attached actor --------------------------------------------------------------------------


class Snapshot(Message, frozen=True):
    """First message on an attach to Connection: where the session stands."""

    session: SessionView
