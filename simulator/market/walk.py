"""Prices as a function of time: a random walk that can be asked for any instant, in any order.

The logarithm of the price is a sum of noises, each with a period four times the one before and an
amplitude that grows with the square root of its period, which is how a Brownian path looks. Nothing is
stored, so history and the live market agree, and a later run finds the market where it would have been.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate, pairwise

Leaf = Callable[[int, float], float]
_Interval = tuple[int, int, float, float]
_MASK = 2**64 - 1
_STRIDE = 0x9E3779B97F4A7C15
_HALF = 2.0**15
_PERIODS = [4.0**level for level in range(12)]
_KEPT = 4096
_SECONDS_PER_YEAR = 365.0 * 86400.0


def mix(*parts: int) -> int:
    """A well-mixed 64-bit number of some integers: the same on every machine and run."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state ^ (part & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state ^= state >> 29
        state = state * 0x94D049BB133111EB & _MASK
        state ^= state >> 32
    return state


def unit(*parts: int) -> float:
    """A number of [0, 1) made of some integers."""
    return mix(*parts) / 2.0**64


def noise(key: int, index: int) -> int:
    """A well-mixed 64-bit number of one key and an index; cheaper than `mix`."""
    state = (key + index * _STRIDE) & _MASK
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
    return state ^ state >> 31


class Walk:
    """The path of one instrument; `at` is cheap when called for times near each other."""

    __slots__ = ("_amplitudes", "_base", "_below", "_keys", "_nodes", "_sums")

    def __init__(self, seed: int, key: int, base: float, volatility: float) -> None:
        self._keys = [mix(seed, key, level) for level in range(len(_PERIODS))]
        self._base = base
        per_second = volatility / math.sqrt(_SECONDS_PER_YEAR)
        self._amplitudes = [per_second * math.sqrt(period) for period in _PERIODS]
        self._below = [0.0, *accumulate(self._amplitudes)]
        self._sums: dict[tuple[int, int], float] = {}
        self._nodes: list[tuple[int, float, float]] = [(-2, 0.0, 0.0)] * len(_PERIODS)

    def at(self, moment: float) -> float:
        """The price at a time in seconds since the epoch."""
        total = 0.0
        for level, period in enumerate(_PERIODS):
            scaled = moment / period
            index = int(scaled)
            node = self._nodes[level]
            if node[0] != index:
                left = node[2] if node[0] + 1 == index else self._node(level, index)
                node = self._nodes[level] = (index, left, self._node(level, index + 1))
            total += node[1] + (scaled - index) * (node[2] - node[1])
        return self._base * math.exp(total)

    def extremes(self, start: int, end: int, highest: Leaf, lowest: Leaf) -> None:
        """Visit whole seconds of [start, end) until the highest price, and then the lowest, must have been seen.

        Branch and bound: an interval is passed over when the noises shorter than it cannot carry the price beyond
        what is of interest. `highest` and `lowest` are given a second and the logarithm of its price over the
        typical one, and answer the logarithm that a price must be beyond from now on.
        """
        level = 0
        while level < len(_PERIODS) - 1 and _PERIODS[level] < end - start:
            level += 1
        size = 4**level
        knots = [self._sum(level, index) for index in range(start // size, -(-end // size) + 1)]
        roots = [(level, start // size + place, *ends) for place, ends in enumerate(pairwise(knots))]
        known: dict[tuple[int, int], list[_Interval]] = {}
        for sign, leaf in ((1.0, highest), (-1.0, lowest)):
            bound = -math.inf
            waiting = roots.copy()
            while waiting:
                level, index, left, right = waiting.pop()
                best = left if level == 0 or (left > right) == (sign > 0) else right
                if sign * best + self._below[level] <= bound:
                    continue
                if level == 0:
                    bound = sign * leaf(index, left)
                    continue
                children = known.get((level, index))
                if children is None:
                    children = known[level, index] = self._parts(level, index, left, right, start, end)
                waiting += children if best is right else reversed(children)  # the most promising is looked at first

    def _parts(self, level: int, index: int, left: float, right: float, start: int, end: int) -> list[_Interval]:
        """The quarters of an interval, with the noise of their own level added, that overlap [start, end)."""
        below, size = level - 1, 4 ** (level - 1)
        slope, first = (right - left) / 4, 4 * index
        key, scale = self._keys[below], self._amplitudes[below] / _HALF
        bits, last = noise(key, index), noise(key, index + 1) & 0xFFFF
        steps = (bits & 0xFFFF, bits >> 16 & 0xFFFF, bits >> 32 & 0xFFFF, bits >> 48, last)
        left -= self._amplitudes[below]
        ends = [left + slope * part + scale * step for part, step in enumerate(steps)]
        return [
            (below, first + part, ends[part], ends[part + 1])
            for part in range(4)
            if (first + part + 1) * size > start and (first + part) * size < end
        ]

    def price(self, logarithm: float) -> float:
        """The price that is so far from the typical one."""
        return self._base * math.exp(logarithm)

    def logarithm(self, price: float) -> float:
        """How far a price is from the typical one, as the walk counts it."""
        return math.log(price / self._base)

    def _sum(self, level: int, index: int) -> float:
        """The noises of a level and all above it at the beginning of one of its periods."""
        known = self._sums.get((level, index))
        if known is not None:
            return known
        total = 0.0
        for above in range(level, len(_PERIODS)):
            place, rest = divmod(index, 4 ** (above - level))
            left = self._node(above, place)
            total += left + (self._node(above, place + 1) - left) * rest / 4 ** (above - level) if rest else left
        if len(self._sums) >= _KEPT:
            self._sums.clear()
        self._sums[level, index] = total
        return total

    def _node(self, level: int, index: int) -> float:
        """A level's noise at the beginning of one of its periods; four share a number, 16 bits each."""
        bits = noise(self._keys[level], index >> 2) >> ((index & 3) << 4) & 0xFFFF
        return (bits / _HALF - 1.0) * self._amplitudes[level]
