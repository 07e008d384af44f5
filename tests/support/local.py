"""Actors in threads of the test's own process: same sockets, same mailbox, no fork.

`LocalService` binds an address for each actor as the supervisor would, runs real actors and scripted
ones, and hands out Refs. `crash` of an actor is recorded instead of ending the process; `stop` ends it
like SIGKILL would for its peers: sockets close, nothing is drained.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from supervision.actor import Actor, Context
from supervision.boot import slot_path, socket_path
from supervision.lifecycle import Pong, Stop
from supervision.mailbox import Mailbox
from supervision.message import Message
from supervision.ref import Hub, Ref
from supervision.slot import Slot
from supervision.wire import Codec

T = TypeVar("T", bound=Actor)


class Ended(BaseException):
    """Raised inside a local actor's thread to end it; the host would have ended the process."""


class LocalHost:
    """Records what an actor tells its host."""

    def __init__(self) -> None:
        self.has_started = threading.Event()
        self.has_ended = threading.Event()
        self.error: BaseException | None = None
        self.in_hand = ""
        self.pongs: list[Pong] = []
        self.watched: list[str] = []

    def started(self) -> None:
        self.has_started.set()

    def pong(self, pong: Pong) -> None:
        self.pongs.append(pong)

    def watch(self, name: str) -> None:
        self.watched.append(name)

    def stopped(self) -> None:
        self.has_ended.set()
        raise Ended

    def crashed(self, error: BaseException, in_hand: str) -> None:
        if not isinstance(error, Ended):
            self.error, self.in_hand = error, in_hand
        self.has_started.set()
        self.has_ended.set()
        raise Ended


def _close_sockets(context: Context) -> None:
    reactor = context.mailbox.reactor
    for key in list(reactor._selector.get_map().values()):
        if isinstance(key.fileobj, socket.socket):
            key.fileobj.close()
    reactor.close()
    context.slot.close()


class LocalActor:
    """One running actor with its host."""

    def __init__(self, actor: Any, host: LocalHost, thread: threading.Thread) -> None:
        self.actor = actor
        self.host = host
        self.thread = thread

    def call(self, function: Callable[[], Any], timeout: float = 5.0) -> Any:
        """Run a function in the actor's thread and return its result; for looking inside."""
        box: list[Any] = []
        done = threading.Event()

        def run() -> None:
            try:
                box.append(function())
            finally:
                done.set()

        reactor = self.actor.reactor
        reactor.after(0.0, run)
        reactor.wake()
        assert done.wait(timeout), "the actor's thread did not come to it"
        return box[0]


def wait_called(local: LocalActor, owner: object, method: str) -> None:
    """Wait until `owner`, in the actor's thread, has been called by this name once more."""
    called = threading.Event()
    original = getattr(owner, method)

    def noted(*args: Any) -> Any:
        try:
            return original(*args)
        finally:
            called.set()

    local.call(lambda: setattr(owner, method, noted))
    assert called.wait(5.0), f"{method} was not called"


class LocalService:
    """A run directory with actors in threads; use as a context manager."""

    def __init__(self, messages: tuple[type[Message], ...]) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="nd-")
        self.run_dir = Path(self._directory.name)
        self.codec = Codec(messages)
        self._listeners: dict[str, socket.socket] = {}
        self._running: dict[str, LocalActor] = {}
        self._incarnations: dict[str, int] = {}
        self._hub: Hub | None = None
        self._refs: list[Ref] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.kill(name)
        if self._hub is not None:
            self._hub.close()
        for ref in self._refs:
            ref.close()
        for listener in self._listeners.values():
            listener.close()
        self._directory.cleanup()

    def bind(self, *names: str) -> None:
        """Make addresses before anyone is at home."""
        for name in names:
            if name not in self._listeners:
                listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                listener.bind(str(socket_path(self.run_dir, name)))
                listener.listen(128)
                self._listeners[name] = listener

    def start(self, name: str, actor_class: type[T], wait: bool = True, **kwargs: Any) -> LocalActor:
        """Start an actor, or its next incarnation."""
        self.bind(name)
        self._incarnations[name] = incarnation = self._incarnations.get(name, 0) + 1
        slot = Slot(slot_path(self.run_dir, name), create=True)
        host = LocalHost()
        context = Context(
            name=name,
            incarnation=incarnation,
            run_dir=self.run_dir,
            codec=self.codec,
            mailbox=Mailbox(name, slot, limit=10_000),
            slot=slot,
            host=host,
            listener=self._listeners[name].dup(),
        )
        actor = actor_class(context, **kwargs)

        def run() -> None:
            with contextlib.suppress(Ended):
                actor._actor_loop()
            _close_sockets(actor.context)  # as the end of its process would

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._running[name] = LocalActor(actor, host, thread)
        if wait:
            assert host.has_started.wait(5.0), f"{name} did not start"
            if host.error is not None:
                raise host.error
        return self._running[name]

    def kill(self, name: str) -> None:
        """End an actor without asking it: its sockets close, its thread ends."""
        running = self._running.pop(name)
        mailbox: Mailbox = running.actor.context.mailbox

        def end() -> None:
            raise Ended

        if not running.host.has_ended.is_set():
            mailbox.reactor.after(0.0, end)
            with contextlib.suppress(OSError):  # it is ending by itself
                mailbox.reactor.wake()
        running.thread.join(5.0)
        assert not running.thread.is_alive(), f"{name} did not end"

    def stop(self, name: str, seconds: float = 5.0) -> None:
        """Ask an actor to drain and leave."""
        running = self._running[name]
        running.actor.context.mailbox.put_control(Stop(seconds))
        assert running.host.has_ended.wait(seconds + 1), f"{name} did not drain"

    def ref(self, name: str, sender: str = "desk") -> Ref:
        """A Ref as a Desk would use it."""
        self.bind(name)
        if self._hub is None:
            self._hub = Hub(self.run_dir, self.codec)
        ref = Ref(self.run_dir, name, self.codec, sender=sender, hub=self._hub)
        self._refs.append(ref)
        return ref
