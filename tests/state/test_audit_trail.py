"""The order journal is followed into the audit trail, whole and in order."""

from __future__ import annotations

import sqlite3
import time
from datetime import timedelta

import msgspec
import pytest

from actors.messages.state import JournalRows
from actors.store.audit import AuditTrail
from actors.store.database import Database
from supervision import clock
from tests.state.house import PATIENCE, House


def test_the_journal_is_followed_in_pages_then_live_then_over_gaps_and_restarts(house: House) -> None:
    for number in range(5):
        house.journal.write("intent", f'{{"n":{number}}}')
    order = house.start_order()
    state = house.start_state()
    for after in (0, 2, 4, 5):
        assert house.journal.followed.get(timeout=PATIENCE) == after

    live = house.journal.write("sent")
    order.call(lambda: order.actor.publish("journal", JournalRows((live,))))
    house.journal.write("missed")
    after_gap = house.journal.write("acknowledged")
    order.call(lambda: order.actor.publish("journal", JournalRows((after_gap,))))
    for after in (6, 8):
        assert house.journal.followed.get(timeout=PATIENCE) == after

    house.kill_state()
    house.journal.write("while_dead")
    state = house.start_state()
    for after in (7, 9):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    state.call(lambda: None)
    kinds = house.rows("SELECT journal_sequence, kind FROM audit WHERE journal_sequence > 0 ORDER BY sequence")
    assert kinds == [(row.sequence, row.kind) for row in house.journal.rows]
    house.service.stop("state")
    database = Database(house.directory / "state.db")
    assert AuditTrail(database).verify() is None
    database.close()


def test_a_journal_that_was_replaced_is_a_finding_and_followed_anew(house: House) -> None:
    for number in range(3):
        house.journal.write("intent", f'{{"old":{number}}}')
    order = house.start_order()
    house.start_state()
    for after in (0, 2, 3):
        assert house.journal.followed.get(timeout=PATIENCE) == after

    house.journal.rows.clear()
    new = house.journal.write("intent", '{"new":1}')
    order.call(lambda: order.actor.publish("journal", JournalRows((new,))))
    for after in (0, 1):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    kinds = [kind for (kind,) in house.rows("SELECT kind FROM audit ORDER BY sequence")]
    assert kinds == ["intent", "intent", "intent", "journal_replaced", "intent"]


def test_a_journal_that_lost_its_end_and_went_on_is_a_finding(house: House) -> None:
    for number in range(2):
        house.journal.write("intent", f'{{"n":{number}}}')
    house.start_order()
    house.start_state()
    for after in (0, 2):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    house.kill_state()
    house.journal.rows.pop()
    for number in (2, 3):
        house.journal.write("gate", f'{{"n":{number}}}')
    house.start_state()
    for after in (1, 0, 2, 3):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    kinds = [kind for (kind,) in house.rows("SELECT kind FROM audit ORDER BY sequence")]
    assert kinds == ["intent", "intent", "journal_replaced", "intent", "gate", "gate"]


def test_a_trail_that_begins_over_an_older_journal_is_told_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    row = house.journal.write("intent", "{}")
    house.journal.rows[:] = [msgspec.structs.replace(row, at=clock.now() - timedelta(seconds=1))]
    house.start_order()
    house.start_state()
    for after in (0, 1):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    assert caplog.text.count("nothing vouches for its rows") == 1
    house.kill_state()
    house.start_state()
    for after in (0, 1):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    assert caplog.text.count("nothing vouches for its rows") == 1


def test_a_trail_that_begins_with_its_journal_says_nothing(house: House, caplog: pytest.LogCaptureFixture) -> None:
    order = house.start_order()
    house.start_state()
    assert house.journal.followed.get(timeout=PATIENCE) == 0
    row = msgspec.structs.replace(house.journal.write("intent", "{}"), at=clock.now())
    order.call(lambda: order.actor.publish("journal", JournalRows((row,))))
    while house.rows("SELECT kind FROM audit") != [("intent",)]:
        house.settle()
    assert "vouches" not in caplog.text


def test_a_damaged_trail_is_reported_at_the_next_start(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(4):
        house.journal.write("intent", f'{{"n":{number}}}')
    house.start_order()
    house.start_state()
    for after in (0, 2, 4):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    house.kill_state()
    with sqlite3.connect(house.directory / "state.db") as editor:
        editor.execute("UPDATE audit SET data = '{\"n\":99}' WHERE sequence = 2")
    editor.close()

    house.start_state()  # which answers first, and checks then
    deadline = time.monotonic() + PATIENCE
    while "row 2 is damaged: its hash does not follow from its contents" not in caplog.text:
        assert time.monotonic() < deadline
        time.sleep(0.01)
