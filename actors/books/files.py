"""Opening the two databases for reading, whether their service runs or not, and their rows as stored.

A file is opened read-only; the rows come in their order, text as bytes. What cannot be read raises Unreadable, which
names the file. A service that runs is not held up: readers of a write-ahead log keep nobody waiting.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from actors.domain.audit_chain import AuditRow
from actors.domain.journal_check import JournalText

ORDERS: Final = "orders.db"
STATE: Final = "state.db"
BUSY_SECONDS: Final = 5.0  # a service that is just starting may have the file to itself

_MAY_PASS: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN})


def _bytes(*columns: str) -> str:
    """Text as stored; a NULL, which only somebody else can have put there, as what no text of ours is."""
    return ", ".join(f"coalesce(CAST({column} AS BLOB), x'00')" for column in columns)


_AUDIT: Final = (
    f"SELECT sequence, journal_sequence, {_bytes('at', 'kind', 'key', 'data', 'previous_hash', 'hash')} "
    "FROM audit ORDER BY sequence"
)
_JOURNAL: Final = f"SELECT sequence, {_bytes('at', 'kind', 'key', 'data')} FROM journal ORDER BY sequence"


class Unreadable(Exception):
    """A database is missing, is none, is damaged, or cannot be read now; `damaged` when reading again will not help.

    `row` is the last row that could be read, where rows were being read.
    """

    def __init__(self, path: Path, error: Exception | str, *, damaged: bool, row: int = 0) -> None:
        super().__init__(f"{path} cannot be read{f' after row {row}' if row else ''}: {error}")
        self.path = path
        self.damaged = damaged
        self.row = row


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """One instant of a database: what the block reads is of one transaction."""
    with opened(path) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # the transaction begins with the first read
        yield db


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that cannot be written to through this connection."""
    with in_words(path):
        if not path.exists():
            raise Unreadable(path, "there is no such file", damaged=True)
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as db:
            yield db


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """SQLite's errors as Unreadable."""
    try:
        yield
    except sqlite3.Error as error:
        raise Unreadable(path, error, damaged=not _may_pass(error)) from error


def audit_rows(db: sqlite3.Connection, path: Path) -> Iterator[AuditRow]:
    """The audit trail as stored."""
    for sequence, journal_sequence, *texts in _rows(db, _AUDIT, path):
        if not isinstance(journal_sequence, int | None):
            problem = f"row {sequence} has {journal_sequence!r} as a number of the order journal"
            raise Unreadable(path, problem, damaged=True, row=sequence)
        yield AuditRow(sequence, journal_sequence, *texts)


def journal_rows(db: sqlite3.Connection, path: Path) -> Iterator[JournalText]:
    """The order journal as stored."""
    return (JournalText(*columns) for columns in _rows(db, _JOURNAL, path))


def _rows(db: sqlite3.Connection, sql: str, path: Path) -> Iterator[tuple[Any, ...]]:
    """Rows that begin with their number; where reading ends because of damage, the last one is named."""
    last = 0
    try:
        for row in db.execute(sql):
            if not isinstance(row[0], int):  # only a table that somebody put in the place of ours takes another
                raise Unreadable(path, f"a row has {row[0]!r} as its number", damaged=True, row=last)
            last = row[0]
            yield row
    except sqlite3.DatabaseError as error:
        raise Unreadable(path, error, damaged=not _may_pass(error), row=last) from error


def one(db: sqlite3.Connection, sql: str) -> Any:
    """The one value of a SELECT; None when it has no row."""
    row = db.execute(sql).fetchone()
    return None if row is None else row[0]


def _may_pass(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _MAY_PASS
