"""Children that are set aside: by a supervisor that parks, by the configuration, by hand; and orders by hand."""

from __future__ import annotations

import pytest

from supervision.actions import Booted, Parked
from supervision.errors import Rejected
from supervision.exits import Ending
from tests.supervision.play import Play, child, group


def parking(**options: object) -> Play:
    inner = group("strategies", child("bad"), child("good"), exhausted="park", intensity=1)
    return Play(group("root", child("core"), inner), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("ending", [Ending.CONFIGURATION, Ending.REFUSED, Ending.ABNORMAL])
def test_a_strategy_that_cannot_start_is_parked_and_the_others_run(ending: Ending) -> None:
    play = parking(slow=["bad"])
    play.dies("bad", ending)
    assert sorted(play.live) == ["core", "good"]
    assert play.state("bad") == "parked"
    assert play.reports == [Parked("bad", "bad failed to start: crash"), Booted()]


def test_a_strategy_that_keeps_failing_is_parked_alone_and_runs_again_when_asked() -> None:
    play = parking()
    play.dies("bad")
    play.dies("good")  # one restart each: they do not add up
    play.dies("bad")
    assert (play.state("bad"), play.state("good"), play.halted) == ("parked", "running", None)
    play.passes(1000.0)
    play.start_child("bad")
    assert play.live["bad"] == 3
    assert play.restarts("bad") == 1
    play.dies("bad")  # its history began anew
    assert play.state("bad") == "running"


def test_a_child_stopped_by_hand_stays_parked_until_started_by_hand() -> None:
    play = parking()
    play.since()
    play.stop_child("good")
    play.passes(1000.0)
    assert play.since() == "-good xgood"
    assert play.state("good") == "parked"
    play.start_child("good")
    assert play.since() == "+good"


def test_a_child_that_begins_parked_waits_for_a_hand_and_holds_up_nobody() -> None:
    play = Play(group("root", child("mike"), child("alpha", parked=True), child("zulu")))
    assert play.since() == "+mike +zulu"
    assert play.reports == [Booted()]
    assert play.state("alpha") == "parked"
    play.start_child("alpha")
    assert play.since() == "+alpha"
    assert play.restarts("alpha") == 0


def test_orders_that_make_no_sense_are_refused_in_words() -> None:
    play = parking()
    with pytest.raises(Rejected, match="there is no child 'ugly'"):
        play.start_child("ugly")
    with pytest.raises(Rejected, match="good is running"):
        play.start_child("good")
    play.stop_child("good")
    with pytest.raises(Rejected, match="good is parked already"):
        play.stop_child("good")
    play.stop()
    with pytest.raises(Rejected, match="the service is halted"):
        play.start_child("good")


def test_a_child_started_by_hand_does_not_wait_for_what_was_left_of_its_back_off() -> None:
    play = Play(group("root", child("mike")), slow=["mike"])
    play.started("mike")
    play.dies("mike")
    play.dies("mike")
    play.stop_child("mike")
    play.start_child("mike")
    assert play.live == {"mike": 3}


def test_a_child_started_by_hand_is_tried_again_once_others_drag_it_into_their_restart() -> None:
    play = Play(group("root", child("mike"), child("alpha", parked=True), strategy="one_for_all"), slow=["alpha"])
    play.start_child("alpha")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    play.dies("alpha")
    play.passes(1.0)
    assert play.children() == {"mike": "running", "alpha": "starting"}


def test_parked_children_do_not_keep_a_stop_from_ending() -> None:
    play = parking()
    play.stop_child("good")
    play.stop()
    assert play.halted == 0
