"""State among its scripted neighbours, over real sockets and a real database."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from queue import Empty, Queue

from actors.messages import MESSAGES
from actors.messages.account import Accounts, Positions
from actors.messages.state import (
    CutView,
    GetMemory,
)
from actors.state import StateActor
from config.settings import StateSettings
from tests.state.neighbours import (
    Broker,
    Journal,
    Ledger,
    Listener,
    ScriptedAccount,
    ScriptedConnection,
    ScriptedOrder,
)
from tests.support.local import LocalActor, LocalService

PATIENCE = 5.0
QUERIES = ["FetchExecutions", "FetchOpenOrders", "FetchCompletedOrders", "FetchPositions", "FetchExecutions"]


class House:
    """State with its neighbours; each can be started, killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.service = LocalService(MESSAGES)
        self.broker = Broker()
        self.journal = Journal()
        self.ledger = Ledger(Accounts(()), Positions((), None, "broker"))
        self.cuts: Queue[CutView] = Queue()
        self.storage: Queue[str] = Queue()
        self.service.bind("connection", "order", "account", "state")
        self.attached: Queue[int] = Queue()
        self.service.start("listener", Listener, heard=self.cuts, storage=self.storage, attached=self.attached)

    def start_connection(self) -> LocalActor:
        self.connection = self.service.start("connection", ScriptedConnection, broker=self.broker)
        return self.connection

    def start_order(self) -> LocalActor:
        return self.service.start("order", ScriptedOrder, journal=self.journal)

    def start_account(self) -> LocalActor:
        return self.service.start("account", ScriptedAccount, ledger=self.ledger)

    def start_state(self, every: float = 300.0) -> LocalActor:
        """Up to where every cut is heard of: the first query of the first one waits for that."""
        self.broker.held.add("FetchExecutions")
        settings = StateSettings(reconcile_every=every)
        state = self.state = self.service.start("state", StateActor, settings=settings, directory=self.directory)
        self.attached.get(timeout=PATIENCE)
        if "connection" in self.service._running:
            self.connection.call(self.broker.release("FetchExecutions"))
        else:
            self.broker.held.clear()
        return state

    def start(self) -> None:
        """Everyone, up to the end of the first cut."""
        self.start_connection()
        self.order = self.start_order()
        self.start_state()
        assert self.next_cut().confirmed
        self.drain(self.broker.asked)

    def kill_state(self) -> None:
        self.service.kill("state")

    def next_cut(self) -> CutView:
        return self.cuts.get(timeout=PATIENCE)

    def ask(self, message, timeout: float = PATIENCE):
        return self.service.ref("state").ask(message, timeout=timeout)

    def settle(self) -> None:
        """State has handled what its neighbours sent before this call.

        Their sockets are flushed before they come to our empty function. The first question may be read
        in one go with what they sent, and before it; the second one comes after both.
        """
        for name in ("connection", "order", "account"):
            if name in self.service._running:
                self.service._running[name].call(lambda: None)
        self.ask(GetMemory())
        self.ask(GetMemory())

    @staticmethod
    def drain(queue: Queue) -> list:
        found = []
        try:
            while True:
                found.append(queue.get_nowait())
        except Empty:
            return found

    def rows(self, sql: str) -> list[tuple]:
        with sqlite3.connect(self.directory / "state.db") as reader:
            found = reader.execute(sql).fetchall()
        reader.close()
        return found

    def close(self) -> None:
        if "state" in self.service._running:
            assert self.service._running["state"].host.error is None
            self.kill_state()
        self.service.__exit__()
