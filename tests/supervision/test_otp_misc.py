"""OTP's supervisor_SUITE, what is left: trees, order, restarts that hang, another specification."""

from __future__ import annotations

import pytest

from supervision.actions import Added, Booted, Removed
from supervision.errors import Rejected
from supervision.exits import Ending
from tests.supervision.play import Play, child, group


def test_child_unlink() -> None:
    """A child that ignores its supervisor hangs nobody: the others are served meanwhile, and its time ends."""
    play = Play(group("root", child("naughty"), child("mike")), slow=["naughty"])
    play.started("naughty")
    play.since()
    play.stop_child("naughty")
    play.dies("mike")
    assert play.since() == "-naughty xmike +mike"
    play.passes(5.5)
    assert play.since() == "!naughty xnaughty"


def test_tree() -> None:
    """A child's death is its supervisor's affair, until that one has too many and its own restarts all of its kind."""
    first = group("first", child("mike"), child("alpha"), intensity=4, period=3600.0)
    second = group("second", child("zulu"), child("echo"), intensity=4, period=3600.0)
    play = Play(group("root", first, second, strategy="one_for_all", intensity=4, period=3600.0), slow=["zulu"])
    play.started("zulu")
    play.since()
    play.dies("echo")
    assert play.since() == "xecho +echo"
    for _ in range(4):
        play.dies("zulu")
        play.passes(8.0)
    assert (
        play.since()
        == "xzulu +zulu xzulu +zulu xzulu +zulu" + " xzulu -echo xecho -alpha xalpha -mike xmike +mike +alpha +zulu"
    )
    play.started("zulu")
    assert set(play.children().values()) == {"running"}
    assert play.halted is None


def test_order_of_children() -> None:
    """Children start in the order of the specification, whatever their names, and stop in the opposite one."""
    play = Play(group("root", *(child(name) for name in ("ch7", "ch3", "ch10", "ch2", "ch5")), strategy="rest_for_one"))
    assert play.since() == "+ch7 +ch3 +ch10 +ch2 +ch5"
    play.dies("ch10")
    assert play.since() == "xch10 -ch5 xch5 -ch2 xch2 +ch10 +ch2 +ch5"
    play.stop()
    assert play.since() == "-ch5 xch5 -ch2 xch2 -ch10 xch10 -ch3 xch3 -ch7 xch7"


def test_hanging_restart_loop() -> None:
    """A child and the supervisor can be stopped while a restart fails again and again."""
    play = Play(group("root", child("mike"), intensity=8), slow=["mike"])
    play.started("mike")
    for _ in range(2):
        play.dies("mike")
        play.dies("mike")
        assert play.children() == {"mike": "backing_off"}
        with pytest.raises(Rejected, match="mike is backing_off"):
            play.start_child("mike")
        play.stop_child("mike")
        assert play.children() == {"mike": "parked"}
        play.passes(100.0)
        assert play.live == {}
        play.start_child("mike")
        play.started("mike")
    play.dies("mike")
    play.dies("mike")
    play.since()
    play.stop()
    play.passes(100.0)
    assert play.since() == ""
    assert play.halted == 0


def test_hanging_restart_loop_rest_for_one() -> None:
    """The same in a rest_for_one: who comes before is not touched, who comes after waits, and the stop is obeyed."""
    children = (child("mike"), child("alpha"), child("zulu"))
    play = Play(group("root", *children, strategy="rest_for_one", intensity=8), slow=["alpha"])
    play.started("alpha")
    play.dies("alpha")
    play.dies("alpha")
    assert play.children() == {"mike": "running", "alpha": "backing_off", "zulu": "backing_off"}
    assert play.live == {"mike": 1}
    play.stop_child("alpha")
    play.passes(1.0)  # OTP leaves the third down; here it no longer waits for the second
    assert play.children() == {"mike": "running", "alpha": "parked", "zulu": "running"}
    play.start_child("alpha")
    play.started("alpha")
    play.dies("alpha")
    play.dies("alpha")
    play.since()
    play.stop()
    assert play.since() == "-mike xmike"
    assert play.halted == 0


def test_code_change() -> None:
    """Children are added, changed and removed, and the intensity changes; what is as it was is not touched.

    OTP keeps children that the new specification does not name, and starts none; here it is carried out.
    """
    mike, alpha = child("mike"), child("alpha")
    play = Play(group("root", mike, alpha, intensity=1))
    play.since()
    play.change(group("root", mike, child("alpha", kwargs={"size": 2}), child("echo"), intensity=2))
    assert play.since() == "-alpha xalpha +alpha +echo"
    assert (play.restarts("alpha"), play.live) == (0, {"mike": 1, "alpha": 2, "echo": 1})
    play.change(group("root", mike, child("echo"), intensity=2))
    assert play.since() == "-alpha xalpha"
    assert play.reports == [Booted(), Added("echo"), Removed("alpha")]
    for _ in range(2):  # one was allowed before
        play.dies("mike", Ending.ABNORMAL)
        play.passes(8.0)
    assert play.halted is None
    play.dies("echo")
    assert play.halted == 70
