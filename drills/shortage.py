"""The machine runs out of something while the service runs: disk, descriptors, memory.

A limit is set on a live process from outside (prlimit) and lifted again: what a full disk or a crowded machine does.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import orjson
import psutil

from actors.desk import Desk
from actors.messages import MESSAGES
from actors.messages.orders import CancelOrder, GetOrdersView
from actors.messages.state import GetReconciliation
from drills import torn
from drills.drill import drill
from drills.errors import CannotRun, expect
from drills.ground import OFTEN, Ground
from drills.stage import CHEAPEST, Stage, rows
from drills.traffic import FILLS_IN_PARTS, NEVER_FILLS, trading
from supervision.boot import socket_path
from supervision.wire import MAX_FRAME, Codec, Hello


@contextmanager
def limited(stage: Stage, name: str, which: int, words: str, soft: int) -> Iterator[int]:
    """While the body runs an actor's process may use no more than `soft` of a resource; its pid. Raises CannotRun."""
    if not hasattr(resource, "prlimit"):
        raise CannotRun("this system cannot limit a process from outside (prlimit)")
    pid = stage.pid_of(name)
    before = resource.prlimit(pid, which)
    stage.note(f"{words} for {name}")
    resource.prlimit(pid, which, (soft, before[1]))
    try:
        yield pid
    finally:
        stage.note(f"an end to it: {words} for {name}")
        if psutil.pid_exists(pid):
            resource.prlimit(pid, which, before)


# --- 34: disk -----------------------------------------------------------------------------------


@drill(34, "disk-full", "no byte fits on the disk of Order, of State; single writes fail", about="I4 I8 I10")
def disk_full(ground: Ground) -> None:
    failing = (ground.rng.randrange(5, 30), ground.rng.randrange(5, 30))
    points = f"order.journal.commit=eio@{failing[0]}/1,state.commit=eio@{failing[1]}/1"
    with ground.service(failpoints=points) as stage:
        with trading(stage, ground.seed):
            for point in points.split(","):
                stage.until(f"{point} has come", partial(stage.logged, f"failpoint {point} acts"))
            stage.wait_open()
            ground.progress(0.3, "Order's disk is full")
            _order_disk_full(stage)
            ground.progress(0.6, "State's disk is full")
            _state_disk_full(stage)
        stage.settle()
        stage.until("State has all rows of the order journal", partial(torn.followed, stage.directory))
        stage.until("every execution is on disk", lambda: _executions_on_disk(stage))
        stage.expect_restarts()


def _order_disk_full(stage: Stage) -> None:
    """Nothing new leaves, cancels do, fills are kept until they can be written."""
    resting, filling = stage.place(limit=NEVER_FILLS), stage.place(quantity=FILLS_IN_PARTS)
    with limited(stage, "order", resource.RLIMIT_FSIZE, "a full disk", 0):
        stage.until("the gate closes", lambda: stage.gate() != "open")
        stage.attempt(limit=NEVER_FILLS)  # behind whatever was on its way
        with stage.record.window("Order's disk was full"):
            key, ended = stage.attempt(limit=NEVER_FILLS)
            expect(ended == "rejected", f"expected that {key} is refused while the journal cannot be written: {ended}")
            stage.ask("order", CancelOrder(resting.key), key=resting.key)
            stage.until("the cancel has left", lambda: _at_broker(stage, resting.key) == "Cancelled")
            stage.until("the burst is over", lambda: _at_broker(stage, filling.key) == "Filled")
            expect(stage.answers("order"), "Order does not answer while its disk is full")
    stage.wait_open()


def _state_disk_full(stage: Stage) -> None:
    """State answers and says what is wrong; no cut can be stored, so a new session does not open the gate."""
    with limited(stage, "state", resource.RLIMIT_FSIZE, "a full disk", 0):
        stage.until("State tells its trouble", lambda: stage.desk.state.ask(GetReconciliation()).trouble)
        epoch = stage.session().epoch
        stage.market("down for 0.2s")
        stage.until("there is a new session", lambda: stage.session().epoch > epoch)
        with stage.record.window("no cut of this session could be stored"):
            for _ in range(3):
                key, ended = stage.attempt(limit=NEVER_FILLS)
                expect(ended == "rejected", f"expected that {key} is refused before a cut: {ended}")
            expect(stage.answers("state"), "State does not answer while its disk is full")
    stage.wait_open()


def _executions_on_disk(stage: Stage) -> bool:
    ours = rows(stage.directory / "orders.db", "select exec_id from executions order by exec_id")
    return ours == stage.ledger("select exec_id from executions order by exec_id")


def _at_broker(stage: Stage, key: str) -> str:
    found = stage.ledger("select status from orders where order_ref = ?", key)
    return str(found[0][0]) if found else ""


# --- 35: descriptors and memory -----------------------------------------------------------------

STRANGERS: Final = 5
LOOK_AT_CPU: Final = 1.0
CPU_SHARE: Final = 0.3
"""Of one core, on a machine that has other things to do; a loop that does not wait takes all of it."""
MEGABYTE: Final = 1 << 20
GUESTS: Final = 8
"""Whose messages together are more than what the C library keeps in reserve (an arena of 64 MB)."""


@drill(35, "exhausted", "an actor without descriptors, without memory", about="I2 I8 I9 I11")
def exhausted(ground: Ground) -> None:
    with ground.service(OFTEN) as stage:
        ground.progress(0.1, "Order without descriptors")
        _no_descriptors(stage, "order", [socket_path(stage.run_dir, "order")])
        stage.until("newcomers are welcome again", lambda: _newcomer(stage))
        ground.progress(0.3, "the gateway without descriptors")
        _no_descriptors(stage, "simulator", [_address(stage, "port"), _address(stage, "control_port")])
        ground.progress(0.5, "Connection without descriptors")
        _cannot_dial(stage)
        ground.progress(0.7, "Account without memory")
        _no_memory(stage)
        stage.expect_restarts(account=1)


def _no_descriptors(stage: Stage, name: str, doors: list[Path | tuple[str, int]]) -> None:
    """Newcomers at its doors wait in the kernel; it serves those who are there and does not spin meanwhile."""
    with limited(stage, name, resource.RLIMIT_NOFILE, "no descriptors", 3) as pid, ExitStack() as strangers:
        for door in doors * STRANGERS:
            strangers.enter_context(_knocking(door))
        share = _cpu_share(pid, LOOK_AT_CPU)
        stage.record.figures[f"{name} without descriptors"] = f"{share:.0%} of a core"
        expect(share < CPU_SHARE, f"{name} took {share:.0%} of a core while it could accept nobody")
        if name in CHEAPEST:
            expect(stage.answers(name), f"{name} does not answer those who are connected already")


def _address(stage: Stage, port: str) -> tuple[str, int]:
    told = orjson.loads((stage.directory / "simulator.json").read_bytes())
    return told["host"], told[port]


def _knocking(door: Path | tuple[str, int]) -> socket.socket:
    knocker = socket.socket(socket.AF_UNIX if isinstance(door, Path) else socket.AF_INET)
    knocker.setblocking(False)
    knocker.connect_ex(str(door) if isinstance(door, Path) else door)
    return knocker


def _cpu_share(pid: int, seconds: float) -> float:
    process = psutil.Process(pid)
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / seconds


def _newcomer(stage: Stage) -> bool:
    with closing(Desk.connect(stage.state_dir)) as desk:
        return bool(desk.order.ask(GetOrdersView(), timeout=1.0))


def _cannot_dial(stage: Stage) -> None:
    """Connection loses its session and can open no socket: it says so, goes on trying, and dies of nothing."""
    expect(stage.answers("connection"), "Connection does not answer")  # and so we are connected to it
    with limited(stage, "connection", resource.RLIMIT_NOFILE, "no descriptors", 3):
        stage.market("down for 0.1s")
        stage.until("Connection tells why", lambda: "too many open files" in stage.session().reason.lower())
        with stage.record.window("there was no session"):
            key, ended = stage.attempt(limit=NEVER_FILLS)
            expect(ended == "rejected", f"expected that {key} is refused without a session: {ended}")
            expect(stage.answers("connection"), "Connection does not answer without a session")
    stage.wait_open()


def _no_memory(stage: Stage) -> None:
    """Account is sent more than it has memory for: it dies with a reason that says so, and is back in its time."""
    used = psutil.Process(stage.pid_of("account")).memory_info().vms
    with limited(stage, "account", resource.RLIMIT_AS, "no memory", used + MEGABYTE):
        with suppress(ConnectionError):
            _gorge(socket_path(stage.run_dir, "account"))
        blow = stage.fell("account")
    stage.recovers(blow, cause="out of memory")
    reason = next(one.reason for one in stage.tree().deaths if one.name == "account")
    stage.record.figures["without memory"] = reason
    expect("MemoryError" in reason, f"expected a reason that names memory, got {reason!r}")


def _gorge(address: Path) -> None:
    """Guests who each send a message as long as any may be, but for its last byte. Raises ConnectionError."""
    codec = Codec(MESSAGES)
    with ExitStack() as guests:
        for _ in range(GUESTS):
            guest = guests.enter_context(socket.socket(socket.AF_UNIX))
            guest.connect(str(address))
            guest.sendall(codec.encode(Hello("guest", os.getpid(), codec.fingerprint)))
            guest.recv(4096)
            guest.sendall(struct.pack(">I", MAX_FRAME) + bytes(MAX_FRAME - 1))
