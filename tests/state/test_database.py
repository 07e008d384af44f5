"""state.db: what goes in is whole, also after kill -9, and a file that is not ours is refused in words."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from actors.domain.audit_chain import Damage
from actors.store.audit import AuditTrail
from actors.store.cuts import CutStore
from actors.store.database import Database
from supervision.errors import ConfigurationError
from tests.state.databases import Databases
from tests.state.samples import NOON

# --- the file -----------------------------------------------------------------------------------------


def test_every_file_of_the_database_is_readable_by_its_owner_alone(database: Database) -> None:
    with database.transaction():
        AuditTrail(database).append(NOON, "test", "", "{}")

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database.path.parent.iterdir()}
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


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
