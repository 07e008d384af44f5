"""The ask and tell handle of a running service, for any process of the same user.

    with Desk.connect() as desk:
        placed = desk.order.ask(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="my-key-1"), timeout=5)

A Desk is found through the state directory and goes on working while actors restart behind it; it does
not outlive the service. It may be shared by threads: each has its own connections.
"""

from __future__ import annotations

import getpass
import logging
import queue
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from actors.messages import MESSAGES
from actors.messages.broker import Snapshot
from actors.messages.orders import CancelMode, GateView, Halt, OrderEvent, PlaceOrder, Resume
from actors.messages.risk import Decision, ExplainOrder
from actors.messages.system import CustomEvent, Publish
from actors.orders.halt_file import HaltFile, new_id
from actors.running import NotRunning, Service, default_state_dir, find, launch
from supervision.errors import ActorDied, ActorUnavailable, AskTimeout, Rejected
from supervision.message import Message
from supervision.ref import Hub, Ref
from supervision.wire import Codec

__all__ = ["ActorDied", "ActorUnavailable", "AskTimeout", "Desk", "NotRunning", "Rejected"]

# Which actors publish what; a topic that is not here is custom, and State passes it on.
PUBLISHERS: Mapping[str, tuple[str, ...]] = {
    "session": ("connection",),
    "errors": ("connection",),
    "orders": ("order",),
    "risk": ("order", "state", "account"),
    "risk_figures": ("account",),
    "market": ("market_data",),
    "account": ("account",),
    "system": ("supervisor",),
}
CUSTOM_PUBLISHER = "state"
STOP_SECONDS = 60.0
WHY_SECONDS = 10.0
HALT_SECONDS = 10.0


def event_name(event: Message) -> str:
    """The name under which `Desk.on` knows an event; for example an order's `order_filled`."""
    match event:
        case OrderEvent():
            return f"order_{event.event}"
        case CustomEvent():
            return event.topic
        case _:
            return _snake(type(event).__name__)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class Desk:
    """Refs of the service's actors, its streams, and its custom events."""

    def __init__(
        self,
        run_dir: Path,
        *,
        sender: str = "desk",
        service: Service | None = None,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.service = service
        self.run_dir = run_dir
        self._codec = Codec(MESSAGES)
        self._sender = sender
        self._hub = Hub(run_dir, self._codec, sender=sender)
        self._refs: dict[str, Ref] = {}
        self.process = process
        """The service, when this Desk started it."""
        self.connection = self.ref("connection")
        self.market_data = self.ref("market_data")
        self.order = self.ref("order")
        self.account = self.ref("account")
        self.state = self.ref("state")
        self.supervisor = self.ref("supervisor")

    @classmethod
    def connect(cls, state_dir: Path | str | None = None, *, sender: str = "desk") -> Self:
        """The Desk of the service running on `state_dir` (default: as the command line's). Raises NotRunning."""
        service = find(Path(state_dir) if state_dir is not None else default_state_dir())
        return cls(Path(service.run_dir), sender=sender, service=service)

    @classmethod
    def start(
        cls,
        config: Path | str | None = None,
        *,
        state_dir: Path | str,
        settings: Mapping[str, object] | None = None,
        log: Path | str | None = None,
    ) -> Self:
        """Run a whole service as a child of this process and connect to it; `close` stops it.

        `settings` are single values by dotted key, as `--set` takes them. Returns once the supervisor has
        started every actor. Raises NotRunning with the child's last words when it ends instead.
        """
        directory = Path(state_dir)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        log_path = Path(log) if log is not None else directory / "service.log"
        process = launch(config, directory, settings or {}, log_path)
        service = find(directory)
        return cls(Path(service.run_dir), service=service, process=process)

    def ref(self, name: str) -> Ref:
        """The Ref of any actor, for example a strategy."""
        if name not in self._refs:
            self._refs[name] = Ref(self.run_dir, name, self._codec, sender=self._sender, hub=self._hub)
        return self._refs[name]

    def on(self, name: str, callback: Callable[[Any], None]) -> Callable[[], None]:
        """Call back, in the Desk's thread, for every event of this name; returns how to end it.

        Names: `order_filled` (and the other order events), `fill`, `session_up`, `session_down`,
        `link_changed`, `gate_changed`, `cut_finished`, `margin_warning`, `protection_changed`, `account_event`,
        `risk_figures`, or a custom topic.
        """
        topics = _topics_of(name)

        def pick(event: Message) -> None:
            if event_name(event) == name:
                callback(event)

        return self.listen(topics, pick)

    def stream(self, *topics: str, timeout: float | None = None) -> Iterator[Message]:
        """Events of the topics as they come, from now on; ends after `timeout` seconds without one."""
        arrived: queue.SimpleQueue[Message] = queue.SimpleQueue()
        end = self.listen(topics, arrived.put)
        return self._drain(arrived, end, timeout)

    def publish(self, topic: str, data: object) -> None:
        """Send a custom event to whoever listens to its topic. Rejected for a topic of the service itself."""
        self.ref(CUSTOM_PUBLISHER).ask(Publish(topic, data))

    def why(self, order: PlaceOrder) -> Decision:
        """Whether an order would leave now, by every rule; nothing is sent, kept or counted."""
        return self.order.ask(ExplainOrder(order), timeout=WHY_SECONDS)

    def halt(self, reason: str, *, cancel: CancelMode = "own", flatten: bool = False, by: str = "") -> GateView:
        """Pull the kill switch: its file first, which stops new orders whatever is dead or hung, then Order, which
        cancels and flattens. When Order does not answer this raises, and the file has stopped new orders all the same:
        Order does the rest as soon as it lives. Inside a strategy there is no file, Order alone is asked.
        """
        halt = Halt(reason, cancel, by or getpass.getuser(), flatten, new_id())
        if self.service is not None:
            try:
                HaltFile(Path(self.service.directory)).write(halt)
            except OSError as error:
                logging.getLogger(__name__).warning("the file HALT could not be written, Order is asked: %s", error)
        return self.order.ask(halt, timeout=HALT_SECONDS)

    def resume(self, reason: str, *, by: str = "") -> GateView:
        """Lift the kill switch, with a reason that is kept; Order takes its file away."""
        return self.order.ask(Resume(reason, by or getpass.getuser()), timeout=HALT_SECONDS)

    def close(self) -> None:
        """Close all connections; a service started by `Desk.start` is drained and stopped."""
        self._hub.close()
        for ref in self._refs.values():
            ref.close()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def listen(self, topics: tuple[str, ...], callback: Callable[[Message], None]) -> Callable[[], None]:
        """Call back, in the Desk's thread, with everything published under the topics; returns how to end it."""

        def pass_on(message: Message) -> None:
            if not isinstance(message, Snapshot):
                callback(message)

        wanted: dict[str, list[str]] = {}
        for topic in topics:
            for name in PUBLISHERS.get(topic, (CUSTOM_PUBLISHER,)):
                wanted.setdefault(name, []).append(topic)
        ends = [self._hub.listen(name, tuple(topics), pass_on) for name, topics in wanted.items()]

        def end() -> None:
            for one in ends:
                one()

        return end

    @staticmethod
    def _drain(
        arrived: queue.SimpleQueue[Message], end: Callable[[], None], timeout: float | None
    ) -> Iterator[Message]:
        try:
            while True:
                try:
                    yield arrived.get(timeout=timeout)
                except queue.Empty:
                    return
        finally:
            end()


def _topics_of(name: str) -> tuple[str, ...]:
    if name.startswith("order_") or name == "fill":
        return ("orders",)
    known = {
        "session_up": "session",
        "session_down": "session",
        "link_changed": "session",
        "gate_changed": "risk",
        "cut_finished": "risk",
        "margin_warning": "risk",
        "protection_changed": "risk",
        "account_event": "account",
        "gap": "market",
        "resumed": "market",
        "broker_notice": "errors",
        "tree_changed": "system",
    }
    return (known.get(name, name),)
