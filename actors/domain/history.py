"""How a long range of bars is cut into requests the broker takes, and put together again.

A request may be as long as the broker allows for its bar size. Pieces go backwards in time: each ends where
the oldest bar in hand begins, so closed markets cost nothing. A duration in the unit of the limit counts
pieces (the broker's days are trading days); any other is measured by the calendar, which gives a start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from actors.messages.market import Bar
from supervision.errors import Rejected

MAX_PIECES: Final = 100  # keeps the longest answer, 180,000 bars, inside one frame

_SECONDS: Final = {"S": 1, "D": 86_400, "W": 7 * 86_400, "M": 30 * 86_400, "Y": 365 * 86_400}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,8}) ([SDWMY])")
# Longest duration of one request by bar size: "Step sizes" in the historical data limits of the TWS API.
_LONGEST: Final = {
    "1 secs": "1800 S",
    "5 secs": "3600 S",
    "10 secs": "14400 S",
    "15 secs": "14400 S",
    "30 secs": "28800 S",
    "1 min": "1 D",
    "2 mins": "2 D",
    "3 mins": "1 W",
    "5 mins": "1 W",
    "10 mins": "1 W",
    "15 mins": "1 W",
    "20 mins": "1 W",
    "30 mins": "1 M",
    "1 hour": "1 M",
    "2 hours": "1 M",
    "3 hours": "1 M",
    "4 hours": "1 M",
    "8 hours": "1 M",
    "1 day": "1 Y",
    "1 week": "1 Y",
    "1 month": "1 Y",
}


def _parse(duration: str) -> tuple[int, str]:
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise Rejected(f'duration = "{duration}": a number and S, D, W, M or Y is needed, as in "1 D"', kind="bars")
    return int(found[1]), found[2]


@dataclass(frozen=True, slots=True)
class Plan:
    """Durations of the pieces, newest first. With a `start`, what is older is more than was asked for."""

    pieces: tuple[str, ...]
    start: datetime | None


def plan(duration: str, bar: str, end: datetime) -> Plan:
    """The pieces of a range that ends at `end`. Rejected: unknown duration or bar size, naive time, too many pieces."""
    if end.tzinfo is None:
        raise Rejected(f"end = {end.isoformat()}: a time with its zone is needed", kind="bars")
    if bar not in _LONGEST:
        raise Rejected(f'bar = "{bar}": one of {", ".join(_LONGEST)} is needed', kind="bars")
    amount, unit = _parse(duration)
    most, most_unit = _parse(_LONGEST[bar])
    span, longest = amount * _SECONDS[unit], most * _SECONDS[most_unit]
    count = -(-span // longest)
    if count > MAX_PIECES:
        raise Rejected(
            f"{duration} of {bar} bars takes {count} requests of the broker, at most {MAX_PIECES} are made for one "
            f"answer; ask for a shorter duration or longer bars",
            kind="bars",
        )
    if count == 1:
        return Plan((duration,), None)
    if unit == most_unit:
        full, rest = divmod(amount, most)
        return Plan((_LONGEST[bar],) * full + ((f"{rest} {unit}",) if rest else ()), None)
    return Plan((_LONGEST[bar],) * count, end - timedelta(seconds=span))


class Download:
    """The pieces of one plan, asked for one after the other."""

    def __init__(self, pieces: Plan, end: datetime | None) -> None:
        self._waiting = list(reversed(pieces.pieces))
        self._start = pieces.start
        self._end = end
        self._bars: dict[datetime, Bar] = {}

    @property
    def started(self) -> bool:
        """Whether bars have arrived."""
        return bool(self._bars)

    def next_request(self) -> tuple[str, datetime | None] | None:
        """Duration and end of the next piece (None: now); None when the range is complete."""
        if not self._waiting or (self._start is not None and self._end is not None and self._end <= self._start):
            return None
        return self._waiting.pop(), self._end

    def add(self, bars: Iterable[Bar]) -> None:
        """Take in a piece. One that goes no further back than the last is the beginning of the broker's history."""
        piece = {bar.time: bar for bar in bars}
        oldest = min(piece, default=None)
        if oldest is None or (self._bars and oldest >= min(self._bars)):
            self._waiting.clear()
        else:
            self._end = oldest
        self._bars |= piece

    def bars(self) -> tuple[Bar, ...]:
        """All bars so far, oldest first, each time once."""
        times = sorted(time for time in self._bars if self._start is None or time >= self._start)
        return tuple(self._bars[time] for time in times)
