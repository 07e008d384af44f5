"""A child that cannot start yet, for want of something that may come: no case of OTP's."""

from __future__ import annotations

import pytest

from supervision.exits import Ending
from tests.supervision.play import Play, child, group

ABC = (child("mike"), child("alpha"), child("zulu"))
WAITS = (0.0, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)


@pytest.mark.parametrize("strategy", ["one_for_one", "rest_for_one", "one_for_all"])
def test_a_child_that_cannot_start_yet_is_tried_again_ever_slower_and_those_after_it_wait(strategy: str) -> None:
    """At the boot, where any other failure to start ends the service."""
    play = Play(group("root", *ABC, strategy=strategy, intensity=1, period=3600.0), slow=["alpha"])
    for seconds in WAITS:
        play.passes(seconds)
        assert play.state("alpha") == "starting", f"not tried again after {seconds} s"
        assert "zulu" not in play.live
        play.dies("alpha", Ending.NOT_YET)
    play.passes(8.0)
    play.started("alpha")
    assert play.children() == {"mike": "running", "alpha": "running", "zulu": "running"}


def test_starts_that_could_not_be_yet_count_against_nobody() -> None:
    """One restart in an hour is allowed: a crash uses it up, seven starts that could not be do not."""
    play = Play(group("root", *ABC, intensity=1, period=3600.0), slow=["alpha"])
    play.started("alpha")
    play.dies("alpha")
    for _ in WAITS:
        play.passes(8.0)
        play.dies("alpha", Ending.NOT_YET)
    play.passes(8.0)
    play.started("alpha")
    assert play.halted is None
    assert play.state("alpha") == "running"
    play.dies("alpha")
    assert play.since().endswith("xalpha -zulu xzulu -mike xmike")
    assert play.halted == 70
