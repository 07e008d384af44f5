"""Prices as a function of time: a random walk that can be asked for any instant, in any order.

The logarithm of the price is a sum of noises, each with a period four times the one before and an
amplitude that grows with the square root of its period, which is how a Brownian path looks. Nothing is
stored, so history and the live market agree, and a later run finds the market where it would have been.
"""

from __future__ import annotations

import math

_MASK = 2**64 - 1
_STRIDE = 0x9E3779B97F4A7C15
_HALF = 2.0**63
_PERIODS = [4.0**level for level in range(12)]
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


class Walk:
    """The path of one instrument; `at` is cheap when called for times near each other."""

    __slots__ = ("_amplitudes", "_base", "_keys", "_nodes")

    def __init__(self, seed: int, key: int, base: float, volatility: float) -> None:
        self._keys = [mix(seed, key, level) for level in range(len(_PERIODS))]
        self._base = base
        per_second = volatility / math.sqrt(_SECONDS_PER_YEAR)
        self._amplitudes = [per_second * math.sqrt(period) for period in _PERIODS]
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

    def _node(self, level: int, index: int) -> float:
        state = (self._keys[level] + index * _STRIDE) & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        return ((state ^ state >> 31) / _HALF - 1.0) * self._amplitudes[level]
