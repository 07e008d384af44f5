"""The kill switch: who pulls it, what it cancels, and what lifts it."""

from __future__ import annotations

import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.messages.broker import GateStands, TransmitCancel
from actors.messages.broker_account import PositionReport
from actors.messages.orders import GateView, GetOrdersView, Halt, PlaceOrder, Resume
from actors.messages.state import FollowJournal
from actors.orders.halt_file import HaltFile
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, order_report, terms
from tests.order.neighbours import House, manual, mine

HELD = PositionReport(1, "DU1", AAPL, Decimal(10), 100.0)


def file_of(house: House) -> Path:
    return house.directory / "HALT"


def halts(house: House) -> list[str]:
    return [row.data for row in house.ref.ask(FollowJournal(0)).items if row.kind == "halt"]


def halted(house: House) -> GateView:
    """The file is seen by itself, within moments."""
    return house.wait_gate("halted").gate


# --- the file -----------------------------------------------------------------------------------------


def test_a_file_made_by_hand_stops_the_next_order_cancels_ours_and_holds_over_restarts(house: House) -> None:
    house.place()
    works = order_report("Submitted", **mine())
    house.says(works)
    house.transmitted()
    file_of(house).touch()
    with pytest.raises(Rejected, match=r"gate halted: kill switch: the file HALT is there \(by file HALT\)"):
        house.place(key="k2")
    assert house.transmitted() == TransmitCancel(1, 1)
    assert house.sent.empty()
    house.restart()
    house.wait_gate("halted")
    assert len(halts(house)) == 1
    assert '"by":"file HALT"' in halts(house)[0]


def test_a_file_is_seen_without_any_order_and_taking_it_away_does_not_lift_the_halt(house: House) -> None:
    file_of(house).write_text("fat finger")
    assert halted(house).reasons == ("kill switch: fat finger (by file HALT)",)
    file_of(house).unlink()
    house.restart()
    assert house.reasons().startswith("kill switch: fat finger")


def test_a_resume_takes_the_file_away_and_orders_leave_again(house: House) -> None:
    HaltFile(house.directory).write(Halt("fire", by="ann", id="a-1"))
    halted(house)
    assert house.ref.ask(Resume("put out")).state == "open"
    assert not file_of(house).exists()
    house.place()
    house.transmitted()


def test_a_resume_does_not_lift_a_halt_that_came_while_it_was_asked(house: House) -> None:
    house.ref.ask(Halt("one", id="a-1"))
    blocked, go_on = threading.Event(), threading.Event()

    def block() -> None:
        blocked.set()
        go_on.wait(5.0)

    house.order.actor.reactor.after(0.0, block)
    house.order.actor.reactor.wake()
    assert blocked.wait(5.0)
    lifting = house.ref.ask_future(Resume("one is over"), timeout=5.0)
    file_of(house).write_text("another")
    go_on.set()
    error = lifting.exception(5.0)
    assert error is None or "another halt that came meanwhile: another" in str(error)
    assert house.gate() == "halted"


def test_a_resume_takes_no_file_away_that_came_while_the_disk_kept_it(house: House) -> None:
    HaltFile(house.directory).write(Halt("one", id="a-1"))
    halted(house)
    records = house.order.actor._records
    keeps = records.require_settings

    def slow(*change: Any) -> None:
        keeps(*change)
        HaltFile(house.directory).write(Halt("another", id="a-2"))

    records.require_settings = slow
    with pytest.raises(Rejected, match="another halt that came meanwhile: another"):
        house.ref.ask(Resume("one is over"))
    assert file_of(house).exists()
    assert house.gate() == "halted"


def test_a_file_that_was_heeded_is_not_heeded_again_after_a_later_halt_or_a_restart(house: House) -> None:
    halt = Halt("one", id="a-1")
    HaltFile(house.directory).write(halt)
    house.ref.ask(halt)
    house.ref.ask(Halt("two", id="b-1"))
    house.restart()
    house.wait_gate("halted")
    with pytest.raises(Rejected, match="kill switch: two"):
        house.place()
    assert len(halts(house)) == 2


@pytest.mark.parametrize("kind", ["a link to nothing", "a pipe", "a link to a pipe"])
def test_whatever_has_the_name_of_the_file_halts_and_a_resume_takes_it_away(house: House, kind: str) -> None:
    if kind != "a link to nothing":
        os.mkfifo(house.directory / "pipe" if "link" in kind else file_of(house))
    if "link" in kind:
        file_of(house).symlink_to(house.directory / "pipe")
    with pytest.raises(Rejected, match="kill switch"):
        house.place()
    assert house.ref.ask(Resume("it is none")).state == "open"
    assert not file_of(house).is_symlink()


def test_a_file_that_cannot_be_taken_away_halts_on_and_says_so(house: House) -> None:
    file_of(house).mkdir()
    assert "cannot be read: Is a directory" in halted(house).reasons[0]
    with pytest.raises(Rejected, match=r"still halted: .*HALT is there, and does not go: Is a directory"):
        house.ref.ask(Resume("please"))
    assert house.gate() == "halted"
    house.restart()
    house.wait_gate("halted")


def test_the_file_and_the_ask_of_one_command_are_one_halt_and_another_ask_is_another(house: House) -> None:
    halt = Halt("fire", "entries", "ann", id="a-1")
    HaltFile(house.directory).write(halt)
    halted(house)
    assert house.ref.ask(halt).state == "halted"
    assert len(halts(house)) == 1
    house.ref.ask(Halt("more fire", "none", "bob"))
    with pytest.raises(Rejected, match=r"kill switch: more fire \(by bob\)"):
        house.place()
    assert len(halts(house)) == 2


def test_a_file_whose_directory_cannot_be_entered_counts_as_there(tmp_path: Path) -> None:
    directory = tmp_path / "file"
    directory.write_text("not a directory")
    file = HaltFile(directory)
    assert "cannot be told: Not a directory" in file.stands()
    found = file.look()
    assert found is not None
    assert "cannot be told" in found.reason


def test_connection_learns_that_what_passes_during_a_halt_flattens(house: House) -> None:
    house.ref.ask(Halt("fire", flatten=True, id="a-1"))
    house.settle()
    stands = house.broker.gates[-1]
    assert isinstance(stands, GateStands)
    assert stands.passes in ("reducing", "none")  # none once it has seen that there is nothing to flatten


# --- what it cancels ----------------------------------------------------------------------------------


def working(house: House) -> None:
    """A position of 10, an exit of it, an entry, and an order made by hand in TWS."""
    exits = terms(key="exit", side="SELL", quantity=10)
    house.place(key="exit", side="SELL", limit=200.0)
    house.place(key="entry", limit=100.0)
    reports = (
        order_report("Submitted", **mine(1), terms=exits),
        order_report("Submitted", **mine(2), terms=terms(key="entry")),
        order_report("Submitted", **manual()),
    )
    house.cut(orders=reports, positions=(HELD,))
    for _ in range(2):
        house.transmitted()


@pytest.mark.parametrize(("mode", "cancelled"), [("none", []), ("entries", [2]), ("own", [1, 2]), ("all", [0, 1, 2])])
def test_what_a_halt_cancels_is_what_its_mode_says(house: House, mode: str, cancelled: list[int]) -> None:
    working(house)
    house.ref.ask(Halt("fire", cancel=mode))  # type: ignore[arg-type] # one of the modes
    house.settle()
    sent = [house.transmitted() for _ in cancelled]
    assert [one.order_id for one in sent] == cancelled
    assert house.sent.empty()


def test_with_all_the_others_orders_are_cancelled_again_while_they_work_and_not_for_ever(house: House) -> None:
    working(house)
    house.ref.ask(Halt("fire", cancel="all"))
    assert [house.transmitted().order_id for _ in range(3)] == [0, 1, 2]
    house.cut(orders=(order_report("Submitted", **manual()),))
    assert house.transmitted() == TransmitCancel(1, 0)
    house.says(order_report("Cancelled", **manual()))
    house.cut()
    house.settle()
    assert [one for one in _rest(house) if one.order_id == 0] == []


def _rest(house: House) -> list[TransmitCancel]:
    found = []
    while not house.sent.empty():
        found.append(house.transmitted())
    return found


def test_a_halt_while_order_is_hung_is_in_force_when_it_comes_to_itself(house: House) -> None:
    hung, free = threading.Event(), threading.Event()

    def hang() -> None:
        hung.set()
        free.wait(5.0)

    house.order.actor.reactor.after(0.0, hang)
    house.order.actor.reactor.wake()
    assert hung.wait(5.0)
    placing = house.ref.ask_future(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"), timeout=5.0)
    file_of(house).touch()
    free.set()
    with pytest.raises(Rejected, match="kill switch"):
        placing.result(5.0)
    assert house.ref.ask(GetOrdersView()).gate.state == "halted"
