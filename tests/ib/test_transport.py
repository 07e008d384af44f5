"""A connection at its edges: each ends once with a reason, and every parcel learns what became of it."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.ib.transport import Parcel, Transport
from supervision.reactor import Reactor
from tests.ib.scripted import until

BIG = b"x" * 4_000_000


class Wire:
    """A transport, what it told, and the other end of its socket."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.is_connected = False
        self.reasons: list[str] = []
        self.wrote_again = 0
        self.data = b""
        self.on_received: Callable[[], None] = lambda: None
        self.transport = Transport(self.reactor, self, connect_timeout=5.0, send_timeout=5.0)
        self.server: socket.socket | None = None

    def connected(self) -> None:
        self.is_connected = True

    def received(self, data: bytes) -> None:
        self.data += data
        self.on_received()

    def writable(self) -> None:
        self.wrote_again += 1

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)

    def dial(self) -> socket.socket:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.transport.dial(*listener.getsockname())
            self.server, _ = listener.accept()
        self.until(lambda: self.is_connected)
        return self.server

    def until(self, condition: Callable[[], Any]) -> None:
        until(self.reactor, condition)

    def blocked(self) -> Parcel:
        """More than the kernel takes is handed over."""
        parcel = Parcel(BIG)
        self.transport.send(parcel)
        assert self.transport.blocked
        return parcel

    def reset(self) -> None:
        """The other end vanishes, and the kernel here knows it."""
        assert self.server is not None
        assert self.transport._socket is not None
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.close()
        assert select.select([self.transport._socket], [], [], 5.0)[0]

    def end(self) -> None:
        self.transport.close("the test is over")
        if self.server is not None:
            self.server.close()
        self.reactor.close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    made = Wire()
    yield made
    made.end()


def test_what_is_handed_over_after_the_end_is_told_at_once_that_nothing_left(wire: Wire) -> None:
    wire.transport.close("over")
    told: list[Parcel] = []
    wire.transport.send(Parcel(b"late", told.append))
    assert [(one.whole, one.written) for one in told] == [(False, 0)]
    assert wire.reasons == ["over"]


def test_an_address_that_cannot_be_dialled_at_all_is_a_reason(wire: Wire) -> None:
    wire.transport.dial("255.255.255.255", 1)
    assert len(wire.reasons) == 1
    assert wire.reasons[0].startswith("255.255.255.255:1: ")


def test_a_connection_to_oneself_is_no_gateway(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialling a free local port from that very port succeeds: then nobody is there."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = reserved.getsockname()
    real = socket.socket

    def bound(*kind: Any) -> socket.socket:
        made = real(*kind)
        made.bind(address)
        return made

    with monkeypatch.context() as patched:
        patched.setattr("actors.ib.transport.socket.socket", bound)
        wire.transport.dial(*address)
    wire.until(lambda: wire.reasons)
    assert wire.reasons == [f"127.0.0.1:{address[1]}: nobody listens there"]
    assert not wire.is_connected


def test_a_system_without_a_socket_option_goes_without_it(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "TCP_USER_TIMEOUT", raising=False)
    wire.dial().sendall(b"hello")
    wire.until(lambda: wire.data == b"hello")


def test_a_send_that_fails_ends_it_soon_with_one_reason_and_never_from_inside(wire: Wire) -> None:
    wire.dial()
    wire.reset()
    parcel = Parcel(b"order")
    wire.transport.send(parcel)
    assert wire.transport.open
    wire.until(lambda: wire.reasons)
    assert not parcel.whole
    assert len(wire.reasons) == 1


def test_whoever_closes_after_a_send_that_failed_has_the_last_word(wire: Wire) -> None:
    wire.dial()
    wire.reset()
    wire.transport.send(Parcel(b"order"))
    wire.transport.close("the service stops")
    wire.reactor.poll(0.0)
    assert wire.reasons == ["the service stops"]


def test_what_was_ready_in_the_turn_that_ended_it_comes_too_late_and_does_no_harm(wire: Wire) -> None:
    server = wire.dial()
    wire.blocked()
    server.sendall(b"ready to be read")
    ours = wire.transport._socket
    assert ours is not None
    while not all(select.select([ours], [ours], [], 0.0)[:2]):
        server.recv(len(BIG))
    ready = wire.reactor.select(0.0)
    wire.transport.close("another callback of this turn closed it")
    assert len(ready) == 2
    for callback in ready:
        callback()
    assert (wire.reasons, wire.data) == (["another callback of this turn closed it"], b"")


def test_a_socket_that_is_said_to_be_readable_and_is_not_is_no_end(wire: Wire) -> None:
    """The kernel may say so: a segment whose checksum turns out wrong."""
    server = wire.dial()
    server.sendall(b"once")
    ready: list[Callable[[], None]] = []
    while not ready:
        ready = wire.reactor.select(5.0)
    for callback in ready * 2:
        callback()
    assert (wire.reasons, wire.data) == ([], b"once")


def test_a_reset_while_bytes_wait_ends_it_once_and_tells_how_far_they_came(wire: Wire) -> None:
    wire.dial()
    parcel = wire.blocked()
    wire.reset()
    wire.until(lambda: wire.reasons)
    assert len(wire.reasons) == 1
    assert 0 < parcel.written < len(BIG)


def test_whoever_hears_that_a_parcel_is_whole_may_end_the_connection(wire: Wire) -> None:
    wire.dial()
    wire.transport.send(Parcel(b"last words", lambda _: wire.transport.close("said")))
    assert wire.reasons == ["said"]
    assert not wire.transport.open


def test_what_the_kernel_takes_bit_by_bit_is_told_once_when_all_of_it_is_there(wire: Wire) -> None:
    server = wire.dial()
    parcel = wire.blocked()
    read = 0
    while not parcel.whole:
        read += len(server.recv(50_000))
        wire.reactor.poll(0.0)
    assert wire.wrote_again == 1
    assert read + len(server.recv(len(BIG), socket.MSG_DONTWAIT)) > 0


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 200_000), min_size=1, max_size=12),
    reads=st.lists(st.integers(1, 200_000), max_size=12),
    ending=st.sampled_from(["close", "reset", "drain"]),
)
def test_parcels_leave_whole_and_in_order_and_at_most_one_is_cut(
    sizes: list[int], reads: list[int], ending: str
) -> None:
    wire = Wire()
    try:
        server = wire.dial()
        assert wire.transport._socket is not None
        wire.transport._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
        told: list[int] = []
        parcels = [
            Parcel(bytes([number]) * size, lambda _, number=number: told.append(number))  # type: ignore[misc]
            for number, size in enumerate(sizes)
        ]
        for parcel in parcels:
            wire.transport.send(parcel)
        arrived = b""
        for most in reads:
            arrived += _read(server, most)
            wire.reactor.poll(0.0)
        while ending == "drain" and len(arrived) < sum(sizes):
            arrived += _read(server, 1_000_000)
            wire.reactor.poll(0.0)
        if ending == "reset":
            wire.reset()
            wire.until(lambda: wire.reasons)
        else:
            wire.transport.close("the test is over")
        assert told == [*range(len(sizes))]
        whole = [parcel.whole for parcel in parcels]
        assert whole == sorted(whole, reverse=True)
        assert sum(0 < parcel.written < len(parcel.data) for parcel in parcels) <= 1
        assert arrived == b"".join(parcel.data for parcel in parcels)[: len(arrived)]
        assert ending != "drain" or all(whole)
        assert len(wire.reasons) == 1
    finally:
        wire.end()


def _read(server: socket.socket, most: int) -> bytes:
    try:
        return server.recv(most, socket.MSG_DONTWAIT)
    except BlockingIOError:
        time.sleep(0)
        return b""
