"""The clocks. The calendar is read here and nowhere else, so that a drill can set it for a whole running service.

`now` and `now_ns` are the calendar: for people, for logs, for what the broker dates. It may be set at any moment,
forwards and backwards, so nothing decides by it what came first or how long something took. `time.monotonic` does:
all processes of a machine share it, and it stands still while the machine is suspended. `elapsed_ns` goes on then:
ages are told by it, so that what was fresh before a suspend is not called fresh after it.

NIGHTDESK_CLOCK names a file that shifts both, as `set_shift` writes it: nanoseconds for the calendar, and for a
suspend that nobody had. It is for drills in simulated mode and refused in any other. Without it nothing is added, and
`now_ns` is `time.time_ns` itself.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

VARIABLE: Final = "NIGHTDESK_CLOCK"
JUMP_SECONDS: Final = 1.0
"""By how much the clocks must part between two looks to count as set or suspended: no slewing is that fast."""

_SECOND_NS: Final = 1_000_000_000
_GLANCE_NS: Final = 100_000_000
_BYTES: Final = 16
_BOOT_CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # macOS has only the latter


def _now() -> datetime:
    return datetime.now(UTC)


def _elapsed_ns() -> int:
    return time.clock_gettime_ns(_BOOT_CLOCK)


class ShiftedClocks:
    """The clocks plus what a file says at each reading; the file is made when there is none."""

    def __init__(self, path: Path) -> None:
        descriptor = _opened(path)
        shared = mmap.mmap(descriptor, _BYTES, prot=mmap.PROT_READ)
        os.close(descriptor)
        self._shift = memoryview(shared).cast("q")  # eight aligned bytes are never seen half written

    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return time.time_ns() + self._shift[0]

    def now(self) -> datetime:
        """The date and time in UTC."""
        return _now() + timedelta(microseconds=self._shift[0] // 1000)

    def elapsed_ns(self) -> int:
        """Nanoseconds since the machine started."""
        return _elapsed_ns() + self._shift[1]


def set_shift(path: Path, *, calendar: float, suspended: float = 0.0) -> None:
    """From now on the calendar of all processes with this file is so many seconds off; 0 is the true time.

    With `suspended` they also believe that the machine was suspended for so long since it started.
    """
    descriptor = _opened(path)
    os.pwrite(descriptor, struct.pack("=qq", int(calendar * _SECOND_NS), int(suspended * _SECOND_NS)), 0)
    os.close(descriptor)


def _opened(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(descriptor, _BYTES)  # fills up with zeros what is new, and leaves alone what is there
    return descriptor


now: Callable[[], datetime] = _now
"""The date and time in UTC."""

now_ns: Callable[[], int] = time.time_ns
"""Nanoseconds since the epoch."""

elapsed_ns: Callable[[], int] = _elapsed_ns
"""Nanoseconds since the machine started, suspends included. Processes of one machine can compare them."""

if os.environ.get(VARIABLE):
    _shifted = ShiftedClocks(Path(os.environ[VARIABLE]))
    now, now_ns, elapsed_ns = _shifted.now, _shifted.now_ns, _shifted.elapsed_ns


class Look(NamedTuple):
    """One look at all three clocks, in nanoseconds."""

    calendar: int
    monotonic: int
    elapsed: int


class Jump(NamedTuple):
    """Seconds by which the calendar was set (negative: back), and for which the machine was suspended."""

    calendar: float
    suspended: float


def look() -> Look:
    """The clocks as they stand now; once more when the process stood still between one and the next."""
    while True:
        began = time.monotonic_ns()
        seen = Look(now_ns(), began, elapsed_ns())
        if time.monotonic_ns() - began < _GLANCE_NS:
            return seen


def jump(before: Look, after: Look) -> Jump:
    """What happened to the clocks between two looks; zeros for what is less than JUMP_SECONDS."""
    elapsed = after.elapsed - before.elapsed
    calendar = (after.calendar - before.calendar - elapsed) / _SECOND_NS
    suspended = (elapsed - (after.monotonic - before.monotonic)) / _SECOND_NS
    return Jump(*(apart if abs(apart) >= JUMP_SECONDS else 0.0 for apart in (calendar, suspended)))
