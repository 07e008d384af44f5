"""The order journal: what Order did and heard, and what follows from it.

One file, one writer, WAL. Intents, modifies, executions, a person's decisions and the kill switch are committed
with an fsync (`durable`); what the broker can be asked again is committed without one, which a killed process
survives and a power cut may not. Rows and what follows from them change in one transaction, so the file is never
half right. Every failure that may pass is a JournalError with words, damage a ConfigurationError; a key that
exists is a DuplicateKey.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson

from actors.copies import kept_before_migration
from actors.disk import check_damage
from actors.domain.fills import Commission, stem
from actors.domain.order_book import FIRST_REQUEST_ID
from actors.domain.order_state import OrderState
from actors.messages.orders import Execution
from actors.messages.state import JournalRow
from actors.orders.change import Change, Entry
from actors.orders.migrations import migrate
from actors.orders.schema import SCHEMA, VERSION
from supervision.errors import ConfigurationError
from supervision.failpoints import failpoint

CHECKPOINT_EVERY = 100
"""Transactions; what they wrote is copied into the main file when there is time."""
_CHECKPOINT_PAGES = 10_000  # and by SQLite itself, in the middle of a commit, when there never was
_BUSY_SECONDS = 0.25  # somebody with a shell on the file; the actor must not stand still for them

ORDER_COLUMNS = (
    *("key", "order_id", "client_id", "perm_ids", "account", "symbol", "con_id", "side", "quantity", "order_type"),
    *("limit_price", "stop_price", "tif", "status", "filled", "average_price", "commission", "strategy", "reason"),
    *("external", "created", "updated", "open", "state"),
    *("trail", "trail_percent", "limit_offset", "good_till", "parent", "oca_group", "held"),
)
_INSERT_ORDER = f"INSERT INTO orders ({', '.join(ORDER_COLUMNS)}) VALUES ({', '.join('?' * len(ORDER_COLUMNS))})"
_NEWEST = ", ".join(f"{column} = excluded.{column}" for column in ORDER_COLUMNS[1:])
_UPSERT_ORDER = f"{_INSERT_ORDER} ON CONFLICT (key) DO UPDATE SET {_NEWEST}"
_TO_READ = (
    "open = 1 OR (open = 0 AND updated >= ?1) OR (parent <> '' AND parent IN (SELECT key FROM orders WHERE open = 1))"
)
_REPLACE_EXECUTION = f"REPLACE INTO executions VALUES ({', '.join('?' * 16)})"


class JournalError(Exception):
    """The journal could not be written or read; nothing of the transaction happened."""


class DuplicateKey(JournalError):
    """An order with this key, or with this order id, exists."""


class Recalled(NamedTuple):
    """Orders with their executions, and these with their commissions."""

    orders: list[OrderState]
    executions: list[Execution]
    commissions: list[Commission]


class Contents(NamedTuple):
    """What a start reads back."""

    orders: list[OrderState]
    executions: list[Execution]
    commissions: list[Commission]
    settings: dict[str, str]
    highest_id: int


class Journal:
    """The open file. ConfigurationError when it is damaged or of a newer version of this service."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._in_words("opened"):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._synchronous = ""
            self._unmoved = 0  # transactions since the last checkpoint
            self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # --- reading ----------------------------------------------------------------------------------

    def newest(self) -> datetime | None:
        """When the last row was written; None when there is none."""
        with self._in_words("read"):
            found = self._db.execute("SELECT at FROM journal ORDER BY sequence DESC LIMIT 1").fetchone()
        return None if found is None else datetime.fromisoformat(found[0])

    def load(self, since: datetime) -> Contents:
        """Orders that are open, with the exits of these, and orders and executions with anything newer than `since`."""
        day = since.isoformat()
        with self._in_words("read"):
            ours = f"FROM orders WHERE {_TO_READ}"
            states = self._db.execute(f"SELECT state {ours} ORDER BY created", (day,))
            orders = [_decode(text) for (text,) in states]
            wanted = f"time >= ?1 OR key IN (SELECT key {ours})"
            executions = self._db.execute(f"SELECT * FROM executions WHERE {wanted}", (day,)).fetchall()
            charged = f"exec_id IN (SELECT exec_id FROM executions WHERE {wanted})"
            orphans = "exec_id NOT IN (SELECT exec_id FROM executions)"
            paid = self._db.execute(f"SELECT * FROM commissions WHERE {charged} OR {orphans}", (day,)).fetchall()
            settings = dict(self._db.execute("SELECT name, value FROM settings").fetchall())
            highest = self._db.execute(
                f"SELECT coalesce(max(order_id), 0) FROM orders WHERE order_id < {FIRST_REQUEST_ID}"
            ).fetchone()
        return Contents(
            orders, [_execution(row) for row in executions], [_paid(row) for row in paid], settings, highest[0]
        )

    def find(self, reference: str) -> OrderState | None:
        """An order by key, or by an order id of ours in digits, however old."""
        number = int(reference) if reference.isdecimal() and len(reference) < 12 else -1
        with self._in_words("read"):
            row = self._db.execute(
                "SELECT state FROM orders WHERE key = ? OR (order_id = ? AND external = 0)", (reference, number)
            ).fetchone()
        return None if row is None else _decode(row[0])

    def named(self, key: str) -> list[OrderState]:
        """Our orders that a key names, however old: the order itself, a bracket's exits, those of a group."""
        with self._in_words("read"):
            found = self._db.execute(
                "SELECT state FROM orders WHERE external = 0 AND (key = ?1 OR (parent = ?1 AND parent <> '')"
                " OR (oca_group = ?1 AND oca_group <> '')) ORDER BY order_id",
                (key,),
            ).fetchall()
        return [_decode(text) for (text,) in found]

    def recall(self, keys: tuple[str, str], order_id: int) -> Recalled:
        """The orders with these keys, and ours with an order id, however old; with their executions."""
        with self._in_words("read"):
            states = self._db.execute(
                "SELECT state FROM orders WHERE key IN (?, ?) OR (order_id = ? AND external = 0)", (*keys, order_id)
            )
            orders = [_decode(text) for (text,) in states]
            wanted = [*{*keys, *(order.key for order in orders)}]
            mine = f"key IN ({', '.join('?' * len(wanted))})"
            executions = self._db.execute(f"SELECT * FROM executions WHERE {mine}", wanted).fetchall()
            charged = f"exec_id IN (SELECT exec_id FROM executions WHERE {mine})"
            paid = self._db.execute(f"SELECT * FROM commissions WHERE {charged}", wanted).fetchall()
        return Recalled(orders, [_execution(row) for row in executions], [_paid(row) for row in paid])

    def executions_of(self, strategy: str) -> list[Execution]:
        """Every execution of a strategy, however old, the oldest first; corrections stand for what they correct."""
        with self._in_words("read"):
            found = self._db.execute(
                "SELECT * FROM executions WHERE strategy = ? ORDER BY time, exec_id", (strategy,)
            ).fetchall()
        return [_execution(row) for row in found]

    def rows(self, after: int, limit: int) -> tuple[JournalRow, ...]:
        """The rows after a sequence, oldest first, at most `limit`."""
        with self._in_words("read"):
            found = self._db.execute(
                "SELECT sequence, at, kind, key, data FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (after, limit),
            ).fetchall()
        return tuple(JournalRow(row[0], datetime.fromisoformat(row[1]), *row[2:]) for row in found)

    # --- writing ----------------------------------------------------------------------------------

    def write(self, change: Change) -> tuple[JournalRow, ...]:
        """Write everything of a change, or nothing. DuplicateKey when the key or id of an intent was used before."""
        with self._transaction(durable=change.durable):
            rows = tuple(self._append(at, entry) for at, entry in change.entries)
            for order in change.intents.values():
                try:
                    self._db.execute(_INSERT_ORDER, order_row(order))
                except sqlite3.IntegrityError as error:
                    raise DuplicateKey(f"key {order.key} or order id {order.order_id} exists: {error}") from error
            for order in change.orders.values():
                self._db.execute(_UPSERT_ORDER, order_row(order))
            for execution in change.executions.values():
                self._db.execute(_REPLACE_EXECUTION, _execution_row(execution))
            for paid in change.commissions.values():
                row = (paid.exec_id, _text(paid.commission), paid.currency, _text(paid.realized))
                self._db.execute("REPLACE INTO commissions VALUES (?, ?, ?, ?)", row)
            for setting in (*change.settings.items(), *([("heard", change.heard)] if change.heard else ())):
                self._db.execute("REPLACE INTO settings VALUES (?, ?)", setting)
        return rows

    def tidy(self) -> None:
        """Between orders: be ready to sync, which takes as long to say as a row, and move the log when that is due.

        When there is no room for it, the next time.
        """
        with contextlib.suppress(JournalError), self._in_words("tidied"):
            self._sync("FULL")
            if self._unmoved >= CHECKPOINT_EVERY:
                self._unmoved = 0
                self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def _append(self, at: datetime, entry: Entry) -> JournalRow:
        data = orjson.dumps(entry.data, default=str).decode()
        cursor = self._db.execute(
            "INSERT INTO journal (at, kind, key, data) VALUES (?, ?, ?, ?)",
            (at.isoformat(), entry.kind, entry.key, data),
        )
        assert cursor.lastrowid is not None
        return JournalRow(cursor.lastrowid, at, entry.kind, entry.key, data)

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise ConfigurationError(
                f"{self.path} has version {version}, this service knows {VERSION}: a newer Nightdesk wrote it"
            )
        if version == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version < VERSION:
            with kept_before_migration(self._db, self.path, version):
                migrate(self._db, version)

    @contextmanager
    def _transaction(self, *, durable: bool) -> Iterator[None]:
        with self._in_words("written"):
            self._sync("FULL" if durable else "NORMAL")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                failpoint("order.journal.commit")
                self._db.execute("COMMIT")
                self._unmoved += 1
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _sync(self, wanted: str) -> None:
        if self._synchronous != wanted:
            self._db.execute(f"PRAGMA synchronous = {wanted}")
            self._synchronous = wanted

    @contextmanager
    def _in_words(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            check_damage(error, self.path, "restore it from a backup")
            raise JournalError(f"{self.path} could not be {what}: {error}") from error


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _decode(text: str) -> OrderState:
    return msgspec.json.decode(text, type=OrderState)


def order_row(order: OrderState) -> tuple[Any, ...]:
    """An order as it is stored, in the order of ORDER_COLUMNS."""
    view = order.view()
    return (
        view.key,
        view.order_id,
        order.client_id,
        ",".join(map(str, view.perm_ids)),
        view.account,
        view.symbol,
        view.con_id,
        view.side,
        str(view.quantity),
        view.order_type,
        view.limit,
        view.stop,
        view.tif,
        view.status,
        str(view.filled),
        view.average_price,
        str(view.commission),
        view.strategy,
        view.reason,
        view.external,
        view.created.isoformat(),
        view.updated.isoformat(),
        order.open,
        msgspec.json.encode(order).decode(),
        view.trail,
        view.trail_percent,
        view.limit_offset,
        None if view.good_till is None else view.good_till.isoformat(),
        view.parent,
        view.oca_group,
        view.held,
    )


def _execution_row(execution: Execution) -> tuple[Any, ...]:
    return (
        stem(execution.exec_id),
        execution.exec_id,
        execution.key,
        execution.order_id,
        execution.perm_id,
        execution.client_id,
        execution.account,
        execution.symbol,
        execution.con_id,
        execution.side,
        str(execution.quantity),
        execution.price,
        execution.exchange,
        execution.time.isoformat(),
        execution.strategy,
        execution.sec_type,
    )


def _execution(row: tuple[Any, ...]) -> Execution:
    return msgspec.convert([Execution.__name__, *row[1:]], Execution)  # the columns stand in the order of its fields


def _paid(row: tuple[Any, ...]) -> Commission:
    exec_id, commission, currency, realized = row
    return msgspec.convert(
        {"exec_id": exec_id, "commission": commission, "currency": currency, "realized": realized}, Commission
    )
