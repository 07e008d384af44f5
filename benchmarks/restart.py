"""Kill to answer: SIGKILL an actor of a running service, ask it until its next incarnation replies.

Each ask is the cheapest one that the actor knows. State rebuilt (gate open again) is reported apart. The
restart intensity is raised and the back-off lowered, since a person does not kill 200 times in a row.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from typing import Any

from actors.desk import Desk
from actors.messages.account import GetAccounts
from actors.messages.market import GetMarketData
from actors.messages.orders import GetOrdersView
from actors.messages.session import GetSession
from actors.messages.state import GetReconciliation
from benchmarks.report import Row, percentile
from supervision.errors import DeliveryError, Rejected
from supervision.lifecycle import GetTree
from supervision.message import Ask

TITLE = "SIGKILL to answering again"
KILLS = 200
REBUILDS = 30
LIMIT = 30.0
ASKS: dict[str, Ask[Any]] = {
    "connection": GetSession(),
    "market_data": GetMarketData(),
    "order": GetOrdersView(),
    "account": GetAccounts(),
    "state": GetReconciliation(),
}
SETTINGS = {
    "strategies": [],
    "supervision.intensity": 10_000,
    "supervision.period": 1e9,
    "supervision.backoff.base": 0.001,
    "supervision.backoff.ceiling": 0.001,
    "gateway.backoff.base": 0.05,
}


def measure() -> list[Row]:
    """One row an actor, one for the whole rebuilt."""
    with tempfile.TemporaryDirectory(prefix="nd-") as home, Desk.start(state_dir=home, settings=SETTINGS) as desk:
        _wait_open(desk)
        rows = [_row(name, [_kill(desk, name) for _ in range(KILLS)]) for name in ASKS]
        _wait_open(desk)
        return [
            *rows,
            Row(
                f"order, until the gate is open again ({REBUILDS})", _spread([_rebuild(desk) for _ in range(REBUILDS)])
            ),
        ]


def _rebuild(desk: Desk) -> float:
    began = time.perf_counter()
    _kill(desk, "order")
    _wait_open(desk)
    return time.perf_counter() - began


def _row(name: str, seconds: list[float]) -> Row:
    ratio = f"{percentile(seconds, 0.5) / 0.05:.2f}x"
    return Row(f"{name} ({len(seconds)} kills)", _spread(seconds), "target", "p50 50 ms, p99 250 ms", ratio)


def _spread(seconds: list[float]) -> str:
    p50, p99, worst = percentile(seconds, 0.5), percentile(seconds, 0.99), max(seconds)
    return f"p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, max {worst * 1e3:.0f} ms"


def _pid(desk: Desk, name: str) -> int:
    children = desk.supervisor.ask(GetTree()).children
    return next(child.pid for child in children if child.name == name and child.pid is not None)


def _kill(desk: Desk, name: str) -> float:
    pid = _pid(desk, name)
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    while time.perf_counter() - began < LIMIT:
        try:
            desk.ref(name).ask(ASKS[name], timeout=1.0)
        except Rejected:
            return time.perf_counter() - began  # it answers, though it knows nothing yet
        except DeliveryError:
            continue
        return time.perf_counter() - began
    raise TimeoutError(f"{name} did not answer within {LIMIT:g} s")


def _wait_open(desk: Desk) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            if desk.order.ask(GetOrdersView(), timeout=1.0).gate.state == "open":
                return
        except (DeliveryError, Rejected):
            continue
    raise TimeoutError(f"the gate did not open within {LIMIT:g} s")
