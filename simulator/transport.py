"""The gateway on TCP: accepts clients, moves bytes, closes what is over; one reactor, no threads.

Each client has its own output, written as far as its socket takes it; nobody waits for anybody. A session that
ends by itself is written out and half-closed, so that its last error arrives; `down` cuts with a reset. On request
output only drips, or a client is cut in the middle of it.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
from collections.abc import Callable
from functools import partial

from simulator.gateway import Gateway
from simulator.session import Session
from supervision.acceptor import Acceptor
from supervision.reactor import Reactor, Timer

_log = logging.getLogger("simulator")
_READ = 256 * 1024
_BACKLOG = 128
_FAREWELL = 1.0
_DRIP = 0.05
_RESET = struct.pack("ii", 1, 0)


class _Client:
    """One connected socket and its session."""

    def __init__(self, connection: socket.socket, session: Session) -> None:
        self.connection = connection
        self.session = session
        self.leaving: Timer | None = None
        self.next_drop: Timer | None = None
        self.left: int | None = None
        """Bytes it is sent before it is cut; None: it is not."""


class Transport:
    """The listening socket for clients and everything behind it."""

    def __init__(self, reactor: Reactor, gateway: Gateway, host: str, port: int) -> None:
        self._reactor = reactor
        self._gateway = gateway
        self._host = host
        self._clients: dict[Session, _Client] = {}
        self._listener: socket.socket | None = None
        self._acceptor: Acceptor | None = None
        self.port = port
        self.dripping = False
        """Whether clients get one byte at a time, and the next one only after a while."""
        self.up()

    @property
    def listening(self) -> bool:
        """Whether clients can connect."""
        return self._listener is not None

    def up(self) -> None:
        """Listen, on the same port as before; no effect when already listening. OSError when the port is taken."""
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self.port))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._acceptor = Acceptor(listener, self._reactor, self._welcome)

    def down(self) -> None:
        """Refuse connections and reset those that exist. The gateway behind goes on."""
        if self._acceptor is not None and self._listener is not None:
            self._acceptor.close()
            self._listener.close()
            self._acceptor = self._listener = None
        for client in list(self._clients.values()):
            self._cut(client)

    def cut_after(self, count: int) -> None:
        """Reset every client that is connected now, once it was sent `count` bytes more."""
        for client in self._clients.values():
            client.left = count

    def flush(self) -> None:
        """Write what waits for any client."""
        for client in list(self._clients.values()):
            if client.session.output or client.session.over:
                self._write(client)

    def each(self, act: Callable[[Session], None]) -> None:
        """Do something to every session, then write."""
        for session in list(self._clients):
            act(session)
        self.flush()

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = _Client(connection, self._gateway.connect())
        self._clients[client.session] = client
        self._reactor.watch(connection, partial(self._read, client), partial(self._write, client))

    def _read(self, client: _Client) -> None:
        if client.session not in self._clients:
            return
        try:
            data = client.connection.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(client)
        elif client.leaving is None:
            self._gateway.receive(client.session, data)
            self.flush()

    def _write(self, client: _Client) -> None:
        if client.session not in self._clients or client.leaving is not None:
            return
        output = client.session.output
        try:
            while output and client.next_drop is None and client.left != 0:
                self._send(client, output)
        except BlockingIOError:
            pass
        except OSError:
            self._close(client)
            return
        if client.left == 0:
            self._cut(client)
        elif client.next_drop is not None:
            self._reactor.want_write(client.connection, False)
        elif client.session.over:
            self._leave(client)
        else:
            self._reactor.want_write(client.connection, bool(output))

    def _send(self, client: _Client, output: bytearray) -> None:
        """Send as much as may leave at once. Raises OSError."""
        count = 1 if self.dripping else len(output)
        with memoryview(output) as view:
            sent = client.connection.send(view[: count if client.left is None else min(count, client.left)])
        del output[:sent]
        if client.left is not None:
            client.left -= sent
        if self.dripping:
            client.next_drop = self._reactor.after(_DRIP, partial(self._drop, client))

    def _drop(self, client: _Client) -> None:
        client.next_drop = None
        self._write(client)

    def _cut(self, client: _Client) -> None:
        client.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._close(client)

    def _leave(self, client: _Client) -> None:
        """The session is over: end our side, and give the client a moment to read and end its own."""
        _log.info("client %s: %s", client.session.client_id, client.session.over)
        self._reactor.want_write(client.connection, False)
        client.leaving = self._reactor.after(_FAREWELL, lambda: self._close(client))
        with contextlib.suppress(OSError):
            client.connection.shutdown(socket.SHUT_WR)

    def _close(self, client: _Client) -> None:
        if self._clients.pop(client.session, None) is None:
            return
        if client.leaving is not None:
            client.leaving.cancel()
        if client.next_drop is not None:
            client.next_drop.cancel()
        self._reactor.unwatch(client.connection)
        client.connection.close()
        self._gateway.disconnect(client.session)
