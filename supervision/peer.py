"""One framed, non-blocking connection.

What is sent waits in a bounded lane until `flush`, which the owner calls before it waits again: all
that one handler sends leaves in one write. A peer that reads too slowly for its kept messages, or
that breaks the framing, is lost: the log says who and why, its socket is closed and `on_lost` told, nobody
else is touched. With `on_batch`, which is told after each BATCH of messages, the peer then rests until `go_on`:
its owner works down what it has before more is read, the kernel's buffer and the sender's outbox keep the rest.
"""

from __future__ import annotations

import itertools
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Final

from supervision.errors import WireError
from supervision.lane import Lane
from supervision.message import Message
from supervision.reactor import Reactor
from supervision.tally import Tally
from supervision.wire import MAX_FRAME, Codec, Envelope, FrameBuffer, Tell

READ_SIZE: Final = 64 * 1024  # larger ones are mapped and unmapped by malloc each time, at 4 us a read
SEND_BUFFER: Final = 64 * 1024  # small, so that quotes conflate in our lane instead of growing old in the kernel
OUTBOX_LIMIT: Final = 20_000
OUTBOX_SHED_LIMIT: Final = 512
BATCH: Final = 128
"""So many messages of one connection are ahead of anyone else's, however many it sends."""

log = logging.getLogger(__name__)


class Peer:
    """The other end of a connection. `name` is what it said in its hello, `pid` what the kernel says, 0 unknown."""

    def __init__(
        self,
        sock: socket.socket,
        reactor: Reactor,
        codec: Codec,
        on_envelope: Callable[[Peer, Envelope], None],
        on_lost: Callable[[Peer], None],
        dirty: set[Peer],
        *,
        tally: Tally | None = None,
        on_batch: Callable[[Peer], None] | None = None,
        max_frame: int = MAX_FRAME,
    ) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.name = ""
        self.pid = 0
        self.incarnation = 0
        self.topics: tuple[str, ...] = ()
        self.open = True
        self.max_frame = max_frame
        self.outbox: Lane[Envelope] = Lane(OUTBOX_LIMIT, OUTBOX_SHED_LIMIT, tally or Tally())
        self._socket = sock
        self._reactor = reactor
        self._codec = codec
        self._on_envelope = on_envelope
        self._on_lost = on_lost
        self._on_batch = on_batch
        self._dirty = dirty
        self._frames = FrameBuffer()
        self._payloads: Iterator[memoryview] = iter(())
        self._room = BATCH
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
            self.hang_up(f"it reads too slowly, {OUTBOX_LIMIT} messages wait for it")
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

    def go_on(self) -> None:
        """Hand over what was read, and read again: the last batch has been handled."""
        self._room = BATCH
        if self.open:
            self._hand_over()

    def hang_up(self, why: str) -> None:
        """Close the connection and let the log say why."""
        who = self.name or "a stranger"
        log.warning("hanging up on %s%s: %s", who, f" (process {self.pid})" if self.pid else "", why)
        self.close()

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
        if not self.open or not self._room:
            return  # resting; the owner has work, so looking in vain costs it no idle turn
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
            self._payloads = iter(self._frames.feed(data, self.max_frame))
        except WireError as error:
            self.hang_up(str(error))
            return
        self._hand_over()

    def _hand_over(self) -> None:
        payloads = self._payloads if self._on_batch is None else itertools.islice(self._payloads, self._room)
        count = 0
        try:
            for payload in payloads:
                self._on_envelope(self, self._codec.decode_envelope(payload))
                count += 1
                if not self.open:
                    return
        except WireError as error:
            self.hang_up(str(error))
            return
        if self._on_batch is not None:
            self._room -= count
            if not self._room:
                self._on_batch(self)
