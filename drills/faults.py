"""Faults for the random drill: each does one bad thing to a running service, chosen and shaped by the seed.

A fault returns the blow that ended an actor, if it was one. Whatever lasts (a stopped process, a gateway that is
down) ends by itself within seconds, or is ended by `heal`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from drills.errors import Broken
from drills.stage import FIVE, Blow, Stage
from supervision.boot import socket_path
from supervision.clock import set_shift
from supervision.errors import Rejected
from supervision.lifecycle import StartChild

Fault = Callable[["Nemesis"], Blow | None]


class Calendar:
    """The calendar of the services of one drill. It only goes forward, so that what they dated can be put in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ahead = 0.0
        self.leap(0.0)

    def leap(self, seconds: float) -> None:
        """Set it ahead by so much more."""
        self._ahead += seconds
        set_shift(self.path, calendar=self._ahead)


class Nemesis:
    """Hurts one service; owns what it stopped until `heal`."""

    def __init__(self, stage: Stage, victims: tuple[str, ...], calendar: Calendar) -> None:
        self.stage = stage
        self.calendar = calendar
        self.rng = stage.rng
        self.victims = victims
        self._timers: list[threading.Timer] = []

    def strike(self) -> Blow | None:
        """One fault, drawn by its weight."""
        fault = self.rng.choices([fault for fault, _ in FAULTS], [weight for _, weight in FAULTS])[0]
        return fault(self)

    def heal(self) -> None:
        """End everything that lasts: the gateway answers, processes run, parked children are started."""
        for timer in self._timers:
            timer.join()
        self.stage.market("up")
        self.stage.market("deaf off")
        self.stage.market("code 1102")
        for child in self.stage.actors().values():
            if child.state == "parked":
                with contextlib.suppress(Rejected):  # it was started meanwhile
                    self.stage.ask("supervisor", StartChild(child.name))

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something while the drill goes on; `heal` waits for it."""
        timer = threading.Timer(seconds, act)
        self._timers.append(timer)
        timer.start()

    def victim(self) -> str:
        """An actor that may be hurt."""
        return self.rng.choice(self.victims)


def kill_one(nemesis: Nemesis) -> Blow | None:
    """SIGKILL to one actor."""
    return _killed(nemesis, nemesis.victim())


def kill_two(nemesis: Nemesis) -> Blow | None:
    """SIGKILL to two at the same time."""
    first, second = nemesis.rng.sample(nemesis.victims, 2)
    _killed(nemesis, first)
    return _killed(nemesis, second)


def kill_again(nemesis: Nemesis) -> Blow | None:
    """SIGKILL, and once more to the successor while it starts."""
    name = nemesis.victim()
    _killed(nemesis, name)
    return _killed(nemesis, name)


def stall(nemesis: Nemesis) -> Blow | None:
    """SIGSTOP for a while: mostly too short to be called hung, sometimes too long."""
    stage, name = nemesis.stage, nemesis.victim()
    child = stage.actors()[name]
    if child.pid is not None:
        stage.strike_pid(child, signal.SIGSTOP)
        pid = child.pid
        nemesis.later(nemesis.rng.choice((0.05, 0.3, 1.0, 4.0)), lambda: _go_on(pid))
    return None


def stall_the_supervisor(nemesis: Nemesis) -> Blow | None:
    """SIGSTOP to the supervisor for a while: nobody may be killed for what it did not see."""
    stage = nemesis.stage
    stage.note("SIGSTOP to the supervisor")
    os.kill(stage.pid, signal.SIGSTOP)
    nemesis.later(nemesis.rng.choice((0.2, 1.0, 3.0)), lambda: _go_on(stage.pid))
    return None


def fork_server(nemesis: Nemesis) -> Blow | None:
    """SIGKILL to the fork server, and thereby to all its children at once."""
    stage = nemesis.stage
    children = {child.pid for child in stage.actors().values()}
    for process in psutil.Process(stage.pid).children():
        if process.pid not in children and process.children():
            stage.note(f"SIGKILL to the fork server, pid {process.pid}")
            process.kill()
            return None
    stage.note("no fork server found to be killed")
    return None


def outage(nemesis: Nemesis) -> Blow | None:
    """The gateway goes away for a moment, or only hangs up."""
    nemesis.stage.market(f"down for {nemesis.rng.choice((0.01, 0.3, 1.5))}s")
    return None


def lost_link(nemesis: Nemesis) -> Blow | None:
    """The gateway loses the broker: 1100, then 1101 or 1102."""
    stage = nemesis.stage
    code = nemesis.rng.choice((1101, 1102))
    stage.market("code 1100")
    nemesis.later(nemesis.rng.uniform(0.0, 1.0), lambda: _link_back(stage, code))
    return None


def garbage(nemesis: Nemesis) -> Blow | None:
    """The gateway sends bytes that are no message."""
    nemesis.stage.market("garbage")
    return None


def strange_client(nemesis: Nemesis) -> Blow | None:
    """Somebody writes nonsense on an actor's socket, or connects and says nothing."""
    stage = nemesis.stage
    name = nemesis.rng.choice((*FIVE, "supervisor"))
    words = nemesis.rng.randbytes(nemesis.rng.choice((0, 3, 4, 64, 4096)))
    stage.note(f"{len(words)} bytes of nonsense to {name}")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as client, contextlib.suppress(OSError):
        client.settimeout(1.0)
        client.connect(str(socket_path(stage.run_dir, name)))
        client.sendall(words)
    return None


def set_the_clock(nemesis: Nemesis) -> Blow | None:
    """The calendar leaps ahead, by seconds or by an hour."""
    seconds = nemesis.rng.choice((2, 60, 3600))
    nemesis.stage.note(f"the calendar leaps {seconds} s ahead")
    nemesis.calendar.leap(seconds)
    return None


FAULTS: tuple[tuple[Fault, float], ...] = (
    (kill_one, 10),
    (kill_two, 3),
    (kill_again, 2),
    (stall, 4),
    (fork_server, 0.5),
    (outage, 2),
    (lost_link, 1.5),
    (garbage, 1),
    (strange_client, 2),
    (stall_the_supervisor, 1),
    (set_the_clock, 1),
)
"""What can happen, and how often beside the others."""


def _killed(nemesis: Nemesis, name: str) -> Blow | None:
    child = nemesis.stage.actors()[name]
    return None if child.pid is None else nemesis.stage.strike_pid(child)


def _go_on(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def _link_back(stage: Stage, code: int) -> None:
    with contextlib.suppress(Broken):  # the simulator, which we talk to, may be gone with the service
        stage.market(f"code {code}")


@contextmanager
def nemesis(stage: Stage, victims: tuple[str, ...], calendar: Calendar) -> Iterator[Nemesis]:
    """Somebody who hurts the service; everything that lasts is ended afterwards."""
    one = Nemesis(stage, victims, calendar)
    try:
        yield one
    finally:
        one.heal()
