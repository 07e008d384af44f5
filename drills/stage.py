"""A running service for a drill or a test: what can be done to it, what it says, and what its ledger says.

Started as a user would start it, watched through Desk, judged by the simulator's ledger. Every wait is on a
condition with a limit; what is done to the service goes into the record.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import orjson

from actors.desk import Desk
from actors.messages.account import GetAccounts, GetPositions
from actors.messages.market import GetMarketData
from actors.messages.orders import CancelOrder, GetOrdersView, OrderView, PlaceOrder, Side
from actors.messages.session import GetSession, SessionView
from actors.messages.state import GetReconciliation
from drills.errors import Broken
from drills.record import Operation, Outcome, Record, Restart
from simulator.control import ControlClient
from simulator.faults.act import Answer
from supervision.errors import ActorUnavailable, DeliveryError, Rejected
from supervision.lifecycle import ChildState, ChildView, DeathRecord, GetTree, TreeView
from supervision.message import Ask

FIVE = ("connection", "market_data", "order", "account", "state")
CHEAPEST: dict[str, Ask[Any]] = {
    "connection": GetSession(),
    "market_data": GetMarketData(),
    "order": GetOrdersView(),
    "account": GetAccounts(),
    "state": GetReconciliation(),
}
"""What each of the five answers with the least work: the question whether it is there."""
CRASH_BUDGET = 1.0
"""Seconds from the death of an actor to its next answer."""
LOOK_SECONDS = 0.005

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Blow:
    """Something that ends an incarnation, and when it fell."""

    name: str
    incarnation: int
    pid: int
    at: float


class Stage:
    """One running service."""

    def __init__(self, desk: Desk, state_dir: Path, record: Record, rng: random.Random) -> None:
        assert desk.service is not None
        self.desk = desk
        self.state_dir = state_dir
        self.record = record
        self.rng = rng
        self.pid = desk.service.pid
        self.directory = Path(desk.service.directory)
        self.run_dir = desk.run_dir
        self.expected: dict[str, int] | None = None
        self._keys = 0

    # --- waiting ---------------------------------------------------------------------------------

    def until(self, what: str, true: Callable[[], object], limit: float = 15.0) -> float:
        """Wait until `true`; an actor being away counts as not yet. Returns the seconds it took. Raises Broken."""
        began = time.monotonic()
        last: Exception | None = None
        while True:
            try:
                if true():
                    return time.monotonic() - began
            except (DeliveryError, Rejected) as error:
                last = error
            if time.monotonic() - began > limit:
                raise Broken(f"not within {limit:g} s: {what}" + (f" (last: {last})" if last else ""))
            time.sleep(LOOK_SECONDS)

    def reached(self, what: str, read: Callable[[], R]) -> R:
        """What `read` returns once the actor that it asks is there. Raises Broken."""
        found: list[R] = []

        def try_it() -> bool:
            found.append(read())
            return True

        self.until(what, try_it)
        return found[0]

    def wait_open(self, limit: float = 15.0) -> float:
        """Wait until orders may leave."""
        return self.until("the gate is open", lambda: self.gate() == "open", limit)

    def wait_unlocked(self, limit: float = 15.0) -> float:
        """Wait until no contract is locked: what became of every order is known."""
        return self.until("no contract is locked", lambda: not self.desk.order.ask(GetOrdersView()).locks, limit)

    def becomes(self, name: str, state: ChildState, incarnation: int = 1) -> None:
        """Wait until an actor is in this state, in this incarnation or a later one. Raises Broken."""

        def is_so() -> bool:
            child = self.actors().get(name)
            return child is not None and child.state == state and child.incarnation >= incarnation

        self.until(f"incarnation {incarnation} of {name} is {state}", is_so)

    def exit_code(self, limit: float = 15.0) -> int:
        """Wait until the service has ended; what it left with. Raises Broken."""
        process = self.desk.process
        assert process is not None
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise Broken(f"the service did not end within {limit:g} s") from error

    # --- looking ---------------------------------------------------------------------------------

    def gate(self) -> str:
        """State of the gate."""
        return self.desk.order.ask(GetOrdersView(), timeout=2.0).gate.state

    def session(self) -> SessionView:
        """The session with the gateway."""
        return self.desk.connection.ask(GetSession(), timeout=2.0)

    def tree(self) -> TreeView:
        """The supervision tree with its death records; waits for a supervisor that stands still. Raises Broken."""
        return self.reached("the supervisor answers", lambda: self.desk.supervisor.ask(GetTree(), timeout=2.0))

    def actors(self) -> dict[str, ChildView]:
        """Every supervised actor."""
        return {child.name: child for child in self.tree().children}

    def pid_of(self, name: str) -> int:
        """The process of an actor that runs. Raises Broken when it does not."""
        pid = self.actors()[name].pid
        if pid is None:
            raise Broken(f"{name} has no process")
        return pid

    def answers(self, name: str, timeout: float = 1.0) -> bool:
        """Whether the actor answers its cheapest question; a refusal is an answer."""
        try:
            self.desk.ref(name).ask(CHEAPEST[name], timeout=timeout)
        except Rejected:
            return True
        except DeliveryError:
            return False
        return True

    def log(self) -> list[dict[str, Any]]:
        """The service's log so far; a line that is no JSON object is a record of its own with key `raw`."""
        lines = (self.state_dir / "service.log").read_text(errors="replace").splitlines()
        return [_log_record(line) for line in lines]

    def logged(self, text: str) -> bool:
        """Whether some log line contains the text."""
        return text in (self.state_dir / "service.log").read_text(errors="replace")

    # --- doing -----------------------------------------------------------------------------------

    def strike(self, name: str, number: int = signal.SIGKILL) -> Blow:
        """Send a signal, by default SIGKILL, to an actor of the service."""
        child = self.actors()[name]
        if child.pid is None:
            raise Broken(f"{name} has no process to strike")
        return self.strike_pid(child, number)

    def strike_pid(self, child: ChildView, number: int = signal.SIGKILL) -> Blow:
        """Send a signal to an actor that was just looked at; one that is gone already was struck by another."""
        assert child.pid is not None
        self.note(f"{signal.Signals(number).name} to {child.name} (incarnation {child.incarnation}, pid {child.pid})")
        at = time.monotonic()
        try:
            os.kill(child.pid, number)
        except ProcessLookupError:
            self.note(f"{child.name} was gone already")
        return Blow(child.name, child.incarnation, child.pid, at)

    def kill(self, name: str) -> int:
        """SIGKILL an actor; returns the pid it had."""
        return self.strike(name).pid

    def recovers(self, blow: Blow, within: float = CRASH_BUDGET, limit: float = 15.0, cause: str = "SIGKILL") -> float:
        """Wait until a later incarnation answers; the seconds since the blow go into the record. Raises Broken."""
        name = blow.name
        if name in CHEAPEST:
            self.until(f"{name} answers again", lambda: self._answers_after(blow), limit)
        else:
            self.until(f"{name} runs again", lambda: self._runs_after(blow), limit)
        seconds = time.monotonic() - blow.at
        self.record.restarts.append(Restart(name, seconds, within, cause))
        return seconds

    def _answers_after(self, blow: Blow) -> bool:
        return self.answers(blow.name) and self.actors()[blow.name].incarnation > blow.incarnation

    def _runs_after(self, blow: Blow) -> bool:
        child = self.actors()[blow.name]
        return child.incarnation > blow.incarnation and child.state == "running"

    def fell(self, name: str, incarnation: int = 1) -> Blow:
        """Wait for the end of an incarnation that dies by itself, at a failpoint say. Raises Broken."""
        found: list[DeathRecord] = []

        def dead() -> bool:
            found[:] = [one for one in self.tree().deaths if (one.name, one.incarnation) == (name, incarnation)]
            return bool(found)

        self.until(f"incarnation {incarnation} of {name} has ended", dead)
        since = time.time() - found[0].at.timestamp()
        return Blow(name, incarnation, found[0].pid or 0, time.monotonic() - since)

    def expect_restarts(self, **counts: int) -> None:
        """At the end these actors must have been restarted exactly so often, and every other not at all."""
        self.expected = counts

    def note(self, text: str) -> None:
        """A line for the history."""
        self.record.note("drill", text)

    # --- asking, recorded ------------------------------------------------------------------------

    def ask(self, name: str, message: Ask[R], timeout: float = 5.0, key: str = "") -> R:
        """Ask an actor as a client would, and keep how it ended. Raises as `Ref.ask` does."""
        began = time.monotonic()
        outcome: Outcome = "unknown"
        detail = ""
        try:
            reply = self.desk.ref(name).ask(message, timeout)
        except (Rejected, ActorUnavailable) as error:
            outcome, detail = "rejected", str(error)
            raise
        except DeliveryError as error:
            detail = str(error)
            raise
        else:
            outcome = "ok"
            return reply
        finally:
            what = type(message).__name__
            self.record.operation(Operation(what, name, key, began, time.monotonic(), timeout, outcome, detail))

    def new_key(self) -> str:
        """An idempotency key that no other order of this drill has."""
        self._keys += 1
        return f"drill-{self.pid}-{self._keys}"

    def place(
        self,
        symbol: str = "AAPL",
        side: Side = "BUY",
        quantity: int = 1,
        *,
        limit: float | None = None,
        key: str = "",
        tif: str | None = None,
        timeout: float = 5.0,
    ) -> OrderView:
        """Place an order by hand. Raises as `Ref.ask` does."""
        order = PlaceOrder(symbol, side, quantity, limit=limit, key=key or self.new_key(), tif=tif)
        return self.ask("order", order, timeout, order.key)

    def attempt(self, **order: Any) -> tuple[str, Outcome]:
        """Place an order whose end may be anything; its key and how it ended."""
        key = order.pop("key", "") or self.new_key()
        try:
            self.place(key=key, **order)
        except (Rejected, ActorUnavailable):
            return key, "rejected"
        except DeliveryError:
            return key, "unknown"
        return key, "ok"

    def cancel(self, key: str, timeout: float = 5.0) -> OrderView:
        """Cancel an order by hand. Raises as `Ref.ask` does."""
        return self.ask("order", CancelOrder(key), timeout, key)

    # --- the market and its truth ----------------------------------------------------------------

    def market(self, statement: str) -> Answer:
        """One statement to the simulated gateway, kept in the history; given again to the next incarnation of a
        simulator that dies of it, or with it. Raises Broken.
        """
        return self.reached(f"the simulator does {statement}", lambda: self.say(statement))

    def say(self, statement: str) -> Answer:
        """The same, once. Raises ControlError when it is refused, ActorUnavailable when the simulator is gone."""
        if statement not in ("status", "ledger"):
            self.note(f"gateway: {statement}")
        try:
            address = orjson.loads((self.directory / "simulator.json").read_bytes())
            with ControlClient(address["host"], address["control_port"]) as control:
                return control.do(statement)
        except OSError as error:
            raise ActorUnavailable("simulator", str(error)) from error

    def settle(self) -> None:
        """Let the market stand still, so that two views can be compared at rest."""
        self.market("freeze on")

    def ledger(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the simulator's ledger."""
        return rows(self.directory / "simulator.db", query, *values)

    def ledger_positions(self) -> dict[str, Decimal]:
        """What the account truly holds, by symbol."""
        found = self.ledger("select symbol, quantity from positions")
        return {symbol: Decimal(quantity) for symbol, quantity in found if Decimal(quantity)}

    def our_positions(self) -> dict[str, Decimal]:
        """What the service says it holds."""
        return {one.symbol: one.quantity for one in self.desk.account.ask(GetPositions()).items}

    def placed(self, key: str) -> int:
        """How many orders the broker ever got under this key."""
        return int(self.ledger("select count(*) from orders where order_ref = ?", key)[0][0])


def rows(path: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of an SQLite file that somebody else writes."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10.0)) as connection:
        return connection.execute(query, values).fetchall()


def _log_record(line: str) -> dict[str, Any]:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {"raw": line}
    return record if isinstance(record, dict) else {"raw": line}
