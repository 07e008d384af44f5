"""The audit trail in state.db: rows are appended to a hash chain and never changed.

Rows of the order journal keep their number there, which is how State knows what to ask for next;
rows without such a number are State's own observations. The caller opens the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from actors.domain.audit_chain import AuditRow, Damage, Head, append, verify
from actors.store.database import Database

PAGE = 1000


class AuditTrail:
    """The chain in one database, appended to by this process only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        last = database.query("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
        self.head = Head(*last[0]) if last else Head()
        followed = database.query(
            "SELECT journal_sequence FROM audit WHERE journal_sequence IS NOT NULL ORDER BY sequence DESC LIMIT 1"
        )
        self.followed: int = followed[0][0] if followed else 0

    def append(self, at: datetime, kind: str, key: str, data: str, *, journal_sequence: int | None = None) -> None:
        """Add one row. With `journal_sequence` it is a row of the order journal, and `followed` from then on."""
        row = append(self.head, journal_sequence=journal_sequence, at=at.isoformat(), kind=kind, key=key, data=data)
        self._database.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row.sequence, row.journal_sequence, at.isoformat(), kind, key, data, self.head.hash, row.hash.decode()),
        )
        self.head = Head(row.sequence, row.hash.decode())
        if journal_sequence is not None:
            self.followed = journal_sequence

    @property
    def mark(self) -> tuple[Head, int]:
        """Where the trail ends, for `rewind`."""
        return self.head, self.followed

    def rewind(self, mark: tuple[Head, int]) -> None:
        """Forget what was appended since: its transaction failed."""
        self.head, self.followed = mark

    def follow_anew(self) -> None:
        """The order journal is another one: its rows count from the beginning again."""
        self.followed = 0

    def holds(self, journal_sequence: int, kind: str, data: str) -> bool:
        """Whether this row of the order journal is in the trail."""
        rows = self._database.query(
            "SELECT 1 FROM audit WHERE journal_sequence = ? AND kind = ? AND data = ?", (journal_sequence, kind, data)
        )
        return bool(rows)

    def verify(self, *, last: int | None = None) -> Damage | None:
        """The first damaged row of the whole trail, or of its `last` rows; None when the chain holds."""
        skipped = 0 if last is None else max(0, self.head.sequence - last)
        start = Head()
        if skipped:
            before = next(self._rows(skipped))
            start = Head(before.sequence, before.hash.decode(errors="replace"))
        return verify(self._rows(start.sequence + 1), start)

    def _rows(self, first: int) -> Iterator[AuditRow]:
        while True:
            page = self._database.query(
                "SELECT sequence, journal_sequence, CAST(at AS BLOB), CAST(kind AS BLOB), CAST(key AS BLOB), "
                "CAST(data AS BLOB), CAST(previous_hash AS BLOB), CAST(hash AS BLOB) "
                "FROM audit WHERE sequence >= ? ORDER BY sequence LIMIT ?",
                (first, PAGE),
            )
            yield from (AuditRow(*columns) for columns in page)
            if len(page) < PAGE:
                return
            first = page[-1][0] + 1
