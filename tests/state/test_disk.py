"""A disk that takes nothing is a state of State, not its death; damage is told and nothing is made anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from actors.messages.account import Positions
from actors.messages.broker import ExecutionList
from actors.messages.market import ContractDetails
from actors.messages.session import SessionDown
from actors.messages.state import (
    GetCachedPositions,
    GetReconciliation,
    JournalRows,
    Reconcile,
    RememberHold,
)
from actors.store.audit import AuditTrail
from actors.store.database import Database, DiskTrouble
from supervision.errors import ConfigurationError, Rejected
from tests.state.house import PATIENCE, House
from tests.state.neighbours import AAPL, NOON, bought, holding, session_up
from tests.support.disk import damage, disk_full, torn
from tests.support.local import wait_called


@contextmanager
def no_room(house: House) -> Iterator[None]:
    with disk_full(house.directory / "state.db"):
        yield


def publish(house: House, topic: str, *messages: object) -> None:
    neighbour = house.order if topic == "journal" else house.connection
    neighbour.call(lambda: [neighbour.actor.publish(topic, message) for message in messages])
    house.settle()


def trail(house: House) -> list[str]:
    return [kind for (kind,) in house.rows("SELECT kind FROM audit ORDER BY sequence")]


def wait_probed(house: House) -> None:
    """What is kept was tried once more, in vain."""
    wait_called(house.state, house.state.actor._writes, "_failed")


def test_with_a_full_disk_it_answers_acknowledges_nothing_takes_no_cut_and_catches_up_after(house: House) -> None:
    house.start()
    assert house.journal.followed.get(timeout=PATIENCE) == 0
    before = trail(house)
    assert house.storage.get(timeout=PATIENCE) == ""  # on attaching to a State that can store
    with no_room(house):
        publish(house, "journal", JournalRows((house.journal.write("intent"),)))
        publish(house, "session", SessionDown(1, "gone", NOON), session_up(2))
        publish(house, "journal", JournalRows((house.journal.write("sent"),)))
        view = house.ask(GetReconciliation())
        assert "could not be written" in view.trouble
        assert "could not be written" in house.storage.get(timeout=PATIENCE)
        assert view.last is not None
        with pytest.raises(Rejected, match=r"nothing can be stored.*a reconciliation follows by itself"):
            house.ask(Reconcile("operator"))
        with pytest.raises(Rejected, match="not remembered"):
            house.ask(RememberHold(ContractDetails(AAPL), True))
        with pytest.raises(Rejected, match="no positions were ever confirmed"):
            house.ask(GetCachedPositions())
        house.service.kill("order")
        house.order = house.start_order()
        wait_probed(house)
        assert house.journal.followed.empty()
        assert house.journal.cuts.qsize() == 1
        assert trail(house) == before
    cut = house.next_cut()
    assert (cut.cut, cut.epoch, cut.confirmed, cut.cause) == (view.last.cut + 1, 2, True, "storing works again")
    assert house.storage.get(timeout=PATIENCE) == ""
    for after in (0, 2):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    house.ask(RememberHold(ContractDetails(AAPL), True))
    assert house.ask(GetReconciliation()).trouble == ""
    new = trail(house)[len(before) :]
    assert new[:3] == ["session_down", "session_up", "disk_back"]
    assert sorted(new[3:]) == ["cut", "hold", "intent", "sent"]
    house.service.stop("state")
    database = Database(house.directory / "state.db")
    assert AuditTrail(database).verify() is None
    database.close()


def test_a_cut_that_the_disk_does_not_take_is_refused_and_the_next_knows_no_more_than_the_disk(
    house: House,
) -> None:
    house.start()
    house.broker.held = {"FetchPositions"}
    house.broker.answers["FetchExecutions"] = ExecutionList((bought(1, 10),), ())
    house.broker.answers["FetchPositions"] = holding(10)
    future = house.service.ref("state").ask_future(Reconcile("operator"), timeout=PATIENCE)
    while house.broker.asked.get(timeout=PATIENCE) != "FetchPositions":
        pass
    with no_room(house):
        house.connection.call(house.broker.release("FetchPositions"))
        with pytest.raises(Rejected, match="cut 2 could not be stored"):
            future.result(PATIENCE)
        assert house.cuts.empty()
    cut = house.next_cut()
    assert (cut.cut, cut.confirmed, cut.differences) == (3, True, ())
    assert house.rows("SELECT exec_id, counted FROM known_executions") == [(bought(1, 10).exec_id, "10")]


def test_caches_are_filled_again_when_the_disk_is_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.store.cache_keeper.EVERY_SECONDS", 0.05)
    house.ledger.positions = Positions((), NOON, "broker")
    house.start()
    house.start_account()
    while house.ledger.asked.get(timeout=PATIENCE) != "positions":
        pass
    house.settle()
    assert house.ask(GetCachedPositions()).as_of == NOON
    later = NOON + timedelta(hours=1)
    with no_room(house):
        house.ledger.positions = Positions((), later, "broker")
        publish(house, "session", SessionDown(1, "gone", NOON))  # the write that finds the disk full
        assert house.ask(GetCachedPositions()).as_of == NOON
    while house.ledger.asked.get(timeout=PATIENCE) != "positions":
        pass
    house.settle()
    assert house.ask(GetCachedPositions()).as_of == later


def test_what_is_damaged_is_never_read_as_empty(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    with database.transaction():
        AuditTrail(database).append(NOON, "test", "", "x" * 20_000)
    database.close()
    damage(tmp_path / "state.db")
    with pytest.raises(ConfigurationError, match=r"state\.db is damaged.*restore a backup"):
        AuditTrail(Database(tmp_path / "state.db"))


def test_a_file_held_by_somebody_else_is_trouble_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.store.database.BUSY_SECONDS", 0.01)
    ours, other = Database(tmp_path / "state.db"), Database(tmp_path / "state.db")
    with other.transaction(), pytest.raises(DiskTrouble, match="locked"), ours.transaction():
        pass
    with ours.transaction():
        AuditTrail(ours).append(NOON, "test", "", "{}")
    ours.close()
    other.close()


def test_a_log_torn_at_any_byte_leaves_whole_transactions_and_an_unbroken_chain(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    written = AuditTrail(database)
    for number in range(8):
        with database.transaction():
            for part in range(3):
                written.append(NOON, "test", str(number), "x" * 700, journal_sequence=3 * number + part + 1)
    into = tmp_path / "torn"
    into.mkdir()
    lengths = []
    for copy in torn(database.path, into):
        reopened = Database(copy)
        found = AuditTrail(reopened)
        assert found.verify() is None
        assert found.followed == found.head.sequence
        lengths.append(found.head.sequence)
        reopened.close()
    database.close()
    assert lengths == sorted(lengths)
    assert set(lengths) == set(range(0, 25, 3))
