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

from actors.books.files import ORDERS, STATE, Unreadable, audit_rows, in_words, journal_rows, one, reading
from actors.domain.audit_chain import Head
from actors.domain.journal_check import REPLACED, Finding, Walk

TELL_EVERY: Final = 1000
"""Rows between two reports of progress."""

# What the last row of each order in the journal says, where the table says something else.
_ORDERS_DIFFER: Final = """
SELECT last.sequence, key, status, told_status, orders.filled, told_filled FROM (
    SELECT max(sequence) AS sequence, key, data ->> 'status' AS told_status, data ->> 'filled' AS told_filled
    FROM journal WHERE key <> '' AND data ->> 'status' IS NOT NULL AND data ->> 'order_id' IS NOT NULL GROUP BY key
) AS last LEFT JOIN orders USING (key) WHERE status IS NOT told_status OR orders.filled IS NOT told_filled
"""
_ORDERS_UNTOLD: Final = "SELECT key FROM orders WHERE key NOT IN (SELECT key FROM journal)"
_EXECUTIONS_DIFFER: Final = """
SELECT journal.sequence, exec_id FROM journal JOIN executions ON exec_id = data ->> 'exec_id'
WHERE kind = 'execution' AND (executions.key <> journal.key OR side <> data ->> 'side'
    OR quantity <> data ->> 'quantity' OR price <> data ->> 'price'
    OR account <> data ->> 'account' OR con_id <> data ->> 'con_id')
UNION ALL
SELECT 0, exec_id FROM executions
WHERE exec_id NOT IN (SELECT data ->> 'exec_id' FROM journal WHERE kind = 'execution')
UNION ALL
SELECT sequence, data ->> 'exec_id' FROM journal WHERE kind = 'execution' AND NOT EXISTS (
    SELECT 1 FROM executions WHERE stem = rtrim(rtrim(data ->> 'exec_id', '0123456789'), '.')
)
"""


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
                self._walk.finish(one(orders, "SELECT seq FROM sqlite_sequence WHERE name = 'journal'") or 0)
                self._check_file(orders, ORDERS)
                if not self._walk.found:  # else it is not the journal that they would be compared with
                    self._check_derived(orders)
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

    def _check_derived(self, orders: sqlite3.Connection) -> None:
        for sequence, key, *values in orders.execute(_ORDERS_DIFFER):
            status, told_status, filled, told_filled = values
            has = "is missing" if status is None else f"has status {status}, filled {filled}"
            problem = f"order {key} {has}; the journal has status {told_status}, filled {told_filled}"
            self._walk.find(ORDERS, "orders", sequence, problem)
        for (key,) in orders.execute(_ORDERS_UNTOLD):
            self._walk.find(ORDERS, "orders", 0, f"order {key} is nowhere in the journal")
        for sequence, exec_id in orders.execute(_EXECUTIONS_DIFFER):
            self._walk.find(ORDERS, "executions", sequence, f"execution {exec_id} is not as the journal has it")
