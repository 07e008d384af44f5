"""What can be traded, as values: instruments, the legs of combos, and a client's question for a contract."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from simulator.market.rules import MARKET_RULES, VENUES

SECURITY_TYPES = frozenset(
    {"STK", "OPT", "FUT", "CONTFUT", "FUT+CONTFUT", "CASH", "IND", "FOP", "BOND", "BILL", "BAG", "WAR", "IOPT", "CFD"}
    | {"CMDTY", "CRYPTO", "FUND", "NEWS"}
)
_BANDS = {
    rule: tuple((Decimal(edge), Decimal(increment)) for edge, increment in bands)
    for rule, bands in MARKET_RULES.items()
}
_ONE_EXCHANGE = {"ISLAND": "NASDAQ", "NASDAQ.NMS": "NASDAQ", "PSE": "ARCA"}


@dataclass(frozen=True)
class Leg:
    """One leg of a combo: so many units of a contract, bought or sold (`action`) for each unit bought of the combo."""

    con_id: int
    ratio: int
    action: str
    exchange: str = "SMART"


@dataclass(frozen=True)
class Instrument:
    """One contract. `tick` is the price increment, `lot` the size that is usually quoted, `base` a typical price.

    `expiry` is the last trading day, `real_expiry` the day of settlement where it is another, both YYYYMMDD;
    `last_time` the wall-clock time HH:MM at the exchange at which trading ends on the last day.
    """

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    exchange: str
    name: str
    base: float
    volatility: float
    tick: Decimal = Decimal("0.01")
    lot: int = 100
    primary: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    expiry: str = ""
    strike: Decimal = Decimal(0)
    right: str = ""
    multiplier: Decimal | None = None
    stock_type: str = ""
    under_con_id: int = 0
    contract_month: str = ""
    market_rule: int = 26
    legs: tuple[Leg, ...] = ()
    under_symbol: str = ""
    under_sec_type: str = ""
    real_expiry: str = ""
    last_time: str = ""
    isin: str = ""
    sector: tuple[str, str, str] = ("", "", "")

    @cached_property
    def factor(self) -> Decimal:
        """Money per point of price and unit of quantity."""
        return self.multiplier or Decimal(1)

    @property
    def trades(self) -> bool:
        """Whether there are last prices; currency pairs are only quoted."""
        return self.sec_type != "CASH"

    @property
    def orderable(self) -> bool:
        """Whether orders are taken: an index is a number, nobody trades it."""
        return self.sec_type != "IND"

    @cached_property
    def exchanges(self) -> tuple[str, ...]:
        """Where orders and questions may be routed, as contract details list it."""
        if self.exchange != "SMART":
            return ("SMART", self.exchange) if self.sec_type == "STK" else (self.exchange,)
        venues = VENUES.get((self.sec_type, self.trading_class)) or VENUES.get(
            (self.sec_type, self.currency), ("SMART",)
        )
        return tuple(dict.fromkeys((*venues, self.primary))) if self.primary else venues

    def increment(self, price: Decimal) -> Decimal:
        """The price increment at a price, by the market rule: the band with the highest edge not above it."""
        size, found = abs(price), self.tick
        for edge, increment in _BANDS[self.market_rule]:
            if size >= edge:
                found = increment
        return found

    def routes_to(self, exchange: str) -> bool:
        """Whether a client may name this exchange; some have two names."""
        wanted = same_exchange(exchange)
        return any(same_exchange(venue) == wanted for venue in self.exchanges)


@dataclass(frozen=True)
class Query:
    """A client's description of a contract; empty parts match anything. `legs` are those of a combo (BAG)."""

    con_id: int = 0
    symbol: str = ""
    sec_type: str = ""
    expiry: str = ""
    strike: Decimal | None = None
    right: str = ""
    multiplier: str = ""
    exchange: str = ""
    primary: str = ""
    currency: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    include_expired: bool = False
    sec_id_type: str = ""
    sec_id: str = ""
    issuer_id: str = ""
    legs: tuple[Leg, ...] = ()


def same_exchange(exchange: str) -> str:
    """One name for exchanges that clients may call by an older one."""
    return _ONE_EXCHANGE.get(exchange, exchange)


def matches(item: Instrument, query: Query) -> bool:
    """Whether an instrument is one of those that a question describes. Only bonds have issuers; there are none."""
    return (
        (not query.symbol or query.symbol == item.symbol)
        and (not query.sec_type or item.sec_type in query.sec_type.split("+") or query.sec_type == "CONTFUT")
        and _expires(item, query.expiry)
        and (not query.strike or query.strike == item.strike)
        and query.right.upper() in {"", "?", "0", item.right, {"C": "CALL", "P": "PUT"}.get(item.right)}
        and (not query.exchange or item.routes_to(query.exchange))
        and (not query.primary or same_exchange(query.primary) in {same_exchange(item.primary), item.exchange})
        and (not query.currency or query.currency == item.currency)
        and (not query.local_symbol or _packed(query.local_symbol) == _packed(item.local_symbol))
        and (not query.trading_class or query.trading_class == item.trading_class)
        and _multiplies(item, query.multiplier)
        and _is_identified(item, query.sec_id_type, query.sec_id)
        and not query.issuer_id
    )


def _expires(item: Instrument, text: str) -> bool:
    """YYYYMMDD means the last day or the day of settlement, YYYYMM and YYYY the contract's month."""
    wanted = text.replace("-", " ").partition(" ")[0]
    if len(wanted) == 8:
        return wanted in {item.expiry, item.real_expiry}
    return item.contract_month.startswith(wanted)


def _multiplies(item: Instrument, text: str) -> bool:
    """Clients write 100, 100.0 or nothing; 1 goes for what has none."""
    if not text:
        return True
    try:
        return float(text) == float(item.factor)
    except ValueError:
        return False


def _is_identified(item: Instrument, kind: str, value: str) -> bool:
    """By ISIN, or by CUSIP, which for North American shares is the ISIN without country and check digit."""
    if not value:
        return True
    identities = {"ISIN": item.isin, "CUSIP": item.isin[2:11] if item.isin[:2] in {"US", "CA"} else ""}
    return bool(item.isin) and identities.get(kind.upper()) == value.upper()


def _packed(local_symbol: str) -> str:
    return "".join(local_symbol.split())
