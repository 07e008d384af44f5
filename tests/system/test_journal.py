"""The records of a service that trades: verified and backed up while it does, restored, their head logged hourly."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Self

import orjson
import pytest

from actors.messages.orders import PlaceOrder
from supervision import clock
from tests.support.whole import Whole, whole

ROOT = Path(__file__).resolve().parents[2]
HOUR = 3600.0
QUIET: dict[str, object] = {"strategies": []}


def journal(*words: object) -> subprocess.CompletedProcess[str]:
    """The command as a user gives it."""
    command = [sys.executable, "run.py", "journal", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=60, check=False)


def told(*words: object, code: int = 0) -> dict[str, object]:
    done = journal(*words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    facts: dict[str, object] = orjson.loads(done.stdout)
    return facts


def heads(state_dir: Path) -> list[str]:
    """Every head that the service has logged, as ROW:HASH."""
    found = re.findall(r"audit head: row (\d+), hash ([0-9a-f]{64})", (state_dir / "service.log").read_text())
    return [f"{row}:{hash_}" for row, hash_ in found]


class Load:
    """Orders that rest and orders that fill, one after the other without a pause, until the end of the block."""

    def __init__(self, service: Whole) -> None:
        self._service = service
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._failed: Exception | None = None
        self.placed = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        try:
            self._place()
        except Exception as error:  # noqa: BLE001 - raised again by the test
            self._failed = error

    def _place(self) -> None:
        while not self._over.is_set():
            limit = 1.0 if self.placed % 2 else None
            self._service.desk.order.ask(PlaceOrder("AAPL", "BUY", 1, limit=limit, key=f"load-{self.placed}"))
            self.placed += 1


def test_a_backup_taken_under_load_is_whole_and_restores_to_the_head_it_was_made_with(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    with whole(QUIET, state_dir=home) as service:
        service.wait_open()
        with Load(service) as load:
            service.until("it trades", lambda: load.placed >= 50)
            made = told("backup", backup, "--state-dir", home)
            after = load.placed
            service.until("it trades on, at the pace that the gateway allows", lambda: load.placed > after)
            assert told("verify", "--head", made["head"], "--state-dir", home)["found"] == 0
        service.settle()
        name = service.directory.name
    copied = told("verify", "--dir", backup)
    assert (copied["head"], copied["found"]) == (made["head"], 0)
    assert int(str(copied["rows"])) < int(str(told("verify", "--state-dir", home)["rows"]))
    assert int(str(copied["followed"])) > 100
    assert told("verify", "--head", made["head"], "--state-dir", home)["found"] == 0

    restored = tmp_path / "restored"
    (restored / name).mkdir(parents=True)
    for path in backup.iterdir():
        shutil.copy(path, restored / name)
    shutil.copy(home / name / "simulator.db", restored / name)  # the broker has gone on since
    with whole(QUIET, state_dir=restored) as service:
        service.until("the gate opens over what the broker did since", lambda: service.gate() == "open", 30.0)
        assert heads(restored)[0] == made["head"]
        service.settle()
        service.until("positions agree", lambda: service.our_positions() == service.ledger_positions())
    assert told("verify", "--head", made["head"], "--state-dir", restored)["found"] == 0


def test_a_row_that_is_edited_while_the_service_runs_is_named(tmp_path: Path) -> None:
    with whole(QUIET, state_dir=tmp_path) as service:
        service.wait_open()
        service.desk.order.ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key="edited"))
        assert told("verify", "--state-dir", tmp_path)["found"] == 0
        with closing(sqlite3.connect(service.directory / "orders.db", timeout=10.0)) as editor:
            editor.execute("DROP TRIGGER journal_is_not_changed")
            (row,) = editor.execute("SELECT sequence FROM journal WHERE kind = 'intent' AND key = 'edited'").fetchone()
            editor.execute("UPDATE journal SET data = replace(data, '1.0', '9.0') WHERE sequence = ?", (row,))
            editor.commit()

        def followed() -> bool:
            facts = orjson.loads(journal("verify", "--json", "--state-dir", tmp_path).stdout)
            return facts["unfollowed"] == 0

        service.until("State has every row", followed)
        (finding,) = told("verify", "--state-dir", tmp_path, code=20)["findings"]  # type: ignore[misc,attr-defined]
        assert (finding["file"], finding["table"], finding["row"]) == ("orders.db", "journal", row)


def test_the_head_is_logged_at_the_start_and_each_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.VARIABLE, str(tmp_path / "clock"))
    with whole(QUIET, state_dir=tmp_path) as service:
        service.wait_open()
        assert len(heads(tmp_path)) == 1
        for hours in (1, 2):
            clock.set_shift(tmp_path / "clock", calendar=hours * HOUR, suspended=hours * HOUR)
            service.until("another hour's head is logged", lambda hours=hours: len(heads(tmp_path)) == 1 + hours)
        for head in heads(tmp_path):
            assert told("verify", "--head", head, "--state-dir", tmp_path)["found"] == 0
