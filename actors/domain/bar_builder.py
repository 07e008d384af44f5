"""Bars built from ticks, for strategies that think in bars. Pure; times are those of the ticks.

Bars stand on whole multiples of their length since the epoch, in UTC. A bar is complete when a tick of another
period comes (of an earlier one, when the clock was set back) or `close` is told that its period is over; a
period without a trade makes no bar. Prices
are those of last-trade ticks; volume is the growth of the day's volume, which also counts trades that the
broker does not send one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from actors.messages.market import Bar

LAST = frozenset({4, 68})  # the broker's tick types: last price, and its delayed twin
VOLUME = frozenset({8, 74})
SECOND_NS = 1_000_000_000


class BarBuilder:
    """The bars of one contract, each `seconds` long."""

    def __init__(self, seconds: float) -> None:
        self._length = int(seconds * SECOND_NS)
        self._period = 0
        self._prices: list[float] = []
        self._sizes: list[float] = []
        self._volume: float | None = None
        self._volume_before = 0.0

    def add(self, field: int, price: float, size: float, time_ns: int) -> Iterator[Bar]:
        """Take in a tick; yields the bar that it completes, if any."""
        yield from self._ended(time_ns // self._length != self._period)
        if field in LAST and price >= 0:
            self._period = time_ns // self._length
            self._prices.append(price)
            self._sizes.append(size)
        elif field in VOLUME:
            if self._volume is None:
                self._volume_before = size
            self._volume = size

    def close(self, time_ns: int) -> Iterator[Bar]:
        """Yield the bar whose period ended before this time, if any."""
        yield from self._ended(time_ns // self._length > self._period)

    def _ended(self, over: bool) -> Iterator[Bar]:
        if over and self._prices:
            yield self._bar()
            self._prices.clear()
            self._sizes.clear()
            self._volume_before = self._volume or 0.0

    def _bar(self) -> Bar:
        prices, sizes = self._prices, self._sizes
        traded = sum(sizes)
        return Bar(
            time=datetime.fromtimestamp(self._period * self._length / SECOND_NS, UTC),
            open=prices[0],
            high=max(prices),
            low=min(prices),
            close=prices[-1],
            volume=traded if self._volume is None else self._volume - self._volume_before,
            wap=sum(p * s for p, s in zip(prices, sizes, strict=True)) / traded if traded else prices[-1],
            count=len(prices),
        )
