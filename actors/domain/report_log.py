"""What the broker said about orders, numbered and kept for an Order that was away when it was said.

Reports are in the order in which they came: by epoch, and by sequence within one. The log is bounded, and lives as
long as this incarnation of Connection; what it no longer has, it says. An answer is a page: whoever asks goes on from
the last report it got until an answer is empty. By then it has heard all that was published before that answer.
"""

from __future__ import annotations

from collections import deque
from itertools import islice

from actors.messages.broker import Report, Reports

CAPACITY = 20_000  # reports; a hundred orders with their fills make about a thousand
PAGE = 500  # in one answer, so that whoever applies them stays responsive


class ReportLog:
    """The last `capacity` reports."""

    def __init__(self, capacity: int = CAPACITY, page: int = PAGE) -> None:
        self._kept: deque[Report] = deque()
        self._capacity = capacity
        self._page = page
        self._newest = (0, 0)
        self._gone: tuple[int, int] | None = None

    def begin(self, epoch: int) -> None:
        """A session is up. What sessions before the first one said, this log has never had."""
        if self._gone is None:
            self._gone = (epoch, 0)
        self._newest = (epoch, 0)

    def add(self, report: Report) -> None:
        """Keep a report of the session that is up."""
        self._newest = (report.epoch, report.sequence)
        self._kept.append(report)
        if len(self._kept) > self._capacity:
            gone = self._kept.popleft()
            self._gone = (gone.epoch, gone.sequence)

    def since(self, epoch: int, after: int) -> Reports:
        """The next reports above `after` of session `epoch`; all that is kept when this log never came so far."""
        asked = (epoch, after)
        ahead = asked > self._newest  # the epochs were set back: whoever asks speaks of other sessions
        found = (one for one in self._kept if ahead or (one.epoch, one.sequence) > asked)
        complete = not ahead and (self._gone is None or asked >= self._gone)
        return Reports(tuple(islice(found, self._page)), complete)
