"""A journal that an earlier release wrote: what a start makes of it, and that it is whole at every instant."""

from __future__ import annotations

import itertools
import sqlite3
import stat
from contextlib import closing, suppress
from decimal import Decimal
from pathlib import Path

import pytest

from actors.domain.order_book import OrderBook
from actors.orders.journal import Journal, JournalError
from actors.orders.schema import VERSION
from tests.domain.order_builders import START, order
from tests.support.disk import PAGE, disk_full

WRITTEN_BY_VERSION_1 = (Path(__file__).parent / "journal_version_1.sql").read_text()
TABLES = ("journal", "orders", "executions", "commissions", "settings")


WRITTEN_BY_VERSION_2 = (Path(__file__).parent / "journal_version_2.sql").read_text()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "orders.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(WRITTEN_BY_VERSION_1)
    return path


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def schema(path: Path) -> dict[str, list[tuple[object, ...]]]:
    found = {table: rows(path, f"PRAGMA table_xinfo({table})") for table in (*TABLES, "fills")}
    found["others"] = rows(path, "SELECT name, sql FROM sqlite_master WHERE type <> 'table' ORDER BY name")
    return found


def test_a_journal_of_version_1_is_read_with_all_it_knew_and_becomes_like_a_new_one(old: Path, tmp_path: Path) -> None:
    history = rows(old, "SELECT * FROM journal")
    journal = Journal(old)
    contents = journal.load(START)
    journal.close()
    assert {state.key: (state.status, state.held) for state in contents.orders} == {
        "k1": ("SUBMITTED", False),
        "k2": ("UNKNOWN", True),
    }
    assert {execution.exec_id: execution.sec_type for execution in contents.executions} == {
        "a.b.01.02": "STK",
        "a.c.01.01": "OPT",
        "a.d.01.01": "BAG",
    }
    book = OrderBook(contents.orders, contents.executions, contents.commissions)
    assert (book.ledger.totals("k1").filled, book.ledger.totals("k1").commission) == (3, Decimal("0.35"))
    assert contents.settings == {"halt": "too hot", "floor": "41"}
    assert rows(old, "SELECT key, held, trail, parent FROM orders") == [("k1", 0, None, ""), ("k2", 1, None, "")]
    assert rows(old, "SELECT * FROM journal") == history
    Journal(tmp_path / "new.db").close()
    assert schema(old) == schema(tmp_path / "new.db")


def test_an_execution_whose_kind_the_journal_does_not_tell_stays_without_one(old: Path) -> None:
    old.unlink()
    with closing(sqlite3.connect(old)) as db:
        db.executescript(WRITTEN_BY_VERSION_1.replace('"sec_type":"OPT"', '"other":"OPT"'))
    Journal(old).close()
    assert rows(old, "SELECT sec_type FROM executions ORDER BY stem") == [("STK",), ("",), ("BAG",)]


def kept(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}.version-*"))


def test_a_journal_of_version_2_becomes_like_a_new_one_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(WRITTEN_BY_VERSION_2)
    before = {table: rows(path, f"SELECT * FROM {table}") for table in TABLES}
    Journal(path).close()
    assert {table: rows(path, f"SELECT * FROM {table}") for table in TABLES} == before
    Journal(tmp_path / "new.db").close()
    assert schema(path) == schema(tmp_path / "new.db")
    assert rows(path, "SELECT name FROM sqlite_master WHERE type = 'view'") == rows(
        tmp_path / "new.db", "SELECT name FROM sqlite_master WHERE type = 'view'"
    )


def test_before_a_migration_the_file_is_copied_and_the_copy_is_kept_and_told(
    old: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = {table: rows(old, f"SELECT * FROM {table}") for table in TABLES}
    with caplog.at_level("WARNING"):
        Journal(old).close()
    (copy,) = kept(old)
    assert copy.name.startswith("orders.db.version-1.")
    assert str(copy) in caplog.text
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert rows(copy, "PRAGMA user_version") == [(1,)]
    assert {table: rows(copy, f"SELECT * FROM {table}") for table in TABLES} == before
    Journal(old).close()
    assert kept(old) == [copy]
    copy.rename(old)  # the way back
    journal = Journal(old)
    assert journal.find("k1") is not None
    journal.close()


def test_a_file_of_which_no_copy_can_be_made_is_not_migrated_and_no_half_copy_stays(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        f_bavail, f_frsize = 2, PAGE

    with monkeypatch.context() as patched:
        patched.setattr("actors.copies.os.statvfs", lambda _: Full)
        with pytest.raises(JournalError, match=r"a copy of [\d,]+ bytes does not fit into .* 8,192 are free"):
            Journal(old)
    assert rows(old, "PRAGMA user_version") == [(1,)]
    assert [path.name for path in old.parent.iterdir() if "version" in path.name or "part" in path.name] == []
    Journal(old).close()
    assert rows(old, "PRAGMA user_version") == [(VERSION,)]


def test_a_migration_that_the_disk_refuses_again_and_again_does_not_fill_it_with_copies(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = []

    def refused(*_: object) -> None:
        copies.extend(kept(old))
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("actors.orders.journal.migrate", refused)
    for _ in range(2):
        with pytest.raises(JournalError, match="disk is full"):
            Journal(old)
    assert len(copies) == 2
    assert kept(old) == []


def test_attempts_that_are_killed_leave_one_copy_however_many_there_are(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        """Nothing that runs then cleans up."""

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr("actors.orders.journal.migrate", killed)
        for _ in range(3):
            with pytest.raises(KilledError):
                Journal(old)
        assert len(kept(old)) == 1
        patched.setattr("actors.copies.sync", killed)
        patched.setattr("pathlib.Path.unlink", lambda *_, **__: None)
        for _ in range(3):
            with pytest.raises(KilledError):
                Journal(old)
        assert [path.name for path in old.parent.glob(".*")] == [".orders.db.part"]
    (copy,) = kept(old)
    Journal(old).close()
    assert kept(old) == [copy]
    assert [*old.parent.glob(".*")] == []


def test_a_disk_that_runs_full_at_any_point_of_the_migration_leaves_the_old_file_whole_and_the_next_start_goes_on(
    old: Path,
) -> None:
    before = {table: rows(old, f"SELECT * FROM {table}") for table in TABLES}
    with closing(sqlite3.connect(old)) as shell:  # keeps the log in existence, empty
        shell.execute("PRAGMA journal_mode = WAL")
        for pages in itertools.count():
            shell.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with disk_full(old, room=pages * PAGE), suppress(JournalError):
                journal = Journal(old)
                break
            assert rows(old, "PRAGMA user_version") == [(1,)]
            assert {table: rows(old, f"SELECT * FROM {table}") for table in TABLES} == before
            assert kept(old) == []
            assert [*old.parent.glob(".*")] == []
    assert pages > 3
    assert len(kept(old)) == 1
    assert journal.find("k1") == order(acknowledged=True, reported="SUBMITTED", perm_ids=(900,))
    journal.close()
    assert rows(old, "PRAGMA user_version") == [(VERSION,)]
