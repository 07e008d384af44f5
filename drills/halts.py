"""The kill switch under full load: how long after it is pulled the broker still gets an order, and who remembers it.

Clients place orders faster than the gateway takes them, so that at each halt some wait in Connection for their turn.
The switch is pulled in every way there is: by a program, by its file made by hand, by a signal. The ledger of the
simulated gateway has the instant at which it accepted each order.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from actors.messages.orders import PlaceOrder
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.meanwhile import meanwhile
from drills.report import percentile
from drills.stage import Stage
from drills.traffic import NEVER_FILLS, SYMBOLS
from supervision.errors import DeliveryError, Rejected

BUDGET: Final = 0.05
"""Seconds at the 99th percentile from the command to the last order that the broker accepted."""
CLIENTS: Final = 8
BETWEEN: Final = 12
"""Orders that the broker must have accepted since the last halt, so that each hits full load."""
STEADY: Final[Mapping[str, object]] = {"gateway.pacing.burst": 2}
"""Orders leave one after the other at the gateway's rate, not many at once with a pause in which none could."""


class _Client:
    """Places one order after the other; refusals are what halts are for."""

    def __init__(self, stage: Stage, number: int) -> None:
        self._stage = stage
        self._name = f"client-{number}"
        self._symbol = SYMBOLS[number % len(SYMBOLS)]

    def work(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        order = self._stage.desk.order
        for number in itertools.count():
            if stop.is_set():
                return
            with suppress(Rejected, DeliveryError):
                key = f"{self._name}-{number}"
                order.ask(PlaceOrder(self._symbol, "BUY", 1, limit=NEVER_FILLS, key=key), timeout=10.0)


def _by_program(stage: Stage) -> None:
    stage.desk.halt("drill")


def _by_hand(stage: Stage) -> None:
    (stage.directory / "HALT").touch()


def _by_signal(stage: Stage) -> None:
    os.kill(stage.pid, signal.SIGUSR1)


_WAYS: Final[tuple[Callable[[Stage], None], ...]] = (_by_program, _by_hand, _by_signal)


@drill(42, "halts", "the kill switch pulled again and again under full load, then everything killed", about="I3 I4 I5",
       count=100, limit=300.0)  # fmt: skip
def halts(ground: Ground) -> None:
    """At p99 the broker gets no order more than 50 ms after the command, and a new service is still halted."""
    late: list[float] = []
    waited = 0
    with ground.service(STEADY, judged=False) as stage:
        clients = [_Client(stage, number) for number in range(CLIENTS)]
        for symbol in SYMBOLS:
            stage.place(symbol, limit=NEVER_FILLS)  # from now on the contracts are known
        with meanwhile(*(client.work for client in clients)):
            for number in range(ground.count):
                ground.progress(number / (ground.count + 1), f"halt {number + 1}")
                seconds, queued = _halt(stage, _WAYS[number % len(_WAYS)])
                late.append(seconds)
                waited += queued > 0
                stage.desk.resume("drill")
                stage.wait_open()
        ground.record.figures |= {
            "halts": str(len(late)),
            "of which orders waited for their turn": str(waited),
            "of which an order was accepted after the command": str(sum(seconds > 0 for seconds in late)),
            "command to last order accepted": f"p50 {_rank(late, 0.5)}, p99 {_rank(late, 0.99)}, max {_rank(late, 1)}",
        }
        worst = f"the broker got an order {_rank(late, 0.99)} after a halt at p99; allowed are 50 ms"
        expect(percentile(late, 0.99) < BUDGET, worst)
        stage.desk.halt("before everything is killed")
        ground.progress(1.0, "everything is killed")
        _kill_everything(stage)
    _still_halted(ground)


def _halt(stage: Stage, pull: Callable[[Stage], None]) -> tuple[float, int]:
    """Pull it once there is load; seconds to the last order that the broker accepted, and how many waited then."""
    accepted = _accepted(stage)
    stage.until("orders flow", lambda: _accepted(stage) >= accepted + BETWEEN)
    queued = stage.session().requests_waiting
    at = time.time()
    pull(stage)
    stage.until("Order is halted", lambda: stage.gate() == "halted")
    stage.until("what worked is cancelled", lambda: _working(stage) == 0)
    last = stage.ledger("select max(placed) from orders")[0][0]
    return max(0.0, float(last) - at), queued


def _accepted(stage: Stage) -> int:
    return int(stage.ledger("select count(*) from orders")[0][0])


def _working(stage: Stage) -> int:
    return int(
        stage.ledger("select count(*) from orders where status not in ('Filled', 'Cancelled', 'Inactive')")[0][0]
    )


def _kill_everything(stage: Stage) -> None:
    """As a machine that runs out of memory does, the supervisor first; nobody tidies up."""
    pids = [stage.pid, *(child.pid for child in stage.actors().values() if child.pid is not None)]
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    stage.note(f"SIGKILL to {len(pids)} processes")
    stage.exit_code()
    shutil.rmtree(stage.run_dir, ignore_errors=True)


def _still_halted(ground: Ground) -> None:
    """A new service on the same directory takes no order until somebody resumes it."""
    with ground.service(opened=False) as stage:
        stage.until("the new service is halted", lambda: stage.gate() == "halted")
        key, ended = stage.attempt(limit=NEVER_FILLS)
        expect(ended == "rejected", f"expected that an order is refused after the restart, got {ended}")
        expect(stage.placed(key) == 0, "an order left although the kill switch is on")
        stage.until("it is reconciled", lambda: stage.session().state == "up")
        stage.desk.resume("drill")
        stage.wait_open()
        stage.place(limit=NEVER_FILLS)


def _rank(seconds: list[float], part: float) -> str:
    return f"{percentile(seconds, part) * 1e3:.1f} ms"
