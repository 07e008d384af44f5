"""Somebody at an actor's socket who is broken, lost or malicious: what it sends, and what became of it.

Each visit is one connection. A visitor that was greeted has introduced itself properly and goes wrong after that.
The actor must hang up on each, whatever it sends, and go on as if nothing had happened.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

import msgspec

from actors.messages.orders import GetOrder, GetOrdersView
from actors.messages.system import Publish
from supervision.message import Done
from supervision.wire import MAX_FRAME, Codec, Hello, Reply, Tell

LIMIT = 4.0
"""Seconds an actor may take to hang up; who says nothing at all is given longer."""
_DEEP = 100_000


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor sends; `leaves`: it then closes its side, as one that died in the middle would."""

    name: str
    data: bytes
    greeted: bool = True
    leaves: bool = False


def visits(codec: Codec, rng: random.Random) -> list[Visit]:
    """Everything that has ever been thought of."""
    hello = _hello(codec)
    event = bytes(codec.encode(Tell(Publish("", None))))[4:-1]  # up to its data, which may be anything
    stranger = Hello("intruder", os.getpid(), codec.fingerprint ^ 1)
    return [
        Visit("noise", rng.randbytes(4096), greeted=False),
        Visit("a request for a web page", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", greeted=False),
        Visit("an empty frame for a hello", b"\0\0\0\0", greeted=False),
        Visit("a hello of 5,000 bytes", _hello(codec, "x" * 5000), greeted=False),
        Visit("a hello of another version", bytes(codec.encode(stranger)), greeted=False),
        Visit("half a hello", hello[:-3], greeted=False, leaves=True),
        Visit("a message before the hello", bytes(codec.encode(Tell(GetOrdersView()))), greeted=False),
        Visit("a second hello", hello),
        Visit("a reply that nobody asked for", bytes(codec.encode(Reply(1, Done())))),
        Visit("a frame longer than any may be", struct.pack(">I", MAX_FRAME + 1)),
        Visit("the longest length there is", b"\xff\xff\xff\xff"),
        Visit("half a frame", struct.pack(">I", 1000) + b"x" * 10, leaves=True),
        Visit("an empty frame", _frame(b"")),
        Visit("a frame of noise", _frame(rng.randbytes(512))),
        Visit("an unknown envelope", _frame(msgspec.msgpack.encode([99, "who", 1]))),
        Visit("an unknown message", _frame(msgspec.msgpack.encode([3, ["FormatDisk", "/"]]))),
        Visit("an order with wrong fields", _frame(msgspec.msgpack.encode([4, 1, 0.0, ["PlaceOrder", 7, "HOLD", {}]]))),
        Visit(
            "text that is no UTF-8", bytes(codec.encode(Tell(GetOrder("????")))).replace(b"????", b"\xff\xfe\xfd\xfc")
        ),
        Visit("arrays in arrays in arrays", _frame(event + b"\x91" * _DEEP + b"\xc0")),
        Visit("an array of four billion", _frame(event + b"\xdd\xff\xff\xff\xff")),
        Visit("a text of four billion", _frame(event + b"\xdb\xff\xff\xff\xff")),
    ]


def pay(visit: Visit, address: Path, codec: Codec) -> bool:
    """Pay it to an actor; whether that hung up. Raises OSError when nobody listens at all."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LIMIT)
        sock.connect(str(address))
        if visit.greeted:
            sock.sendall(_hello(codec))
            sock.recv(4096)
        try:
            sock.sendall(visit.data)
            if visit.leaves:
                sock.shutdown(socket.SHUT_WR)
            while sock.recv(4096):
                pass  # perhaps a welcome
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True


def crowd(address: Path, count: int, stack: contextlib.ExitStack) -> list[socket.socket]:
    """So many at an actor's door who never say a word; they leave with `stack`."""
    members = []
    for _ in range(count):
        sock = stack.enter_context(socket.socket(socket.AF_UNIX))
        sock.connect(str(address))  # waits while the backlog is full
        sock.settimeout(LIMIT)
        members.append(sock)
    return members


def _hello(codec: Codec, name: str = "intruder") -> bytes:
    return bytes(codec.encode(Hello(name, os.getpid(), codec.fingerprint)))


def _frame(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload
