"""What happened in a drill, as it happened: the history that the invariants are checked on.

Append-only and thread-safe (the watcher, the traders and the drill write). Times are monotonic seconds. Like
Jepsen's, an operation ends `ok`, `rejected` (surely not done) or `unknown` (perhaps done), never in a guess.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from supervision.lifecycle import ChildView
from supervision.message import Message

Outcome = Literal["ok", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history, for people."""

    at: float
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One ask of a client. `what` is the message's type, `timeout` what the client was ready to wait."""

    what: str
    actor: str
    key: str
    began: float
    ended: float
    timeout: float
    outcome: Outcome
    detail: str


@dataclass(frozen=True, slots=True)
class Seen:
    """Something the service published, or a child as the supervisor showed it, and when it arrived here."""

    at: float
    service: int
    """The supervisor's pid: what it says of incarnations holds for its own life only."""
    message: Message


@dataclass(frozen=True, slots=True)
class Restart:
    """How long an actor did not answer, from the blow that ended it on."""

    name: str
    seconds: float
    budget: float
    cause: str


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which no order may reach the market, because of `why`."""

    began: float
    ended: float
    began_wall: float
    ended_wall: float
    why: str


@dataclass
class Record:
    """All that is known of one drill, over all services that it started."""

    began: float = field(default_factory=time.monotonic)
    events: list[Event] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    restarts: list[Restart] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    """What a drill measured beside restarts, in words for the report."""
    violations: list[str] = field(default_factory=list)
    """Invariants that were found broken while the service still ran."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, who: str, text: str) -> None:
        """Add a line to the history."""
        with self._lock:
            self.events.append(Event(time.monotonic(), who, text))

    def operation(self, operation: Operation) -> None:
        """An ask has ended."""
        with self._lock:
            self.operations.append(operation)
            words = f"{operation.what} {operation.key}: {operation.outcome} {operation.detail}".rstrip()
            self.events.append(Event(operation.ended, f"client of {operation.actor}", words))

    def saw(self, service: int, message: Message) -> None:
        """The service published something."""
        with self._lock:
            self.seen.append(Seen(time.monotonic(), service, message))

    def children(self) -> Iterator[tuple[Seen, ChildView]]:
        """Every look at a child, oldest first."""
        for seen in list(self.seen):
            if isinstance(seen.message, ChildView):
                yield seen, seen.message

    @contextmanager
    def window(self, why: str) -> Iterator[None]:
        """While the body runs no order may reach the market."""
        began, began_wall = time.monotonic(), time.time()
        try:
            yield
        finally:
            with self._lock:
                self.windows.append(Window(began, time.monotonic(), began_wall, time.time(), why))
