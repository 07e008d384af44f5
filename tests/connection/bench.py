"""Connection between a listener of the test's and a gateway: our simulator, or one that a test scripts."""

from __future__ import annotations

import itertools
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from actors.connection import ConnectionActor
from actors.messages import MESSAGES
from actors.messages.broker import GateStands, OrderTerms, Sending, Snapshot, Transmit
from actors.messages.market import Contract
from actors.messages.orders import Passes
from actors.messages.session import GetSession, SessionView
from config.settings import BackoffSettings, GatewaySettings, SimulatorSettings
from simulator.actor import SimulatorActor
from simulator.control import Answer, ControlClient
from supervision.message import Message
from supervision.ref import Hub
from tests.support.local import LocalActor, LocalService

M = TypeVar("M", bound=Message)
TOPICS = ("session", "clock", "ticks", "order_reports", "account_reports", "errors")
QUICK = BackoffSettings(base=0.05, factor=2.0, ceiling=0.2, jitter=0.0)


class Bench:
    """One Connection, everything it publishes, and a Ref to ask it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.service = LocalService(MESSAGES)
        self.hub = Hub(self.service.run_dir, self.service.codec, sender="bench")
        self.connection = self.service.ref("connection")
        self._inbox: queue.Queue[Message] = queue.Queue()
        self._passed: list[Message] = []
        self._attached = threading.Event()
        self._ends = [self.hub.listen("connection", TOPICS, self._heard)]

    def _heard(self, message: Message) -> None:
        if isinstance(message, Snapshot):
            self._attached.set()
        self._inbox.put(message)

    def listen(self, on_message: Callable[[Message], None]) -> None:
        """Another listener, as if another actor had attached now."""
        self._ends.append(self.hub.listen("connection", TOPICS, on_message))

    def start(self, mode: str = "simulated", accounts: tuple[str, ...] = ("DU1000001",), **settings: Any) -> LocalActor:
        """Start Connection, or its next incarnation."""
        self._attached.clear()
        values: dict[str, Any] = {"backoff": QUICK} | settings
        return self.service.start(
            "connection",
            ConnectionActor,
            settings=GatewaySettings(**values),
            mode=mode,
            accounts=accounts,
            directory=self.directory,
        )

    def next(self, kind: type[M], test: Callable[[M], bool] = lambda _: True, timeout: float = 5.0) -> M:
        """The next published message of a kind; what came before it is looked at again by later calls."""
        for index, message in enumerate(self._passed):
            if isinstance(message, kind) and test(message):
                del self._passed[index]
                return message
        deadline = time.monotonic() + timeout
        while True:
            message = self._inbox.get(timeout=max(0.001, deadline - time.monotonic()))
            if isinstance(message, kind) and test(message):
                return message
            self._passed.append(message)

    def attached(self) -> None:
        """Wait until we hear what Connection publishes."""
        assert self._attached.wait(5.0), "Connection has not greeted us"

    def up(self, epoch: int = 1) -> SessionView:
        """Wait until the session with this epoch is up, we hear what becomes of it, and Connection knows our gate.

        SessionUp may have gone out before we listened.
        """
        self.attached()
        self.gate(1, is_open=True)
        return self.view(lambda view: view.state == "up" and view.epoch == epoch)

    def gate(self, version: int, *, is_open: bool, reason: str = "", flattens: bool = False) -> None:
        """We are Order and tell where the gate stands; handled before what is asked of `connection` next."""
        passes: Passes = "reducing" if flattens else "all" if is_open else "none"
        self.connection.tell(GateStands(version, passes, reason, flattens))

    def view(self, test: Callable[[SessionView], bool] = lambda _: True, timeout: float = 5.0) -> SessionView:
        """The session view once it looks as wanted."""
        deadline = time.monotonic() + timeout
        while True:
            view = self.connection.ask(GetSession())
            if test(view):
                return view
            assert time.monotonic() < deadline, view
            time.sleep(0.01)  # nothing is published while there is no session: the view has to be asked for

    def close(self) -> None:
        for end in self._ends:
            end()
        self.hub.close()
        self.service.__exit__()


@contextmanager
def bench(directory: Path) -> Iterator[Bench]:
    """A Bench that is taken apart at the end."""
    made = Bench(directory)
    try:
        yield made
    finally:
        made.close()


@contextmanager
def simulated(directory: Path) -> Iterator[Bench]:
    """A Bench with a simulator in it, and Connection up."""
    with bench(directory) as made:
        made.service.start("simulator", SimulatorActor, settings=SimulatorSettings(speed=20.0), directory=directory)
        made.start()
        yield made


def control(directory: Path, statement: str) -> Answer:
    """Tell the simulator something through its control port."""
    address = json.loads((directory / "simulator.json").read_text())
    with ControlClient(address["host"], address["control_port"]) as steering:
        return steering.do(statement)


_receipts = itertools.count(1)


def sending(
    epoch: int, order_id: int, contract: Contract, terms: OrderTerms, *, receipt: int | None = None
) -> Transmit:
    """One order as Order hands it over; the receipts rise unless told."""
    if receipt is None:
        receipt = next(_receipts)
    return Transmit(epoch, 1, (Sending(order_id, contract, terms, receipt),))
