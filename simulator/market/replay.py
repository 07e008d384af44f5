"""A recorded file as a market: its rows happen at the pace of the calendar, from the start of the run.

A row as long after the first one as the run's calendar is past its start happens now; how far apart rows are is kept.
The file is checked as a whole first and then streamed, so that its size does not matter. Symbols that are not in it
go on with the seeded walk; those that are have it only for the time before the run, at the height of their first row.
After the last row its quotes stand. Of a symbol's rows the last `_KEPT` at least can be asked for again.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from pathlib import Path

from simulator.market.feed import Print, Quote, Reach, What
from simulator.market.instrument import Instrument
from simulator.market.recording import Record, check, read
from simulator.market.seeded import SeededFeed
from simulator.market.trading_hours import TradingHours

_KEPT = 50_000
_Sides = tuple[int, int, int, int]


class Replay:
    """A file that is being played. Raises `BadRecording` for one that cannot be."""

    def __init__(self, path: Path, find: Callable[[str], Instrument], start: float) -> None:
        self._items: dict[str, Instrument] = {}
        self._find = find
        firsts = check(path, self._known)
        self._offset = start - min(record.time for record in firsts.values())
        self._start = start
        self._firsts = {self._items[symbol].con_id: record for symbol, record in firsts.items()}
        self._feeds: dict[int, ReplayFeed] = {}
        self._rows = read(path, self._known)
        self._next = next(self._rows, None)

    def feed(self, item: Instrument, seeded: SeededFeed, hours: TradingHours) -> ReplayFeed | None:
        """The feed of an instrument of the file; None for any other."""
        first = self._firsts.get(item.con_id)
        if first is None:
            return None
        return self._feeds.setdefault(item.con_id, ReplayFeed(item, seeded, hours, self._start, first))

    def instruments(self) -> list[Instrument]:
        """What is in the file."""
        return list(self._items.values())

    def advance(self, now: float) -> None:
        """Let all rows happen that are due."""
        while self._next is not None and self._next.time + self._offset <= now:
            record = self._next
            self._feeds[self._items[record.symbol].con_id].take(record.time + self._offset, record)
            self._next = next(self._rows, None)

    def _known(self, symbol: str) -> bool:
        if symbol not in self._items:
            try:
                self._items[symbol] = self._find(symbol)
            except KeyError:
                return False
        return True


class ReplayFeed:
    """One symbol's rows so far."""

    prints_at_all = True

    def __init__(self, item: Instrument, seeded: SeededFeed, hours: TradingHours, start: float, first: Record) -> None:
        self._item = item
        self._seeded = seeded
        self._hours = hours
        self._start = start
        self._factor = 1.0
        self._times: list[float] = []
        self._sides: list[_Sides] = []
        self._trade_times: list[float] = []
        self._trades: list[Print] = []
        self._add(start, first, (0, 0, item.lot, item.lot))
        seeded.shift(0.0, self.middle(start) / seeded.middle(start), None)

    def take(self, moment: float, record: Record) -> None:
        """A row happens."""
        self._add(moment, record, self._sides[-1])
        if record.last is not None:
            self._print(Print(moment, self._ticks(record.last), record.last_size or self._item.lot, self._venue))

    def after(self, moment: float) -> float:
        """Rows may happen at any instant."""
        return math.nextafter(moment, math.inf)

    def instants(self, start: float, end: float) -> list[float]:
        """When rows happened; before the run as the walk goes."""
        walked = self._seeded.instants(start, min(end, self._start))
        return [*walked, *self._times[bisect_left(self._times, start) : bisect_left(self._times, end)]]

    def middle(self, moment: float) -> float:
        """Half-way between bid and ask."""
        if moment < self._start:
            return self._seeded.middle(moment)
        bid, ask, _, _ = self._at(moment)
        return (bid + ask) / 2 * float(self._item.tick)

    def shift(self, since: float, factor: float, trade: Print | None) -> None:
        """Rows from now on are shown times `factor`."""
        self._factor *= factor
        bid, ask, bid_size, ask_size = self._sides[-1]
        middle, half = (bid + ask) / 2 * factor, (ask - bid) / 2
        self._keep(since, (max(1, round(middle - half)), max(2, round(middle + half)), bid_size, ask_size))
        if trade is not None:
            self._print(trade)

    def show(self, quote: Quote, moment: float) -> None:
        """Write bid, ask and sizes."""
        self._seeded.show(quote, moment)  # before the run, and for an option's model figures
        if moment >= self._start:
            quote.bid, quote.ask, quote.bid_size, quote.ask_size = self._at(moment)

    def prints(self, start: float, end: float) -> list[Print]:
        """The trades of [start, end)."""
        found = self._seeded.prints(start, min(end, self._start))
        for opened, closed in self._hours.spans(self._item, max(start, self._start), end):
            first, last = (bisect_left(self._trade_times, moment) for moment in (opened, closed))
            found += self._trades[first:last]
        return found

    def traded(self, start: float, end: float) -> tuple[int, int]:
        """Volume and number of the trades of [start, end)."""
        volume, number = self._seeded.traded(start, min(end, self._start))
        found = self.prints(max(start, self._start), end)
        return volume + sum(trade.size for trade in found), number + len(found)

    def last_print(self, before: float) -> Print | None:
        """The last trade before an instant."""
        place = bisect_left(self._trade_times, before)
        return self._trades[place - 1] if place else self._seeded.last_print(min(before, self._start))

    def reach(self, what: What, start: float, end: float) -> Reach | None:
        """First, highest, lowest and last price of [start, end)."""
        walked = self._seeded.reach(what, start, min(end, self._start)) if start < self._start else None
        prices = self._prices(what, max(start, self._start), end)
        played = (prices[0], max(prices), min(prices), prices[-1]) if prices else None
        if walked is None or played is None:
            return walked or played
        return walked[0], max(walked[1], played[1]), min(walked[2], played[2]), played[3]

    def _prices(self, what: What, start: float, end: float) -> list[int]:
        if what == "TRADES" or start >= end:
            return [trade.price for trade in self.prints(start, end)]
        first = max(0, bisect_right(self._times, start) - 1)
        sides: Iterable[_Sides] = self._sides[first : bisect_left(self._times, end)]
        return [{"BID": bid, "ASK": ask, "MIDPOINT": (bid + ask) // 2}[what] for bid, ask, _, _ in sides]

    @property
    def _venue(self) -> str:
        return self._item.primary or self._item.exchange

    def _ticks(self, price: float) -> int:
        return max(1, round(price * self._factor / float(self._item.tick)))

    def _at(self, moment: float) -> _Sides:
        if moment >= self._times[-1]:
            return self._sides[-1]
        return self._sides[max(0, bisect_right(self._times, moment) - 1)]

    def _add(self, moment: float, record: Record, before: _Sides) -> None:
        """A side that was never told is one tick from the other, or from the trade."""
        bid, ask, bid_size, ask_size = before
        bid = bid if record.bid is None else self._ticks(record.bid)
        ask = ask if record.ask is None else self._ticks(record.ask)
        if record.last is not None:
            bid, ask = bid or self._ticks(record.last) - 1, ask or self._ticks(record.last) + 1
        bid, ask = max(1, bid or ask - 1), max(1, ask or bid + 1)
        bid_size = bid_size if record.bid_size is None else record.bid_size
        ask_size = ask_size if record.ask_size is None else record.ask_size
        self._keep(moment, (bid, ask, bid_size, ask_size))

    def _keep(self, moment: float, sides: _Sides) -> None:
        if len(self._times) >= 2 * _KEPT:
            del self._times[:_KEPT], self._sides[:_KEPT]
        self._times.append(moment)
        self._sides.append(sides)

    def _print(self, trade: Print) -> None:
        if len(self._trades) >= 2 * _KEPT:
            del self._trades[:_KEPT], self._trade_times[:_KEPT]
        self._trades.append(trade)
        self._trade_times.append(trade.time)
