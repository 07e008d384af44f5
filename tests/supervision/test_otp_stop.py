"""OTP's supervisor_SUITE, its cases of stopping a supervisor (which were not ported: see test_otp_start)."""

from __future__ import annotations

from supervision.exits import Ending
from tests.supervision.play import Play, child, group


def test_sup_stop_infinity() -> None:
    """A supervisor below has all the time that its children need, one after the other."""
    inner = group("inner", child("alpha", stop_limit=100.0), child("zulu", stop_limit=100.0))
    play = Play(group("root", child("mike"), inner), slow=["alpha", "zulu"])
    play.started("alpha")
    play.started("zulu")
    play.since()
    play.stop()
    play.passes(99.0)
    play.dies("zulu", Ending.NORMAL)
    play.passes(99.0)
    play.dies("alpha", Ending.NORMAL)
    assert play.since() == "-zulu xzulu -alpha xalpha -mike xmike"
    assert play.halted == 0


def test_sup_stop_timeout() -> None:
    """A child that does not leave within its time is killed, and the others are stopped as ever."""
    play = Play(group("root", child("mike"), child("alpha", stop_limit=3.0)), slow=["alpha"])
    play.started("alpha")
    play.since()
    play.stop()
    play.passes(3.0)
    assert play.since() == "-alpha"
    play.passes(0.5)  # the grace for one who used all of its time
    assert play.since() == "!alpha xalpha -mike xmike"
    assert play.halted == 0


def test_sup_stop_brutal_kill() -> None:
    """A child without time to leave is killed and not asked, in its turn."""
    play = Play(group("root", child("mike", stop_limit=0), child("alpha")), slow=["alpha"])
    play.started("alpha")
    play.since()
    play.stop()
    assert play.since() == "-alpha"
    play.dies("alpha", Ending.NORMAL)
    assert play.since() == "xalpha !mike xmike"
    assert play.halted == 0


def test_sup_stop_race() -> None:
    """A stop comes to its end although children end by themselves meanwhile, for whatever reason."""
    endings = list(Ending)
    names = {f"{restart}-{ending.value}": ending for restart in ("temporary", "transient") for ending in endings}
    names |= {f"permanent-{ending.value}": ending for ending in endings}
    children = [child(name, restart=name.partition("-")[0]) for name in names]
    play = Play(group("root", child("first"), *children, child("last")), slow=["last"])
    play.started("last")
    play.since()
    play.stop()
    for name, ending in names.items():
        play.dies(name, ending)
    play.passes(1.0)
    assert play.since() == "-last " + " ".join(f"x{name}" for name in names)
    play.dies("last", Ending.NORMAL)
    assert play.since() == "xlast -first xfirst"
    assert play.halted == 0
