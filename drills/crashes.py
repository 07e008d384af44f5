"""Actors killed with SIGKILL: alone, in pairs, before they have started, and faster than the intensity allows."""

from __future__ import annotations

from drills.drill import drill
from drills.ground import Ground
from drills.stage import FIVE


@drill(1, "kill-each", "SIGKILL each of the five in turn, idle", about="I1 I7 I8 I9 I11", quick=True)
def kill_each(ground: Ground) -> None:
    with ground.service() as stage:
        for number, name in enumerate(FIVE):
            ground.progress(number / len(FIVE), name)
            stage.recovers(stage.strike(name))
            stage.wait_open()
        stage.expect_restarts(**dict.fromkeys(FIVE, 1))
