"""OTP's supervisor_SUITE, its cases of restart types: what an end, peaceful or not, means for each of them.

OTP's `normal` is exit code 0, its `shutdown` the SIGTERM of somebody else, and everything else is abnormal.
"""

from __future__ import annotations

import signal

import pytest

from supervision import exits
from supervision.actions import GiveUp
from tests.supervision.play import Play, child, group

SHUTDOWN = -signal.SIGTERM
ABNORMAL = [exits.CRASH, exits.WRONG_PARENT, exits.SUPERVISOR_GONE, -signal.SIGKILL, -signal.SIGABRT, 1]


def lives_after(restart: str, code: int) -> bool:
    """Whether a child of this type lives after such an end; its neighbour always does, untouched."""
    play = Play(group("root", child("mike"), child("alpha", restart=restart), intensity=2, period=3600.0))
    play.exits("alpha", code)
    assert play.live["mike"] == 1
    assert play.state("alpha") == ("running" if "alpha" in play.live else "stopped")
    assert play.halted is None
    return "alpha" in play.live


def test_permanent_normal() -> None:
    """A permanent child is always restarted."""
    assert lives_after("permanent", exits.NORMAL)


def test_transient_normal() -> None:
    """A transient child that ends in peace is not restarted."""
    assert not lives_after("transient", exits.NORMAL)


def test_temporary_normal() -> None:
    """A temporary child is never restarted."""
    assert not lives_after("temporary", exits.NORMAL)


def test_permanent_shutdown() -> None:
    """A permanent child is restarted also when somebody else told it to leave."""
    assert lives_after("permanent", SHUTDOWN)


def test_transient_shutdown() -> None:
    """A transient child that somebody told to leave is not restarted."""
    assert not lives_after("transient", SHUTDOWN)


def test_temporary_shutdown() -> None:
    """A temporary child is never restarted."""
    assert not lives_after("temporary", SHUTDOWN)


@pytest.mark.parametrize("code", ABNORMAL)
def test_permanent_abnormal(code: int) -> None:
    """A permanent child is always restarted."""
    assert lives_after("permanent", code)


@pytest.mark.parametrize("code", ABNORMAL)
def test_transient_abnormal(code: int) -> None:
    """A transient child is restarted after an abnormal end."""
    assert lives_after("transient", code)


@pytest.mark.parametrize("code", ABNORMAL)
def test_temporary_abnormal(code: int) -> None:
    """A temporary child is never restarted."""
    assert not lives_after("temporary", code)


def test_temporary_bystander() -> None:
    """A temporary child that had to go in a restart of others is removed, and does not bring the supervisor down."""
    for strategy in ("one_for_all", "rest_for_one"):
        children = (child("mike"), child("alpha", restart="temporary"))
        play = Play(group("root", *children, strategy=strategy, intensity=2))
        play.since()
        play.exits("mike", exits.NORMAL)
        assert play.since() == "xmike -alpha xalpha +mike"
        play.passes(350.0)
        assert (play.halted, play.children()) == (None, {"mike": "running", "alpha": "stopped"})


@pytest.mark.parametrize(("code", "leaves_with"), [(exits.CRASH, 70), (exits.CONFIGURATION, 78), (exits.REFUSED, 10)])
def test_faulty_application_shutdown(code: int, leaves_with: int) -> None:
    """A supervisor below that cannot start a child brings the start of the whole down, and says which child it was."""
    inner = group("inner", child("alpha"), child("zulu"))
    play = Play(group("root", child("mike"), inner, child("last")), slow=["zulu"])
    play.since()
    play.exits("zulu", code)
    assert play.since() == "xzulu -alpha xalpha -mike xmike"
    assert (play.halted, play.reports[-1:]) == (leaves_with, [GiveUp(leaves_with, "zulu failed to start: crash")])


def test_nonsignificant_temporary() -> None:
    """A supervisor lives on without children when the last temporary one has ended."""
    play = Play(group("root", child("mike"), group("inner", child("alpha", restart="temporary"))))
    play.exits("alpha", exits.NORMAL)
    assert (play.live, play.halted) == ({"mike": 1}, None)
    play.start_child("alpha")
    play.exits("alpha", exits.CRASH)
    assert (play.live, play.halted) == ({"mike": 1}, None)


def test_nonsignificant_transient() -> None:
    """A supervisor lives on without children when the last transient one has ended in peace."""
    play = Play(group("root", child("mike"), group("inner", child("alpha", restart="transient"))))
    play.exits("alpha", exits.CRASH)
    assert play.live == {"mike": 1, "alpha": 2}
    play.exits("alpha", exits.NORMAL)
    assert (play.live, play.halted) == ({"mike": 1}, None)
