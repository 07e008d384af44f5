"""The order journal against real SQLite: kills, full disks, damage, and what a start reads back."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from actors.domain.fills import Commission
from actors.domain.order_book import OrderBook
from actors.orders.change import Change, Entry
from actors.orders.journal import DuplicateKey, Journal, JournalError
from supervision.errors import ConfigurationError
from tests.domain.order_builders import START, execution_report, order, terms
from tests.support.disk import disk_full, torn

ROOT = Path(__file__).parents[2]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "orders.db")
    yield opened
    opened.close()


def intend(journal: Journal, key: str = "k1", order_id: int = 5) -> None:
    intent = order(key=key, order_id=order_id, terms=terms(key=key))
    change = Change()
    change.intend(intent, Entry("intent", key, {"order_id": order_id}))
    journal.write(change)


def rows_in_shell(path: Path, sql: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def test_what_was_committed_survives_a_kill_and_the_last_transaction_is_whole_or_absent(tmp_path: Path) -> None:
    chance = random.Random(7)
    path = tmp_path / "orders.db"
    acknowledged: list[tuple[str, str]] = []
    command = [sys.executable, "-m", "tests.order.journal_writer", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        stop_after = chance.randrange(100, 400)
        for line in process.stdout:
            acknowledged.append(tuple(line.split()))  # type: ignore[arg-type]
            if len(acknowledged) == stop_after:
                process.kill()  # it goes on writing until the signal lands, at an instant nobody chose
    journal = Journal(path)
    orders = {state.key: state for state in journal.load(START).orders}
    rows = [(row.key, row.kind) for row in journal.rows(0, 100_000)]
    journal.close()
    assert rows[: len(acknowledged)] == acknowledged
    assert len(rows) - len(acknowledged) <= 1
    assert {key for key, _ in rows} == set(orders)
    for key, kind in rows:
        assert orders[key].reported == "SENT" if kind == "sent" else key in orders


def test_an_intent_is_fsynced_and_what_the_broker_can_be_asked_again_is_not(journal: Journal) -> None:
    full, normal = 2, 1
    intend(journal)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (full,)
    change = Change()
    change.orders["k1"] = order(reported="SENT")
    journal.write(change)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (normal,)
    change.durable = True
    journal.write(change)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (full,)


def test_a_key_and_an_order_id_are_used_once_for_ever(journal: Journal) -> None:
    intend(journal)
    with pytest.raises(DuplicateKey, match="k1"):
        intend(journal, "k1", 6)
    with pytest.raises(DuplicateKey, match="order id 5"):
        intend(journal, "k2", 5)
    assert [row.key for row in journal.rows(0, 10)] == ["k1"]


def test_a_start_reads_back_orders_executions_commissions_and_settings(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    first = Journal(path)
    intend(first)
    book = OrderBook(first.load(START).orders)
    fill = book.execution(execution_report("a.b.c.01", 4))
    change = Change()
    change.executions["a"] = fill
    change.commissions["a"] = Commission("a.b.c.01", Decimal("0.35"), "USD", None)
    change.commissions["early"] = Commission("z.z.z.01", None, "USD", Decimal("1.5"))
    change.settings |= {"halt": "too hot", "floor": "41"}
    change.entries.append((START, Entry("execution", "k1", {"exec_id": "a.b.c.01"})))
    first.write(change)
    first.close()
    second = Journal(path)
    contents = second.load(START)
    second.close()
    assert contents.orders == [order()]
    assert contents.executions == [fill]
    assert {paid.exec_id for paid in contents.commissions} == {"a.b.c.01", "z.z.z.01"}
    assert (contents.settings, contents.highest_id) == ({"halt": "too hot", "floor": "41"}, 5)
    again = OrderBook(contents.orders, contents.executions, contents.commissions)
    assert (again.ledger.totals("k1").filled, again.ledger.totals("k1").commission) == (4, Decimal("0.35"))


def test_a_start_leaves_old_finished_orders_in_the_file_where_they_are_still_found(journal: Journal) -> None:
    intend(journal)
    change = Change()
    change.orders["k1"] = order(reported="CANCELLED", acknowledged=True)
    journal.write(change)
    assert journal.load(START + timedelta(days=3)).orders == []
    assert journal.find("k1") == journal.find("5") == change.orders["k1"]
    assert journal.find("6") is None


def test_a_correction_replaces_its_execution_in_the_table_and_both_stay_in_the_journal(journal: Journal) -> None:
    book = OrderBook([order()])
    for exec_id, quantity in (("a.b.c.01", 4), ("a.b.c.02", 3)):
        change = Change()
        change.executions[exec_id] = book.execution(execution_report(exec_id, quantity))
        change.entries.append((START, Entry("execution", "k1", {"exec_id": exec_id})))
        journal.write(change)
    assert rows_in_shell(journal.path, "SELECT exec_id, quantity FROM fills") == [("a.b.c.02", "3")]
    assert len(journal.rows(0, 10)) == 2


def test_the_journal_table_refuses_to_be_rewritten(journal: Journal) -> None:
    intend(journal)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        rows_in_shell(journal.path, "UPDATE journal SET kind = 'nothing'")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        rows_in_shell(journal.path, "DELETE FROM journal")


def test_a_full_disk_is_told_in_words_nothing_is_half_written_and_work_goes_on_after(journal: Journal) -> None:
    intend(journal)
    with disk_full(journal.path), pytest.raises(JournalError, match=r"orders\.db could not be written"):
        intend(journal, "k2", 6)
    assert [state.key for state in journal.load(START).orders] == ["k1"]
    intend(journal, "k2", 6)
    assert [row.key for row in journal.rows(0, 10)] == ["k1", "k2"]


def test_a_journal_that_somebody_else_holds_locked_is_an_error_in_words_not_a_standstill(journal: Journal) -> None:
    other = sqlite3.connect(journal.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="locked"):
        intend(journal)
    other.close()
    intend(journal)


def test_a_damaged_file_and_a_newer_version_are_configuration_errors(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"not a database at all, but long enough to look at" * 100)
    with pytest.raises(ConfigurationError, match="damaged"):
        Journal(damaged)
    newer = tmp_path / "newer.db"
    Journal(newer).close()
    rows_in_shell(newer, "PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="version 99"):
        Journal(newer)


def test_a_directory_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "orders.db").mkdir()
    with pytest.raises(JournalError, match="could not be opened"):
        Journal(tmp_path / "orders.db")


def test_a_log_torn_at_any_byte_leaves_whole_transactions(journal: Journal, tmp_path: Path) -> None:
    for number in range(1, 9):
        intend(journal, f"k{number}", number)
        change = Change()
        change.entries.append((START, Entry("sent", f"k{number}", {"padding": "x" * 3000})))
        change.orders[f"k{number}"] = order(key=f"k{number}", order_id=number, reported="SENT")
        journal.write(change)
    into = tmp_path / "torn"
    into.mkdir()
    lengths = []
    for copy in torn(journal.path, into):
        reopened = Journal(copy)
        rows = reopened.rows(0, 100)
        states = {state.key: state.reported for state in reopened.load(START).orders}
        reopened.close()
        assert [row.sequence for row in rows] == [*range(1, len(rows) + 1)]
        assert {row.key: "SENT" if row.kind == "sent" else "INTENT" for row in rows} == states
        lengths.append(len(rows))
    assert lengths == sorted(lengths)
    assert set(lengths) == set(range(17))


def test_the_file_is_for_its_owner_only_and_plain_sql_can_read_it(journal: Journal) -> None:
    intend(journal)
    assert journal.path.stat().st_mode & 0o777 == 0o600
    columns = "symbol, side, quantity, limit_price, status, created"
    assert rows_in_shell(journal.path, f"SELECT {columns} FROM orders") == [
        ("AAPL", "BUY", "10", 150.0, "INTENT", START.isoformat())
    ]


def test_a_start_reads_what_is_open_or_recent_without_going_over_what_is_over(journal: Journal) -> None:
    asked: list[str] = []
    journal._db.set_trace_callback(asked.append)
    journal.load(START)
    journal._db.set_trace_callback(None)
    (orders, *_) = [sql for sql in asked if "ORDER BY created" in sql]
    steps = [row[3] for row in journal._db.execute(f"EXPLAIN QUERY PLAN {orders}")]
    assert not [step for step in steps if step.startswith("SCAN")], steps
