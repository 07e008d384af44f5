"""Orders and executions as the exchange keeps them.

An order is known by its client and order id while it lives, and by its permanent id for ever. Its terms are
what the exchange holds now: a one-cancels-all partner's fill lowers the quantity, a trail moves the stop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from simulator.exchange.conditions import Condition
from simulator.market.instrument import Instrument

LIVE = frozenset({"PreSubmitted", "Submitted", "PendingCancel"})
TRAILING = frozenset({"TRAIL", "TRAIL LIMIT"})
TRIGGERED = frozenset({"STP", "STP LMT", "MIT", "LIT"}) | TRAILING
LIMITED = frozenset({"LMT", "STP LMT", "LIT", "TRAIL LIMIT", "LOC"})
ON_CLOSE = frozenset({"MOC", "LOC"})
FIRST_PERM_ID = 1_100_000_000


@dataclass(frozen=True)
class Terms:
    """What a client wants of an order; a modification brings new terms.

    `limit` and `stop` are the wire's lmtPrice and auxPrice: `stop` is the stop price of STP and STP LMT, the
    trailing amount of TRAIL and TRAIL LIMIT, the trigger price of MIT and LIT. `trail_stop` is trailStopPrice,
    `limit_offset` lmtPriceOffset. Instants are seconds since the epoch; `wire` keeps the text they came as, and
    the remaining fields, so that an open order is echoed as it came.
    """

    action: str
    quantity: Decimal
    order_type: str
    limit: Decimal | None
    stop: Decimal | None
    tif: str
    account: str
    ref: str
    transmit: bool = True
    parent_id: int = 0
    oca_group: str = ""
    oca_type: int = 3
    outside_rth: bool = False
    all_or_none: bool = False
    min_quantity: Decimal = Decimal(0)
    trailing_percent: Decimal | None = None
    trail_stop: Decimal | None = None
    limit_offset: Decimal | None = None
    trigger_method: int = 0
    good_after: float | None = None
    good_till: float | None = None
    conditions: tuple[Condition, ...] = ()
    conditions_cancel: bool = False
    conditions_ignore_rth: bool = False
    auto_cancel_parent: bool = False
    algo: str = ""
    wire: dict[str, str] = field(default_factory=dict)


@dataclass
class Order:
    """One order through its life.

    `cost` is the sum of price times quantity of its fills, `reduced` what one-cancels-all partners, its parent's
    end and corrections took off its quantity, `triggered` and `released` tell that its stop was reached and its
    conditions came true, `session_end` is when a DAY order ends. `queue` is the size ahead of it at its price, None
    while it has no place there; `seen` is the last instant at which the exchange looked at it; `margin` is what it
    would take by itself, in US dollars, when it came.
    """

    client_id: int
    order_id: int
    perm_id: int
    instrument: Instrument
    terms: Terms
    placed: float
    status: str = "PreSubmitted"
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    last_price: Decimal = Decimal(0)
    commission: Decimal = Decimal(0)
    reduced: Decimal = Decimal(0)
    triggered: bool = False
    released: bool = False
    session_end: float | None = None
    why_held: str = ""
    queue: Decimal | None = None
    seen: float = 0.0
    margin: Decimal = Decimal(0)
    modifications: int = 0
    completed: float | None = None
    completed_status: str = ""

    @property
    def remaining(self) -> Decimal:
        """What is not filled yet."""
        return self.terms.quantity - self.filled

    @property
    def average(self) -> Decimal:
        """Average fill price, 0 before the first fill."""
        return round(self.cost / self.filled, 8).normalize() if self.filled else Decimal(0)

    @property
    def live(self) -> bool:
        """Whether it may still trade."""
        return self.status in LIVE

    @property
    def sign(self) -> int:
        """1 for a purchase, -1 for a sale."""
        return 1 if self.terms.action == "BUY" else -1

    @property
    def waits(self) -> bool:
        """An order whose stop or trigger price was not reached yet."""
        return self.terms.order_type in TRIGGERED and not self.triggered

    @property
    def limit(self) -> Decimal | None:
        """The worst price it takes; None for any."""
        return self.terms.limit if self.terms.order_type in LIMITED else None

    @property
    def auction(self) -> str:
        """The auction it is for: "open", "close", or "" for continuous trading."""
        if self.terms.order_type in ON_CLOSE:
            return "close"
        return "open" if self.terms.tif == "OPG" else ""


@dataclass(frozen=True)
class Execution:
    """One fill. `realized` is the profit of what it closed, None when it only opened.

    `corrects` is the id of the execution that this one stands for.
    """

    exec_id: str
    order_id: int
    client_id: int
    perm_id: int
    instrument: Instrument
    time: float
    account: str
    exchange: str
    action: str
    quantity: Decimal
    price: Decimal
    cumulative: Decimal
    average: Decimal
    ref: str
    aggressive: bool
    commission: Decimal = Decimal(0)
    realized: Decimal | None = None
    corrects: str | None = None

    @property
    def signed(self) -> Decimal:
        """Quantity, negative for a sale."""
        return self.quantity if self.action == "BUY" else -self.quantity
