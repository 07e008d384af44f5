"""state.db: what goes in comes out again, also after kill -9, and a file that is not ours is refused in words."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.domain.audit_chain import Damage
from actors.domain.executions import SignedExecution
from actors.domain.reconciliation import Baseline
from actors.messages.account import Accounts, Positions
from actors.messages.market import Contract, ContractDetails
from actors.messages.state import CutPart, CutView, Difference, Memory
from actors.store.audit import AuditTrail
from actors.store.caches import Caches
from actors.store.cuts import CutStore
from actors.store.database import Database
from actors.store.schema import MIGRATIONS
from supervision.errors import ConfigurationError
from tests.state.samples import ACCOUNT, HELD, NOON, SHORT


class Databases:
    """Opens state.db in one directory, as often as a test likes, and closes what it opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.opened: list[Database] = []

    def open(self) -> Database:
        self.close()
        self.opened.append(Database(self.path))
        return self.opened[-1]

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[Databases]:
    databases = Databases(tmp_path / "state.db")
    yield databases
    databases.close()


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.open()


# --- the file -----------------------------------------------------------------------------------------


def test_every_file_of_the_database_is_readable_by_its_owner_alone(database: Database) -> None:
    with database.transaction():
        AuditTrail(database).append(NOON, "test", "", "{}")

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database.path.parent.iterdir()}
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 999")
    newer.close()
    before = path.read_bytes()

    with pytest.raises(ConfigurationError, match=r"schema version 999.*start the newer program"):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"Dear diary, " * 100)

    with pytest.raises(ConfigurationError, match=r"state\.db is damaged.*restore a backup"):
        Database(tmp_path / "state.db")


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    trail = AuditTrail(database)

    def half() -> None:
        with database.transaction():
            trail.append(NOON, "test", "", "{}")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert database.query("SELECT * FROM audit") == []


# --- audit --------------------------------------------------------------------------------------------


def test_the_trail_goes_on_where_it_ended(databases: Databases, database: Database) -> None:
    with database.transaction():
        trail = AuditTrail(database)
        trail.append(NOON, "intent", "key-1", "{}", journal_sequence=41)
        trail.append(NOON, "session_up", "", "{}")
    database = databases.open()
    again = AuditTrail(database)

    assert again.head == trail.head
    assert again.followed == 41
    with database.transaction():
        again.append(NOON, "fill", "key-1", "{}", journal_sequence=42)
    assert again.verify() is None
    assert again.verify(last=1) is None


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("UPDATE audit SET data = '{\"q\":2}' WHERE sequence = 3", 3),
        ("UPDATE audit SET data = CAST(x'FF' AS TEXT) WHERE sequence = 3", 3),
        ("UPDATE audit SET journal_sequence = 9 WHERE sequence = 5", 5),
        ("DELETE FROM audit WHERE sequence = 2", 2),
        ("UPDATE audit SET hash = previous_hash WHERE sequence = 4", 4),
    ],
)
def test_a_row_edited_with_sql_is_named(database: Database, change: str, row: int) -> None:
    trail = AuditTrail(database)
    with database.transaction():
        for number in range(1, 7):
            trail.append(NOON, "intent", f"key-{number}", '{"q":1}', journal_sequence=number)
    database.execute(change)

    damage = trail.verify()
    assert isinstance(damage, Damage)
    assert damage.sequence == row
    assert trail.verify(last=1) is None


# --- caches -------------------------------------------------------------------------------------------


def test_positions_come_back_as_they_were_marked_as_cached(databases: Databases, database: Database) -> None:
    caches = Caches(database)
    assert caches.positions() is None
    with database.transaction():
        caches.store_positions(Positions((HELD, SHORT), NOON, "broker"))

    database = databases.open()
    caches = Caches(database)
    assert caches.positions() == Positions((HELD, SHORT), NOON, "cache")
    with database.transaction():
        caches.store_positions(Positions((), NOON + timedelta(seconds=5), "broker"))
    assert caches.positions() == Positions((), NOON + timedelta(seconds=5), "cache")


def test_what_the_broker_has_not_confirmed_replaces_nothing(database: Database) -> None:
    caches = Caches(database)
    with database.transaction():
        caches.store_positions(Positions((HELD,), NOON, "broker"))
        caches.store_accounts(Accounts((ACCOUNT,)))
        caches.store_positions(Positions((), None, "broker"))
        caches.store_accounts(Accounts((msgspec.structs.replace(ACCOUNT, cash=None, complete=False),)))

    assert caches.positions() == Positions((HELD,), NOON, "cache")
    assert caches.accounts() == Accounts((msgspec.structs.replace(ACCOUNT, source="cache"),))


def test_an_account_without_a_value_any_more_forgets_it(database: Database) -> None:
    caches = Caches(database)
    fewer = msgspec.structs.replace(ACCOUNT, values=ACCOUNT.values[:1], source="cache")
    with database.transaction():
        caches.store_accounts(Accounts((ACCOUNT,)))
        caches.store_accounts(Accounts((fewer,)))

    assert caches.accounts() == Accounts((fewer,))


def test_contracts_and_holds_are_remembered(databases: Databases, database: Database) -> None:
    caches = Caches(database)
    apple = ContractDetails(Contract("AAPL", con_id=265598, primary_exchange="NASDAQ"), "Apple Inc", 0.01)
    option = ContractDetails(Contract("AAPL", "OPT", con_id=7, last_trade_date="20261218", strike=150.0, right="C"))
    with database.transaction():
        caches.store_contracts([option, apple], NOON)
        caches.store_hold(apple, True, NOON)
        caches.store_hold(option, True, NOON)
        caches.store_hold(option, False, NOON)

    database = databases.open()
    assert Caches(database).memory() == Memory(contracts=(option, apple), held=(apple,))


# --- reconciliation -----------------------------------------------------------------------------------

UNKNOWN = Difference("order_missing", "key-1", "UNKNOWN", "absent", "a person must decide", False)
TAKEN = Difference("position", "AAPL in DU1", "10", "12", "took the broker's position", True)


def cut(number: int, *differences: Difference, error: str = "") -> CutView:
    parts = (CutPart("executions", error, 3), CutPart("positions", "", 2))
    return CutView(number, 4, "test", NOON, NOON + timedelta(seconds=1), not error, parts, differences)


def save(database: Database, store: CutStore, view: CutView) -> None:
    with database.transaction():
        store.save(view)


LOCKING = Difference(
    kind="position", subject="AAPL in DU1", ours="10", theirs="12", action="taken", repaired=True,
    scope="AAPL in DU1", locks=True, unlock="a cut that finds it equal",
)  # fmt: skip


def test_what_locks_stays_open_like_what_waits_for_a_person_but_waits_for_nobody(database: Database) -> None:
    store = CutStore(database)
    save(database, store, cut(1, LOCKING))
    save(database, store, cut(2, LOCKING))
    assert store.last() == cut(2, LOCKING)
    assert store.open_differences() == 0
    save(database, store, cut(3))
    assert database.query("SELECT cut, last_cut, cleared_cut FROM differences") == [(1, 2, 3)]


def test_differences_of_the_first_schema_get_their_scope(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "state.db")
    old.executescript(MIGRATIONS[0] + "PRAGMA user_version = 1;")
    old.execute("INSERT INTO cuts VALUES (1, 1, 'test', '', '', 1)")
    rows = (("order_missing", "key-1", 0), ("position", "AAPL in DU1", 1), ("part_failed", "executions", 1))
    insert = "INSERT INTO differences (cut, last_cut, kind, subject, ours, theirs, action, repaired) VALUES"
    old.executemany(f"{insert} (1, 1, ?, ?, '', '', '', ?)", rows)
    old.commit()
    old.close()

    database = Database(tmp_path / "state.db")
    scopes = database.query("SELECT scope, locks, unlock FROM differences ORDER BY id")
    assert scopes == [("order key-1", 0, ""), ("AAPL in DU1", 0, ""), ("all", 0, "")]
    assert CutStore(database).open_differences() == 1
    database.close()


def test_a_state_of_an_older_schema_is_copied_before_it_is_migrated_and_a_new_one_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Database(tmp_path / "state.db").close()
    assert [*tmp_path.iterdir()] == [tmp_path / "state.db"]
    (tmp_path / "state.db").unlink()
    old = sqlite3.connect(tmp_path / "state.db")
    old.executescript(MIGRATIONS[0] + "PRAGMA user_version = 1;")
    old.execute("INSERT INTO cuts VALUES (7, 1, 'test', '', '', 1)")
    old.commit()
    old.close()

    Database(tmp_path / "state.db").close()
    (copy,) = tmp_path.glob("state.db.version-1.*")
    assert str(copy) in caplog.text
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("PRAGMA user_version").fetchone() == (1,)
        assert kept.execute("SELECT cut FROM cuts").fetchall() == [(7,)]
    Database(tmp_path / "state.db").close()
    assert [*tmp_path.glob("state.db.*")] == [copy]


def test_the_last_cut_comes_back_whole(databases: Databases, database: Database) -> None:
    store = CutStore(database)
    assert store.last() is None
    assert store.last_number() == 0
    save(database, store, cut(1, UNKNOWN, TAKEN))

    database = databases.open()
    again = CutStore(database)
    assert again.last() == cut(1, UNKNOWN, TAKEN)
    assert again.last_number() == 1


def test_a_difference_stays_open_until_a_confirmed_cut_no_longer_finds_it(database: Database) -> None:
    store = CutStore(database)
    save(database, store, cut(1, UNKNOWN, TAKEN))
    save(database, store, cut(2, UNKNOWN))
    assert store.open_differences() == 1
    save(database, store, cut(3, error="session lost"))
    assert store.open_differences() == 1
    save(database, store, cut(4))
    assert store.open_differences() == 0

    rows = database.query("SELECT kind, cut, last_cut, cleared_cut FROM differences ORDER BY id")
    assert rows == [("order_missing", 1, 2, 4), ("position", 1, 1, None)]


def test_the_baseline_survives_and_counts_what_it_counted(databases: Databases, database: Database) -> None:
    store = CutStore(database)
    known = store.load_known()
    assert store.load_baseline() is None
    first = SignedExecution("0000e0d5.01.01", "DU1", 265598, "AAPL", Decimal("2.5"), NOON)
    second = SignedExecution("0000e0d5.02.01", "DU1", 265598, "AAPL", Decimal(-1), NOON)
    known.learn([first, second])
    baseline = Baseline({("DU1", 265598): Decimal("1.5"), ("DU1", 7): None}, {first.stem: Decimal("2.5")})
    with database.transaction():
        store.remember([first, second])
        store.save(cut(1))
        store.save_baseline(baseline, known, ())

    database = databases.open()
    again = CutStore(database)
    known_again = again.load_known()
    loaded = again.load_baseline()
    assert known_again.snapshot() == known.snapshot()
    assert known_again.symbol(265598) == "AAPL"
    assert loaded is not None
    assert loaded.positions == baseline.positions
    assert loaded.counted == {**baseline.counted, second.stem: Decimal(0)}

    with database.transaction():
        again.save_baseline(Baseline({}, {second.stem: Decimal(-1)}), known_again, [first.stem])
    assert database.query("SELECT exec_id, counted FROM known_executions") == [(second.exec_id, "-1")]


# --- kill -9 ------------------------------------------------------------------------------------------

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from actors.store.audit import AuditTrail
from actors.store.cuts import CutStore
from actors.store.database import Database
from actors.messages.state import CutPart, CutView

database = Database(Path(sys.argv[1]))
trail, store = AuditTrail(database), CutStore(database)
now = datetime.now(UTC)
while True:
    number = store.last_number() + 1
    parts = tuple(CutPart(f"part-{i}", "", i) for i in range(40))
    with database.transaction():
        store.save(CutView(number, 1, "test", now, now, True, parts, ()))
        for part in parts:
            trail.append(now, "cut", str(number), part.name)
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_whole_transactions_and_an_unbroken_chain(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    acknowledged = 0
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        with writer, writer.stdout:
            for _ in range(25):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)

    database = Database(path)
    try:
        store, trail = CutStore(database), AuditTrail(database)
        assert database.query("PRAGMA integrity_check") == [("ok",)]
        assert store.last_number() >= acknowledged
        assert trail.verify() is None
        assert trail.head.sequence == 40 * store.last_number()
        assert database.query("SELECT cut FROM cut_parts GROUP BY cut HAVING count(*) <> 40") == []
    finally:
        database.close()


def test_the_migration_to_version_3_keeps_the_stored_positions(tmp_path: Path, databases: Databases) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as old:
        old.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version = 2;")
        old.execute(
            "INSERT INTO cached_positions VALUES ('DU1', 1, 'AAPL', 'STK', 'USD', '5', 1.5, 2, 10, '1', '2', '3')"
        )
        old.execute("INSERT INTO cache_times VALUES ('positions', ?)", (NOON.isoformat(),))
        old.commit()
    kept = Caches(databases.open()).positions()
    assert [(one.symbol, one.quantity, one.average_cost, one.daily) for one in kept.items] == [
        ("AAPL", Decimal(5), 1.5, Decimal(3))
    ]
