"""The supervisor's end of a child's control channel: framed messages over a socket pair, never blocking.

Little travels here, so what a child does not read is kept until it does or is killed for not answering.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from supervision.errors import WireError
from supervision.message import Message
from supervision.reactor import Reactor
from supervision.wire import Codec, FrameBuffer

_READ_SIZE = 65536


class ControlChannel:
    """Calls `on_message` for each message of the child, once `on_broken` for bytes that are none, and once
    `on_end` when the child hung up, which it does when it ends.
    """

    def __init__(
        self,
        sock: socket.socket,
        reactor: Reactor,
        codec: Codec,
        on_message: Callable[[Message], None],
        on_broken: Callable[[WireError], None],
        on_end: Callable[[], None],
    ) -> None:
        self._socket = sock
        self._reactor = reactor
        self._codec = codec
        self._on_message = on_message
        self._on_broken = on_broken
        self._on_end = on_end
        self._frames = FrameBuffer()
        self._unsent = bytearray()
        self._watched = True
        reactor.watch(sock, self._readable, self._flush)

    def send(self, message: Message) -> None:
        """Send now or as soon as there is room; nothing happens when the child is gone."""
        if self._watched:
            self._unsent += self._codec.encode(message)
            self._flush()

    def close(self) -> None:
        """Read what the child said before it ended, then let go; the socket itself stays open."""
        while self._watched:
            self._readable()
            if self._watched and not self._has_more():
                self._unwatch()

    def _has_more(self) -> bool:
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _readable(self) -> None:
        if not self._watched:
            return
        try:
            data = self._socket.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        if not data:
            self._unwatch()
            self._on_end()
            return
        try:
            messages = [self._codec.decode(payload) for payload in self._frames.feed(data)]
        except WireError as error:
            self._unwatch()
            self._on_broken(error)
            return
        for message in messages:
            self._on_message(message)

    def _flush(self) -> None:
        if not self._watched:
            return
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            self._unsent.clear()  # it has ended; its sentinel tells how
        self._reactor.want_write(self._socket, bool(self._unsent))

    def _unwatch(self) -> None:
        self._watched = False
        self._reactor.unwatch(self._socket)
