"""Kill to answer: SIGKILL an actor of a running service, ask it until its next incarnation replies.

Each ask is the cheapest one that the actor knows. How long until it knows again what it knew is reported apart,
from kills so far apart that the pacing towards the gateway does not count. The restart intensity is raised and
the back-off lowered, since a person does not kill 200 times in a row.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.desk import Desk
from actors.messages.account import GetAccounts
from actors.messages.market import GetMarketData, GetQuote, Hold
from actors.messages.orders import GetOrdersView
from actors.messages.session import GetSession
from actors.messages.state import GetReconciliation
from benchmarks.report import Row, percentile
from supervision.errors import DeliveryError, Rejected
from supervision.lifecycle import GetTree
from supervision.message import Ask

TITLE = "SIGKILL to answering again"
KILLS = 200
REBUILDS = 12
APART = 0.4
"""Seconds between those: a cut takes a dozen messages of 45 a second."""
LIMIT = 30.0
SYMBOL = "AAPL"
SETTINGS = {
    "strategies": [],
    "supervision.intensity": 10_000,
    "supervision.period": 1e9,
    "supervision.backoff.base": 0.001,
    "supervision.backoff.ceiling": 0.001,
    "gateway.backoff.base": 0.05,
}


@dataclass(frozen=True)
class Subject:
    """One actor: what to ask it, and what it must have rebuilt."""

    ask: Ask[Any]
    rebuilt: str
    begun: Callable[[Desk], Callable[[], bool]]
    """Called before the kill; the result tells whether that is rebuilt."""


def _gate_opens(desk: Desk) -> Callable[[], bool]:
    return lambda: desk.order.ask(GetOrdersView(), timeout=1.0).gate.state == "open"


def _session_and_gate(desk: Desk) -> Callable[[], bool]:
    gate = _gate_opens(desk)
    return lambda: desk.connection.ask(GetSession(), timeout=1.0).state == "up" and gate()


def _quote_lives(desk: Desk) -> Callable[[], bool]:
    return lambda: desk.market_data.ask(GetQuote(SYMBOL), timeout=1.0).state == "live"


def _accounts_complete(desk: Desk) -> Callable[[], bool]:
    return lambda: all(view.complete for view in desk.account.ask(GetAccounts(), timeout=1.0).items)


def _cut_is_taken(desk: Desk) -> Callable[[], bool]:
    def last() -> int:
        cut = desk.state.ask(GetReconciliation(), timeout=1.0).last
        return 0 if cut is None else cut.cut

    before = last()
    return lambda: last() > before


SUBJECTS = {
    "connection": Subject(GetSession(), "session up, reconciled, gate open", _session_and_gate),
    "market_data": Subject(GetMarketData(), "quote live", _quote_lives),
    "order": Subject(GetOrdersView(), "reconciled, gate open", _gate_opens),
    "account": Subject(GetAccounts(), "account complete", _accounts_complete),
    "state": Subject(GetReconciliation(), "reconciled", _cut_is_taken),
}


def measure() -> list[Row]:
    """A row an actor until it answers, a row an actor until it has rebuilt its state."""
    with tempfile.TemporaryDirectory(prefix="nd-") as home, Desk.start(state_dir=home, settings=SETTINGS) as desk:
        _wait(_gate_opens(desk))
        desk.market_data.ask(Hold(SYMBOL))
        rows = [_row(name, [_kill(desk, name) for _ in range(KILLS)]) for name in SUBJECTS]
        _wait(_gate_opens(desk))
        for name, subject in SUBJECTS.items():
            seconds = [_rebuild(desk, name) for _ in range(REBUILDS)]
            worst = max(seconds) * 1e3
            figure = f"p50 {percentile(seconds, 0.5) * 1e3:.0f} ms, max {worst:.0f} ms"
            rows.append(Row(f"{name}, until rebuilt: {subject.rebuilt} ({REBUILDS})", figure))
        return rows


def _rebuild(desk: Desk, name: str) -> float:
    time.sleep(APART)
    rebuilt = SUBJECTS[name].begun(desk)
    began = time.perf_counter()
    _kill(desk, name)
    _wait(rebuilt)
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
            desk.ref(name).ask(SUBJECTS[name].ask, timeout=1.0)
        except Rejected:
            return time.perf_counter() - began  # it answers, though it knows nothing yet
        except DeliveryError:
            continue
        return time.perf_counter() - began
    raise TimeoutError(f"{name} did not answer within {LIMIT:g} s")


def _wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            if true():
                return
        except (DeliveryError, Rejected):
            continue
    raise TimeoutError(f"not rebuilt within {LIMIT:g} s")
