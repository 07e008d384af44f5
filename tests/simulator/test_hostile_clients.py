"""Bad clients hurt nobody but themselves: mutated requests in memory, and hostile peers on real sockets."""

from __future__ import annotations

import contextlib
import socket
import struct

from tests.simulator.fuzz import fuzz
from tests.simulator.local import Wire, control, running
from tests.simulator.mutations import framed
from tests.simulator.rig import World, stock

_HELLO = b"API\0" + framed(b"v100..178")
_START = framed(b"71\x002\x0077\x00\x00")


def test_twenty_thousand_mutated_requests_do_no_harm():
    fuzz(20_000, seed=1)


def test_numbers_of_thousands_of_digits_are_refused():
    client = World().client()
    digits = "7" * 5000
    client.reqMktData(1, stock(), digits, False, False, [])
    client.reqHistogramData(2, stock(), True, f"000001{digits} days")
    client.reqHistoricalData(3, stock(), "", f"{digits} D", "1 day", "TRADES", 1, 1, False, [])
    client.reqHistoricalTicks(4, stock(), "20261118 15:00:00", "", 10, "TRADES", 1, True, [])
    asked = [(arguments[0], arguments[2]) for name, arguments in client.callbacks() if name == "error"]
    assert asked == [(1, 321), (2, 321), (3, 321)]


def test_hostile_sockets_leave_a_good_client_its_quotes_and_answers(monkeypatch):
    monkeypatch.setattr("simulator.session.OVERFLOW", 2_000_000)
    with running(speed=20.0) as simulator, Wire(simulator.port) as good, contextlib.ExitStack() as kept:
        good.ask.reqMktData(1, stock(), "", False, False, [])
        for attack in ATTACKS:
            peer = kept.enter_context(socket.create_connection(("127.0.0.1", simulator.port), 5))
            peer.setblocking(False)
            with contextlib.suppress(OSError):  # hung up on in the middle of it
                attack(peer)
            good.until("1")
            assert good.alive()
        with control(simulator) as steering:
            assert {client["client_id"] for client in steering.do("status")["clients"]} <= {1, 77}


def _says(*data: bytes):
    def attack(peer: socket.socket) -> None:
        for part in data:
            peer.send(part)

    return attack


def _byte_by_byte(peer: socket.socket) -> None:
    for byte in _HELLO[:-1]:
        peer.send(bytes([byte]))


def _asks_and_never_reads(peer: socket.socket) -> None:
    peer.setblocking(True)
    peer.send(_HELLO + _START + framed(b"62\x001\x001\x00All\x00$LEDGER:ALL\x00") * 20_000)


def _hangs_up_with_a_reset(peer: socket.socket) -> None:
    peer.send(_HELLO + _START + framed(b"49\x001\x00"))
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def _asks_and_ends_its_side(peer: socket.socket) -> None:
    peer.send(_HELLO + _START + framed(b"49\x001\x00"))
    peer.shutdown(socket.SHUT_WR)


ATTACKS = [
    *(
        _says(),
        _says(b"\0"),
        _says(b"GET / HTTP/1.1\r\n\r\n"),
        _says(b"\xff" * 100_000),
        _says(b"API\0\xff\xff\xff\xff"),
    ),
    _says(b"API\0" + framed(b"v1..9")),
    _says(b"API\0" + framed(b"v100..178 " + b"A" * 300_000)),
    _byte_by_byte,
    _says(_HELLO, framed(b"3\x001\x00")),
    _says(_HELLO, _START, framed(b"49\x001\x00")[:7]),
    _says(_HELLO, _START, struct.pack(">I", 2**31) + b"49\0"),
    _says(_HELLO, _START, _START, framed(b"")),
    _says(_HELLO, _START, framed(b"\0" * 200_000)),
    _hangs_up_with_a_reset,
    _asks_and_ends_its_side,
    *[_says(_HELLO)] * 40,
    _asks_and_never_reads,
]
