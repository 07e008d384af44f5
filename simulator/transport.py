"""The gateway on TCP: accepts clients, moves bytes, closes what is over; one reactor, no threads.

Each client has its own output, written as far as its socket takes it; nobody waits for anybody. A session that
ends by itself is written out and half-closed, so that its last error arrives, and reset when that is not read in time;
one that is cut ends with a reset. What is unattended is neither read nor written. On request output only drips.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
from functools import partial

from simulator.gateway import Gateway
from simulator.session import CONGESTED, Session
from supervision.acceptor import Acceptor
from supervision.reactor import Reactor, Timer

_log = logging.getLogger("simulator")
_READ = 2 * 1024
"""Bytes that one client is read at a time: nobody keeps the others waiting with more requests than fit."""
_BACKLOG = 128
_PATIENCE = 30.0
"""True seconds that a client has to read what was queued before its session ended."""
_FAREWELL = 1.0
_DRIP = 0.05
_RESET = struct.pack("ii", 1, 0)


class _Client:
    """One connected socket and its session."""

    def __init__(self, connection: socket.socket, session: Session) -> None:
        self.connection = connection
        self.session = session
        self.patience: Timer | None = None
        self.leaving: Timer | None = None
        self.next_drop: Timer | None = None
        self.watched = False


class Transport:
    """The listening socket for clients and everything behind it. OSError when the port is taken."""

    def __init__(self, reactor: Reactor, gateway: Gateway, host: str, port: int) -> None:
        self._reactor = reactor
        self._gateway = gateway
        self._host = host
        self._clients: dict[Session, _Client] = {}
        self._listener: socket.socket | None = None
        self._acceptor: Acceptor | None = None
        self.port = port
        self._open()
        gateway.network.listen = self._listen

    def close(self) -> None:
        """Stop listening and cut everybody."""
        self._listen(False)
        for client in list(self._clients.values()):
            self._cut(client)

    def flush(self) -> None:
        """Write what waits for any client, and do what became of connections."""
        for client in list(self._clients.values()):
            if client.session.unattended == client.watched:
                self._attend(client, not client.session.unattended)
            if client.session.output or client.session.over or client.session.source is not None:
                self._write(client)

    def _listen(self, on: bool) -> None:
        if on and self._listener is None:
            self._open()
        elif not on and self._acceptor is not None and self._listener is not None:
            self._acceptor.close()
            self._listener.close()
            self._acceptor = self._listener = None

    def _open(self) -> None:
        """Listen, on the same port as before."""
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

    def _welcome(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = _Client(connection, self._gateway.connect())
        self._clients[client.session] = client
        self._attend(client, True)
        self.flush()

    def _attend(self, client: _Client, on: bool) -> None:
        client.watched = on
        if on:
            self._reactor.watch(client.connection, partial(self._read, client), partial(self._write, client))
        else:
            self._reactor.unwatch(client.connection)

    def _read(self, client: _Client) -> None:
        if client.session not in self._clients or not client.watched:
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
        session = client.session
        if session.source is not None and len(session.output) < CONGESTED:
            session.source()
        try:
            while session.output and client.watched and client.next_drop is None:
                self._send(client)
        except BlockingIOError:
            pass
        except OSError:
            self._close(client)
            return
        if session.over and client.patience is None:
            client.patience = self._reactor.after(_PATIENCE, partial(self._cut, client))
        if session.over and (not client.watched or (session.reset and not session.output)):
            self._cut(client)
        elif not client.watched:
            return
        elif client.next_drop is not None:
            self._reactor.want_write(client.connection, False)
        elif session.over and not session.output:
            self._leave(client)
        else:
            self._reactor.want_write(client.connection, bool(session.output) or session.source is not None)

    def _send(self, client: _Client) -> None:
        """Send as much as may leave at once. Raises OSError."""
        output, drip = client.session.output, self._gateway.network.dripping
        with memoryview(output) as view:
            sent = client.connection.send(view[: 1 if drip else len(output)])
        del output[:sent]
        if drip:
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
        for timer in (client.patience, client.leaving, client.next_drop):
            if timer is not None:
                timer.cancel()
        if client.watched:
            self._reactor.unwatch(client.connection)
        client.connection.close()
        self._gateway.disconnect(client.session)
