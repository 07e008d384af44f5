"""`journal verify|export|backup` as a user meets it: words, JSON, files and exit codes."""

from __future__ import annotations

import csv
import json
import resource
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from actors.store.audit import AuditTrail
from actors.store.database import Database
from cli import main
from tests.books.shelf import charge, editing, follow, named, shelf
from tests.domain.order_builders import START


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state directory with one service's folder in it."""
    home = tmp_path / "home"
    home.mkdir()
    shelf(home / "simulated-DU1")
    return home


ROOM = 32768  # bytes that any file may have: enough to read a database with, less than one of ours has


def journal(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["journal", *words, "--state-dir", str(home)])


def tamper(folder: Path) -> None:
    with editing(folder / "orders.db") as db:
        db.execute("UPDATE journal SET key = 'schlüssel-9' WHERE sequence = 4")


def test_a_whole_journal_is_said_to_be_with_its_head(home: Path) -> None:
    told = journal(home, "verify")
    assert told.exit_code == 0
    assert "audit trail: 10 rows, 9 of them of the order journal" in told.stdout
    head = told.stdout.partition("head: ")[2].split()[0]
    assert journal(home, "verify", "--head", head).exit_code == 0
    data = json.loads(journal(home, "verify", "--json").stdout)
    assert (data["head"], data["rows"], data["found"], data["findings"]) == (head, 10, 0, [])


def test_an_edited_row_ends_with_20_and_its_file_and_number(home: Path) -> None:
    tamper(home / "simulated-DU1")
    told = journal(home, "verify")
    assert told.exit_code == 20
    assert "1 findings" not in told.stdout
    (line,) = [line for line in told.stdout.splitlines() if line.startswith("orders.db")]
    assert line.split()[:3] == ["orders.db", "journal", "4"]
    told = journal(home, "verify", "--json")
    assert told.exit_code == 20
    (finding,) = json.loads(told.stdout)["findings"]
    assert (finding["file"], finding["table"], finding["row"]) == ("orders.db", "journal", 4)


@pytest.mark.parametrize("head", ["7", "7:abc", "x:" + "0" * 64, "7:" + "G" * 64])
def test_what_is_no_head_is_a_slip(home: Path, head: str) -> None:
    told = journal(home, "verify", "--head", head)
    assert told.exit_code == 2
    assert "write ROW:HASH" in told.stderr


def test_a_head_that_is_another_ends_with_20(home: Path) -> None:
    told = journal(home, "verify", "--head", f"10:{'0' * 64}")
    assert told.exit_code == 20
    assert "the head noted for it" in told.stdout


def test_without_one_folder_to_read_it_asks_for_one(home: Path, tmp_path: Path) -> None:
    assert journal(tmp_path / "empty", "verify").exit_code == 2
    shelf(home / "paper-DU2")
    told = journal(home, "verify")
    assert told.exit_code == 2
    assert "paper-DU2, simulated-DU1; name one with --dir" in told.stderr
    assert journal(home, "verify", "--dir", str(home / "paper-DU2")).exit_code == 0


def test_a_backup_is_a_copy_for_its_owner_alone_with_the_same_head(home: Path, tmp_path: Path) -> None:
    (home / "simulated-DU1" / "connection.json").write_text('{"epoch":7}')
    (home / "simulated-DU1" / "HALT").touch()
    target = tmp_path / "backup"
    told = journal(home, "backup", str(target))
    assert told.exit_code == 0, told.output
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in target.iterdir()}
    assert modes == dict.fromkeys(("HALT", "connection.json", "orders.db", "state.db"), 0o600)
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert (target / "connection.json").read_text() == '{"epoch":7}'
    heads = [
        json.loads(journal(home, "verify", "--json", *where).stdout)["head"] for where in ((), ("--dir", str(target)))
    ]
    assert heads[0] == heads[1]
    assert f"head: {heads[0]}" in told.stdout
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_overwrites_nothing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "letter").write_text("dear diary")
    told = journal(home, "backup", str(tmp_path / "kept"))
    assert told.exit_code == 10
    assert "name a new folder" in told.stderr
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["letter"]


def test_no_backup_is_made_of_what_is_damaged(home: Path, tmp_path: Path) -> None:
    tamper(home / "simulated-DU1")
    told = journal(home, "backup", str(tmp_path / "backup"))
    assert told.exit_code == 20
    assert "schlüssel-9" in told.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


def test_a_backup_for_which_there_is_no_room_is_refused_with_both_figures(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        f_bavail, f_frsize = 3, 4096

    monkeypatch.setattr("actors.copies.os.statvfs", lambda _: Full)
    told = journal(home, "backup", str(tmp_path / "backup"))
    assert told.exit_code == 1
    assert "does not fit" in told.stderr
    assert "12,288 are free" in told.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


def test_a_disk_that_does_not_take_the_copy_is_not_taken_for_a_damaged_journal(home: Path, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        told = journal(home, "backup", str(tmp_path / "backup"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told.exit_code == 1
    assert "does not take the copy" in told.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"]


def test_rows_that_the_trail_has_not_followed_are_not_said_to_be_as_they_were_written(home: Path) -> None:
    charge(home / "simulated-DU1", 2)
    told = journal(home, "verify")
    assert told.exit_code == 0
    assert "1 rows are not in the audit trail yet" in told.stdout
    assert "every row that the audit trail has is as it was written" in told.stdout


def test_a_folder_that_is_not_there_takes_no_export_in_words(home: Path, tmp_path: Path) -> None:
    told = journal(home, "export", "--out", str(tmp_path / "nowhere" / "rows.csv"))
    assert told.exit_code == 1
    assert "No such file or directory" in told.stderr


def test_the_journal_is_exported_with_its_facts_as_they_are_stored(home: Path, tmp_path: Path) -> None:
    told = journal(home, "export")
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [row["sequence"] for row in rows] == list(range(1, 10))
    assert rows[0]["data"]["quantity"] == "10"
    assert "9 rows" in told.stderr

    out = tmp_path / "rows.csv"
    assert journal(home, "export", "--format", "csv", "--key", "schlüssel-2", "--out", str(out)).exit_code == 0
    with out.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [(row["kind"], row["key"]) for row in table] == [
        (kind, "schlüssel-2") for kind in ("intent", "submitted", "execution")
    ]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert journal(home, "export", "--out", str(out)).exit_code == 10


def test_a_stretch_of_time_and_some_kinds_are_exported(home: Path) -> None:
    local = (START + timedelta(seconds=2)).astimezone().strftime("%Y-%m-%dT%H:%M:%S")
    rows = journal(home, "export", "--since", local, "--kind", "execution", "--kind", "submitted").stdout.splitlines()
    assert [json.loads(row)["sequence"] for row in rows] == [5, 6, 8, 9]
    rows = journal(home, "export", "--until", local, "--kind", "execution").stdout.splitlines()
    assert [json.loads(row)["sequence"] for row in rows] == [3]


def test_the_exported_trail_is_enough_to_recompute_its_chain(home: Path) -> None:
    follow(home / "simulated-DU1")
    database = Database(home / "simulated-DU1" / "state.db")
    trail = AuditTrail(database)
    with database.transaction():
        trail.append(START, "journal_replaced", "", "words that are no JSON")
    database.close()
    rows = [json.loads(line) for line in journal(home, "export", "--audit").stdout.splitlines()]
    assert [row["previous_hash"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]
    assert rows[-1]["data"] == "words that are no JSON"
    assert named(home / "simulated-DU1") == []
