"""One framed, non-blocking connection, and the listener that accepts them.

What is sent waits in a bounded lane until `flush`, which the owner calls before it waits again: all
that one handler sends leaves in one write. A peer that reads too slowly for its kept messages, or
that breaks the framing, is lost: the log says why, its socket is closed and `on_lost` told, nobody else
is touched.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any, Protocol

from supervision.errors import WireError
from supervision.lane import Lane
from supervision.message import Message
from supervision.reactor import Reactor, Timer
from supervision.wire import Codec, Envelope, FrameBuffer, Hello, Reply, Request, Tell, Welcome

READ_SIZE = 64 * 1024  # larger ones are mapped and unmapped by malloc each time, at 4 us a read
SEND_BUFFER = 64 * 1024  # small, so that quotes conflate in our lane instead of growing old in the kernel
OUTBOX_LIMIT = 20_000
OUTBOX_SHED_LIMIT = 512
HELLO_SECONDS = 5.0
ACCEPT_PAUSE = 0.1

log = logging.getLogger(__name__)


class Peer:
    """The other end of a connection. `name` is what it said in its hello."""

    def __init__(
        self,
        sock: socket.socket,
        reactor: Reactor,
        codec: Codec,
        on_envelope: Callable[[Peer, Envelope], None],
        on_lost: Callable[[Peer], None],
        dirty: set[Peer],
    ) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.name = ""
        self.incarnation = 0
        self.topics: tuple[str, ...] = ()
        self.open = True
        self.outbox: Lane[Envelope] = Lane(OUTBOX_LIMIT, OUTBOX_SHED_LIMIT)
        self._socket = sock
        self._reactor = reactor
        self._codec = codec
        self._on_envelope = on_envelope
        self._on_lost = on_lost
        self._dirty = dirty
        self._frames = FrameBuffer()
        self._unsent = memoryview(b"")
        self._blocked = False
        reactor.watch(sock, self._readable, self._writable)

    def send(self, message: Message) -> None:
        """Tell; leaves at the next flush. Nothing happens on a peer that is lost."""
        self.post(Tell(message), message)

    def post(self, envelope: Envelope, message: Message | None) -> None:
        """Queue an envelope; `message` decides what may happen to it when the peer is slow."""
        if not self.open:
            return
        if not self.outbox.add(envelope, message):
            log.warning("hanging up on %s: it reads too slowly, %d messages wait for it", self.name, OUTBOX_LIMIT)
            self.close()
            return
        self._dirty.add(self)

    def flush(self) -> None:
        """Write what waits, as far as the kernel takes it."""
        if not self.open or self._unsent:
            return
        if len(self.outbox):
            frames = [self._codec.encode(envelope) for envelope in self.outbox.drain()]
            self._unsent = memoryview(frames[0] if len(frames) == 1 else b"".join(frames))
            self._write()

    def close(self) -> None:
        """Close the connection and tell the owner, once."""
        if not self.open:
            return
        self.open = False
        self._reactor.unwatch(self._socket)
        self._socket.close()
        self._dirty.discard(self)
        self._on_lost(self)

    def _write(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:  # it has ended, which is no news: its supervisor knows how
            self.close()
            return
        self._unsent = self._unsent[sent:]
        blocked = bool(self._unsent)
        if blocked is not self._blocked:
            self._blocked = blocked
            self._reactor.want_write(self._socket, blocked)

    def _writable(self) -> None:
        if self.open:
            self._write()
            self.flush()

    def _readable(self) -> None:
        if not self.open:
            return
        try:
            data = self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        try:
            for payload in self._frames.feed(data):
                self._on_envelope(self, self._codec.decode_envelope(payload))
                if not self.open:
                    return
        except WireError as error:
            log.warning("hanging up on %s: %s", self.name or "a stranger", error)
            self.close()


class Owner(Protocol):
    """What a listener reports to; all in the reactor's thread."""

    def peer_arrived(self, peer: Peer, envelope: Tell[Any] | Request[Any]) -> None:
        """A message of an introduced peer."""

    def peer_lost(self, peer: Peer) -> None:
        """An introduced peer is gone."""


class Listener:
    """Accepts peers on an actor's socket, answers their hello and hands over what they send."""

    def __init__(
        self,
        sock: socket.socket,
        reactor: Reactor,
        codec: Codec,
        owner: Owner,
        dirty: set[Peer],
        *,
        name: str,
        incarnation: int,
    ) -> None:
        sock.setblocking(False)
        self.peers: set[Peer] = set()
        self._socket = sock
        self._reactor = reactor
        self._codec = codec
        self._owner = owner
        self._dirty = dirty
        self._welcome = Welcome(name, incarnation, codec.fingerprint)
        self._strangers: dict[Peer, Timer] = {}
        reactor.watch(sock, self._accept)

    def publish(self, topic: str, message: Message) -> None:
        """Send to every peer attached to `topic`."""
        for peer in tuple(self.peers):
            if topic in peer.topics:
                peer.send(message)

    def _accept(self) -> None:
        try:
            sock, _ = self._socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # the caller gave up before we came to it
        except OSError as error:  # out of descriptors, most likely: those who are here go on, newcomers wait
            log.warning("cannot accept a peer, trying again: %s", error)
            self._reactor.unwatch(self._socket)
            self._reactor.after(ACCEPT_PAUSE, lambda: self._reactor.watch(self._socket, self._accept))
            return
        peer = Peer(sock, self._reactor, self._codec, self._introduce, self._lost, self._dirty)
        self._strangers[peer] = self._reactor.after(HELLO_SECONDS, peer.close)

    def _introduce(self, peer: Peer, envelope: Envelope) -> None:
        if peer not in self._strangers:
            self._hand_over(peer, envelope)
            return
        if not isinstance(envelope, Hello):
            raise WireError("the first frame is no hello")
        self._strangers.pop(peer).cancel()
        peer.name, peer.incarnation = envelope.sender, envelope.incarnation
        peer.post(self._welcome, None)
        peer.flush()
        if envelope.fingerprint != self._codec.fingerprint:
            raise WireError(f"{envelope.sender} runs another version of the messages")
        self.peers.add(peer)

    def _hand_over(self, peer: Peer, envelope: Envelope) -> None:
        if not isinstance(envelope, Tell | Request):
            raise WireError(f"a {type(envelope).__name__} from a caller")
        self._owner.peer_arrived(peer, envelope)

    def _lost(self, peer: Peer) -> None:
        stranger = self._strangers.pop(peer, None)
        if stranger is not None:
            stranger.cancel()
            return
        if peer in self.peers:
            self.peers.discard(peer)
            self._owner.peer_lost(peer)


def answer(peer: Peer, request_id: int, message: Message) -> None:
    """Send the reply to a request."""
    peer.post(Reply(request_id, message), None)
