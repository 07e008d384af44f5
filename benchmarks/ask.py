"""An ask between two processes, beside a bare AF_UNIX ping-pong of the same size in the same run.

Both ends of the ping-pong are Python, blocking, one connection, no codec: the floor of any ask. Rounds
of both alternate, so that a noisy neighbour disturbs both. Where the system lets us pin processes, both are
measured twice: each end on a core of its own, where waking the other core is most of the time, and both
ends on one core, where the floor is the bare cost of the system calls.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.report import Row, percentile
from benchmarks.toys import TOYS, Echo, Say
from supervision.lifecycle import GetTree
from supervision.ref import Ref
from supervision.wire import Codec

TITLE = "ask between processes"
ROUNDS = 7
ASKS = 3000
TELLS = 100_000
SIZE = 40  # bytes of an encoded ask
ROOT = Path(__file__).resolve().parent.parent


def measure() -> list[Row]:
    """Latency of asks and rate of tells."""
    with tempfile.TemporaryDirectory(prefix="nd-") as run_dir:
        toy = subprocess.Popen([sys.executable, "-m", "benchmarks.toys", run_dir], cwd=ROOT, stdout=subprocess.PIPE)
        try:
            assert toy.stdout is not None
            toy.stdout.readline()
            return _measure(Path(run_dir))
        finally:
            toy.terminate()
            toy.wait(10)


def _measure(run_dir: Path) -> list[Row]:
    ref = Ref(run_dir, "echo", Codec(TOYS))
    tree = Ref(run_dir, "supervisor", Codec(TOYS)).ask(GetTree())
    echo = next(child.pid for child in tree.children if child.name == "echo")
    assert echo is not None
    pinger, ponger = _ping_pong()
    cores = sorted(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else []
    rows: list[Row] = []
    try:
        if len(cores) < 2:
            rows += _compare(ref, pinger, "unpinned")
        else:
            for placement, core in (("a core each", cores[1]), ("one core", cores[0])):
                _pin((os.getpid(),), cores[:1])
                _pin((echo, ponger), [core])
                rows += _compare(ref, pinger, placement)
            _pin((os.getpid(), echo, ponger), cores)
        rows.append(_tell_rate(ref))
    finally:
        pinger.close()
        os.waitpid(ponger, 0)
        ref.close()
    return rows


def _pin(pids: tuple[int, ...], cores: list[int]) -> None:
    for pid in pids:
        for thread in psutil.Process(pid).threads():
            os.sched_setaffinity(thread.id, cores)


def _compare(ref: Ref, pinger: socket.socket, placement: str) -> list[Row]:
    bare: list[list[float]] = []
    asks: list[list[float]] = []
    for _ in range(ROUNDS):
        bare.append(_times(lambda: _ping(pinger)))
        asks.append(_times(lambda: ref.ask(Say("x" * 20))))
    return [_row(placement, share, bare, asks) for share in (0.5, 0.99)]


def _tell_rate(ref: Ref) -> Row:
    began = time.perf_counter()
    for number in range(TELLS):
        ref.tell(Echo(str(number)))
    ref.ask(Say("end"))
    return Row("tell, one frame each", f"{TELLS / (time.perf_counter() - began):,.0f}/s")


def _row(placement: str, share: float, bare: list[list[float]], asks: list[list[float]]) -> Row:
    floor = percentile([percentile(samples, share) for samples in bare], 0.5) * 1e6
    ours = percentile([percentile(samples, share) for samples in asks], 0.5) * 1e6
    name = f"ask p{share * 100:.0f}, {placement}"
    return Row(name, f"{ours:.1f} us", "bare AF_UNIX ping-pong", f"{floor:.1f} us", f"{ours / floor:.2f}x")


def _times(call: Callable[[], object]) -> list[float]:
    samples = []
    for _ in range(ASKS):
        began = time.perf_counter()
        call()
        samples.append(time.perf_counter() - began)
    return samples


def _ping(pinger: socket.socket) -> None:
    pinger.sendall(b"x" * SIZE)
    pinger.recv(4096)


def _ping_pong() -> tuple[socket.socket, int]:
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child:
        theirs.close()
        return ours, child
    ours.close()
    while data := theirs.recv(4096):
        theirs.sendall(data)
    os._exit(0)
