"""A whole service for a test: started as a user would, watched through Desk, judged by the simulator's ledger."""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from actors.desk import Desk
from actors.messages.account import GetPositions
from actors.messages.orders import GetOrders, GetOrdersView
from actors.messages.session import GetSession, SessionView
from simulator.control import ControlClient
from supervision.errors import DeliveryError, Rejected
from supervision.lifecycle import ChildView, GetTree

QUICK = {"gateway.backoff.base": 0.2, "gateway.backoff.ceiling": 1.0}
FIVE = ("connection", "market_data", "order", "account", "state")


class Whole:
    """A running service and its ledger."""

    def __init__(self, desk: Desk, state_dir: Path) -> None:
        self.desk = desk
        self.state_dir = state_dir
        assert desk.service is not None
        self.pid = desk.service.pid
        self.directory = Path(desk.service.directory)

    def until(self, what: str, true: Callable[[], bool], limit: float = 15.0) -> float:
        """Wait until `true`; an actor being away counts as not yet. Returns the seconds it took."""
        began = time.monotonic()
        last: Exception | None = None
        while time.monotonic() - began < limit:
            try:
                if true():
                    return time.monotonic() - began
            except (DeliveryError, Rejected) as error:
                last = error
            time.sleep(0.01)
        raise AssertionError(f"not within {limit:g} s: {what} ({last})")

    def gate(self) -> str:
        """State of the gate."""
        return self.desk.order.ask(GetOrdersView(), timeout=2.0).gate.state

    def wait_open(self, limit: float = 15.0) -> float:
        """Wait until orders may leave."""
        return self.until("the gate is open", lambda: self.gate() == "open", limit)

    def session(self) -> SessionView:
        """The session with the gateway."""
        return self.desk.connection.ask(GetSession(), timeout=2.0)

    def actors(self) -> dict[str, ChildView]:
        """Every supervised actor."""
        return {child.name: child for child in self.desk.supervisor.ask(GetTree(), timeout=2.0).children}

    def kill(self, name: str) -> int:
        """SIGKILL an actor; returns the pid it had."""
        pid = self.actors()[name].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        return pid

    @contextmanager
    def simulator(self) -> Iterator[ControlClient]:
        """The simulated gateway's control."""
        address = orjson.loads((self.directory / "simulator.json").read_bytes())
        with ControlClient(address["host"], address["control_port"]) as control:
            yield control

    def ledger(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the simulator's ledger."""
        path = self.directory / "simulator.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def ledger_positions(self) -> dict[str, Decimal]:
        """What the account truly holds, by symbol."""
        rows = self.ledger("select symbol, quantity from positions")
        return {symbol: Decimal(quantity) for symbol, quantity in rows if Decimal(quantity)}

    def our_positions(self) -> dict[str, Decimal]:
        """What the service says it holds."""
        return {one.symbol: one.quantity for one in self.desk.account.ask(GetPositions()).items}

    def settle(self) -> None:
        """Stop the sample's orders from changing things, so that two views can be compared at rest."""
        with self.simulator() as control:
            control.do("freeze", on=True)

    def assert_nothing_doubled(self) -> None:
        """Each key made at most one order at the broker, and every order of ours is known there."""
        doubled = self.ledger(
            "select order_ref from orders where order_ref != '' group by order_ref having count(*) > 1"
        )
        assert doubled == []
        known = {order_ref for (order_ref,) in self.ledger("select order_ref from orders")}
        for order in self.desk.order.ask(GetOrders(all=True)).items:
            if order.status in ("SUBMITTED", "PRESUBMITTED", "FILLED", "CANCELLED") and not order.external:
                assert order.key in known


@contextmanager
def whole(settings: Mapping[str, object] | None = None, state_dir: Path | None = None) -> Iterator[Whole]:
    """A service in simulated mode, drained and stopped at the end."""
    with tempfile.TemporaryDirectory(prefix="nd-") as temporary:
        home = state_dir or Path(temporary)
        with Desk.start(state_dir=home, settings={**QUICK, **(settings or {})}) as desk:
            yield Whole(desk, home)
