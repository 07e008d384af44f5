"""An actor's lasting connection to another actor: it comes back by itself, for ever.

The supervisor holds the other actor's listening socket, so connecting succeeds even while nobody is
at home; only the hello waits, never a message. `up` from the Welcome to the end of that incarnation.
An ask made while the link is down waits at most HELLO_LIMIT for it; then nothing was delivered.
Everything that arrives goes through `deliver`, in order, link changes included.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervision.boot import socket_path
from supervision.errors import ActorDied, ActorUnavailable, AskTimeout, DeliveryError, Rejected, WireError
from supervision.lifecycle import Attach
from supervision.message import Ask, Message
from supervision.peer import Peer
from supervision.reactor import Reactor, Timer
from supervision.tally import Tally
from supervision.wire import Codec, Envelope, Hello, Refusal, Reply, Request, Tell, Welcome

HELLO_LIMIT = 1.0
RECONNECT_SECONDS = 0.02
ESTRANGED_SECONDS = 1.0
"""Between attempts to link to an actor of another program, as after an upgrade beside a running service."""
OTHER_VERSION = "it runs another version of the messages"
ATTACH_ID = 0

OnReply = Callable[[Any], None]
OnError = Callable[[DeliveryError | Rejected], None]


class Up:
    """Local event: an incarnation welcomed us."""

    def __init__(self, incarnation: int) -> None:
        self.incarnation = incarnation


class Down:
    """Local event: this connection has ended; usually its incarnation, too."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer


Arriving = Tell[Any] | Reply[Any] | Refusal | Up | Down


class _Pending:
    """An ask on its way; `sent_over` is the connection that took it, None while it waits for one."""

    __slots__ = ("message", "on_error", "on_reply", "seconds", "sent_over", "timer")

    def __init__(self, message: Message, seconds: float, on_reply: OnReply, on_error: OnError) -> None:
        self.message = message
        self.seconds = seconds
        self.on_reply = on_reply
        self.on_error = on_error
        self.sent_over: Peer | None = None
        self.timer: Timer | None = None


def _ignore(_: object) -> None:
    return None


class Uplink:
    """The link to the actor called `name`, usable in the reactor's thread only."""

    def __init__(
        self,
        name: str,
        *,
        reactor: Reactor,
        codec: Codec,
        run_dir: Path,
        sender: tuple[str, int],
        dirty: set[Peer],
        deliver: Callable[[Uplink, Arriving], None],
        topics: tuple[str, ...] = (),
        on_up: Callable[[Uplink, int], None] | None = None,
        on_down: Callable[[Uplink], None] | None = None,
        tally: Tally | None = None,
        on_batch: Callable[[Peer], None] | None = None,
    ) -> None:
        self.name = name
        self.up = False
        self.incarnation = 0
        self.topics = topics
        self.tally = tally or Tally()
        self._reactor = reactor
        self._codec = codec
        self._address = socket_path(run_dir, name)
        self._hello = Hello(sender[0], sender[1], codec.fingerprint)
        self._dirty = dirty
        self._deliver = deliver
        self._on_up = on_up
        self._on_down = on_down
        self._on_batch = on_batch
        self._peer: Peer | None = None
        self._pending: dict[int, _Pending] = {}
        self._ids = itertools.count(1)
        self._closed = False
        self._estranged = False  # it runs another version of the messages, as far as is known
        self._connect()

    # --- sending --------------------------------------------------------------------------------

    def tell(self, message: Message) -> None:
        """Send without an answer. While the link is down the message is a dead letter, counted."""
        if self.up and self._peer is not None:
            self._peer.post(Tell(message), message)
        else:
            self.tally.dead_letters += 1

    def ask(
        self, message: Ask[Any], *, timeout: float, on_reply: OnReply = _ignore, on_error: OnError = _ignore
    ) -> None:
        """Ask; exactly one of the continuations is called, in the actor's thread, never from here."""
        pending = _Pending(message, timeout, on_reply, on_error)
        number = next(self._ids)
        self._pending[number] = pending
        if self.up:
            self._send(number, pending, timeout)
        else:
            limit = min(timeout, HELLO_LIMIT)
            pending.timer = self._reactor.after(limit, lambda: self._unavailable(number, "no answer to the hello"))

    def flush(self) -> None:
        """Write what waits for the other actor now and let it run, before the handler is done and others get theirs."""
        if self._peer is not None:
            self._peer.flush()
            os.sched_yield()  # the kernel puts whom we wake behind us on our own core, however idle another is

    def close(self) -> None:
        """End the link for good; pending asks fail as unavailable or died."""
        self._closed = True
        if self._peer is not None:
            self._peer.close()
        for number, pending in [*self._pending.items()]:
            if pending.sent_over is None:
                self._unavailable(number, "the link is closed")

    # --- what arrives, called by the owner in its own order ----------------------------------------

    def settle(self, arrived: Reply[Any] | Refusal | Up | Down) -> None:
        """Process what `deliver` was given, when its turn comes."""
        if isinstance(arrived, Up):
            if self._on_up is not None:
                self._on_up(self, arrived.incarnation)
        elif isinstance(arrived, Down):
            self._fail_sent(arrived.peer)
            if self._on_down is not None:
                self._on_down(self)
        else:
            self._answered(arrived)

    def _answered(self, answer: Reply[Any] | Refusal) -> None:
        if answer.id == ATTACH_ID:
            return
        pending = self._pending.pop(answer.id, None)
        if pending is None:
            self.tally.late_replies += 1
            return
        if pending.timer is not None:
            pending.timer.cancel()
        if isinstance(answer, Refusal):
            pending.on_error(Rejected(*answer.reasons, kind=answer.kind))
        else:
            pending.on_reply(answer.body)

    def _fail_sent(self, peer: Peer) -> None:
        for number, pending in [*self._pending.items()]:
            if pending.sent_over is peer and self._pending.pop(number, None) is not None:
                if pending.timer is not None:
                    pending.timer.cancel()
                pending.on_error(ActorDied(self.name, peer.incarnation))

    # --- connecting -------------------------------------------------------------------------------

    def _connect(self) -> None:
        if self._closed:
            return
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.connect(str(self._address))
        except OSError:  # backlog full, or the tree is still being laid out: try again soon
            sock.close()
            self._reactor.after(RECONNECT_SECONDS, self._connect)
            return
        self._peer = Peer(
            sock,
            self._reactor,
            self._codec,
            self._arrived,
            self._lost,
            self._dirty,
            tally=self.tally,
            on_batch=self._on_batch,
        )
        self._peer.name = self.name
        self._peer.post(self._hello, None)
        self._peer.flush()

    def _arrived(self, peer: Peer, envelope: Envelope) -> None:
        if isinstance(envelope, Tell | Reply | Refusal):
            self._deliver(self, envelope)
            return
        if not isinstance(envelope, Welcome) or self.up:
            raise WireError(f"a {type(envelope).__name__} from {self.name}")
        if envelope.fingerprint != self._codec.fingerprint:
            self._estrange(peer)
            return
        self.up, self._estranged = True, False
        self.incarnation = peer.incarnation = envelope.incarnation
        if self.topics:
            peer.post(Request(ATTACH_ID, 0.0, Attach(self.topics)), None)
        self._deliver(self, Up(envelope.incarnation))
        for number, pending in [*self._pending.items()]:
            if pending.sent_over is None and self.up:  # so many may wait that sending them loses the link
                if pending.timer is not None:
                    pending.timer.cancel()
                self._send(number, pending, pending.seconds)

    def _lost(self, peer: Peer) -> None:
        was_up, self.up = self.up, False
        self._peer = None
        if was_up:
            self._deliver(self, Down(peer))
        if not self._closed:
            again = ESTRANGED_SECONDS if self._estranged else RECONNECT_SECONDS
            self._reactor.after(0.0 if was_up else again, self._connect)

    def _estrange(self, peer: Peer) -> None:
        """It is another program, until it is restarted: say so once, and to each who waits for it."""
        for number, pending in [*self._pending.items()]:
            if pending.sent_over is None:
                self._unavailable(number, OTHER_VERSION)
        told, self._estranged = self._estranged, True
        if told:
            peer.close()
        else:
            peer.hang_up(OTHER_VERSION)

    # --- deadlines --------------------------------------------------------------------------------

    def _send(self, number: int, pending: _Pending, seconds: float) -> None:
        assert self._peer is not None
        pending.sent_over = self._peer
        pending.timer = self._reactor.after(seconds, lambda: self._timed_out(number))
        self._peer.post(Request(number, time.monotonic() + seconds, pending.message), None)

    def _unavailable(self, number: int, reason: str) -> None:
        pending = self._pending.pop(number, None)
        if pending is not None:
            pending.on_error(ActorUnavailable(self.name, reason))

    def _timed_out(self, number: int) -> None:
        pending = self._pending.pop(number, None)
        if pending is not None:
            pending.on_error(AskTimeout(self.name, pending.seconds))
