"""Processes, descriptors, sockets and memory of a service: counted while it runs, looked for after its end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from drills.stage import LOOK_SECONDS, Stage

GONE_SECONDS = 1.0
"""The longest that anything may outlive the supervisor."""
SPARE_DESCRIPTORS = 8
"""Connections of clients come and go; more than this beside them is a leak."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a service holds at one instant."""

    processes: tuple[psutil.Process, ...]
    descriptors: dict[int, int]
    """How many each process has, by its id."""
    megabytes: float
    """Resident memory of the processes that no drill restarts: supervisor, fork server and simulator."""


def footprint(stage: Stage) -> Footprint:
    """The service now."""
    supervisor = psutil.Process(stage.pid)
    family = [supervisor, *supervisor.children(recursive=True)]
    restarted = {child.pid for child in stage.tree().children if child.name != "simulator"}
    lasting = sum(_resident(one) for one in family if one.pid not in restarted)
    return Footprint(tuple(family), {one.pid: _descriptors(one) for one in family}, lasting / 1e6)


def zombies(stage: Stage) -> list[str]:
    """Children that ended and were not reaped."""
    family = psutil.Process(stage.pid).children(recursive=True)
    return [f"I9: process {one.pid} is a zombie" for one in family if _status(one) == psutil.STATUS_ZOMBIE]


def left_behind(before: Footprint, run_dir: Path, state_dir: Path) -> list[str]:
    """What is still there a second after the supervisor has ended."""
    gone_after(before.processes, GONE_SECONDS)
    alive = [one for one in before.processes if lives(one)]
    wrong = [f"I9: process {one.pid} outlived its supervisor by {GONE_SECONDS:g} s" for one in alive]
    for one in alive:
        one.kill()
    leftovers = [path for path in (run_dir, state_dir / "service.json", state_dir / "lock") if path.exists()]
    return wrong + [f"I9: {path.name} was left behind" for path in leftovers]


def grown(stage: Stage, before: Footprint, after: Footprint) -> list[str]:
    """Processes that lived all the while and gathered descriptors."""
    names = {child.pid: child.name for child in stage.tree().children} | {stage.pid: "the supervisor"}
    return [
        f"I9: {names.get(pid, 'the fork server')} had {before.descriptors[pid]} descriptors and has {count}"
        for pid, count in after.descriptors.items()
        if pid in before.descriptors and count > before.descriptors[pid] + SPARE_DESCRIPTORS
    ]


def gone_after(processes: tuple[psutil.Process, ...], limit: float = 10.0) -> float:
    """Wait until none of the processes lives; the seconds it took."""
    began = time.monotonic()
    while any(lives(one) for one in processes) and time.monotonic() - began < limit:
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


def lives(process: psutil.Process) -> bool:
    """Whether it still runs; one that waits to be reaped by init does not."""
    return process.is_running() and _status(process) not in ("", psutil.STATUS_ZOMBIE)


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0.0


def _descriptors(process: psutil.Process) -> int:
    try:
        return int(process.num_fds())
    except psutil.NoSuchProcess:
        return 0


def _status(process: psutil.Process) -> str:
    try:
        return str(process.status())
    except psutil.NoSuchProcess:
        return ""
