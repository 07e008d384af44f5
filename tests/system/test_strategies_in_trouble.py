"""Strategies that crash, hang, end, flood or cannot start are parked and shown; nobody else notices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from actors.messages.orders import GetOrdersView
from tests.support.whole import FIVE, Whole, whole

ROOT = Path(__file__).resolve().parent.parent.parent
MODULE = """
import os, sys, time
from actors.messages.orders import GetOrders
from actors.strategy import Strategy
from supervision.message import Done


class Subscribed(Strategy):
    def on_start(self):
        self.subscribe("AAPL")


class Crashes(Subscribed):
    def on_quote(self, quote):
        if not self.working("AAPL"):
            self.buy("AAPL", 1, limit=1.0)
        raise ValueError("boom")


class Hangs(Subscribed):
    def on_quote(self, quote):
        time.sleep(600)


class Exits(Subscribed):
    def on_quote(self, quote):
        sys.exit(0)


class Vanishes(Subscribed):
    def on_quote(self, quote):
        os._exit(0)


class CannotStart(Strategy):
    def on_start(self):
        raise RuntimeError("no")


class Floods(Subscribed):
    def on_quote(self, quote):
        for _ in range(500):
            self.desk.market_data.tell(Done())
            self.desk.order.ask(GetOrders(all=True))
"""
REASONS = {
    "crashes": "crash: ValueError: boom",
    "hangs": "hung: killed by the supervisor",
    "exits": "crash: SystemExit: 0",
    "vanishes": "normal",
    "cannotstart": "crash: RuntimeError: no",
}
SETTINGS: dict[str, object] = {
    "supervision.intensity": 1,
    "supervision.hang_limit": 2,
    "supervision.backoff.base": 0.05,
    "supervision.backoff.ceiling": 0.1,
    "strategies": [
        {"name": name.lower(), "target": f"trouble:{name}"}
        for name in ("Crashes", "Hangs", "Exits", "Vanishes", "CannotStart", "Floods")
    ],
}


def command(service: Whole, *words: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "run.py", *words, "--state-dir", str(service.state_dir)]
    return subprocess.run(arguments, cwd=ROOT, text=True, capture_output=True, timeout=30, check=False)


def parked(service: Whole) -> dict[str, str]:
    return {name: child.last_death for name, child in service.actors().items() if child.state == "parked"}


def test_strategies_in_trouble_are_parked_with_their_reason_and_touch_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trouble.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with whole(SETTINGS) as service:
        service.wait_open()
        before = {name: service.actors()[name].pid for name in FIVE}
        service.until("every one but the flood is parked", lambda: parked(service) == REASONS, 20.0)
        assert {name: service.actors()[name].pid for name in FIVE} == before
        assert service.gate() == "open"
        left = service.desk.order.ask(GetOrdersView()).working_of
        assert left == {"crashes": 1}
        told = orjson.loads(command(service, "status", "--json").stdout)["problems"]
        assert "crashes is parked (crash: ValueError: boom), 1 of its orders still work" in told
        assert {problem.split()[0] for problem in told} >= REASONS.keys()
        again = command(service, "strategies", "start", "crashes")
        assert (again.returncode, again.stdout) == (0, "crashes started\n")
        service.until("it crashed again", lambda: service.actors()["crashes"].incarnation > 3)
        assert service.desk.order.ask(GetOrdersView()).working_of == {"crashes": 1}
