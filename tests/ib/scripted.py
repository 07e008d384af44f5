"""A gateway whose every word a test writes, on real sockets and in the test's own thread."""

from __future__ import annotations

import logging
import socket
import struct
import time
from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any, Self

from actors.ib.gateway import Gateway
from actors.messages.broker import TickBatch
from supervision.message import Message
from supervision.reactor import Reactor
from tests.support.frames import text_frame

GREETING = text_frame(176, "20261120 12:00:00 EST")
ACCOUNTS, NEXT_ID = text_frame(15, 1, "DU1234567"), text_frame(9, 1, 530)


def until(reactor: Reactor, condition: Callable[[], Any], timeout: float = 5.0) -> None:
    """Run the reactor until the condition holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        left = deadline - time.monotonic()
        assert left > 0, "what was waited for did not happen"
        reactor.poll(left)


class Owner:
    """Records what a session says."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.ended_with: str | None = None
        self.up: tuple[tuple[str, ...], int, int] | None = None
        self.fail_on: str = ""

    def _note(self, what: str, *details: Any) -> None:
        self.heard.append((what, details[0] if len(details) == 1 else details))
        if what == self.fail_on:
            raise RuntimeError("a callback that fails")

    def of(self, what: str) -> list[Any]:
        return [details for kind, details in self.heard if kind == what]

    def ready(self, accounts: tuple[str, ...], next_order_id: int, server_version: int) -> None:
        self.up = (accounts, next_order_id, server_version)

    def ended(self, reason: str) -> None:
        assert self.ended_with is None, "ended twice"
        self.ended_with = reason

    def ticks(self, batch: TickBatch) -> None:
        self._note("ticks", batch)

    def unreadable(self, message_id: int | None) -> None:
        self._note("unreadable", message_id)

    def writable(self) -> None:
        self._note("writable")

    def error(self, request_id: int, code: int, text: str) -> None:
        self._note("error", request_id, code, text)

    def current_time(self, told: int) -> None:
        self._note("current_time", told)

    def data_type(self, request_id: int, kind: int) -> None:
        self._note("data_type", request_id, kind)

    def item(self, query: int | str, item: Message, identity: Hashable = None) -> None:  # noqa: ARG002
        self._note("item", query, item)

    def end(self, query: int | str) -> None:
        self._note("end", query)

    def order_report(self, report: Message) -> None:
        self._note("order_report", report)

    def account_report(self, report: Message) -> None:
        self._note("account_report", report)

    def profit_and_loss(self, request_id: int, *figures: Decimal | None) -> None:
        self._note("profit_and_loss", request_id, *figures)


class Conversation:
    """One client session and the server's end of its socket."""

    def __init__(self, *, connect_timeout: float = 5.0, send_timeout: float = 5.0) -> None:
        self.reactor = Reactor()
        self.owner = Owner()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.gateway = Gateway(
            self.reactor,
            self.owner,
            epoch=7,
            client_id=17,
            connect_timeout=connect_timeout,
            send_timeout=send_timeout,
            log=logging.getLogger("test"),
        )
        self.server: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.gateway.open:
            self.gateway.close("the test is over")
        for sock in (self.server, self._listener):
            if sock is not None:
                sock.close()
        self.reactor.close()

    def dial(self) -> socket.socket:
        """Connect; returns the server's end."""
        self.gateway.dial("127.0.0.1", self.port)
        self.server, _ = self._listener.accept()
        self.server.settimeout(5.0)
        return self.server

    def start(self) -> socket.socket:
        """Connect and come up."""
        server = self.dial()
        server.sendall(GREETING + ACCOUNTS + NEXT_ID)
        self.until(lambda: self.owner.up)
        return server

    def until(self, condition: Callable[[], Any], timeout: float = 5.0) -> None:
        until(self.reactor, condition, timeout)

    def sentinel(self) -> None:
        """Wait until everything sent so far has been looked at."""
        assert self.server is not None
        before = len(self.owner.of("current_time"))
        self.server.sendall(text_frame(49, 1, 1_700_000_000))
        self.until(lambda: len(self.owner.of("current_time")) > before)


def read_frame(sock: socket.socket) -> tuple[str, ...]:
    """The next frame the client sent, as text fields."""
    (size,) = struct.unpack(">I", exactly(sock, 4))
    return tuple(exactly(sock, size).decode().split("\0")[:-1])


def exactly(sock: socket.socket, count: int) -> bytes:
    """That many bytes."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        assert more, "the client closed"
        data += more
    return data
