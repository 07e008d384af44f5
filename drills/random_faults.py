"""Faults at random, many in a row, while clients and a strategy trade; then heal, final reads, all invariants.

Several nights follow each other on the same state directory: a night ends with the supervisor's SIGKILL, the last
one in order. The same seed brings the same faults in the same order; what they hit is the machine's business.
"""

from __future__ import annotations

import os
import signal
import time

from actors.failpoints import FAILPOINTS
from drills import leaks
from drills.drill import drill
from drills.errors import expect
from drills.faults import Calendar, Nemesis, nemesis
from drills.ground import OFTEN, Ground
from drills.stage import FIVE, Stage
from drills.traffic import trading
from supervision import clock

FAULTS_A_NIGHT = 60
FAILPOINTS_A_NIGHT = 8
MEAN_MOMENT = 0.2
TRADERS = 4
RECOVERY_BUDGET = 3.0
"""Seconds: an actor may have been hit again, or with its fork server, while it came back."""
SAMPLE = "sample"
SETTINGS: dict[str, object] = {
    **OFTEN,
    "supervision.hang_limit": 2.0,
    "state.reconcile_every": 5.0,
    "strategies": [{"name": SAMPLE, "params": {"symbols": ["AAPL", "MSFT"], "rest_seconds": 1.0}}],
}
MEGABYTES_A_NIGHT = 25.0
"""What supervisor, fork server and simulator may grow by; the simulator remembers every order."""


@drill(
    38, "random", "random faults of all kinds, --count of them, then heal and read", about="all", limit=7200, count=50
)
def random_faults(ground: Ground) -> None:
    nights = max(1, round(ground.count / FAULTS_A_NIGHT))
    hit = 0
    calendar = Calendar(ground.home / "calendar")
    for night in range(1, nights + 1):
        last = night == nights
        faults = ground.count - hit if last else ground.count // nights
        environment = {clock.VARIABLE: str(calendar.path)}
        with ground.service(SETTINGS, judged=last, failpoints=_failpoints(ground), environment=environment) as stage:
            began = leaks.footprint(stage)
            with (
                trading(stage, ground.seed + night, traders=TRADERS),
                nemesis(stage, (*FIVE, SAMPLE), calendar) as enemy,
            ):
                for _ in range(faults):
                    ground.progress(hit / ground.count, f"fault {hit + 1} of {ground.count}")
                    _one(stage, enemy)
                    hit += 1
            stage.wait_open(30.0)
            ended = leaks.footprint(stage)
            _keep_footprint(ground, stage, night, began, ended)
            if not last:
                _end_of_the_night(ground, night, stage, ended)


def _one(stage: Stage, enemy: Nemesis) -> None:
    """A fault; then wait until its victim answers, or until orders leave again, or for a moment, or not at all."""
    blow = enemy.strike()
    patience = stage.rng.choice(("answers", "open", "moment", "none"))
    moment = stage.rng.expovariate(1 / MEAN_MOMENT)
    if patience == "answers" and blow is not None:
        stage.recovers(blow, within=RECOVERY_BUDGET, limit=30.0, cause="SIGKILL among other faults")
    elif patience == "open":
        stage.wait_open(30.0)
    elif patience == "moment":
        time.sleep(moment)  # the next fault falls at an instant that nothing in the service has to do with


def _failpoints(ground: Ground) -> str:
    """Some named instants of this night at which an actor dies, whichever incarnation gets there."""
    names = sorted(name for name in FAILPOINTS if name.partition(".")[0] in FIVE)
    chosen = ground.rng.sample(names, FAILPOINTS_A_NIGHT)
    return ",".join(f"{name}=kill@{ground.rng.randint(1, 3)}/{ground.rng.randint(1, 6)}" for name in chosen)


def _keep_footprint(ground: Ground, stage: Stage, night: int, began: leaks.Footprint, ended: leaks.Footprint) -> None:
    ground.record.figures[f"night {night}"] = (
        f"{began.megabytes:.0f} to {ended.megabytes:.0f} MB, "
        f"{began.descriptors[stage.pid]} to {ended.descriptors[stage.pid]} descriptors of the supervisor"
    )
    ground.record.violations += leaks.grown(stage, began, ended)
    if ended.megabytes > began.megabytes + MEGABYTES_A_NIGHT:
        grown = f"from {began.megabytes:.0f} to {ended.megabytes:.0f} MB"
        ground.record.violations.append(f"I9: supervisor, fork server and simulator grew {grown} in night {night}")


def _end_of_the_night(ground: Ground, night: int, stage: Stage, family: leaks.Footprint) -> None:
    """The supervisor is killed; everything must be gone at once, and the next night begins with what is on disk."""
    stage.note("SIGKILL to the supervisor")
    os.kill(stage.pid, signal.SIGKILL)
    seconds = leaks.gone_after(family.processes)
    ground.record.figures[f"end of night {night}"] = f"all gone after {seconds * 1e3:.0f} ms"
    expect(seconds < leaks.GONE_SECONDS, f"everything gone within 1 s of the supervisor's end, it took {seconds:.2f} s")
