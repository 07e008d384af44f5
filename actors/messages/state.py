"""Database, caches and reconciliation: the conversation with State."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from actors.messages.account import Accounts, Positions
from actors.messages.broker import ExecutionList, OpenOrders
from actors.messages.broker_account import PositionList
from actors.messages.market import ContractDetails
from supervision.message import Ask, Done, Message

DifferenceKind = Literal[
    "order_missing",
    "order_orphan",
    "order_status",
    "order_quantity",
    "order_price",
    "order_ownership",
    "execution_missed",
    "position",
    "cash",
    "part_failed",
]


class Difference(Message, frozen=True):
    """One thing that broker and service saw differently, and what was done about it.

    `repaired` is False only when a person must decide. `scope` is how far it reaches: `all`, `account DU1`,
    `AAPL in DU1`, `order KEY`. One that `locks` keeps new orders out of its scope until `unlock` happens.
    """

    kind: DifferenceKind
    subject: str
    ours: str
    theirs: str
    action: str
    repaired: bool
    scope: str = "all"
    locks: bool = False
    unlock: str = ""


class CutPart(Message, frozen=True):
    """How one query of a cut ended: empty `error` means confirmed."""

    name: str
    error: str
    items: int


class CutView(Message, frozen=True):
    """One finished reconciliation."""

    cut: int
    epoch: int
    cause: str
    started: datetime
    finished: datetime
    confirmed: bool
    parts: tuple[CutPart, ...]
    differences: tuple[Difference, ...]


class Reconcile(Ask[CutView], frozen=True):
    """Reconcile now, by a cut that starts after this: one under way may have asked too early, then the next answers.

    Rejected with kind `no_cut` while there is no session, the gateway has lost the broker, or Order is away.
    """

    cause: str


class CutResult(Message, frozen=True):
    """What Order did with a cut."""

    differences: tuple[Difference, ...]


class UnexplainedPosition(Message, frozen=True):
    """A position that executions do not explain, after looks enough; negative is short."""

    account: str
    con_id: int
    symbol: str
    expected: Decimal
    actual: Decimal


class ApplyCut(Ask[CutResult], frozen=True):
    """State hands Order one consistent picture of the broker; None is a failed query, not an empty answer.

    `asked` is the monotonic time at which the cut began, which all processes of the machine share. `unexplained` are
    the positions that no execution explains, `uncounted` the ids of the listed executions that are not in them yet.
    """

    cut: int
    epoch: int
    orders: OpenOrders | None
    completed: OpenOrders | None
    executions: ExecutionList | None
    positions: PositionList | None
    asked: float
    unexplained: tuple[UnexplainedPosition, ...] = ()
    uncounted: tuple[str, ...] = ()


class ReconciliationView(Message, frozen=True):
    """For `status`: the last cut, and when the next is due."""

    last: CutView | None
    running: bool
    next_due: datetime | None
    open_differences: int
    trouble: str = ""
    """Why State can store nothing now, and therefore takes no cuts; empty when all is well."""


class GetReconciliation(Ask[ReconciliationView], frozen=True):
    """Where reconciliation stands."""


class Storing(Message, frozen=True):
    """Topic `storage`: whether State can store; `trouble` says why not, and is empty when all is well.

    Told when it changes, and first thing to whoever attaches.
    """

    trouble: str


class CutFinished(Message, frozen=True):
    """Topic `risk`: a reconciliation ended."""

    cut: CutView


class JournalRow(Message, frozen=True):
    """One row of Order's journal: `kind` and its data as JSON text."""

    sequence: int
    at: datetime
    kind: str
    key: str
    data: str


class JournalRows(Message, frozen=True):
    """Rows in order. An empty answer means the follower is up to date."""

    items: tuple[JournalRow, ...]


class FollowJournal(Ask[JournalRows], frozen=True):
    """State follows Order's journal: rows after this sequence, in pages; the next ask acknowledges."""

    after: int


class GetCachedPositions(Ask[Positions], frozen=True):
    """The positions last stored, with their age, also while the broker or Account is away."""


class GetCachedAccounts(Ask[Accounts], frozen=True):
    """The account values last stored, with their age."""


class EquityRow(Message, frozen=True):
    """What an account was worth at one moment, in `currency`. `cause` is why it was stored: `session_up`, `schedule`,
    `session_down` or `day_end`; `as_of` is when the broker had told its values.
    """

    account: str
    at: datetime
    cause: str
    trading_day: date
    as_of: datetime
    currency: str
    net_liquidation: Decimal | None
    cash: Decimal | None
    available_funds: Decimal | None
    excess_liquidity: Decimal | None
    gross_position_value: Decimal | None
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None


class EquityHistory(Message, frozen=True):
    """The last row of each account and trading day, oldest first."""

    items: tuple[EquityRow, ...]


class GetEquityHistory(Ask[EquityHistory], frozen=True):
    """What accounts were worth on the last `days` trading days of which anything is stored."""

    days: int = 30


class Memory(Message, frozen=True):
    """What MarketData wants remembered over restarts."""

    contracts: tuple[ContractDetails, ...]
    held: tuple[ContractDetails, ...]


class GetMemory(Ask[Memory], frozen=True):
    """Known contracts and the operator's holds."""


class RememberContracts(Message, frozen=True):
    """Store contract details."""

    items: tuple[ContractDetails, ...]


class RememberHold(Ask[Done], frozen=True):
    """Store or remove the operator's hold of a contract."""

    details: ContractDetails
    held: bool
