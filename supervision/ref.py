"""A name you can ask and tell, from any process of the same user and any thread: for the edges.

Blocking calls use one connection per thread and actor, without a helper thread, so an ask costs two
wake-ups. Futures and streams share one daemon thread per process, the Hub. A Ref keeps working when
the actor restarts. Actors do not use this among themselves: they link, tell and continue. A forked
process opens connections of its own; the Hub's thread does not live there, and a Hub says so.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from supervision.boot import socket_path
from supervision.errors import ActorDied, ActorUnavailable, AskTimeout, Rejected, WireError
from supervision.message import Ask, Message
from supervision.peer import READ_SIZE, Peer
from supervision.reactor import Reactor
from supervision.uplink import HELLO_LIMIT, OTHER_VERSION, Arriving, Uplink
from supervision.wire import Codec, Envelope, FrameBuffer, Hello, Refusal, Reply, Request, Tell, Welcome

R = TypeVar("R")
DEFAULT_TIMEOUT = 5.0

log = logging.getLogger(__name__)


class _Channel:
    """One blocking connection to one incarnation, owned by one thread of one process.

    The kernel keeps the time limit (SO_RCVTIMEO): Python's own would cost a system call more on every ask.
    """

    def __init__(self, address: Path, name: str, codec: Codec, sender: str, deadline: float) -> None:
        self.name = name
        self.incarnation = 0
        self.process = os.getpid()
        self._codec = codec
        self._frames = FrameBuffer()
        self._arrived: list[Envelope] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._limit = 0.0
        hello_deadline = min(deadline, time.monotonic() + HELLO_LIMIT)
        try:
            self._set_limit(hello_deadline)  # connecting waits, too, while too many others wait for a hello
            self._socket.connect(str(address))
            self.send(Hello(sender, self.process, codec.fingerprint), hello_deadline)
            welcome = self.receive(hello_deadline)
        except (OSError, EOFError, WireError) as error:
            self.close()
            late = isinstance(error, TimeoutError | BlockingIOError)
            reason = "no answer to the hello" if late else str(error) or "it went away"
            raise ActorUnavailable(name, reason) from error
        if not isinstance(welcome, Welcome) or welcome.fingerprint != codec.fingerprint:
            self.close()
            raise ActorUnavailable(name, OTHER_VERSION)
        self.incarnation = welcome.incarnation

    @property
    def open(self) -> bool:
        """Whether the socket is still ours: not closed, and not our parent's."""
        return self._socket.fileno() >= 0 and self.process == os.getpid()

    def send(self, envelope: Envelope, deadline: float) -> None:
        """Write one frame whole. Raises OSError; part of a frame makes the channel useless, so it is closed."""
        frame = self._codec.encode(envelope)
        try:
            self._set_limit(deadline)
            self._socket.sendall(frame)
        except BlockingIOError:
            self.close()
            raise TimeoutError("it reads too slowly") from None
        except BaseException:  # Ctrl-C in the middle of a frame, too
            self.close()
            raise

    def receive(self, deadline: float) -> Envelope:
        """The next envelope. Raises TimeoutError, EOFError, WireError or OSError."""
        while not self._arrived:
            self._set_limit(deadline)
            try:
                data = self._socket.recv(READ_SIZE)
            except BlockingIOError:
                raise TimeoutError from None
            if not data:
                raise EOFError("closed by the other side")
            self._arrived = [self._codec.decode_envelope(payload) for payload in self._frames.feed(data)]
        return self._arrived.pop(0)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _set_limit(self, deadline: float) -> None:
        """Let the kernel give up at the deadline, give or take a hundredth, so that a usual limit is set once."""
        seconds = deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        if not 0.99 * self._limit <= seconds <= self._limit:
            self._limit = seconds
            limit = struct.pack("ll", int(seconds), max(1, int(seconds % 1 * 1_000_000)))  # all zero is for ever
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


class Ref:
    """The actor `name` of the service whose run directory is `run_dir`."""

    def __init__(self, run_dir: Path, name: str, codec: Codec, *, sender: str = "desk", hub: Hub | None = None) -> None:
        self.name = name
        self._address = socket_path(run_dir, name)
        self._codec = codec
        self._sender = sender
        self._hub = hub
        self._channels: dict[threading.Thread, _Channel] = {}
        self._ids = itertools.count(1)

    def ask(self, message: Ask[R], timeout: float = DEFAULT_TIMEOUT) -> R:
        """Ask and wait for the reply.

        Raises Rejected (refused, nothing done; a value of a wrong type is refused here), ActorUnavailable (nothing
        delivered, retrying is safe), ActorDied or AskTimeout (delivered, outcome unknown).
        """
        self._codec.check(message)
        deadline = time.monotonic() + timeout
        number = next(self._ids)
        channel = self._deliver(Request(number, deadline, message), deadline)
        try:
            while True:
                envelope = channel.receive(deadline)
                if isinstance(envelope, Reply) and envelope.id == number:
                    return envelope.body  # type: ignore[no-any-return]
                if isinstance(envelope, Refusal) and envelope.id == number:
                    raise Rejected(*envelope.reasons, kind=envelope.kind)
        except TimeoutError:
            raise AskTimeout(self.name, timeout) from None
        except (EOFError, OSError, WireError):
            channel.close()
            raise ActorDied(self.name, channel.incarnation) from None

    def tell(self, message: Message) -> None:
        """Send without an answer. Raises ActorUnavailable when it surely was not delivered, Rejected as `ask`."""
        self._codec.check(message)
        self._deliver(Tell(message), time.monotonic() + DEFAULT_TIMEOUT)

    def ask_future(self, message: Ask[R], timeout: float = DEFAULT_TIMEOUT) -> concurrent.futures.Future[R]:
        """Ask, and get a future of the reply with the errors of `ask`."""
        if self._hub is None:
            raise RuntimeError(f"this Ref of {self.name} was made without a Hub, which futures need")
        return self._hub.ask(self.name, message, timeout)

    async def ask_async(self, message: Ask[R], timeout: float = DEFAULT_TIMEOUT) -> R:
        """Ask without blocking the event loop; errors as of `ask`."""
        return await asyncio.wrap_future(self.ask_future(message, timeout))

    def close(self) -> None:
        """Close the connections of all threads; a later ask opens a new one."""
        for channel in list(self._channels.values()):
            channel.close()

    def _deliver(self, envelope: Envelope, deadline: float) -> _Channel:
        """Send over this thread's channel, over a fresh one when the last is dead: then nothing was delivered."""
        channel = self._channels.get(threading.current_thread())
        if channel is not None and channel.open:
            try:
                channel.send(envelope, deadline)
            except (BrokenPipeError, ConnectionResetError):
                pass  # its incarnation is gone, and the kernel refused the bytes: ask the next one
            except OSError as error:
                raise ActorUnavailable(self.name, str(error)) from error
            else:
                return channel
        self._forget_ended_threads()
        channel = _Channel(self._address, self.name, self._codec, self._sender, deadline)
        self._channels[threading.current_thread()] = channel
        try:
            channel.send(envelope, deadline)
        except OSError as error:
            raise ActorUnavailable(self.name, str(error)) from error
        return channel

    def _forget_ended_threads(self) -> None:
        for thread, channel in list(self._channels.items()):
            if not thread.is_alive() or not channel.open:
                channel.close()
                self._channels.pop(thread, None)


class Hub:
    """The thread behind futures and streams: one reactor with a lasting link to each actor used."""

    def __init__(self, run_dir: Path, codec: Codec, *, sender: str = "desk") -> None:
        self._run_dir = run_dir
        self._codec = codec
        self._sender = sender
        self._reactor = Reactor()
        self._dirty: set[Peer] = set()
        self._links: dict[str, Uplink] = {}
        self._listeners = itertools.count(1)
        self._jobs: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name="desk-hub", daemon=True)
        self._thread.start()

    def ask(self, name: str, message: Ask[R], timeout: float) -> concurrent.futures.Future[R]:
        """Ask the actor `name`; the future gets the reply or the error. Raises RuntimeError in a forked process."""
        future: concurrent.futures.Future[R] = concurrent.futures.Future()

        def start() -> None:
            if not future.set_running_or_notify_cancel():  # from here on it cannot be cancelled, only answered
                return
            link = self._links.get(name)
            if link is None:
                link = self._links[name] = self._link(name, (), lambda _: None)
            link.ask(message, timeout=timeout, on_reply=future.set_result, on_error=future.set_exception)

        try:
            self._codec.check(message)
        except Rejected as error:
            future.set_exception(error)
            return future
        if not self._submit(start):
            future.set_exception(ActorUnavailable(name, "the hub is closed"))
        return future

    def listen(self, name: str, topics: tuple[str, ...], on_message: Callable[[Message], None]) -> Callable[[], None]:
        """Call `on_message`, in the hub's thread, with all that the actor publishes; returns how to end it.

        What `on_message` raises is logged. Raises RuntimeError in a forked process.
        """
        key = f"{name} listener {next(self._listeners)}"

        def start() -> None:
            self._links[key] = self._link(name, topics, on_message)

        def close() -> None:
            link = self._links.pop(key, None)
            if link is not None:
                link.close()

        def end() -> None:
            self._submit(close)  # once the hub is closed there is nothing left to end

        self._submit(start)
        return end

    def close(self) -> None:
        """End the thread and its links; open futures fail, later asks are refused."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._reactor.wake()
        self._thread.join(DEFAULT_TIMEOUT)

    def _submit(self, job: Callable[[], None]) -> bool:
        """Have the hub's thread do it; False when the hub is closed."""
        if self._process != os.getpid():
            raise RuntimeError("futures and streams do not survive a fork; make a new Desk in the forked process")
        with self._lock:
            if not self._closed:
                self._jobs.append(job)
                self._reactor.wake()
            return not self._closed

    def _link(self, name: str, topics: tuple[str, ...], on_message: Callable[[Message], None]) -> Uplink:
        def deliver(link: Uplink, arrived: Arriving) -> None:
            if isinstance(arrived, Tell):
                try:
                    on_message(arrived.body)
                except Exception:  # a listener's mistake must not end the asks and listeners of others
                    log.exception("a listener to %s failed on %s", name, type(arrived.body).__name__)
            else:
                link.settle(arrived)

        return Uplink(
            name,
            reactor=self._reactor,
            codec=self._codec,
            run_dir=self._run_dir,
            sender=(self._sender, os.getpid()),
            dirty=self._dirty,
            deliver=deliver,
            topics=topics,
        )

    def _run(self) -> None:
        closed = False
        while not closed:
            self._reactor.poll(None)
            with self._lock:
                jobs, self._jobs = self._jobs, []
                closed = self._closed
            for job in jobs:
                job()
            while self._dirty:
                self._dirty.pop().flush()
        for link in self._links.values():
            link.close()
        self._reactor.close()
