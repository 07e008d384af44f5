"""Everything that exists, and how a client's question finds it.

Contract ids never change between runs. Where the real one is well known it is used; futures, options and combos
carry one computed from what they are. What was listed once stays known by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from simulator.market import derivatives
from simulator.market.instrument import SECURITY_TYPES, Instrument, Leg, Query, matches
from simulator.market.listed import coins, indices, pairs, shares
from simulator.market.roots import FUTURES, OPTIONS, OptionClass
from simulator.market.walk import mix

__all__ = ["SECURITY_TYPES", "Chain", "Instrument", "Leg", "Query", "Universe"]

_COMBOS = 400_000_000
_MOST_COMBOS = 10_000
"""Each one that was ever asked for is kept, since a position's orders name it; a client could invent more for ever."""
_FOUND = 16


@dataclass(frozen=True)
class Chain:
    """The options of one class: where they are traded, which expiries and strikes there are."""

    trading_class: str
    multiplier: str
    exchanges: tuple[str, ...]
    expiries: tuple[str, ...]
    strikes: tuple[Decimal, ...]


class Universe:
    """Every instrument that exists on `today`, which may lie in the past of a position."""

    def __init__(self, today: date) -> None:
        self._fixed = {item.con_id: item for item in (*shares(), *pairs(), *indices(), *coins())}
        self._made: dict[int, Instrument] = {}
        self._combos: dict[int, Instrument] = {}
        dollars = [item for item in self._fixed.values() if item.currency == "USD"]
        self.shares = {item.symbol: item for item in dollars if item.sec_type == "STK"}
        self.pairs = [item for item in self._fixed.values() if item.sec_type == "CASH"]
        self._unders = {item.symbol: item for item in dollars if item.sec_type in {"STK", "IND"}}
        self.begin_day(today)

    def begin_day(self, today: date) -> None:
        """List what is traded on a day; what was known before stays known."""
        self.today = today
        self._day = f"{today:%Y%m%d}"
        contracts = (item for root in FUTURES for item in derivatives.futures(root, today))
        self._futures = [self._made.setdefault(item.con_id, item) for item in contracts]

    def get(self, con_id: int) -> Instrument | None:
        """The instrument of a contract id, expired ones included."""
        found = self._fixed.get(con_id) or self._made.get(con_id) or self._combos.get(con_id)
        if found is not None or con_id < derivatives.FUTURE_BASE:
            return found
        if con_id < derivatives.OPTION_BASE:
            found = derivatives.read_future_id(con_id)
        elif (parts := derivatives.read_option_id(con_id)) is not None:
            found = self._option(*parts)
        if found is not None:
            self._made[con_id] = found
        return found

    def combo(self, symbol: str, currency: str, legs: tuple[Leg, ...]) -> Instrument:
        """The combo of these legs; the same legs in the same order always have the same contract id.

        LookupError when a leg's contract does not exist, ValueError for legs that make no combo.
        """
        if len(legs) < 2 or any(leg.ratio < 1 or leg.action not in {"BUY", "SELL"} for leg in legs):
            raise ValueError("a combo takes two legs or more, each with a positive ratio and BUY or SELL")
        for leg in legs:
            item = self.get(leg.con_id)
            if item is None or item.legs or not item.orderable:
                raise LookupError(f"no contract {leg.con_id} that can be a leg")
        parts = (part for leg in legs for part in (leg.con_id, leg.ratio, leg.action == "BUY"))
        con_id = derivatives.COMBO_BASE + mix(*parts, *map(ord, symbol + currency)) % _COMBOS
        if len(self._combos) >= _MOST_COMBOS and con_id not in self._combos:
            raise ValueError(f"there are {_MOST_COMBOS} different combos already")
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
        """A share or index by symbol, anything else by local symbol. KeyError when there is none."""
        if symbol in self._unders:
            return self._unders[symbol]
        others = {item.local_symbol: item for item in (*self._fixed.values(), *self._futures)}
        return others.get(symbol) or self._named_option(symbol)

    def find(self, query: Query) -> list[Instrument]:
        """All that match, in a stable order; expired ones only when they are asked for."""
        if query.con_id:
            found = self.get(query.con_id)
            named = [] if found is None or found.legs else [found]
            return [
                item for item in named if self._exists(item, query) and item.routes_to(query.exchange or item.exchange)
            ]
        if query.sec_type in {"OPT", "FOP"}:
            candidates: Iterable[Instrument] = self._options(query)
        elif query.sec_type in {"FUT", "CONTFUT", "FUT+CONTFUT"}:
            candidates = self._future_candidates(query)
        else:
            candidates = self._fixed.values()
        return [item for item in candidates if matches(item, query)]

    def chains(self, under: Instrument, exchange: str = "") -> list[Chain]:
        """The option classes on an underlying, traded on this exchange where one is named."""
        found = []
        for kind in OPTIONS:
            if self._unders.get(kind.under) is not under:
                continue
            days, strikes = derivatives.settlement_days(kind, self.today), derivatives.strikes(kind, under)
            sample = self._option(kind, days[0], strikes[0], "C")
            if not exchange or sample.routes_to(exchange):
                expiries = tuple(self._option(kind, day, strikes[0], "C").expiry for day in days)
                found.append(Chain(kind.trading_class, kind.multiplier, sample.exchanges, expiries, tuple(strikes)))
        return found

    def derived(self, item: Instrument) -> list[str]:
        """The security types of what is derived from an instrument, as symbol search tells them."""
        kinds = {kind.sec_type for kind in OPTIONS if self._unders.get(kind.under) is item}
        kinds |= {"FUT" for root in FUTURES if item.sec_type == "IND" and root.under_con_id == item.con_id}
        return sorted(kinds | ({"BAG"} if kinds else set()))

    def search(self, pattern: str) -> list[Instrument]:
        """What is listed by a symbol, or a word of its name, that begins with `pattern`; symbols first, at most 16."""
        wanted = pattern.upper()
        found = [item for item in self._fixed.values() if item.symbol.startswith(wanted)]
        words = ((item, item.name.upper().split()) for item in self._fixed.values())
        named = [item for item, name in words if any(word.startswith(wanted) for word in name)]
        return list(dict.fromkeys((*found, *named)))[:_FOUND] if wanted else []

    def _exists(self, item: Instrument, query: Query) -> bool:
        return query.include_expired or not item.expiry or item.expiry >= self._day

    def _future_candidates(self, query: Query) -> list[Instrument]:
        items = [item for item in self._futures if self._exists(item, query)]
        if query.sec_type != "CONTFUT":
            return items
        fronts: dict[tuple[str, str], Instrument] = {}
        for item in items:
            if item.expiry >= self._day:
                fronts.setdefault((item.symbol, item.trading_class), item)
        return list(fronts.values())

    def _options(self, query: Query) -> Iterator[Instrument]:
        """The listed options that may match, class by class."""
        for kind in OPTIONS:
            under = self._unders[kind.under]
            if query.sec_type != kind.sec_type or query.symbol not in {"", under.symbol}:
                continue
            if query.trading_class not in {"", kind.trading_class}:
                continue
            if query.local_symbol and not query.local_symbol.startswith(kind.trading_class):
                continue
            strikes = [strike for strike in derivatives.strikes(kind, under) if query.strike in {None, strike}]
            for day in derivatives.settlement_days(kind, self.today):
                if f"{day:%Y%m}".startswith(query.expiry[:6]):
                    yield from (self._option(kind, day, strike, right) for strike in strikes for right in "CP")

    def _option(self, kind: OptionClass, day: date, strike: Decimal, right: str) -> Instrument:
        con_id = derivatives.option_id(kind, day, strike, right)
        if con_id not in self._made:
            self._made[con_id] = derivatives.option(kind, self._unders[kind.under], day, strike, right)
        return self._made[con_id]

    def _named_option(self, local_symbol: str) -> Instrument:
        found = self.find(Query(sec_type="OPT", local_symbol=local_symbol))
        if not found:
            raise KeyError(local_symbol)
        return found[0]
