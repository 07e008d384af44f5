"""The simulator's two clocks. The calendar can be set, stopped or run faster; the monotonic one never is.

Everything that has a date (quotes, sessions, orders, executions, scripts with a time of day) goes by `now`.
Everything that a client waits for (delays, time-outs, pacing) goes by `monotonic`, in true seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

FASTEST = 100_000.0


class Clock:
    """A calendar that runs at `rate` times the pace of a base, from where it was set last."""

    def __init__(
        self, calendar: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._calendar = calendar
        self.monotonic = monotonic
        self.rate = 1.0
        self._set_at: float | None = None
        self._shown = 0.0

    def now(self) -> float:
        """Seconds since the epoch, in calendar time."""
        if self._set_at is None:
            return self._calendar()
        return self._shown + (self.monotonic() - self._set_at) * self.rate

    def set(self, moment: float) -> None:
        """The calendar shows `moment` now, and goes on from there."""
        self._set_at, self._shown = self.monotonic(), moment

    def run(self, rate: float) -> None:
        """The calendar goes on at `rate` times the true pace; 0 stops it. Raises ValueError."""
        if not 0 <= rate <= FASTEST:
            raise ValueError(f"rate: expected 0 to {FASTEST:g}, got {rate:g}")
        self.set(self.now())
        self.rate = rate
