"""What can be traded: instruments, their fixed identities, and how a client's question finds them.

Contract ids never change between runs. Where the real one is well known it is used; futures and options
carry theirs computed from root, expiry, strike and right, so that a position in an expired contract still
has a name. Listings are data (`listings.py`); futures and the SPY chain are made from today's date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from simulator.market.listings import FUTURES, FX_PAIRS, LISTINGS, FutureRoot
from simulator.market.walk import mix

MONTH_CODES = "FGHJKMNQUVXZ"
OPTION_CLASS = "SPY"
_FUTURE_BASE = 600_000_000
_OPTION_BASE = 700_000_000
_OPTION_EPOCH = date(2020, 1, 1)
_STRIKES = 1024
_COMBO_BASE = 1_600_000_000
_COMBOS = 400_000_000


@dataclass(frozen=True)
class Leg:
    """One leg of a combo: so many units of a contract, bought or sold (`action`) for each unit bought of the combo."""

    con_id: int
    ratio: int
    action: str
    exchange: str = "SMART"


@dataclass(frozen=True)
class Instrument:
    """One contract. `tick` is the price increment, `lot` the size that is usually quoted, `base` a typical price."""

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

    @cached_property
    def factor(self) -> Decimal:
        """Money per point of price and unit of quantity."""
        return self.multiplier or Decimal(1)

    @property
    def trades(self) -> bool:
        """Whether there are last prices; currency pairs are only quoted."""
        return self.sec_type != "CASH"

    @cached_property
    def exchanges(self) -> tuple[str, ...]:
        """Where orders and questions may be routed."""
        if self.sec_type in {"STK", "OPT"} and self.currency == "USD":
            venues = ("SMART", "NYSE", "NASDAQ", "ARCA", "AMEX", "ISLAND", "CBOE", "IEX", "BATS")
            return tuple(dict.fromkeys((*venues, self.primary))) if self.primary else venues
        return (self.exchange,)


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


SECURITY_TYPES = frozenset(
    {
        "STK",
        "OPT",
        "FUT",
        "CONTFUT",
        "FUT+CONTFUT",
        "CASH",
        "IND",
        "FOP",
        "BOND",
        "BAG",
        "WAR",
        "CFD",
        "CMDTY",
        "CRYPTO",
    }
    | {"FUND", "IOPT", "NEWS"}
)


class Universe:
    """Every instrument that exists on `today`, which may lie in the past of a position."""

    def __init__(self, today: date) -> None:
        self._fixed = {item.con_id: item for item in (*_shares(), *_pairs())}
        self._futures: dict[int, Instrument] = {}
        self._options: dict[int, Instrument] = {}
        self._combos: dict[int, Instrument] = {}
        self.shares = {
            item.symbol: item for item in self._fixed.values() if item.sec_type == "STK" and item.currency == "USD"
        }
        self.pairs = [item for item in self._fixed.values() if item.sec_type == "CASH"]
        self.begin_day(today)

    def begin_day(self, today: date) -> None:
        """List what is traded on a day; what was known before stays known."""
        self.today = today
        quarters = (item for root in FUTURES for item in _contracts(root, today))
        self._listed = [self._futures.setdefault(item.con_id, item) for item in quarters]
        self.expiries = _fridays(today, 8)

    def get(self, con_id: int) -> Instrument | None:
        """The instrument of a contract id, expired ones included."""
        found = self._fixed.get(con_id) or self._futures.get(con_id) or self._options.get(con_id)
        if con_id >= _COMBO_BASE:
            return self._combos.get(con_id)
        if found is None and con_id >= _OPTION_BASE:
            found = self._option_of(con_id)
        if found is None and _FUTURE_BASE <= con_id < _OPTION_BASE:
            root_index, months = divmod(con_id - _FUTURE_BASE, 100_000)
            if root_index < len(FUTURES) and 12 * 2000 <= months < 12 * 2100:
                found = self._futures[con_id] = _future(FUTURES[root_index], months // 12, months % 12 + 1)
        return found

    def combo(self, symbol: str, currency: str, legs: tuple[Leg, ...]) -> Instrument:
        """The combo of these legs; the same legs in the same order always have the same contract id.

        LookupError when a leg's contract does not exist, ValueError for legs that make no combo.
        """
        if len(legs) < 2 or any(leg.ratio < 1 or leg.action not in {"BUY", "SELL"} for leg in legs):
            raise ValueError("a combo takes two legs or more, each with a positive ratio and BUY or SELL")
        for leg in legs:
            if self.get(leg.con_id) is None:
                raise LookupError(f"no contract {leg.con_id}")
        parts = (part for leg in legs for part in (leg.con_id, leg.ratio, leg.action == "BUY"))
        con_id = _COMBO_BASE + mix(*parts, *map(ord, symbol + currency)) % _COMBOS
        combo = Instrument(
            con_id=con_id,
            symbol=symbol,
            sec_type="BAG",
            currency=currency,
            exchange="SMART",
            name=f"{symbol} combo",
            base=0.0,
            volatility=0.0,
            lot=1,
            local_symbol=symbol,
            trading_class="COMB",
            legs=legs,
        )
        return self._combos.setdefault(con_id, combo)

    def named(self, symbol: str) -> Instrument:
        """A share by symbol, anything else by local symbol. KeyError when there is none."""
        if symbol in self.shares:
            return self.shares[symbol]
        others = {item.local_symbol: item for item in (*self.pairs, *self._listed)}
        return others[symbol]

    def find(self, query: Query) -> list[Instrument]:
        """All that match, in a stable order."""
        if query.con_id:
            found = self.get(query.con_id)
            candidates: Iterable[Instrument] = [found] if found else []
            return [item for item in candidates if not query.exchange or query.exchange in item.exchanges]
        if query.sec_type == "OPT":
            candidates = self.chain(query) if OPTION_CLASS in {query.symbol, query.trading_class} else ()
        elif query.sec_type in {"FUT", "CONTFUT", "FUT+CONTFUT"}:
            candidates = self._future_candidates(query)
        else:
            candidates = self._fixed.values()
        return [item for item in candidates if _matches(item, query)]

    def chain(self, query: Query) -> Iterator[Instrument]:
        """The computed SPY options that may match."""
        expiries = [day for day in self.expiries if f"{day:%Y%m%d}".startswith(query.expiry)]
        strikes = [query.strike] if query.strike else self.strikes
        rights = [query.right[:1].upper()] if query.right not in {"", "?"} else ["C", "P"]
        for expiry in expiries:
            for strike in strikes:
                if strike not in self.strikes:
                    continue
                yield from (self._option(expiry, int(strike), right) for right in rights if right in {"C", "P"})

    @cached_property
    def strikes(self) -> list[Decimal]:
        """The strikes of the chain: every 5 points within 30 % of the typical price."""
        base = self.shares[OPTION_CLASS].base
        return [Decimal(strike) for strike in range(int(base * 0.7) // 5 * 5, int(base * 1.3), 5)]

    def search(self, pattern: str) -> list[Instrument]:
        """Shares and pairs whose symbol or name begins with `pattern`, at most 16."""
        wanted = pattern.upper()
        names = [item for item in self._fixed.values() if wanted in item.name.upper().split()]
        found = [item for item in self._fixed.values() if item.symbol.startswith(wanted)]
        return list(dict.fromkeys((*found, *names)))[:16] if wanted else []

    def _future_candidates(self, query: Query) -> list[Instrument]:
        day = f"{self.today:%Y%m%d}"
        items = [item for item in self._listed if query.include_expired or item.expiry >= day]
        if query.sec_type != "CONTFUT":
            return items
        fronts: dict[str, Instrument] = {}
        for item in items:
            if item.expiry >= day:
                fronts.setdefault(item.symbol, item)
        return list(fronts.values())

    def _option_of(self, con_id: int) -> Instrument | None:
        rest, right = divmod(con_id - _OPTION_BASE, 2)
        days, strike = divmod(rest, _STRIKES)
        if days > 40_000 or not strike:
            return None
        return self._option(_OPTION_EPOCH + timedelta(days), strike, "CP"[right])

    def _option(self, expiry: date, strike: int, right: str) -> Instrument:
        con_id = _OPTION_BASE + (((expiry - _OPTION_EPOCH).days * _STRIKES) + strike) * 2 + "CP".index(right)
        if con_id not in self._options:
            under = self.shares[OPTION_CLASS]
            self._options[con_id] = Instrument(
                con_id=con_id,
                symbol=OPTION_CLASS,
                sec_type="OPT",
                currency="USD",
                exchange="SMART",
                name=under.name,
                base=0.0,
                volatility=0.0,
                lot=10,
                local_symbol=f"{OPTION_CLASS:<6}{expiry:%y%m%d}{right}{strike * 1000:08d}",
                trading_class=OPTION_CLASS,
                expiry=f"{expiry:%Y%m%d}",
                strike=Decimal(strike),
                right=right,
                multiplier=Decimal(100),
                under_con_id=under.con_id,
                contract_month=f"{expiry:%Y%m}",
            )
        return self._options[con_id]


def _matches(item: Instrument, query: Query) -> bool:
    multiplier = "" if item.multiplier is None else f"{item.multiplier:f}"
    return (
        (not query.symbol or query.symbol == item.symbol)
        and (not query.sec_type or item.sec_type in query.sec_type.split("+") or query.sec_type == "CONTFUT")
        and item.expiry.startswith(query.expiry.split("-")[0].split(" ")[0])
        and (not query.exchange or query.exchange in item.exchanges)
        and (not query.primary or query.primary in {item.primary, item.exchange})
        and (not query.currency or query.currency == item.currency)
        and (not query.local_symbol or query.local_symbol == item.local_symbol)
        and (not query.trading_class or query.trading_class == item.trading_class)
        and (not query.multiplier or query.multiplier == multiplier)
    )


def _shares() -> Iterator[Instrument]:
    for con_id, symbol, name, base, volatility, primary, currency, kind in LISTINGS:
        yield Instrument(
            con_id=con_id,
            symbol=symbol,
            sec_type="STK",
            currency=currency,
            exchange="SMART" if currency == "USD" else primary,
            name=name,
            base=base,
            volatility=volatility,
            primary=primary,
            local_symbol=symbol,
            trading_class="NMS" if primary == "NASDAQ" else symbol,
            stock_type=kind,
        )


def _pairs() -> Iterator[Instrument]:
    for con_id, symbol, currency, rate, tick in FX_PAIRS:
        yield Instrument(
            con_id=con_id,
            symbol=symbol,
            sec_type="CASH",
            currency=currency,
            exchange="IDEALPRO",
            name=f"{symbol}.{currency} exchange rate",
            base=rate,
            volatility=0.08,
            tick=Decimal(tick),
            lot=250_000,
            local_symbol=f"{symbol}.{currency}",
            trading_class=f"{symbol}.{currency}",
            market_rule={"JPY": 59, "MXN": 240}.get(currency, 239),
        )


def _contracts(root: FutureRoot, today: date) -> Iterator[Instrument]:
    """Two expired quarters and the next five."""
    quarter = today.year * 4 + (today.month - 1) // 3 - 2
    live = 0
    while live < 5:
        item = _future(root, quarter // 4, quarter % 4 * 3 + 3)
        live += item.expiry >= f"{today:%Y%m%d}"
        quarter += 1
        yield item


def _future(root: FutureRoot, year: int, month: int) -> Instrument:
    first = date(year, month, 1)
    expiry = first + timedelta((4 - first.weekday()) % 7 + 14)
    return Instrument(
        con_id=_FUTURE_BASE + FUTURES.index(root) * 100_000 + year * 12 + month - 1,
        symbol=root.symbol,
        sec_type="FUT",
        currency="USD",
        exchange=root.exchange,
        name=root.name,
        base=root.base,
        volatility=root.volatility,
        tick=Decimal(root.tick),
        lot=10,
        local_symbol=f"{root.symbol}{MONTH_CODES[month - 1]}{year % 10}",
        trading_class=root.symbol,
        expiry=f"{expiry:%Y%m%d}",
        multiplier=Decimal(root.multiplier),
        contract_month=f"{first:%Y%m}",
        market_rule=root.market_rule,
    )


def _fridays(today: date, count: int) -> list[date]:
    first = today + timedelta((4 - today.weekday()) % 7)
    return [first + timedelta(7 * week) for week in range(count)]
