"""IB's rules for historical requests, beside the general pace. Time is passed in.

Bars of 30 seconds or less: at most 60 requests in ten minutes (BID_ASK counts twice), an identical
one not within 15 seconds, at most five for one contract and kind within two seconds. Whatever the
bar: at most 50 requests open at a time. Breaking a rule costs minutes of refusals from the broker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

SMALL_BARS = frozenset(
    ("1 secs", "1 sec", "5 secs", "10 secs", "15 secs", "30 secs"),
)
MOST_OPEN = 50
_WINDOW, _IN_WINDOW = 600.0, 60
_IDENTICAL = 16.0  # a second more than IB asks: the general pace may hold a request back for that long
_SERIES_WINDOW, _IN_SERIES = 2.0, 5


@dataclass(frozen=True)
class HistoryRequest:
    """What the rules look at: `series` is contract, exchange and kind; `identity` the whole request."""

    bar: str
    what: str
    series: Hashable
    identity: Hashable

    @property
    def small(self) -> bool:
        """Whether the hard limits apply."""
        return self.bar in SMALL_BARS

    @property
    def weight(self) -> int:
        """How often it counts."""
        return 2 if self.what == "BID_ASK" else 1


class HistoryPacing:
    """Remembers what was sent, and says when the next may be."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, HistoryRequest]] = deque()
        self._open = 0

    @property
    def full(self) -> bool:
        """Whether an answer must come before anything can be sent."""
        return self._open >= MOST_OPEN

    def delay(self, request: HistoryRequest, now: float) -> float:
        """Seconds until the rules on time allow it; 0 is now."""
        while self._sent and self._sent[0][0] + _WINDOW <= now:
            self._sent.popleft()
        if not request.small:
            return 0.0
        allowed = now
        room = _IN_WINDOW - request.weight
        same_series = 0
        for at, earlier in reversed(self._sent):
            if earlier.identity == request.identity:
                allowed = max(allowed, at + _IDENTICAL)
            if earlier.series == request.series:
                same_series += 1
                if same_series == _IN_SERIES:
                    allowed = max(allowed, at + _SERIES_WINDOW)
            if room >= 0:
                room -= earlier.weight
                if room < 0:
                    allowed = max(allowed, at + _WINDOW)
        return allowed - now

    def started(self, request: HistoryRequest, now: float) -> None:
        """It was sent."""
        self._open += 1
        if request.small:
            self._sent.append((now, request))

    def finished(self) -> None:
        """One that was sent has been answered, refused or given up."""
        self._open -= 1

    def session_ended(self) -> None:
        """Nothing is open any more; what was sent still counts at the broker."""
        self._open = 0
