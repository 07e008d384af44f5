"""What cannot run: actors that fail faster than they may, that cannot start, that are configured wrongly.

A service gives up with an exit code that says why and leaves nothing; it never turns in circles.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Final

import orjson
import psutil

from actors.messages.orders import GetOrder, Halt
from drills import leaks, service_log
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.stage import FIVE, Stage
from supervision import exits
from supervision.errors import ActorDied
from supervision.lifecycle import StartChild

BROKER: Final = ("connection", "account", "order", "market_data")
"""The children of one supervisor, in the order of their start."""
FELL: Final = "supervisor broker fails, its children are stopped: "
SAMPLE: Final = "sample"
QUICK_SECONDS: Final = 10.0
"""A service that cannot start says so within this time, Python's own start and a busy machine included."""


@drill(10, "escalation", "SIGKILL Connection faster than the intensity allows", about="I1 I4 I9 I11", quick=True)
def escalation(ground: Ground) -> None:
    """First its supervisor restarts all its four, then the root gives up, in reverse order; the next one goes on."""
    with ground.service({"supervision.intensity": 1}, judged=False) as stage:
        waiting = stage.place(limit=1.0).key
        bought = stage.place(quantity=10).key
        _kill_twice(stage)
        for name, incarnation in zip(BROKER, (3, 2, 2, 2), strict=True):
            stage.becomes(name, "running", incarnation)
        expect(stage.logged(f"{FELL}connection: "), "the log says why the other three were stopped")
        stage.wait_open()
        said, family = len(stage.log()), leaks.footprint(stage)
        _kill_twice(stage)
        code, fell = stage.exit_code(), service_log.ended(stage.log()[said:])
        expect(code == exits.CRASH, f"exit code {exits.CRASH}, not {code}")
        expect(stage.logged("giving up with exit code 70: connection: "), "the log says who made it give up, and why")
        order = ["connection", "connection", "market_data", "order", "account", "state", "simulator"]
        expect(fell == order, f"the others stop in reverse order after the two kills, not {fell}")
        ground.record.violations += leaks.left_behind(family, stage.run_dir, stage.state_dir)
    with ground.service() as stage:
        known = [stage.desk.order.ask(GetOrder(key)).status for key in (waiting, bought)]
        expect(known[0] == "SUBMITTED", f"the waiting order works as before, it is {known[0]}")
        expect(known[1] == "FILLED", f"the market order is filled, it is {known[1]}")


def _kill_twice(stage: Stage) -> None:
    stage.recovers(stage.strike("connection"))
    stage.strike("connection")


@drill(11, "no-start", "on_start of an actor raises, or finds its configuration wrong, at the boot", about="I9")
def no_start(ground: Ground) -> None:
    for number, (action, expected) in enumerate((("crash", exits.CRASH), ("exit:78", exits.CONFIGURATION))):
        ground.progress(number / 2, action)
        with tempfile.TemporaryDirectory(prefix="nd-", dir="/tmp") as runtime:
            code, said, seconds = ground.start_to_end(
                {"logging.level": "debug"}, f"actor.start[order]={action}@1/*", environment={"XDG_RUNTIME_DIR": runtime}
            )
            left = [*Path(runtime).iterdir()]
        ground.record.figures[f"{action} at the boot: gone after"] = f"{seconds:.1f} s"
        expect(code == expected, f"exit code {expected}, not {code}: {said}")
        expect(f"giving up with exit code {expected}: order" in said, f"the log names the actor: {said}")
        expect(seconds < QUICK_SECONDS, f"it ends within {QUICK_SECONDS:g} s, it took {seconds:.1f} s")
        expect("order (incarnation 2)" not in said, "a start that fails at the boot is not tried again")
        children = service_log.processes(said)
        expect(len(children) == 5, f"simulator, state, connection, account and order were born, not {children}")
        left += [path for path in (ground.home / "service.json", ground.home / "lock") if path.exists()]
        expect(not left, f"nothing is left on disk but the books, there is {left}")
        alive = [pid for pid in children if psutil.pid_exists(pid)]
        expect(not alive, f"no process is left, there is {alive}")


@drill(12, "no-restart", "on_start raises at each restart, SIGTERM meanwhile", about="I4 I9 I11")
def no_restart(ground: Ground) -> None:
    """OTP's hanging_restart_loop: a supervisor that tries again and again still hears that it shall stop."""
    points = [f"actor.start[account]=crash@1/{incarnation}" for incarnation in range(2, 60)]
    settings = {"supervision.intensity": 100, "supervision.period": 1e6, "logging.level": "debug"}
    with ground.service(settings, failpoints=",".join(points), judged=False) as stage:
        stage.strike("account")
        stage.becomes("account", "backing_off", 6)
        family = leaks.footprint(stage)
        began = time.monotonic()
        os.kill(stage.pid, signal.SIGTERM)
        code, seconds = stage.exit_code(), time.monotonic() - began
        expect(code == exits.NORMAL, f"exit code 0, not {code}")
        records = stage.log()
        stop = next(n for n, record in enumerate(records) if record.get("message") == "SIGTERM: stopping in order")
        expect(not service_log.born(records[stop:]), f"no child born after the stop began, but {records[stop:]}")
        ground.record.violations += leaks.left_behind(family, stage.run_dir, stage.state_dir)
        ground.record.figures["stopped after"] = f"{seconds * 1e3:.0f} ms"
    with ground.service():
        ground.progress(0.5, "the next service")


@drill(13, "configuration", "an actor, then a strategy ends with exit code 78", about="I4 I7 I9 I11")
def configuration(ground: Ground) -> None:
    """One of the five takes the service along, at once and with the same code; a strategy is parked and shown."""
    with ground.service(failpoints="actor.handle[Halt]=exit:78", judged=False) as stage:
        said, family = len(stage.log()), leaks.footprint(stage)
        with contextlib.suppress(ActorDied):
            stage.ask("order", Halt("drill"))
        code, ended = stage.exit_code(), service_log.ended(stage.log()[said:])
        expect(code == exits.CONFIGURATION, f"exit code {exits.CONFIGURATION}, not {code}")
        expect(sorted(ended) == sorted((*FIVE, "simulator")), f"each child ended once, not {ended}")
        expect(stage.logged("giving up with exit code 78: order: "), "the log says who made it give up")
        ground.record.violations += leaks.left_behind(family, stage.run_dir, stage.state_dir)
    points = [f"actor.start[{SAMPLE}]=exit:78@1/{incarnation}" for incarnation in (1, 2)]
    with ground.service({"strategies": [{"name": SAMPLE}]}, failpoints=",".join(points)) as stage:
        _parked(ground, stage, incarnation=1)
        stage.ask("supervisor", StartChild(SAMPLE))
        _parked(ground, stage, incarnation=2)
        stage.place(quantity=3)
        stage.ask("supervisor", StartChild(SAMPLE))
        stage.becomes(SAMPLE, "running", 3)
        stage.expect_restarts(**{SAMPLE: 0})


def _parked(ground: Ground, stage: Stage, incarnation: int) -> None:
    """It is set aside after one try, and a user sees that it is, and why."""
    stage.becomes(SAMPLE, "parked", incarnation)
    listed = ground.command("strategies", "list", "--json")
    (shown,) = orjson.loads(listed.stdout)
    expect(shown["state"] == "parked", f"`strategies list` shows it parked, not {listed.stdout}")
    expect(shown["incarnation"] == incarnation, f"{incarnation} incarnations, not {listed.stdout}")
    expect("configuration" in shown["last_death"], f"`strategies list` says why, not {listed.stdout}")
    expect(stage.logged(f"{SAMPLE} is parked until it is started by hand: "), "the log says so, as an error")
