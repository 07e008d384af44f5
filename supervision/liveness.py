"""Is a child fine, overloaded or hung? Decided from what was observed; no clock, no process.

Rules: liveness is progress of the mailbox, not the existence of a process. Hung is one message (or `on_start`)
that runs past the hang limit, or a ping that stays unanswered that long while nothing is handled (a stopped
process is neither busy nor answering). A long queue with progress is overload and never a reason to kill.
A pass for which the supervisor itself came late judges nobody, and everybody's time begins anew with it: while
we slept nobody could be seen to move, perhaps because they slept, too.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from supervision.slot import Progress

START_LIMIT: Final = 30.0
"""Seconds from the birth of a process to the beginning of its `on_start`: imports and construction."""

OVERLOADED_AFTER: Final = 2.0
"""Seconds a ping may wait in a mailbox that makes progress before the child is called overloaded."""


class Verdict(Enum):
    """What the supervisor thinks of a child."""

    FINE = "fine"
    OVERLOADED = "overloaded"
    HUNG = "hung"


class Vitals:
    """What is known of one incarnation, born at monotonic time `now`."""

    def __init__(self, hang_limit: float, now: float) -> None:
        self._hang_limit = hang_limit
        self._started = False
        self._handled = 0
        self._progressed = now
        self._sequence = 0
        self._ping_since: float | None = None
        self._overloaded = False

    def started(self, now: float) -> None:
        """The child answers messages: from now on it is judged by its mailbox."""
        self._started = True
        self._progressed = now

    def ping(self, now: float) -> int | None:
        """The sequence number of a ping to send now; None before the start and while one is unanswered."""
        if not self._started or self._ping_since is not None:
            return None
        self._sequence += 1
        self._ping_since = now
        return self._sequence

    def pong(self, sequence: int, now: float, *, overloaded: bool) -> None:
        """An answer, with the child's own opinion of its queue."""
        if sequence == self._sequence and self._ping_since is not None:
            self._ping_since = None
            self._progressed = now
            self._overloaded = overloaded

    def judge(self, progress: Progress, now: float, *, late: bool) -> Verdict:
        """The verdict on what the slot says `now`; `late`: the supervisor's own pass came late."""
        if progress.handled != self._handled:
            self._handled = progress.handled
            self._progressed = now
        if late:
            self._progressed = now
            if self._ping_since is not None:
                self._ping_since = now
            return Verdict.FINE
        if not self._started and progress.busy_since == 0:
            return Verdict.HUNG if now - self._progressed > START_LIMIT else Verdict.FINE
        if self._stuck_since(progress.busy_since, now) + self._hang_limit < now:
            return Verdict.HUNG
        waiting = self._ping_since is not None and now - self._ping_since > OVERLOADED_AFTER
        return Verdict.OVERLOADED if waiting or self._overloaded else Verdict.FINE

    def _stuck_since(self, busy_since: float, now: float) -> float:
        """Since when nothing has moved, although something should have."""
        since = now
        if busy_since > 0:
            since = min(since, max(busy_since, self._progressed))
        if self._ping_since is not None:
            since = min(since, max(self._ping_since, self._progressed))
        return since
