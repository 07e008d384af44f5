"""Opening state.db: one writer, WAL, migrations by `user_version`, and transactions that are whole or absent.

`synchronous=NORMAL`: a killed process loses nothing that was committed, a power cut may lose the last
commits. Both heal, because everything here comes from the order journal (which is synced) or from the
broker. Files are readable by their owner alone. What may pass (a full disk) is a DiskTrouble; damage is a
ConfigurationError, whenever it is found.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.copies import kept_before_migration
from actors.disk import check_damage
from actors.store.schema import MIGRATIONS
from supervision.errors import ConfigurationError
from supervision.failpoints import failpoint

Row = tuple[Any, ...]
BUSY_SECONDS = 1.0  # somebody with a shell on the file; State must not stand still for them
DAMAGED = (
    "restore a backup of it, or move it away: caches and audit trail are then rebuilt from the order journal "
    "and the broker"
)


class DiskTrouble(Exception):
    """The database cannot be read or written now; nothing of the transaction happened. It may pass."""


class Database:
    """An open state.db whose schema is this program's. Every method may raise DiskTrouble.

    Raises ConfigurationError when the file comes from a newer program, is damaged or is no database, because
    a restart would not help.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._in_words("opened"):
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite gives its other files the same mode
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of a SELECT."""
        with self._in_words("read"):
            return self._connection.execute(sql, values).fetchall()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; returns the id of the row it inserted."""
        return self._connection.execute(sql, values).lastrowid or 0

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block does, or nothing of it. Not nested."""
        with self._in_words("written"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                failpoint("state.commit")
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Write the log back into the file and let go of it."""
        self._connection.close()

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            check_damage(error, self.path, DAMAGED)
            if not isinstance(error, sqlite3.OperationalError | OSError):
                raise  # a mistake of ours
            raise DiskTrouble(f"{self.path} could not be {what}: {error}") from error

    def _prepare(self) -> None:
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise ConfigurationError(
                f"{self.path} has schema version {version}, this program knows versions up to {len(MIGRATIONS)}; "
                f"start the newer program that wrote it, or restore a backup from before the update"
            )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA foreign_keys=ON")
        if version == 0:
            self._migrate(version)
        elif version < len(MIGRATIONS):
            with kept_before_migration(self._connection, self.path, version):
                self._migrate(version)

    def _migrate(self, version: int) -> None:
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            # One script, one transaction: a process killed in between finds the old version, whole.
            self._connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version={number}; COMMIT;")
