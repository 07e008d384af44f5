"""How often a child may fail, and how long it waits before it is started again.

The first restart is immediate; the n-th after it waits min(ceiling, base * factor**(n - 1)), lengthened at
random by up to `jitter` of itself. Pure: the clock and the random number are passed in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds between restarts of a child that keeps failing."""

    base: float = 0.2
    factor: float = 2.0
    ceiling: float = 30.0
    jitter: float = 0.2

    def delay(self, restarts: int, random: float) -> float:
        """The wait before the next restart when `restarts` went before it in a row; `random` is in [0, 1)."""
        if restarts == 0:
            return 0.0
        try:
            wait = min(self.ceiling, self.base * self.factor ** (restarts - 1))
        except OverflowError:
            wait = self.ceiling
        return wait * (1 + self.jitter * random)

    def worst_total(self, restarts: int) -> float:
        """The longest that `restarts` restarts in a row can take in waits alone."""
        return sum(self.delay(number, 1.0) for number in range(restarts))

    @property
    def healthy_after(self) -> float:
        """Seconds of life after which earlier failures no longer count for the wait."""
        return (self.base + self.ceiling) / 2


class RestartWindow:
    """The restarts of late, as far back as they count."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def add(self, now: float, *, intensity: int, period: float) -> bool:
        """Count a restart at monotonic time `now`; whether there were at most `intensity` within `period` seconds."""
        self._times.append(now)
        while self._times[0] < now - period:
            self._times.popleft()
        return len(self._times) <= intensity

    def clear(self) -> None:
        """Forget everything, as a new supervisor would."""
        self._times.clear()
