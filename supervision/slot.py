"""The progress slot: a few bytes that the child writes and the supervisor reads, without a lock or a system call.

Rules: one writer (the actor's thread), any reader. Each number is one aligned 8-byte store, so a reader
never sees half of it; the in-hand text may be seen half written, which is good enough for a death record.
Times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TEXT_LIMIT: Final = 120
_TEXT: Final = 24
_SIZE: Final = _TEXT + TEXT_LIMIT


@dataclass(frozen=True, slots=True)
class Progress:
    """What a slot said at one instant."""

    busy_since: float
    """Monotonic time since when handlers have run without a pause; 0 when idle."""
    handled: int
    in_hand: str
    """The message being handled, as the writer described it; empty when idle."""


class Slot:
    """A memory-mapped progress slot; `create` makes a fresh one (mode 0600), otherwise it must exist."""

    def __init__(self, path: Path, *, create: bool) -> None:
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        if create:
            path.unlink(missing_ok=True)
            flags |= os.O_CREAT | os.O_EXCL
        descriptor = os.open(path, flags, 0o600)
        try:
            if create:
                # written out, because a hole in a full file system is a SIGBUS for whoever fills it through the map
                os.write(descriptor, bytes(_SIZE))
            self._map = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)
        self._view = memoryview(self._map)
        self._busy_since = self._view[0:8].cast("d")
        self._count = self._view[8:16].cast("Q")
        self._length = self._view[16:24].cast("Q")
        self._text = self._view[_TEXT:_SIZE]

    def busy(self, now: float) -> None:
        """Handlers run without a pause from monotonic time `now` on."""
        self._busy_since[0] = now

    def handle(self, tag: bytes) -> None:
        """Name the message in hand (not empty); what is longer than the slot is cut."""
        tag = tag[:TEXT_LIMIT]
        self._text[: len(tag)] = tag
        self._length[0] = len(tag)

    def done(self) -> None:
        """The message in hand, if there is one, is done: count it."""
        if self._length[0]:
            self._length[0] = 0
            self._count[0] += 1

    def let_go(self) -> None:
        """What was in hand is done and was no message."""
        self._length[0] = 0

    @property
    def handled(self) -> int:
        """How many messages this incarnation has handled."""
        return self._count[0]

    def idle(self) -> None:
        """No handler runs: the actor waits for something to do."""
        self._busy_since[0] = 0.0

    def reset(self) -> None:
        """Zero everything, for the next incarnation."""
        self.idle()
        self._length[0] = 0
        self._count[0] = 0

    def read(self) -> Progress:
        """The slot now; from any process."""
        text = bytes(self._text[: min(self._length[0], TEXT_LIMIT)])
        return Progress(self._busy_since[0], self._count[0], text.decode("utf-8", "replace"))

    def close(self) -> None:
        """Release the mapping; the file stays."""
        for view in (self._busy_since, self._count, self._length, self._text, self._view):
            view.release()
        self._map.close()
