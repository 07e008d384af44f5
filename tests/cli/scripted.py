"""A scripted service for the command line: real sockets and actors in threads, with answers a test writes."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from actors.messages import MESSAGES
from actors.messages.market import GetMarketData, MarketDataView
from actors.messages.orders import GateView, GetOrdersView, OrdersView, OrderView
from actors.messages.risk import GetLowMargins, GetProtection, LowMargins, ProtectionChanged
from actors.messages.session import GetSession, SessionView
from actors.messages.state import GetReconciliation, ReconciliationView
from cli import main
from supervision.actor import LATER, Actor, Context, Sender
from supervision.lifecycle import ChildView, GetTree, TreeView
from supervision.message import Message
from tests.support.local import LocalService

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
Script = Mapping[type[Message], Any]

GATE = GateView("open", (), 3, NOW)
ORDERS_VIEW = OrdersView(GATE, working=1, filled=2, rejected=3, unknown=0, total=6, executions=4, working_of={})
SESSION = SessionView(
    state="up",
    since=NOW,
    epoch=2,
    generation=0,
    host="127.0.0.1",
    port=4002,
    client_id=17,
    server_version=178,
    accounts=("DU1000001",),
    next_order_id=9,
    reconnects=1,
    last_heartbeat=NOW,
    retry_at=None,
    reason="",
    requests_waiting=0,
    callback_errors=0,
)


def child(name: str, state: str = "running", parent: str = "broker", last_death: str = "") -> ChildView:
    return ChildView(name, parent, 4711, 1, 0, state, 0, 10, 0, NOW, last_death)  # type: ignore[arg-type]


def tree(*children: ChildView) -> TreeView:
    return TreeView(os.getpid(), "running", NOW, children, ())


def order(**changes: Any) -> OrderView:
    facts: dict[str, Any] = {
        "key": "k1",
        "order_id": 7,
        "perm_ids": (99,),
        "account": "DU1000001",
        "symbol": "AAPL",
        "con_id": 265598,
        "side": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "limit": 150.25,
        "stop": None,
        "tif": "DAY",
        "status": "SUBMITTED",
        "filled": Decimal("2.5"),
        "average_price": 150.2,
        "commission": Decimal("1.05"),
        "strategy": "sample",
        "created": NOW,
        "updated": NOW,
        "contract": "AAPL",
    }
    return OrderView(**{**facts, **changes})


HEALTHY: Mapping[str, Script] = {
    "supervisor": {GetTree: tree(child("order"), child("sample", parent="strategies"))},
    "order": {GetOrdersView: ORDERS_VIEW, GetProtection: ProtectionChanged(())},
    "connection": {GetSession: SESSION},
    "market_data": {GetMarketData: MarketDataView(2, 100, 3, 12345, 0, 7)},
    "state": {GetReconciliation: ReconciliationView(None, running=False, next_due=None, open_differences=0)},
    "account": {GetLowMargins: LowMargins(())},
}


class Scripted(Actor):
    """Answers each message with what its script says: a message, an error to raise, LATER, or a function."""

    def __init__(self, context: Context, *, script: Script) -> None:
        super().__init__(context)
        self.heard: list[Message] = []
        answers = {kind: _answering(answer) for kind, answer in script.items()}
        self._handlers = {**self._handlers, **answers}  # type: ignore[misc]


def _answering(answer: Any) -> Callable[[Scripted, Any, Sender], Any]:
    def handle(actor: Scripted, message: Any, _: Sender) -> Any:
        actor.heard.append(message)
        said = answer(message) if callable(answer) and answer is not LATER else answer
        if isinstance(said, Exception):
            raise said
        return said

    return handle


class ScriptedService:
    """A state directory that looks like that of a running service, and the actors behind it."""

    def __init__(self, local: LocalService, state_dir: Path) -> None:
        self.local = local
        self.state_dir = state_dir

    def heard(self, name: str) -> list[Message]:
        """What the actor was asked, in order."""
        actor: Scripted = self.local._running[name].actor
        return actor.heard

    def run(self, *arguments: str) -> Result:
        """Run one command against this service."""
        return run(*arguments, "--state-dir", str(self.state_dir))

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json, which must succeed."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


def run(*arguments: str) -> Result:
    """Run one command in this process; an exception that reaches the user is the test's failure."""
    return CliRunner().invoke(main, arguments, prog_name="nightdesk", catch_exceptions=False)


@contextlib.contextmanager
def scripted(state_dir: Path, scripts: Mapping[str, Script]) -> Iterator[ScriptedService]:
    """A service whose actors follow `scripts`, on top of HEALTHY."""
    with LocalService(MESSAGES) as local:
        for name, script in HEALTHY.items():
            local.start(name, Scripted, script={**script, **scripts.get(name, {})})
        note = {
            "pid": os.getpid(),
            "run_dir": str(local.run_dir),
            "mode": "simulated",
            "account": "DU1000001",
            "directory": str(state_dir),
            "started": NOW.isoformat(),
        }
        (state_dir / "service.json").write_text(json.dumps(note))
        yield ScriptedService(local, state_dir)
