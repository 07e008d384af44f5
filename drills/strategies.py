"""Strategies that do everything wrong beside one that does not, which must not notice.

What keeps failing is parked, shown with its reason where users look, and starts again once its file is mended.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import orjson

from actors.messages.system import CustomEvent
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.saboteur import Deed, saboteur, told
from drills.stage import Stage
from drills.steady import STEADY, TOPIC
from supervision.lifecycle import ChildState, StopChild
from supervision.message import Message

SAMPLES = 5
"""Samples of the steady strategy while another one misbehaves."""
WAITS = {"late": "a timer's callback", "quote": "a quote's callback", "order": "an order"}
USUAL = 0.25
WORST = 1.0
"""Seconds each may take in half of the cases, and at most; without load it is a few milliseconds."""
INTENSITY = 4
SETTINGS = {"supervision.hang_limit": 1.5, "supervision.intensity": INTENSITY}
DEEDS: tuple[tuple[Deed, dict[str, object]], ...] = (
    ("raise", {}),
    ("leave", {}),
    ("hang", {}),
    ("sleep", {"seconds": 1.0}),
    ("tells", {"whom": "order", "count": 20_000}),
    ("asks", {"whom": "order", "count": 2_000}),
    ("logs", {"count": 5_000}),
)
ENDS = ("raise", "leave", "hang")
"""Deeds that end the process."""
MENDED = """
from actors.strategy import Strategy

class Mine(Strategy):
    pass
"""
UNFINISHED = "import a_library_that_nobody_has\n" + MENDED
REASONS = {"unfinished": "a_library_that_nobody_has", "failing": "ZeroDivisionError: as ever"}
FAILING = """
from actors.strategy import Strategy

class Mine(Strategy):
    def on_start(self):
        self.every(0.02)

    def on_timer(self):
        raise ZeroDivisionError("as ever")
"""


@drill(39, "strategies", "strategies fail in every way beside one that trades", about="I7 I8 I11")
def strategies(ground: Ground) -> None:
    mine = [_file(ground.home, "unfinished", UNFINISHED), _file(ground.home, "failing", FAILING)]
    path = os.pathsep.join([str(ground.home), os.environ.get("PYTHONPATH", "")])
    settings = {**SETTINGS, "strategies": [STEADY, saboteur(), *mine]}
    with ground.service(settings, environment={"PYTHONPATH": path}) as stage:
        steady = Samples(stage)
        steady.while_("nothing happens", lambda: None)
        for number, (deed, how) in enumerate(DEEDS):
            ground.progress(number / len(DEEDS), deed)
            steady.while_(deed, partial(_misbehave, stage, deed, how))
            expect(stage.gate() == "open", f"the gate is open whatever a strategy does, here {deed}")
        steady.while_("parked ones are looked at", partial(_expect_shown, ground, stage))
        steady.while_("mended ones are started", partial(_expect_mended, ground, stage))
        ground.record.figures["callbacks of the strategy left alone"] = steady.words()
        stage.ask("supervisor", StopChild("steady"))
        stage.until("it is parked", partial(_is, stage, "steady", "parked"))
        stage.expect_restarts(saboteur=len(ENDS), failing=INTENSITY, unfinished=0, steady=0)


def _file(home: Path, name: str, text: str) -> dict[str, object]:
    """A strategy's file as a user has it, and its settings."""
    (home / f"{name}.py").write_text(text)
    return {"name": name, "target": f"{name}:Mine"}


def _misbehave(stage: Stage, deed: Deed, how: dict[str, object]) -> None:
    """Tell the saboteur; returns when it has done it and answers again."""
    before = stage.actors()["saboteur"].incarnation
    stage.note(f"the saboteur is told to {deed}")
    stage.desk.ref("saboteur").tell(told(deed, **how))
    stage.until(f"the saboteur begins to {deed}", lambda: stage.logged(f"sabotage: {deed}"))
    if deed in ENDS:
        stage.until("it has a successor", lambda: stage.actors()["saboteur"].incarnation > before)
    stage.until("it answers", lambda: stage.ask("saboteur", told("nothing"), timeout=10.0))


def _expect_shown(ground: Ground, stage: Stage) -> None:
    """Both that cannot run are parked, and users are told so and why."""
    for name in REASONS:
        stage.until(f"{name} is parked", partial(_is, stage, name, "parked"))
    status = orjson.loads(ground.command("status", "--json").stdout)
    listed = orjson.loads(ground.command("strategies", "list", "--json").stdout)
    for where, rows in (("status", status["actors"]), ("strategies list", listed)):
        shown = {row["name"]: row for row in rows}
        for name, reason in REASONS.items():
            row = shown[name]
            expect(row["state"] == "parked", f"{where} shows {name} as parked, not {row['state']}")
            expect(reason in row["last_death"], f"{where} says why: {reason!r}, not {row['last_death']!r}")


def _expect_mended(ground: Ground, stage: Stage) -> None:
    """Started by hand once the file is mended, they run."""
    for name in REASONS:
        _file(ground.home, name, MENDED)
        started = ground.command("strategies", "start", name)
        expect(started.returncode == 0, f"{name} is mended and starts: {started.stdout}{started.stderr}")
        expect(_is(stage, name, "running"), f"{name} is mended and runs")


def _is(stage: Stage, name: str, state: ChildState) -> bool:
    return stage.actors()[name].state == state


class Samples:
    """What the steady strategy tells, as it comes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._samples: list[dict[str, float]] = []
        self._worst: dict[str, float] = {}
        stage.desk.listen((TOPIC,), self._heard)

    def while_(self, what: str, act: Callable[[], None]) -> None:
        """It goes on trading while `act` is done, and a little longer, and does not wait. Raises Broken."""
        begun = len(self._samples)
        act()
        enough = len(self._samples) + SAMPLES
        self._stage.until(f"the steady strategy goes on ({what})", lambda: len(self._samples) >= enough)
        for kind, words in WAITS.items():
            took = [sample[kind] for sample in self._samples[begun:] if kind in sample]
            self._worst[kind] = max(self._worst.get(kind, 0.0), *took)
            expect(median(took) < USUAL, f"while {what}: {words} usually took {median(took):.3f} s")
            expect(max(took) < WORST, f"while {what}: {words} took {max(took):.3f} s")

    def words(self) -> str:
        """Medians and worst cases over all."""
        parts = []
        for kind, words in WAITS.items():
            usual = median(sample[kind] for sample in self._samples if kind in sample)
            parts.append(f"{words} {usual * 1000:.1f} ms, at most {self._worst[kind] * 1000:.0f} ms")
        return f"{'; '.join(parts)} ({len(self._samples)} times)"

    def _heard(self, event: Message) -> None:
        if isinstance(event, CustomEvent):
            self._samples.append(event.data)
