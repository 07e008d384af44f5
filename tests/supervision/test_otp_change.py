"""OTP's supervisor_SUITE, its code_change cases: another specification for a tree that runs.

OTP keeps what the new specification does not name and starts nothing by itself; here a change is carried out, as
somebody who edits a configuration expects.
"""

from __future__ import annotations

from supervision.actions import Added, Booted, Removed
from tests.supervision.play import Play, child, group

MIKE, ALPHA = child("mike"), child("alpha")
NEW = {"kwargs": {"size": 2}}


def test_code_change() -> None:
    """Children are added, changed and removed; the flags of the supervisor change; the others are not touched."""
    play = Play(group("root", MIKE, ALPHA, intensity=1))
    play.since()
    play.change(group("root", MIKE, child("alpha", **NEW), child("echo"), intensity=2))
    assert play.since() == "-alpha xalpha +alpha +echo"
    assert (play.restarts("alpha"), play.live) == (0, {"mike": 1, "alpha": 2, "echo": 1})
    play.change(group("root", MIKE, child("echo"), intensity=2))
    assert play.since() == "-alpha xalpha"
    assert play.reports == [Booted(), Added("echo"), Removed("alpha")]
    for _ in range(2):  # one restart was allowed before
        play.dies("mike")
        play.passes(8.0)
    assert play.halted is None
    play.dies("echo")
    assert play.halted == 70
