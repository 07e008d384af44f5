"""A non-blocking TCP connection to the gateway: it connects, sends whole, or ends with a reason.

Every wait has a deadline: connecting, and the time the kernel may refuse to take what is sent (a
gateway that stops reading). Silence is not its business but for a peer that is gone: keepalive and
TCP_USER_TIMEOUT see to that. A parcel is what one send hands over; when the connection ends it tells
how much of it had reached the kernel, which decides what is known about an order. Every connection
ends in exactly one call of `closed`. Name resolution is the operating system's and may block.
"""

from __future__ import annotations

import errno
import os
import socket
from collections import deque
from collections.abc import Callable
from typing import Protocol

from supervision.reactor import Reactor, Timer

RECEIVE_BYTES = 256 * 1024  # one read is one turn: at most some 7,000 ticks before commands are looked at
KEEPALIVE_IDLE, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES = 10, 5, 3
UNACKNOWLEDGED_LIMIT_MS = 20_000


class TransportEvents(Protocol):
    """Whoever owns a transport; all in the reactor's thread."""

    def connected(self) -> None:
        """The peer accepted."""

    def received(self, data: bytes) -> None:
        """Bytes arrived; never empty."""

    def writable(self) -> None:
        """Everything sent so far is in the kernel's hands again, after it was not."""

    def closed(self, reason: str) -> None:
        """The connection is over, once; nothing more will come."""


class Parcel:
    """Bytes on their way into the kernel. `done` is called once: all are there, or the end has come."""

    __slots__ = ("data", "done", "written")

    def __init__(self, data: bytes, done: Callable[[Parcel], None] | None = None) -> None:
        self.data = data
        self.done = done
        self.written = 0

    @property
    def whole(self) -> bool:
        """Whether every byte is in the kernel's hands."""
        return self.written == len(self.data)


class Transport:
    """One connection, from dialling to its end; not used again."""

    def __init__(
        self, reactor: Reactor, events: TransportEvents, *, connect_timeout: float, send_timeout: float
    ) -> None:
        self._reactor = reactor
        self._events = events
        self._connect_timeout = connect_timeout
        self._send_timeout = send_timeout
        self._socket: socket.socket | None = None
        self._addresses: deque[tuple[int, tuple[object, ...]]] = deque()
        self._where = ""
        self._unsent: deque[Parcel] = deque()
        self._connected = False
        self._deadline: Timer | None = None
        self.open = True

    @property
    def blocked(self) -> bool:
        """Whether something handed over still waits for the kernel."""
        return bool(self._unsent)

    def dial(self, host: str, port: int) -> None:
        """Start connecting; every address of the host is tried within one deadline."""
        self._where = f"{host}:{port}"
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            self.close(f"{self._where}: the host name cannot be resolved ({error.strerror or error})")
            return
        self._addresses.extend((family, address) for family, _, _, _, address in found)
        self._deadline = self._reactor.after(
            self._connect_timeout,
            lambda: self.close(f"{self._where} did not accept a connection within {self._connect_timeout:g} s"),
        )
        self._try_next("no address")

    def send(self, parcel: Parcel) -> None:
        """Hand over bytes; they leave in order and whole."""
        if not self.open:
            self._finish(parcel)
            return
        self._unsent.append(parcel)
        if len(self._unsent) == 1:
            self._write()

    def close(self, reason: str) -> None:
        """End the connection; every parcel learns how far it came."""
        if not self.open:
            return
        self.open = False
        self._cancel_deadline()
        self._drop_socket()
        while self._unsent:
            self._finish(self._unsent.popleft())
        self._events.closed(reason)

    # --- connecting -----------------------------------------------------------------------------

    def _try_next(self, failure: str) -> None:
        self._drop_socket()
        if not self._addresses:
            self.close(f"{self._where}: {failure}")
            return
        family, address = self._addresses.popleft()
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # out of descriptors
            self.close(f"{self._where}: no socket can be opened ({(error.strerror or str(error)).lower()})")
            return
        sock.setblocking(False)
        _tune(sock)
        status = sock.connect_ex(address)
        self._socket = sock
        self._reactor.watch(sock, self._readable, self._writable)
        if status in (0, errno.EINPROGRESS):
            self._reactor.want_write(sock, True)
        else:
            self._try_next(os.strerror(status).lower())

    def _connect_finished(self, sock: socket.socket) -> None:
        status = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            self._try_next(os.strerror(status).lower())
            return
        if sock.getsockname() == sock.getpeername():
            # Dialling a free local port can end in a connection to oneself (RFC 9293, simultaneous open).
            self._try_next("nobody listens there")
            return
        self._connected = True
        self._cancel_deadline()
        self._reactor.want_write(sock, False)
        self._events.connected()

    # --- data -----------------------------------------------------------------------------------

    def _readable(self) -> None:
        if self._socket is None or not self._connected:
            return
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self.close(f"the connection broke: {(error.strerror or str(error)).lower()}")
            return
        if data:
            self._events.received(data)
        else:
            self.close("the gateway closed the connection")

    def _writable(self) -> None:
        if self._socket is None:
            return
        if not self._connected:
            self._connect_finished(self._socket)
            return
        self._write()
        if self.open and not self._unsent:
            self._events.writable()

    def _write(self) -> None:
        while self._unsent and self._socket is not None:
            parcel = self._unsent[0]
            try:
                parcel.written += self._socket.send(memoryview(parcel.data)[parcel.written :])
            except BlockingIOError:
                break
            except OSError as error:
                self._sending_failed(f"sending failed: {(error.strerror or str(error)).lower()}")
                return
            if not parcel.whole:
                continue
            self._unsent.popleft()
            self._cancel_deadline()
            self._finish(parcel)
        if self._socket is not None:
            self._reactor.want_write(self._socket, bool(self._unsent))
            if self._unsent and self._deadline is None:
                self._deadline = self._reactor.after(self._send_timeout, self._stuck)

    def _sending_failed(self, reason: str) -> None:
        """End soon, never inside a send; what the gateway said before it left is read first."""
        assert self._socket is not None
        self._reactor.want_write(self._socket, False)

        def end() -> None:
            self._readable()
            self.close(reason)

        self._reactor.after(0.0, end)

    def _stuck(self) -> None:
        self.close(f"the gateway has not taken what was sent for {self._send_timeout:g} s: it stopped reading")

    # --- small things ---------------------------------------------------------------------------

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._reactor.unwatch(self._socket)
            self._socket.close()
            self._socket = None

    @staticmethod
    def _finish(parcel: Parcel) -> None:
        if parcel.done is not None:
            parcel.done(parcel)


def _tune(sock: socket.socket) -> None:
    """Small frames at once, and a peer that vanished is noticed. Options an OS lacks are left out."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_LIMIT_MS),
    ):
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
