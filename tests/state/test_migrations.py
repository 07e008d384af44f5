"""A state.db of another schema: an older one is copied and brought up, a newer one is refused and left alone."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from actors.store.caches import Caches
from actors.store.cuts import CutStore
from actors.store.database import Database
from actors.store.schema import MIGRATIONS
from supervision.errors import ConfigurationError
from tests.state.databases import Databases
from tests.state.samples import NOON


def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 999")
    newer.close()
    before = path.read_bytes()

    with pytest.raises(ConfigurationError, match=r"schema version 999.*start the newer program"):
        Database(path)
    assert path.read_bytes() == before


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
