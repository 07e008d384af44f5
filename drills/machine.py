"""The machine under the service plays tricks: the supervisor sleeps, everything sleeps, the clock is set."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from actors.messages.orders import GateChanged, GateView
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.record import Operation
from drills.stage import Stage, rows
from drills.traffic import NEVER_FILLS, trading
from supervision import clock
from supervision.health import LATE_SECONDS, PASS_SECONDS, PING_SECONDS

# --- 31: the supervisor stands still ------------------------------------------------------------

HANG_LIMIT: Final = 2.0
STOPPED_SECONDS: Final = 2.5
"""How long we have things stand still: longer than the hang limit."""
WATCHDOG_SECONDS: Final = 1.0
LATE_WORDS: Final = "the supervisor itself was late"


class _Manager:
    """What systemd hears: the lines of every datagram, with the monotonic times of their coming."""

    def __init__(self, path: Path) -> None:
        self.heard: list[tuple[float, str]] = []
        self.variables = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1e6))}
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        self._thread = threading.Thread(target=self._listen, name="service manager")

    def fed_since(self, at: float) -> int:
        """How often the watchdog was fed since then."""
        return sum(line == "WATCHDOG=1" and when > at for when, line in list(self.heard))

    def _listen(self) -> None:
        while data := self._socket.recv(4096):
            self.heard += [(time.monotonic(), line) for line in data.decode().splitlines()]

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear until the body ends."""
        self._thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ourselves:
                ourselves.sendto(b"", self._path)
            self._thread.join()
            self._socket.close()


@drill(31, "supervisor-stopped", "SIGSTOP to the supervisor, then to everything, past hang_limit", about="I1 I7 I8")
def supervisor_stopped(ground: Ground) -> None:
    manager = _Manager(ground.home / "notify")
    settings = {"supervision.hang_limit": HANG_LIMIT}
    with manager.listening(), ground.service(settings, environment=manager.variables) as stage:
        stage.until("the watchdog is fed", lambda: manager.fed_since(0.0))
        ground.progress(0.2, "the supervisor alone")
        _stop_supervisor(stage, manager)
        ground.progress(0.6, "everything")
        _stop_everything(stage)
        stage.wait_open()
        stage.expect_restarts()


def _stop_supervisor(stage: Stage, manager: _Manager) -> None:
    """The service trades on without it, nobody feeds the watchdog in its stead, and nobody is killed afterwards."""
    with _standing_still(stage, {"the supervisor": stage.pid}):
        since = time.monotonic()
        stage.place(limit=NEVER_FILLS)
        time.sleep(STOPPED_SECONDS)
        fed = manager.fed_since(since)
        expect(fed == 0, f"the watchdog was fed {fed} times while the supervisor stood still")
    went_on = time.monotonic()
    stage.until("the watchdog is fed again", lambda: manager.fed_since(went_on))
    stage.until("the supervisor notices", lambda: _late(stage) == 1)


def _stop_everything(stage: Stage) -> None:
    """As when a virtual machine is halted. The supervisor wakes first and finds pings that nobody answered for long."""
    children = {child.name: child.pid for child in stage.actors().values() if child.pid is not None}
    with _standing_still(stage, children):
        time.sleep(PING_SECONDS + PASS_SECONDS)  # a ping is under way to everyone
        with _standing_still(stage, {"the supervisor": stage.pid}):
            time.sleep(STOPPED_SECONDS)
        stage.until("the supervisor notices", lambda: _late(stage) == 2)
        time.sleep(2 * PASS_SECONDS)


def _late(stage: Stage) -> int:
    return sum(LATE_WORDS in str(line.get("message")) for line in stage.log())


@contextmanager
def _standing_still(stage: Stage, processes: dict[str, int]) -> Iterator[None]:
    stage.note(f"SIGSTOP to {', '.join(processes)}")
    for pid in processes.values():
        os.kill(pid, signal.SIGSTOP)
    stage.until("all stand still", lambda: all(_status(pid) == psutil.STATUS_STOPPED for pid in processes.values()))
    try:
        yield
    finally:
        stage.note(f"SIGCONT to {', '.join(processes)}")
        for pid in processes.values():
            os.kill(pid, signal.SIGCONT)


def _status(pid: int) -> str:
    return str(psutil.Process(pid).status())


# --- 33: the clock is set -----------------------------------------------------------------------

HOUR: Final = 3600.0
SCHEDULE_SECONDS: Final = 1.0
HEARTBEAT_SECONDS: Final = 0.5
LATE: Final = LATE_SECONDS + 1.0
JUMPS: Final = (
    ("an hour back, as in autumn", -HOUR, 0.0),
    ("an hour forward, as in spring", 0.0, 0.0),
    ("a suspend of an hour", HOUR, HOUR),
)
"""What happens, and how far calendar and suspended time are off from then on."""


@drill(33, "clock-jumps", "the clock is set by hours, the machine suspended for one", about="I2 I7 I8")
def clock_jumps(ground: Ground) -> None:
    path = ground.home / "clock"
    settings = {"state.reconcile_every": SCHEDULE_SECONDS, "gateway.heartbeat_interval": HEARTBEAT_SECONDS}
    with ground.service(settings, environment={clock.VARIABLE: str(path)}) as stage:
        opened = time.monotonic()
        with trading(stage, ground.seed, traders=1):
            for number, (words, calendar, suspended) in enumerate(JUMPS):
                ground.progress(number / len(JUMPS), words)
                stage.note(f"the clock: {words}")
                seen = _noticed(stage)
                clock.set_shift(path, calendar=calendar, suspended=suspended)
                stage.until("the jump is noticed", _more(_noticed, stage, seen))
                _goes_on_as_scheduled(stage, words)
                stage.until("the next heartbeat comes", _another_heartbeat(stage), 2 * HEARTBEAT_SECONDS + LATE)
                stage.until("an order fills", _filled(stage, stage.place(quantity=1).key))
        closed, early = _closed_since(stage, opened), _timed_out_early(stage)
        expect(not closed, f"the gate closed because of the clock: {closed}")
        expect(not early, f"asks timed out before their time, and nobody had died: {early}")
        stage.expect_restarts()


def _noticed(stage: Stage) -> int:
    return int(rows(stage.directory / "state.db", "select count(*) from audit where kind = 'clock'")[0][0])


def _goes_on_as_scheduled(stage: Stage, words: str) -> None:
    """Two more reconciliations by the schedule, each in its time, and what was missed comes at most once."""
    began, first = time.monotonic(), _scheduled(stage)
    for _ in range(2):
        seconds = stage.until("the scheduled reconciliation comes", _more(_scheduled, stage, _scheduled(stage)))
        limit = SCHEDULE_SECONDS + LATE
        expect(seconds < limit, f"after {words} the schedule of every {SCHEDULE_SECONDS:g} s took {seconds:.1f} s")
    came, due = _scheduled(stage) - first, (time.monotonic() - began) / SCHEDULE_SECONDS
    expect(came <= due + 2, f"after {words} {came} scheduled reconciliations came in {due:.1f} periods")


def _closed_since(stage: Stage, at: float) -> list[GateView]:
    seen = [one.message.gate for one in stage.record.seen if one.at > at and isinstance(one.message, GateChanged)]
    return [gate for gate in seen if gate.state != "open"]


def _more(count: Callable[[Stage], int], stage: Stage, before: int) -> Callable[[], bool]:
    return lambda: count(stage) > before


def _scheduled(stage: Stage) -> int:
    return int(rows(stage.directory / "state.db", "select count(*) from cuts where cause like '%schedule%'")[0][0])


def _timed_out_early(stage: Stage) -> list[Operation]:
    unknown = (one for one in stage.record.operations if one.outcome == "unknown")
    return [one for one in unknown if one.ended - one.began < 0.9 * one.timeout]


def _another_heartbeat(stage: Stage) -> Callable[[], bool]:
    last = stage.session().last_heartbeat
    return lambda: stage.session().last_heartbeat != last


def _filled(stage: Stage, key: str) -> Callable[[], bool]:
    return lambda: stage.ledger("select status from orders where order_ref = ?", key) == [("Filled",)]
