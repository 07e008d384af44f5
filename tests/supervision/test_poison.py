"""A message that kills each incarnation it reaches is left out after the second; the rest goes on."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

import pytest

from supervision.errors import ActorDied, Rejected
from supervision.exits import CRASH, NORMAL
from supervision.hand import Hand
from supervision.message import Message
from supervision.poison import PoisonWatch
from supervision.slot import TEXT_LIMIT, Slot
from supervision.tally import Tally
from tests.supervision.toy_run import Service, eventually, toy
from tests.supervision.toys import Nap, Parcel, Parcels

PERM = "OrderReport perm 1"


@pytest.mark.parametrize(
    ("deaths", "quarantined"),
    [
        ([(PERM, CRASH, False)], False),
        ([(PERM, CRASH, False), (PERM, CRASH, False)], True),
        ([(PERM, CRASH, False), (PERM, -signal.SIGABRT, True)], True),
        ([(PERM, -signal.SIGKILL, True), (PERM, -signal.SIGSEGV, False)], True),
        ([(PERM, CRASH, False), ("OrderReport perm 2", CRASH, False), (PERM, CRASH, False)], False),
        ([(PERM, CRASH, False), (PERM, -signal.SIGKILL, False), (PERM, CRASH, False)], False),
        ([(PERM, NORMAL, False), (PERM, NORMAL, False)], False),
        ([("PlaceOrder", CRASH, False), ("PlaceOrder", CRASH, False)], False),
        ([("", CRASH, False), ("", CRASH, False)], False),
    ],
)
def test_what_is_poison(deaths: list[tuple[str, int, bool]], quarantined: bool) -> None:
    watch = PoisonWatch()
    for in_hand, code, hung in deaths:
        watch.died(in_hand, code, hung=hung)
    assert watch.quarantined == ((PERM,) if quarantined else ())


def test_a_quarantine_lasts_and_grows() -> None:
    watch = PoisonWatch()
    for name in ("A 1", "A 1", "A 1", "B 2", "B 2"):
        watch.died(name, CRASH, hung=False)
    assert watch.quarantined == ("A 1", "B 2")


def test_a_batch_is_worked_through_with_each_item_in_hand_and_without_the_quarantined(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slot, tally = Slot(tmp_path / "a.slot", create=True), Tally()
    hand = Hand(slot, ("Parcel no 2",), tally, logging.getLogger("toy"))
    items = (Parcel(1), Parcel(2), Parcel(3), Parcel(2))
    batch = Parcels(items)
    seen = [(parcel.number, slot.read().in_hand) for parcel in hand.each(batch, items)]
    assert seen == [(1, "Parcel no 1"), (3, "Parcel no 3")]
    assert slot.read().in_hand == "Parcels", "what comes after the batch is not the last item's fault"
    assert hand.take(Nap(1.0))
    assert slot.read().in_hand == "Nap"
    assert tally.skipped == 2
    assert [record.levelname for record in caplog.records] == ["ERROR"], "named once"
    slot.close()


def test_a_name_longer_than_the_slot_is_recognised_all_the_same(tmp_path: Path) -> None:
    class Letter(Message, frozen=True):
        def identity(self) -> str:
            return "ü" * TEXT_LIMIT

    slot = Slot(tmp_path / "a.slot", create=True)
    assert Hand(slot, (), Tally(), logging.getLogger("toy")).take(Letter())
    died_with = slot.read().in_hand
    assert not Hand(slot, (died_with,), Tally(), logging.getLogger("toy")).take(Letter())
    slot.close()


def test_poison_that_comes_again_costs_two_incarnations_and_no_third(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha"), intensity=9) == "ready"
    alpha = service.who("alpha")
    bad, good = Parcel(7, bad=True), Parcel(8)
    for message in (bad, Parcels((good, bad))):  # alone, and in a batch: the same thing
        service.who("mike")
        with pytest.raises(ActorDied):
            service.ref("mike").ask(message)
    third = service.who("mike")
    with pytest.raises(Rejected, match="Parcel no 7 is quarantined") as refusal:
        service.ref("mike").ask(bad)
    assert refusal.value.kind == "quarantined"
    service.ref("mike").ask(Parcels((bad, good, bad)))
    service.ref("mike").ask(good)
    now = service.who("mike")
    assert (now.pid, now.incarnation, now.notices) == (third.pid, 3, ("opened 8", "opened 8"))
    assert [(d.incarnation, d.exit_code, d.in_hand) for d in service.tree().deaths] == [
        (1, CRASH, "Parcel no 7"),
        (2, CRASH, "Parcel no 7"),
    ]
    view = eventually(lambda: child if (child := service.tree().children[0]).skipped == 3 else None)
    assert view.quarantined == ("Parcel no 7",)
    assert service.log().count("Parcel no 7 is quarantined") == 1
    assert service.who("alpha").pid == alpha.pid
