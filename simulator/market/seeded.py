"""The seeded feed: quotes and trades that follow from seed, contract and instant alone, asked for in any order.

Prices change at whole seconds of market time, displayed sizes every quarter second (a cell); trades happen at the
bid or the ask of their second, as often as the tape says. First and last price, volume and count of any span are
exactly those of the trades in it. Highest and lowest are, too, where `search` says so.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from decimal import Decimal

from simulator.market.feed import Print, Quote, Reach, What
from simulator.market.instrument import Instrument
from simulator.market.option_model import price_option
from simulator.market.rules import MARKET_RULES
from simulator.market.search import SPREAD, Found, search
from simulator.market.tape import CELLS, Tape
from simulator.market.trading_hours import TradingHours
from simulator.market.walk import Walk, mix, noise

Path = Callable[[float], float]
_RATES = {"OPT": 0.1, "FOP": 0.1, "FUT": 3.0}
_RATE = 2.0
_SEARCHED = (3600.0, 86400.0, 5 * 86400.0, 15 * 86400.0)
_ROUNDING = 1e-3
_SIDES = 8
_SHORT = 5 * CELLS
"""Up to so many cells it is quicker to search than to remember."""


class SeededFeed:
    """One instrument's prices: `path` gives them in money, by `walk` where there is one, by `spot` for an option."""

    def __init__(
        self,
        item: Instrument,
        seed: int,
        speed: float,
        hours: TradingHours,
        found: Found,
        path: Path,
        *,
        walk: Walk | None = None,
        spot: Path | None = None,
    ) -> None:
        self.prints_at_all = item.trades
        self.tick = float(item.tick)
        self.tape = Tape(seed, item.con_id, _RATES.get(item.sec_type, _RATE), item.lot)
        self._item = item
        self._speed = speed
        self._hours = hours
        self._found = found
        self._path = path
        self._spot = spot
        self._key = mix(seed, item.con_id, 2)
        self._venues = tuple(venue for venue in item.exchanges if venue != "SMART") or (item.exchange,)
        bands = MARKET_RULES[item.market_rule]
        self._bands = [(float(Decimal(edge) / item.tick), int(Decimal(step) / item.tick)) for edge, step in bands[1:]]
        self.walk = None if self._bands else walk
        self._jumps: list[float] = []
        self._factors = [1.0]
        self._forced: list[Print] = []
        self._known: tuple[int, float, int, int, int] = (-1, 0.0, 0, 0, 0)

    def after(self, moment: float) -> float:
        """The beginning of the next cell."""
        return self.moment(self._cell(moment) + 1)

    def moment(self, cell: int) -> float:
        """When a cell begins."""
        return cell / CELLS / self._speed

    def middle(self, moment: float) -> float:
        """The price at the beginning of the instant's second, times the jumps until the end of its cell."""
        second = self._cell(moment) // CELLS
        return self._path(second / self._speed) * self.factor(self.after(moment))

    def factor(self, end: float) -> float:
        """What prices are multiplied by, by the jumps before an instant."""
        return self._factors[bisect_left(self._jumps, end)]

    def shift(self, since: float, factor: float, trade: Print | None) -> None:
        """All prices after an instant are times `factor`; the trade, if any, is the first of them."""
        place = bisect_right(self._jumps, since)
        self._jumps.insert(place, since)
        self._factors[place + 1 :] = [before * factor for before in self._factors[place:]]
        if trade is not None:
            self._forced.append(trade)

    def show(self, quote: Quote, moment: float) -> None:
        """Write bid, ask and sizes; for an option the model's figures."""
        cell = self._cell(moment)
        second, quarter = divmod(cell, CELLS)
        quote.bid, quote.ask, dice = self._prices(second, self.moment(cell + 1))
        bits = dice >> (16 + 8 * quarter)
        quote.bid_size = self._item.lot * (1 + (bits & 15) % 12)
        quote.ask_size = self._item.lot * (1 + (bits >> 4 & 15) % 12)
        if self._spot is not None:
            quote.greeks = price_option(self._item, self._spot(moment), moment)

    def instants(self, start: float, end: float) -> Iterator[float]:
        """The beginnings of the cells."""
        return (self.moment(cell) for cells in self._cells(start, end) for cell in range(*cells))

    def prints(self, start: float, end: float) -> list[Print]:
        """The trades of [start, end), in order."""
        found = [trade for cells in self._cells(start, end) for trade in self._trades(*cells)]
        forced = self._forced_in(start, end)
        return sorted([*found, *forced], key=lambda trade: trade.time) if forced else found

    def traded(self, start: float, end: float) -> tuple[int, int]:
        """Volume and number of the trades of [start, end)."""
        forced = self._forced_in(start, end)
        volume, number = sum(trade.size for trade in forced), len(forced)
        for cells in self._cells(start, end):
            units, count = self.tape.total(*cells)
            volume, number = volume + units, number + count
        return volume, number

    def last_print(self, before: float) -> Print | None:
        """The last trade before an instant, of the last fortnight."""
        for searched in _SEARCHED:
            for first, end in reversed(list(self._cells(before - searched, before))):
                cell = self.tape.last_cell(end, first)
                if cell is not None:
                    forced = self._forced_in(self.moment(cell), before)
                    return forced[-1] if forced else list(self._trades(cell, cell + 1))[-1]
        return None

    def reach(self, what: What, start: float, end: float) -> Reach | None:
        """First, highest, lowest and last price of [start, end)."""
        found: list[Reach] = []
        near = self._jumps[bisect_left(self._jumps, start - 1 / self._speed) : bisect_left(self._jumps, end)]
        cuts = [start, *sorted({cut for since in near if start < (cut := self.after(since)) < end}), end]
        for begin, stop in itertools.pairwise(cuts):
            for cells in self._cells(begin, stop):
                reached = self._searched(what, *cells)
                found += [reached] if reached else []
            if what == "TRADES":
                found += [(trade.price,) * 4 for trade in self._forced_in(begin, stop)]
        if not found:
            return None
        return found[0][0], max(each[1] for each in found), min(each[2] for each in found), found[-1][3]

    def _searched(self, what: What, start: int, end: int) -> Reach | None:
        """What `search` finds. Of a walk it is kept: it follows from instrument, cells and the jumps before them."""
        if self.walk is None or end - start <= _SHORT:
            return search(self, what, start, end)
        key = self._item.con_id, what, start, end, self.factor(self.moment(end - 1))
        return self._found.get(key, lambda: search(self, what, start, end))

    def touched(self, what: What, start: int, end: int) -> list[int]:
        """The prices within the cells [start, end) of one second, in order."""
        if what == "TRADES":
            return [trade.price for trade in self._trades(start, end)]
        bid, ask, _ = self._prices(start // CELLS, self.moment(end - 1))
        return [{"BID": bid, "ASK": ask, "MIDPOINT": (bid + ask) // 2}[what]]

    def _trades(self, start: int, end: int) -> Iterator[Print]:
        for cell, number, size in self.tape.trades(start, end):
            moment = self.moment(cell)
            bid, ask, dice = self._prices(cell // CELLS, moment)
            venue = self._venues[((dice >> 48) + number) % len(self._venues)]
            yield Print(moment, ask if dice >> (1 + number % _SIDES) & 1 else bid, size, venue)

    def trades_at(self, second: int, *, ask: bool) -> bool:
        """Whether there are trades at the ask, or at the bid, in the second that was asked for last."""
        before, after = self.tape.in_second(second)
        every = (1 << min(after - before, _SIDES)) - 1
        asked = self._known[4] >> 1 & every
        return asked != 0 if ask else asked != every

    def learn(self, second: int, price: float, factor: float) -> tuple[int, int]:
        """Bid and ask of a second whose price, before jumps by `factor`, is known."""
        dice = noise(self._key, second)
        middle = max(1, round(price * factor / self.tick))
        spread = 1 + max(int(middle * SPREAD), dice & 1)
        bid = max(1, middle - spread // 2)
        ask = bid + spread
        for edge, step in self._bands:
            bid = bid // step * step if bid >= edge else bid
            ask = -(-ask // step) * step if ask >= edge else ask
        self._known = second, factor, bid, ask, dice
        return bid, ask

    def _prices(self, second: int, end: float) -> tuple[int, int, int]:
        """Bid and ask of a second after the jumps before `end`, and the dice of the second."""
        factor = self.factor(end)
        if self._known[0] != second or self._known[1] != factor:
            self.learn(second, self._path(second / self._speed), factor)
        return self._known[2:]

    def _cells(self, start: float, end: float) -> Iterator[tuple[int, int]]:
        """The cells in trading hours that begin in [start, end), as half-open spans."""
        for opened, closed in self._hours.spans(self._item, start, end):
            first, last = (math.ceil(moment * self._speed * CELLS - _ROUNDING) for moment in (opened, closed))
            if first < last:
                yield first, last

    def _cell(self, moment: float) -> int:
        return math.floor(moment * self._speed * CELLS + _ROUNDING)

    def _forced_in(self, start: float, end: float) -> list[Print]:
        return [trade for trade in self._forced if start <= trade.time < end]
