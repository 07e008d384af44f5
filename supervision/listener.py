"""An actor's address: accepts peers, answers their hello and hands over what they send.

Whoever has not introduced itself is a stranger: it may send one short frame, within HELLO_SECONDS, and when
too many strangers stand at the door the one that came first is sent away. Strangers, peers and peers of one
process are bounded, so that one who floods us with connections takes nobody else's place.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any, Final, Protocol

from supervision.acceptor import Acceptor
from supervision.errors import WireError
from supervision.message import Message
from supervision.peer import Peer
from supervision.reactor import Reactor, Timer
from supervision.tally import Tally
from supervision.wire import MAX_FRAME, Codec, Envelope, Hello, Reply, Request, Tell, Welcome

HELLO_SECONDS: Final = 5.0
HELLO_FRAME: Final = 1024
"""Bytes a hello may have."""
STRANGERS: Final = 64
PEERS: Final = 512
PEERS_PER_PROCESS: Final = 128


class Owner(Protocol):
    """What a listener reports to; all in the reactor's thread."""

    def peer_arrived(self, peer: Peer, envelope: Tell[Any] | Request[Any]) -> None:
        """A message of an introduced peer."""

    def peer_lost(self, peer: Peer) -> None:
        """An introduced peer is gone."""


class Listener:
    """Welcomes peers on `sock` in the name of one incarnation; for `on_batch` see Peer."""

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
        tally: Tally | None = None,
        on_batch: Callable[[Peer], None] | None = None,
    ) -> None:
        self.peers: set[Peer] = set()
        self._reactor = reactor
        self._codec = codec
        self._owner = owner
        self._dirty = dirty
        self._tally = tally
        self._on_batch = on_batch
        self._welcome = Welcome(name, incarnation, codec.fingerprint)
        self._strangers: dict[Peer, Timer] = {}  # in the order of their coming
        Acceptor(sock, reactor, self._accepted)

    def publish(self, topic: str, message: Message) -> None:
        """Send to every peer attached to `topic`."""
        for peer in tuple(self.peers):
            if topic in peer.topics:
                peer.send(message)

    def _accepted(self, sock: socket.socket) -> None:
        peer = Peer(
            sock,
            self._reactor,
            self._codec,
            self._introduce,
            self._lost,
            self._dirty,
            tally=self._tally,
            on_batch=self._on_batch,
            max_frame=HELLO_FRAME,
        )
        peer.pid = _process_of(sock)
        self._strangers[peer] = self._reactor.after(HELLO_SECONDS, lambda: peer.hang_up("it did not say hello"))
        if len(self._strangers) > STRANGERS:
            next(iter(self._strangers)).hang_up("it did not say hello and others wait")

    def _introduce(self, peer: Peer, envelope: Envelope) -> None:
        if peer not in self._strangers:
            self._hand_over(peer, envelope)
            return
        if not isinstance(envelope, Hello):
            raise WireError("the first frame is no hello")
        self._check_room(peer)
        self._strangers.pop(peer).cancel()
        peer.name, peer.incarnation = envelope.sender, envelope.incarnation
        peer.max_frame = MAX_FRAME
        peer.post(self._welcome, None)
        peer.flush()
        if envelope.fingerprint != self._codec.fingerprint:
            raise WireError("it runs another version of the messages")
        if peer.open:  # it may have left before it could be welcomed
            self.peers.add(peer)

    def _check_room(self, peer: Peer) -> None:
        if len(self.peers) >= PEERS:
            raise WireError(f"{PEERS} peers are connected, which is the limit")
        if peer.pid and sum(other.pid == peer.pid for other in self.peers) >= PEERS_PER_PROCESS:
            raise WireError(f"its process has {PEERS_PER_PROCESS} connections, which is the limit")

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


def _process_of(sock: socket.socket) -> int:
    """The process that connected; 0 where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[0])
