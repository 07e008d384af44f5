"""The nights of a storm: kills from outside and at planned instants, then the supervisor's SIGKILL, then the next one.

All nights are on one state directory. The last one is judged and ends in order. A victim whose incarnation has an
instant planned is left alone for a while, so that it gets there; all others are struck up to four at once.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Final

from actors.messages.market import GetQuotes
from drills import leaks
from drills.errors import expect
from drills.ground import OFTEN, Ground
from drills.stage import FIVE, Stage
from drills.storm_gateway import fill_one
from drills.storm_people import resume
from drills.storm_plan import Plan, Planned
from drills.stormy import resting, stormy
from drills.traffic import SYMBOLS
from supervision.lifecycle import ChildView

NIGHT: Final = 70
"""About so many kills a night."""
STRATEGIES: Final[Mapping[str, str]] = {"stormy-1": SYMBOLS[0], "stormy-2": SYMBOLS[1]}
VICTIMS: Final = (*FIVE, *STRATEGIES)
SUPERVISOR: Final = "supervisor"
TOGETHER: Final = {1: 6, 2: 3, 3: 2, 4: 1}
"""How many are struck at once, and how often beside the other numbers."""
PATIENCE: Final = 2.0
"""Seconds an incarnation has to reach the instant that is planned for it, before it is struck all the same."""
FILLS: Final = 2
"""Orders that fill while those who were struck are dead."""
MEAN_MOMENT: Final = 0.4
OPEN_SECONDS: Final = 60.0
REACHED: Final = re.compile(r"failpoint ([a-z_.]+)\S*=kill@\S+ acts")
SETTINGS: Final[Mapping[str, object]] = {**OFTEN, "state.reconcile_every": 5.0}

Weather = Callable[[Stage, int], AbstractContextManager[None]]
"""What goes on around the kills of a night: clients, an operator, faults of the gateway. Given the night's own seed."""


class Nights:
    """One storm: who died in it, how often, and where."""

    def __init__(self, ground: Ground, weather: Weather, settings: Mapping[str, object]) -> None:
        self._ground = ground
        self._weather = weather
        self._settings = settings
        self._plan = Plan(ground.rng, VICTIMS)
        self.victims: Counter[str] = Counter()
        self.instants: Counter[str] = Counter()
        """Failpoints at which somebody died."""

    @property
    def missed(self) -> frozenset[str]:
        """Failpoints at which nobody died."""
        return frozenset(self._plan.missed)

    def pass_by(self) -> None:
        """All nights, one after the other."""
        number = max(1, round(self._ground.count / NIGHT))
        for night in range(1, number + 1):
            last = night == number
            left = self._ground.count - self.victims.total()
            self._one(night, left if last else max(1, left // (number - night + 1)), last=last)

    def _one(self, night: int, kills: int, *, last: bool) -> None:
        ground = self._ground
        planned = self._plan.night(max(4, 2 * kills // len(VICTIMS)))
        given = {
            **SETTINGS,
            **self._settings,
            "strategies": [stormy(name, symbol, ground.seed) for name, symbol in STRATEGIES.items()],
        }
        with ground.service(given, judged=last, failpoints=",".join(map(str, planned)), opened=False) as stage:
            resume(stage)
            storm = _Storm(stage, planned)
            with self._weather(stage, ground.seed * 1000 + night):
                done = 0
                while done < kills - (not last):
                    before = self.victims.total()
                    ground.progress((before + done) / ground.count, f"{before + done} of {ground.count} kills")
                    storm.gust()
                    done = storm.killed().total()
                self.victims += storm.killed()
                if not last:
                    self._end(stage)
            if last:
                resume(stage)
                stage.wait_open(OPEN_SECONDS)
                resting(stage, STRATEGIES)
                stage.until("every symbol is wanted again", lambda: set(SYMBOLS) <= _wanted(stage), OPEN_SECONDS)
        self._count_instants()

    def _end(self, stage: Stage) -> None:
        family = leaks.footprint(stage).processes
        stage.note("SIGKILL to the supervisor")
        os.kill(stage.pid, signal.SIGKILL)
        self.victims[SUPERVISOR] += 1
        seconds = leaks.gone_after(family)
        expect(seconds < leaks.GONE_SECONDS, f"everything gone within 1 s of the supervisor's end, not {seconds:.2f} s")

    def _count_instants(self) -> None:
        log = (self._ground.home / "service.log").read_text(errors="replace")
        self.instants = Counter(REACHED.findall(log))
        self._plan.reached(self.instants)


class _Storm:
    """The kills of one night."""

    def __init__(self, stage: Stage, planned: tuple[Planned, ...]) -> None:
        self._stage = stage
        self._planned = {(one.victim, one.incarnation) for one in planned}
        self._since: dict[tuple[str, int], float] = {}

    def killed(self) -> Counter[str]:
        """How often each victim has died so far."""
        actors = self._stage.actors()
        return Counter({name: actors[name].restarts for name in VICTIMS})

    def gust(self) -> None:
        """Strike some at once; then wait until orders leave again and for a moment, or for a moment, or not at all."""
        rng = self._stage.rng
        (number,) = rng.choices([*TOGETHER], [*TOGETHER.values()])
        actors = self._stage.actors()
        for name in rng.sample(VICTIMS, number):
            child = actors[name]
            if child.pid is not None and not self._dies_by_itself(child):
                self._stage.strike_pid(child)
        for _ in range(FILLS):
            fill_one(self._stage, rng)  # while nobody hears it, perhaps
        moment = rng.expovariate(1 / MEAN_MOMENT)
        (patience,) = rng.choices(("open", "moment", "none"), (7, 2, 1))
        if patience == "open":
            self._stage.until("the gate is open or the kill switch on", self._settled, OPEN_SECONDS)
        if patience != "none":
            time.sleep(moment)  # the next one falls at an instant that nothing in the service has to do with

    def _settled(self) -> bool:
        return self._stage.gate() in ("open", "halted")

    def _dies_by_itself(self, child: ChildView) -> bool:
        one = (child.name, child.incarnation)
        return one in self._planned and time.monotonic() - self._since.setdefault(one, time.monotonic()) < PATIENCE


def _wanted(stage: Stage) -> set[str]:
    """What MarketData wants quotes of; just restarted, it has not heard of it yet."""
    return {quote.symbol for quote in stage.desk.market_data.ask(GetQuotes()).items}
