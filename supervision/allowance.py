"""How many log records a process may write: plenty at once, few in the long run. Pure.

A strategy that logs in a loop would fill the disk that the order journal is on; what is too much is counted by
whoever asks, and told.
"""

from __future__ import annotations

from typing import Final

BURST: Final = 5000
"""Records at once."""
RATE: Final = 50.0
"""Records a second that are earned anew; about a gigabyte a day at most."""


class Allowance:
    """A bucket of records, full at first."""

    def __init__(self, now: float) -> None:
        self._left = float(BURST)
        self._at = now

    def take(self, now: float) -> bool:
        """Whether one more record may be written at monotonic time `now`."""
        self._left = min(BURST, self._left + (now - self._at) * RATE)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
