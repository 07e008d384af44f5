"""First, highest, lowest and last price of a span of the seeded market, without going through all of it.

Where prices follow a walk, the highest and lowest are exact: whole stretches are passed over whose noise cannot
reach beyond what was found already. An option's price has no such bound: its extremes are looked for in `_SAMPLES`
seconds of the span, beside those of first and last; they are exact where there are no more trades, or seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulator.market.feed import Reach, What
from simulator.market.tape import CELLS
from simulator.market.walk import Walk

if TYPE_CHECKING:
    from simulator.market.seeded import SeededFeed

_SAMPLES = 40
_KEPT = 32_768
_FEW = 5  # seconds: going through them is quicker than searching
SPREAD = 1e-4
"""Of the price; beside it one tick, and at the least one more for some seconds."""


def search(feed: SeededFeed, what: What, start: int, end: int) -> Reach | None:
    """The prices of the cells [start, end), which are not empty and in which nothing jumps; None: there was none."""
    if what == "TRADES":
        first = feed.tape.first_cell(start, end)
        last = feed.tape.last_cell(end, start)
        if first is None or last is None:
            return None
    else:
        first, last = start, end - 1
    seen = _Seen(feed, what, start, end)
    opened, closed = seen.touch(first // CELLS)[0], seen.touch(last // CELLS)[-1]
    low, high = start // CELLS, -(-end // CELLS)
    if what == "TRADES" and feed.walk is None and feed.tape.total(start, end)[1] <= _SAMPLES:
        for cell, _, _ in feed.tape.trades(start, end):
            seen.touch(cell // CELLS)
    elif high - low <= _FEW or feed.walk is None:
        for second in range(low, high, max(1, (high - low) // _SAMPLES)):
            seen.touch(second)
    else:
        bounds = _Bounds(seen, feed, feed.walk)
        feed.walk.extremes(low, high, bounds.highest, bounds.lowest)
    return opened, seen.high, seen.low, closed


class Found:
    """What was found for the feeds of a market, so that bars are soon there when they are asked for again.

    When there is too much of it the oldest goes. A key holds everything that the reach follows from.
    """

    def __init__(self) -> None:
        self._reaches: dict[tuple[object, ...], Reach | None] = {}

    def get(self, key: tuple[object, ...], look: Callable[[], Reach | None]) -> Reach | None:
        """What is known, or else what `look` finds."""
        if key not in self._reaches:
            if len(self._reaches) >= _KEPT:
                del self._reaches[next(iter(self._reaches))]
            self._reaches[key] = look()
        return self._reaches[key]


class _Seen:
    """The extremes found so far."""

    def __init__(self, feed: SeededFeed, what: What, start: int, end: int) -> None:
        self._feed = feed
        self.what = what
        self.start = start
        self.end = end
        self.low = self.high = 0

    def touch(self, second: int) -> list[int]:
        """Look at the prices of a second."""
        start, end = max(self.start, second * CELLS), min(self.end, (second + 1) * CELLS)
        prices = self._feed.touched(self.what, start, end)
        if prices:
            self.high = max(prices) if not self.high else max(self.high, *prices)
            self.low = min(prices) if not self.low else min(self.low, *prices)
        return prices


class _Bounds:
    """What the walk must reach for a second to be worth a look.

    Trades and quotes keep to the walk's price in ticks, rounded, by at most half the spread. Seconds that are cut by
    an end of the span need no look: what counts of them are the first and the last price, which are known.
    """

    def __init__(self, seen: _Seen, feed: SeededFeed, walk: Walk) -> None:
        self._seen = seen
        self._feed = feed
        self._walk = walk
        self._factor = feed.factor(feed.moment(seen.end - 1))
        self._whole = range(-(-seen.start // CELLS), seen.end // CELLS)
        self._trades = seen.what == "TRADES"
        self._pick = {"BID": (0, 0), "ASK": (1, 1), "MIDPOINT": (2, 2), "TRADES": (0, 1)}[seen.what]

    def highest(self, second: int, logarithm: float) -> float:
        """Look at a second if it may have the highest price; the walk below which none can be higher."""
        seen = self._seen
        if second in self._whole:
            bid, ask = self._feed.learn(second, self._walk.price(logarithm), self._factor)
            price = (bid, ask, (bid + ask) // 2)[self._pick[1]]
            if price > seen.high and (not self._trades or self._feed.trades_at(second, ask=True)):
                seen.high = price
        return self._logarithm(seen.high + 0.499 - (_widest(seen.high) + 1) // 2)

    def lowest(self, second: int, logarithm: float) -> float:
        """Look at a second if it may have the lowest price; the walk above which none can be lower."""
        seen = self._seen
        if second in self._whole:
            bid, ask = self._feed.learn(second, self._walk.price(logarithm), self._factor)
            price = (bid, ask, (bid + ask) // 2)[self._pick[0]]
            if price < seen.low and (not self._trades or self._feed.trades_at(second, ask=False)):
                seen.low = price
        return self._logarithm(seen.low - 0.499 + _widest(seen.low) // 2)

    def _logarithm(self, ticks: float) -> float:
        return self._walk.logarithm(ticks * self._feed.tick / self._factor) if ticks > 0 else -math.inf


def _widest(ticks: int) -> int:
    """The widest spread, in ticks, near a price."""
    return 1 + max(1, int(ticks * SPREAD * 1.001 + 0.01))
