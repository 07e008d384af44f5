"""How often and in what sizes an instrument trades: counts and volumes for any span, without going through it.

Time here is market time (calendar seconds times the market's speed) in cells of a quarter second. Half an hour has
a number of trades, split over its minutes by weights out of the seed, and those over their seconds; a trade's size
follows from its number in the half hour. So the sums over any span are exactly those of the trades inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from simulator.market.walk import mix, noise

CELLS = 4
"""Cells to a second of market time."""
_BUCKET, _MINUTE = 1800, 60
_CYCLE = 64
_LOTS = (1, 1, 2, 1, 3, 1, 1, 2, 1, 5, 1, 2, 1, 1, 4, 1)
_KEPT = 128


class Tape:
    """The trades of one instrument: `rate` a second on average, in multiples of `lot`."""

    def __init__(self, seed: int, con_id: int, rate: float, lot: int) -> None:
        self._key = mix(seed, con_id, 1)
        self._expected = rate * _BUCKET
        sizes = [lot * _LOTS[noise(self._key, -1 - place) % len(_LOTS)] for place in range(_CYCLE)]
        self._sizes = sizes + sizes
        self._sums = [0, *accumulate(self._sizes)]
        self._buckets: dict[int, list[int]] = {}
        self._minutes: dict[int, list[int]] = {}

    def trades(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """The trades of the cells [start, end): cell, number within its second, size."""
        for second in range(start // CELLS, -(-end // CELLS)):
            before, after = self.in_second(second)
            offset = self._offset(second // _BUCKET)
            for number in range(after - before):
                cell = second * CELLS + number * CELLS // (after - before)
                if start <= cell < end:
                    yield cell, number, self._sizes[(offset + before + number) % _CYCLE]

    def total(self, start: int, end: int) -> tuple[int, int]:
        """Volume and number of the trades of the cells [start, end)."""
        volume = number = 0
        while start < end:
            bucket = start // (_BUCKET * CELLS)
            stop = min(end, (bucket + 1) * _BUCKET * CELLS)
            first, last = self._before(start, bucket), self._before(stop, bucket)
            number += last - first
            volume += self._size_of_first(bucket, last) - self._size_of_first(bucket, first)
            start = stop
        return volume, number

    def first_cell(self, start: int, end: int) -> int | None:
        """The first cell with a trade in [start, end); None when there is none."""
        while start < end:
            stop = min(end, (start // (_MINUTE * CELLS) + 1) * _MINUTE * CELLS)
            for cell, _, _ in self.trades(start, stop):
                return cell
            start = stop
        return None

    def last_cell(self, before: int, limit: int) -> int | None:
        """The last cell with a trade in [limit, before); None when there is none."""
        cell = before
        while cell > limit:
            second = (cell - 1) // CELLS
            first, after = self.in_second(second)
            if first != after:
                found = [each for each, _, _ in self.trades(max(limit, second * CELLS), cell)]
                if found:
                    return found[-1]
            elif self._by_minute(second // _BUCKET)[second % _BUCKET // _MINUTE] == first:
                second -= second % _MINUTE  # none in the minute so far
            cell = second * CELLS
        return None

    def _offset(self, bucket: int) -> int:
        return noise(self._key, 4 * bucket + 1) % _CYCLE

    def _size_of_first(self, bucket: int, number: int) -> int:
        cycles, rest = divmod(number, _CYCLE)
        offset = self._offset(bucket)
        return cycles * self._sums[_CYCLE] + self._sums[offset + rest] - self._sums[offset]

    def _before(self, cell: int, bucket: int) -> int:
        """How many trades a bucket has before a cell of it, or its end."""
        inside = cell - bucket * _BUCKET * CELLS
        if inside == 0:
            return 0
        if inside == _BUCKET * CELLS:
            return self._in_bucket(bucket)
        second, part = divmod(cell, CELLS)
        if not part and not second % _MINUTE:
            return self._by_minute(bucket)[second % _BUCKET // _MINUTE]
        before, after = self.in_second(second)
        count = after - before
        return before + sum(number * CELLS // count < part for number in range(count))

    def in_second(self, second: int) -> tuple[int, int]:
        """The numbers, within the bucket, of a second's first trade and of the one after its last."""
        minute, place = divmod(second, _MINUTE)
        sums = self._minutes.get(minute)
        if sums is None:
            bucket, part = divmod(minute, _BUCKET // _MINUTE)
            minutes = self._by_minute(bucket)
            sums = _split(minutes[part], minutes[part + 1], self._key ^ 0x5EC0, minute, _MINUTE)
            _keep(self._minutes, minute, sums)
        return sums[place], sums[place + 1]

    def _by_minute(self, bucket: int) -> list[int]:
        sums = self._buckets.get(bucket)
        if sums is None:
            sums = _split(0, self._in_bucket(bucket), self._key ^ 0x1111, bucket, _BUCKET // _MINUTE)
            _keep(self._buckets, bucket, sums)
        return sums

    def _in_bucket(self, bucket: int) -> int:
        return int(self._expected * (0.5 + noise(self._key, 4 * bucket) / 2.0**64))


def _split(first: int, last: int, key: int, index: int, parts: int) -> list[int]:
    """Divide the numbers from first to last into parts by random weights: the bounds of the parts."""
    weights = b"".join(noise(key, index * 8 + place).to_bytes(8, "little") for place in range(-(-parts // 8)))
    sums = [0, *accumulate(weights[:parts])]
    whole = max(1, sums[-1])
    return [first + (last - first) * part // whole for part in sums[:-1]] + [last]


def _keep(cache: dict[int, list[int]], key: int, value: list[int]) -> None:
    if len(cache) >= _KEPT:
        del cache[next(iter(cache))]
    cache[key] = value
