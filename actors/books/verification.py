"""Verifying both databases: the audit trail's chain, the order journal against it, and what follows from the journal.

Read-only, one instant of each file; State's first, so that every row it has followed is in the order journal read
after it. SQLite checks both files itself, too. A file that is so damaged that reading ends is a finding like others;
Unreadable is raised only for what may pass.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from actors.books.derived import differences
from actors.books.files import ORDERS, STATE, Unreadable, audit_rows, in_words, journal_rows, one, reading
from actors.domain.audit_chain import Head
from actors.domain.journal_check import REPLACED, Finding, Walk

TELL_EVERY: Final = 1000
"""Rows between two reports of progress."""
_COUNTER: Final = "SELECT CAST(seq AS INTEGER) FROM sqlite_sequence WHERE name = 'journal'"


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification saw. `head` is where the audit trail ends, `findings` the first of `found`.

    `followed` counts the trail's rows that are the order journal's, `unfollowed` the journal's rows that the trail
    does not have yet, `replaced` how often another journal took the old one's place.
    """

    directory: Path
    head: Head
    rows: int
    followed: int
    unfollowed: int
    replaced: int
    findings: tuple[Finding, ...]
    found: int


class Verification:
    """One verification of the databases in a directory; `run` it once."""

    def __init__(self, directory: Path, wanted: Head | None, progress: Callable[[int, int], None]) -> None:
        """`progress` is told how many rows of the trail were followed, and of how many."""
        self._directory = directory
        self._progress = progress
        self._wanted = wanted
        self._rows = self._followed = self._replaced = 0
        self._walk = Walk(lambda: iter(()), wanted)

    def run(self) -> Verified:
        """Everything, to the end. Raises Unreadable for what may pass."""
        try:
            self._read_both()
        except Unreadable as error:
            if not error.damaged:
                raise
            self._walk.find(error.path.name, "", error.row + 1 if error.row else 0, str(error))
        walk = self._walk
        return Verified(
            self._directory,
            walk.head,
            self._rows,
            self._followed,
            walk.unfollowed,
            self._replaced,
            tuple(walk.findings),
            walk.found,
        )

    def _read_both(self) -> None:
        with ExitStack() as stack:
            state = stack.enter_context(reading(self._directory / STATE))
            orders = stack.enter_context(reading(self._directory / ORDERS))
            self._walk = Walk(lambda: journal_rows(orders, self._directory / ORDERS), self._wanted)
            self._follow(state)
            with in_words(self._directory / ORDERS):
                self._walk.finish(one(orders, _COUNTER) or 0)
                self._check_file(orders, ORDERS)
                if not self._walk.found:  # else it is not the journal that they would be compared with
                    for found in differences(orders):
                        self._walk.find(found.file, found.table, found.row, found.problem)
            with in_words(self._directory / STATE):
                self._check_file(state, STATE)

    def _follow(self, state: sqlite3.Connection) -> None:
        with in_words(self._directory / STATE):
            total = one(state, "SELECT count(*) FROM audit")
            for row in audit_rows(state, self._directory / STATE):
                self._walk.follow(row)
                self._rows += 1
                self._followed += row.journal_sequence is not None
                self._replaced += row.kind == REPLACED
                if self._rows % TELL_EVERY == 0 or self._rows == total:
                    self._progress(self._rows, total)

    def _check_file(self, db: sqlite3.Connection, file: str) -> None:
        for (words,) in db.execute("PRAGMA integrity_check(10)"):
            if words != "ok":
                self._walk.find(file, "", 0, words)
