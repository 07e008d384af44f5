"""First, highest, lowest and last price of a span of the seeded market, without going through all of it.

Where prices follow a walk, the highest and lowest are exact: whole stretches are passed over whose noise cannot
reach beyond what was found already. An option's price has no such bound: its extremes are looked for in `_SAMPLES`
seconds of the span, those of first and last included, and exact only where there are no more seconds than that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.market.line import Reach, What
from simulator.market.tape import CELLS

if TYPE_CHECKING:
    from simulator.market.seeded import SeededFeed

_SAMPLES = 40
_HALF_SPREAD = 0.5e-4  # of the price, beside two ticks: no trade is further from the walk


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
    if high - low <= _SAMPLES // 4 or feed.walk is None:
        step = max(1, (high - low) // _SAMPLES)
        for second in range(low, high, step):
            seen.touch(second)
    else:
        feed.walk.extreme(low, high, 1, seen.highest)
        feed.walk.extreme(low, high, -1, seen.lowest)
    return opened, seen.high, seen.low, closed


class _Seen:
    """The extremes found so far."""

    def __init__(self, feed: SeededFeed, what: What, start: int, end: int) -> None:
        self._feed = feed
        self._what = what
        self._start = start
        self._end = end
        self._money = feed.tick / feed.factor(feed.moment(end - 1))  # money of the walk, before jumps, to a tick
        self.low = self.high = 0

    def touch(self, second: int) -> list[int]:
        """Look at the prices of a second."""
        start, end = max(self._start, second * CELLS), min(self._end, (second + 1) * CELLS)
        prices = self._feed.touched(self._what, start, end)
        if prices:
            self.high = max(prices) if not self.high else max(self.high, *prices)
            self.low = min(prices) if not self.low else min(self.low, *prices)
        return prices

    def highest(self, second: int) -> float:
        """Look at a second; the walk below which no price can be higher."""
        self.touch(second)
        return self._walk_at((self.high - 1.1) * (1 - _HALF_SPREAD))

    def lowest(self, second: int) -> float:
        """Look at a second; minus the walk above which no price can be lower."""
        self.touch(second)
        return -self._walk_at((self.low + 1.1) * (1 + _HALF_SPREAD))

    def _walk_at(self, ticks: float) -> float:
        walk = self._feed.walk
        return walk.logarithm(ticks * self._money) if walk is not None and ticks > 0 else -math.inf
