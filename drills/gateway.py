"""The gateway misbehaves in every way a network allows, or loses the broker. No actor of ours dies of it.

Heartbeats and patience are set to half a second, so that silence is noticed within a drill; all actors are asked all
the time whether they are there.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from actors.messages.session import SessionDown
from drills import lines
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.meanwhile import meanwhile
from drills.stage import FIVE, Stage
from drills.traffic import NEVER_FILLS, trading
from simulator.wire.framing import frame

INTERVAL: Final = 0.5
PATIENCE: Final = 0.5
"""Seconds between heartbeats, and how long we wait for the answer to one, for a connection and for a hello."""
SLACK: Final = 1.5
"""Seconds by which anything may be late, on a machine that has other things to do."""
QUICK: Final = {
    "gateway.heartbeat_interval": INTERVAL,
    "gateway.heartbeat_timeout": PATIENCE,
    "gateway.connect_timeout": PATIENCE,
    "gateway.send_timeout": PATIENCE,
}
ANSWER_LIMIT: Final = 1.0
"""Seconds in which every actor answers, whatever the gateway does."""

# --- 36: the wire -------------------------------------------------------------------------------

Act = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class _Fault:
    """What the gateway does, until `heal`, and how Connection must put it: at first, and when it dials again."""

    name: str
    begin: Act
    heal: Act
    ends_with: tuple[str, ...]
    then: str = ""
    """Empty when the gateway takes us back at once."""


def _told(statement: str) -> Act:
    def tell(stage: Stage) -> None:
        stage.market(statement)

    return tell


def _signalled(number: int) -> Act:
    def send(stage: Stage) -> None:
        stage.note(f"{signal.Signals(number).name} to the gateway")
        os.kill(stage.pid_of("simulator"), number)

    return send


def _deaf(stage: Stage) -> None:
    stage.market("deaf on")
    stage.market("down")
    stage.market("up")


def _cut_in_a_frame(stage: Stage) -> None:
    stage.market(f"cut after {stage.rng.randrange(1, 40)} bytes")


def _nothing(_: Stage) -> None:
    """The fault is over by itself."""


SILENT: Final = f"has not answered for {PATIENCE:g} s"
NO_HELLO: Final = "did not answer the hello"
FAULTS: Final = (
    _Fault("refuses", _told("down"), _told("up"), ("reset", "closed"), "connection refused"),
    _Fault("accepts and says nothing", _deaf, _told("deaf off"), ("reset", "closed"), NO_HELLO),
    _Fault("goes silent, half-open", _signalled(signal.SIGSTOP), _signalled(signal.SIGCONT), (SILENT,), NO_HELLO),
    _Fault("drips", _told("drip on"), _told("drip off"), (SILENT,), NO_HELLO),
    _Fault("resets in the middle of a frame", _cut_in_a_frame, _nothing, ("reset",)),
    _Fault("sends garbage", _told("garbage"), _nothing, ("does not speak the TWS protocol",)),
)


@drill(36, "bad-gateway", "the gateway refuses, is deaf, silent, drips, resets, sends garbage", about="I2 I7 I10")
def bad_gateway(ground: Ground) -> None:
    with ground.service(QUICK) as stage, trading(stage, ground.seed, traders=1), _everybody_answers(stage):
        for number, fault in enumerate(FAULTS):
            ground.progress(number / len(FAULTS), fault.name)
            _suffer(stage, fault)
        stage.expect_restarts()


def _suffer(stage: Stage, fault: _Fault) -> None:
    """One fault, from an open gate to an open gate."""
    stage.wait_open()
    epoch = stage.session().epoch
    fault.begin(stage)
    seconds = stage.until(f"the gateway {fault.name}: the session ends", lambda: _ended(stage, epoch))
    limit = SLACK + (INTERVAL + PATIENCE if SILENT in fault.ends_with else 0.0)
    expect(seconds < limit, f"the gateway {fault.name}: noticed after {seconds:.1f} s, allowed are {limit:g} s")
    if SILENT in fault.ends_with:
        stage.record.figures[f"{fault.name}: noticed after"] = f"{seconds:.2f} s"
    reason = _ended(stage, epoch)
    expect(any(words in reason for words in fault.ends_with), f"the gateway {fault.name}: the reason is {reason!r}")
    if fault.then:
        _nothing_leaves(stage, fault.then)
    fault.heal(stage)
    stage.until("there is another session", lambda: stage.session().state == "up" and stage.session().epoch > epoch)


def _ended(stage: Stage, epoch: int) -> str:
    """Why the session with this epoch ended; empty while it stands."""
    seen = (one.message for one in stage.record.seen)
    return next((one.reason for one in seen if isinstance(one, SessionDown) and one.epoch == epoch), "")


def _nothing_leaves(stage: Stage, reason: str) -> None:
    """Without a session, until another dial has failed for the expected reason."""
    with stage.record.window(f"no session: {reason}"):
        stage.until("the gate is closed", lambda: stage.gate() == "closed")
        stage.until(f"a dial fails: {reason}", lambda: reason in stage.session().reason)
        _refused(stage)


def _refused(stage: Stage) -> None:
    key, ended = stage.attempt(limit=NEVER_FILLS)
    expect(ended == "rejected", f"expected that order {key} is refused while there is no session, got {ended}")


@contextmanager
def _everybody_answers(stage: Stage) -> Iterator[None]:
    """Ask all actors all the time; who takes longer than ANSWER_LIMIT breaks the drill."""
    slowest = dict.fromkeys(FIVE, 0.0)

    def ask(name: str, over: threading.Event) -> None:
        while not over.wait(0.02):
            began = time.monotonic()
            answered = stage.answers(name, timeout=2 * ANSWER_LIMIT)
            slowest[name] = max(slowest[name], time.monotonic() - began if answered else 2 * ANSWER_LIMIT)

    with meanwhile(*(partial(ask, name) for name in FIVE)):
        yield
    late = [f"{name} ({seconds:.1f} s)" for name, seconds in slowest.items() if seconds > ANSWER_LIMIT]
    expect(not late, f"expected answers within {ANSWER_LIMIT:g} s all the time, late were {', '.join(late)}")
    stage.record.figures["slowest answer"] = f"{max(slowest.values()) * 1000:.0f} ms"


# --- 37: the gateway's own link -----------------------------------------------------------------

NIGHT_SECONDS: Final = 2.0


@drill(37, "broker-link", "1100 and 1101, 1102; 326; the nightly reset: nobody restarts", about="I6 I7 I10", quick=True)
def broker_link(ground: Ground) -> None:
    with ground.service(QUICK) as stage, _everybody_answers(stage):
        lines.hold_all(stage)
        for number, act in enumerate((_link_kept, _data_lost, _client_id_taken, _nightly_reset)):
            ground.progress(number / 4, act.__name__.strip("_").replace("_", " "))
            act(stage)
            stage.wait_open()
        stage.expect_restarts()


def _link_kept(stage: Stage) -> None:
    """1102: the same lines, none asked for anew."""
    before = lines.request_ids(stage)
    _link_lost(stage)
    stage.market("code 1102")
    stage.wait_open()
    expect(lines.request_ids(stage) == before, "1102 keeps the lines, and yet some were opened anew")
    _opened_are(stage, len(lines.LINES), "after 1102")


def _data_lost(stage: Stage) -> None:
    """1101: every line anew, once."""
    before = lines.request_ids(stage)
    _link_lost(stage)
    since = time.time_ns()
    stage.market("code 1101")
    stage.until("every line is another", lambda: not before & lines.request_ids(stage))
    lines.until_quoting(stage, since)
    _opened_are(stage, 2 * len(lines.LINES), "after 1101")


def _opened_are(stage: Stage, count: int, when: str) -> None:
    opened = lines.opened(stage)
    expect(opened == count, f"{when}: expected that {count} lines were opened in this session, it was {opened}")


def _link_lost(stage: Stage) -> None:
    stage.market("code 1100")
    stage.until("the gate is closed", lambda: stage.gate() != "open")
    with stage.record.window("the gateway had lost the broker"):
        _refused(stage)


def _client_id_taken(stage: Stage) -> None:
    """326: somebody else has our client id; we wait until it is free."""
    connection, client_id = stage.pid_of("connection"), stage.session().client_id
    os.kill(connection, signal.SIGSTOP)  # so that the other is first
    stage.market("down")
    stage.market("up")
    with _rival(stage, client_id):
        os.kill(connection, signal.SIGCONT)
        _nothing_leaves(stage, "326")


def _nightly_reset(stage: Stage) -> None:
    """The gateway is away for seconds, and nothing of its session is left when it comes back."""
    stage.market(f"down for {NIGHT_SECONDS}s")
    since = time.time_ns()
    _nothing_leaves(stage, "connection refused")
    lines.until_quoting(stage, since)
    _opened_are(stage, len(lines.LINES), "after the nightly reset")


@contextmanager
def _rival(stage: Stage, client_id: int) -> Iterator[None]:
    """Another client with our id, connected while the body runs."""
    port = stage.market("status")["port"]
    stage.note(f"another client takes the id {client_id}")
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as rival:
        rival.sendall(b"API\0" + frame(b"v100..178"))
        rival.recv(4096)
        rival.sendall(frame(b"71\x002\x00%d\x00\x00" % client_id))
        rival.recv(4096)
        yield
        stage.note("the other client leaves")
