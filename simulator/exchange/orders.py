"""Orders and executions as the exchange keeps them, and what makes an order acceptable.

An order is known by its client and order id while it lives, and by its permanent id for ever. `wire` holds
the remaining fields a client sent, so that an open order is echoed as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from simulator.exchange.conditions import Condition
from simulator.market.universe import Instrument
from simulator.refusal import Refused, invalid

ORDER_TYPES = frozenset({"MKT", "LMT", "STP", "STP LMT"})
TIMES_IN_FORCE = frozenset({"DAY", "GTC", "IOC"})
LIVE = frozenset({"PreSubmitted", "Submitted", "PendingCancel"})


@dataclass(frozen=True)
class Terms:
    """What a client wants of an order; a modification brings new terms.

    `limit` and `stop` are the wire's lmtPrice and auxPrice: `stop` is the stop price of STP and STP LMT, the
    trailing amount of TRAIL and TRAIL LIMIT, the trigger price of MIT and LIT. `trail_stop` is trailStopPrice,
    `limit_offset` lmtPriceOffset. Instants are seconds since the epoch; `wire` keeps the text they came as.
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
    """One order through its life. `cost` is the sum of price times quantity of its fills."""

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
        """A stop order whose stop price was not reached yet."""
        return self.terms.order_type.startswith("STP") and not self.triggered

    @property
    def why_held(self) -> str:
        """Why the exchange does not work on it."""
        return "trigger" if self.waits and self.live else ""


@dataclass(frozen=True)
class Execution:
    """One fill. `realized` is the profit of what it closed, None when it only opened."""

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


def check(terms: Terms, instrument: Instrument, account: str) -> None:
    """Raise `Refused` when these terms cannot become an order."""
    if terms.action not in {"BUY", "SELL", "SSHORT"}:
        raise invalid(f"Invalid order action {terms.action!r}")
    if terms.order_type not in ORDER_TYPES:
        raise invalid(f"Order type {terms.order_type!r} is invalid or not offered by this simulator")
    if terms.tif not in TIMES_IN_FORCE:
        raise invalid(f"Time in force {terms.tif!r} is invalid or not offered by this simulator")
    if terms.account != account:
        raise invalid(f"Invalid account code '{terms.account}'")
    if terms.quantity == 0:
        raise Refused(434, "The order size cannot be zero.")
    if terms.quantity < 0:
        raise invalid("The order size must be positive")
    if terms.quantity != terms.quantity.to_integral_value():
        raise Refused(10318, "This order doesn't support fractional quantity trading")
    for kind, price in (("LMT", terms.limit), ("STP", terms.stop)):
        if kind in terms.order_type:
            check_price(price, instrument)


def check_price(price: Decimal | None, instrument: Instrument) -> None:
    """Raise `Refused` for a price that is missing or not on the instrument's grid."""
    if price is None or price <= 0:
        raise invalid("Please enter a valid price")
    if price % instrument.tick:
        raise Refused(110, "The price does not conform to the minimum price variation for this contract.")


def commission(instrument: Instrument, quantity: Decimal, value: Decimal) -> Decimal:
    """IB's fixed pricing for a whole order of `quantity` units worth `value`, in cents of its currency."""
    if instrument.sec_type == "STK":
        fee = min(max(Decimal("0.005") * quantity, Decimal(1)), value / 100)
    elif instrument.sec_type == "OPT":
        fee = max(Decimal("0.65") * quantity, Decimal(1))
    elif instrument.sec_type == "FUT":
        fee = Decimal("2.25") * quantity
    else:
        fee = max(value * Decimal("0.00002"), Decimal(2))
    return fee.quantize(Decimal("0.01"))
