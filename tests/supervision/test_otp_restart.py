"""OTP's supervisor_SUITE, its cases of restart strategies."""

from __future__ import annotations

from supervision.actions import GiveUp
from supervision.backoff import Backoff
from supervision.exits import Ending
from tests.supervision.play import Play, child, group

ABC = (child("mike"), child("alpha"), child("zulu"))
AT_ONCE = Backoff(base=0.0, factor=1.0, ceiling=0.0, jitter=0.0)


def test_multiple_restarts() -> None:
    """Restarts that stay within the intensity go on for ever."""
    play = Play(group("root", child("mike"), intensity=1, period=1.0, backoff=AT_ONCE))
    play.dies("mike")
    for _ in range(3):
        play.passes(2.1)
        play.dies("mike")
    assert (play.live, play.restarts("mike")) == ({"mike": 5}, 4)
    play.passes(1.0)  # on the edge of the period it counts still
    play.dies("mike")
    assert play.halted == 70


def test_one_for_one() -> None:
    """Only the child that died is restarted; the restarts of all are counted together."""
    play = Play(group("root", *ABC, intensity=2, period=3600.0))
    play.since()
    play.dies("mike")
    assert play.since() == "xmike +mike"
    play.dies("alpha")
    assert play.since() == "xalpha +alpha"
    play.dies("zulu")
    assert play.since() == "xzulu -alpha xalpha -mike xmike"
    assert play.halted == 70


def test_one_for_one_escalation() -> None:
    """A restart that fails is tried again, each try counts, and at last the supervisor stops the others and fails."""
    play = Play(group("root", *ABC, intensity=4, period=3600.0), slow=["mike"])
    play.started("mike")
    play.since()
    play.dies("mike")
    for _ in range(4):
        play.passes(8.0)
        play.dies("mike")
    assert play.since() == "xmike +mike xmike +mike xmike +mike xmike +mike xmike -zulu xzulu -alpha xalpha"
    assert play.restarts("mike") == 4
    reason = "mike failed to start: crash; more than 4 restarts in 3600 s under root"
    assert (play.halted, play.reports[-1]) == (70, GiveUp(70, reason))


def test_one_for_all() -> None:
    """All are restarted, stopped in reverse and started in order, which counts once."""
    play = Play(group("root", *ABC, strategy="one_for_all", intensity=2, period=3600.0))
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha -zulu xzulu -mike xmike +mike +alpha +zulu"
    assert play.live == {"mike": 2, "alpha": 2, "zulu": 2}
    play.dies("mike")
    assert play.since() == "xmike -zulu xzulu -alpha xalpha +mike +alpha +zulu"
    play.dies("zulu")
    assert play.since() == "xzulu -alpha xalpha -mike xmike"
    assert play.halted == 70


def test_one_for_all_escalation() -> None:
    """When one of all cannot be started again, all are tried again, until the supervisor fails."""
    play = Play(group("root", *ABC, strategy="one_for_all", intensity=2, period=3600.0), slow=["alpha"])
    play.started("alpha")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha -mike xmike +mike +alpha"
    play.dies("alpha")
    assert play.since() == "xalpha -mike xmike"
    assert play.halted == 70


def test_one_for_all_other_child_fails_restart() -> None:
    """A child restarted already is stopped again when a later one of the same restart fails to start."""
    play = Play(group("root", child("mike"), child("alpha"), strategy="one_for_all", intensity=3), slow=["alpha"])
    play.started("alpha")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    play.since()
    play.dies("alpha", Ending.NORMAL)  # a failed start, peaceful or not
    play.passes(1.0)
    assert play.since() == "xalpha -mike xmike +mike +alpha"
    play.started("alpha")
    assert play.children() == {"mike": "running", "alpha": "running"}


def test_rest_for_one() -> None:
    """The child that died and those after it are restarted, which counts once; those before it are not touched."""
    play = Play(group("root", *ABC, strategy="rest_for_one", intensity=2, period=3600.0))
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha -zulu xzulu +alpha +zulu"
    play.dies("zulu")
    assert play.since() == "xzulu +zulu"
    assert play.live == {"mike": 1, "alpha": 2, "zulu": 3}
    play.dies("alpha")
    assert play.since() == "xalpha -zulu xzulu -mike xmike"
    assert play.halted == 70


def test_rest_for_one_escalation() -> None:
    """When one of the rest cannot be started again, it is tried again, until the supervisor stops all and fails."""
    play = Play(group("root", *ABC, strategy="rest_for_one", intensity=2, period=3600.0), slow=["alpha"])
    play.started("alpha")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    play.since()
    play.dies("alpha")
    play.passes(8.0)
    play.dies("alpha")
    assert play.since() == "xalpha +alpha xalpha -mike xmike"
    assert play.halted == 70


def test_rest_for_one_other_child_fails_restart() -> None:
    """A child restarted already stays when a later one of the same restart fails to start."""
    play = Play(group("root", *ABC, strategy="rest_for_one", intensity=3), slow=["alpha"])
    play.started("alpha")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha +alpha"
    play.started("alpha")
    assert play.since() == "+zulu"
    assert play.live == {"mike": 2, "alpha": 3, "zulu": 2}
