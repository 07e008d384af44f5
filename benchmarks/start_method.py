"""Start to `Started` of a real actor with its real imports, by each way Python has to start a process.

Every way is measured in a process of its own that has loaded what the supervisor has loaded: the configuration
and no actor.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from benchmarks.newborn import become
from benchmarks.report import Row, percentile
from config.load import load
from config.tree import MESSAGES, PRELOAD, build
from supervision.boot import Boot, socket_path
from supervision.process import Spawner
from supervision.reporting import ReportingSettings
from supervision.seat import bind
from supervision.slot import Slot

TITLE = "Start of a process to its actor's Started"
ACTOR = "market_data"
WAYS = {
    "ours": ("our fork server, modules and codec preloaded", 40),
    "forkserver": ("multiprocessing forkserver, modules preloaded", 40),
    "fork": ("multiprocessing fork, nothing preloaded", 8),
    "spawn": ("multiprocessing spawn", 8),
}
Start = Callable[[Boot, socket.socket], tuple[int, socket.socket]]
"""Starts a process; its id and our end of its control channel."""


def measure() -> list[Row]:
    """One row a way, each beside ours; and what the first birth of a fork server costs."""
    seconds = {}
    for way, (_, count) in WAYS.items():
        with tempfile.TemporaryDirectory(prefix="nd-") as directory:
            # not with -m: multiprocessing would import that module again in every child
            code = f"from benchmarks.start_method import births; births({way!r}, {directory!r}, {count})"
            command = [sys.executable, "-c", code]
            seconds[way] = orjson.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    ours = percentile(seconds["ours"][1:], 0.5)
    rows = [
        _row(f"{what} ({count})", seconds[way][1:], ours, beside="" if way == "ours" else "ours")
        for way, (what, count) in WAYS.items()
    ]
    return [*rows, _row("our fork server, first birth, with its imports (1)", seconds["ours"][:1], ours, beside="ours")]


def _row(what: str, seconds: list[float], ours: float, *, beside: str) -> Row:
    figure = f"p50 {percentile(seconds, 0.5) * 1e3:.1f} ms, max {max(seconds) * 1e3:.1f} ms"
    if not beside:
        return Row(what, figure)
    return Row(what, figure, beside, f"{ours * 1e3:.1f} ms", f"{percentile(seconds, 0.5) / ours:.1f}x")


def births(way: str, directory: str, count: int) -> None:
    """In a process of its own: print how many seconds each of one birth and `count` more took."""
    start = _ours() if way == "ours" else _multiprocessing(way)
    print(orjson.dumps(_births(start, Path(directory), count)).decode())


def _births(start: Start, run_dir: Path, count: int) -> list[float]:
    child = next(leaf for leaf in build(load().settings, run_dir).leaves() if leaf.name == ACTOR)
    reporting = ReportingSettings(level="ERROR")
    boot = Boot(ACTOR, 1, child.target, dict(child.kwargs), run_dir, MESSAGES, child.mailbox_limit, reporting)
    slot = Slot(boot.slot_path, create=True)
    listener = bind(socket_path(run_dir, ACTOR))
    seconds = []
    for _ in range(count + 1):
        slot.reset()
        began = time.perf_counter()
        pid, control = start(boot, listener)
        control.setblocking(True)
        control.recv(1)  # Started is the first word of a child
        seconds.append(time.perf_counter() - began)
        os.kill(pid, signal.SIGKILL)
        control.recv(65536)
        while control.recv(65536):
            pass
        control.close()
    return seconds


def _ours() -> Start:
    spawner = Spawner(PRELOAD, MESSAGES)

    def start(boot: Boot, listener: socket.socket) -> tuple[int, socket.socket]:
        child = spawner.spawn(boot, listener)
        return child.pid, child.control

    return start


def _multiprocessing(way: str) -> Start:
    context = multiprocessing.get_context(way)
    if way == "forkserver":
        context.set_forkserver_preload(["supervision.host", *PRELOAD])

    def start(boot: Boot, listener: socket.socket) -> tuple[int, socket.socket]:
        ours, theirs = socket.socketpair()
        process = context.Process(target=become, args=(boot, listener, theirs))  # type: ignore[attr-defined]
        process.start()
        theirs.close()
        return process.pid, ours

    return start
