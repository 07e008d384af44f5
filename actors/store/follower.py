"""Follows Order's journal into the audit trail, by sequence: pages to catch up, then live rows.

A row is taken when it is the next one. A gap, or Order's return, asks for pages from the last row
stored until one comes empty, so a row that was missed while nobody listened comes all the same, and
each ask acknowledges what came before. While the disk takes nothing, nothing is taken, asked for or
acknowledged. A journal that starts again is a finding of its own, and so is one whose end is another than
the one stored: after a power cut Order may have lost rows that it had not synced and we had heard. A trail that
begins over a journal that is older is told, too: whoever removes the trail removes what vouched for those rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors.domain.audit_chain import Head
from actors.messages.state import FollowJournal, JournalRow, JournalRows
from actors.store.audit import AuditTrail
from actors.store.writes import Writes
from supervision import clock
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import failpoint
from supervision.uplink import Uplink

PAGE_SECONDS = 10.0


class JournalFollower:
    """Keeps the trail up with the journal; `on_row` sees each new row inside the transaction that stores it."""

    def __init__(
        self,
        order: Uplink,
        writes: Writes,
        trail: AuditTrail,
        log: logging.Logger,
        on_row: Callable[[JournalRow], None],
    ) -> None:
        self._order = order
        self._writes = writes
        self._trail = trail
        self._log = log
        self._on_row = on_row
        self._asked = False
        self._began = clock.now() if trail.head == Head() else None  # until the first row of the journal is there

    def order_came(self) -> None:
        """Order is there: ask for the last row stored once more, and for what comes after it."""
        self._ask(max(0, self._trail.followed - 1))

    def catch_up(self) -> None:
        """Ask for what comes after the last row stored, until nothing does."""
        self._ask(self._trail.followed)

    def _ask(self, after: int) -> None:
        if not self._asked and not self._writes.trouble:
            self._asked = True
            failpoint("state.journal.ask", after)
            self._order.ask(FollowJournal(after), timeout=PAGE_SECONDS, on_reply=self._page, on_error=self._failed)

    def live(self, rows: JournalRows) -> None:
        """Rows as Order commits them; one that is not the next says that others were missed."""
        if not self._take(rows.items, gaps=False):
            self.catch_up()

    def _page(self, rows: JournalRows) -> None:
        self._asked = False
        self._take(rows.items, gaps=True)
        if rows.items:
            self.catch_up()

    def _failed(self, error: DeliveryError | Rejected) -> None:
        # Order's return, or its next row, asks again.
        self._asked = False
        self._log.warning("the order journal could not be followed: %s", error)

    def _take(self, rows: tuple[JournalRow, ...], *, gaps: bool) -> bool:
        """Store the rows that are due; False when rows before them must be asked for."""
        complete, last = True, rows[-1].sequence if rows else 0

        def store() -> None:
            nonlocal complete
            complete = self._store(rows, gaps=gaps)

        failpoint("state.journal.heard", last)
        if self._writes.attempt(store):
            failpoint("state.journal.stored", last)
        return complete

    def _store(self, rows: tuple[JournalRow, ...], *, gaps: bool) -> bool:
        trail = self._trail
        for row in rows:
            if row.sequence > trail.followed + 1 and not gaps:
                return False
            if row.sequence > trail.followed:
                self._first(row)
                trail.append(row.at, row.kind, row.key, row.data, journal_sequence=row.sequence)
                self._on_row(row)
            elif not trail.holds(row.sequence, row.kind, row.data):
                self._journal_replaced(row)
                return False
        return True

    def _first(self, row: JournalRow) -> None:
        if self._began is not None and row.at < self._began:
            began = "the audit trail begins now, and the order journal is older"
            self._log.error("%s: nothing vouches for its rows from %s on", began, row.at.isoformat())
        self._began = None

    def _journal_replaced(self, row: JournalRow) -> None:
        text = f"journal row {row.sequence} is not the one stored: the order journal was replaced, following it anew"
        self._log.error(text)
        self._trail.append(clock.now(), "journal_replaced", "", text)
        self._trail.follow_anew()
