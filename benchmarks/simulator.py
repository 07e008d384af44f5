"""Tick messages per second out of the simulator into one reader that counts frames, beside the loopback's own limit.

The simulator is its own process, its client watches a hundred lines and is sent a `burst`. The limit is the same
bytes, from a file through a plain TCP connection, into the same reader.
"""

from __future__ import annotations

import multiprocessing
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.report import Row
from simulator.control import ControlClient
from simulator.market.listings import LISTINGS

TITLE = "tick messages out of the simulator into one client"
BURST = 1_000_000
ROUNDS = 3
LINES = 100
LIMIT = 60.0
ROOT = Path(__file__).resolve().parent.parent
_LENGTH = struct.Struct(">I")
_READ = 256 * 1024
_TIME = b"\0\0\0\x1049\x001\0"
"""How the answer to reqCurrentTime begins."""


def measure() -> list[Row]:
    """The simulator's rate and the loopback's, in turns."""
    ours, limits, size = [], [], 0
    with _simulator() as (port, steering), tempfile.TemporaryDirectory(prefix="nd-") as directory:
        steering.do("freeze on")
        client, recorded = _client(port), Path(directory) / "burst"
        for _ in range(ROUNDS + 1):
            with recorded.open("wb") as copy:
                began = time.monotonic()
                steering.do(f"burst {BURST}")
                ours.append(BURST / (_count(client, BURST, copy.write) - began))
            size = recorded.stat().st_size
            limits.append(BURST / _through_loopback(recorded))
        client.close()
    rate, limit = median(ours[1:]), median(limits[1:])
    return [
        Row(
            f"{BURST:,} ticks over {LINES} lines, {size / BURST:.0f} bytes each", f"{rate:,.0f} messages/s",
            "the same bytes from a file through loopback TCP", f"{limit:,.0f} messages/s", f"{rate / limit:.2f}x",
        ),
    ]  # fmt: skip


@contextmanager
def _simulator() -> Iterator[tuple[int, ControlClient]]:
    process = subprocess.Popen([sys.executable, "-m", "simulator"], cwd=ROOT, text=True, stdout=subprocess.PIPE)
    try:
        port, control_port = (_port(process) for _ in range(2))
        with ControlClient("127.0.0.1", control_port) as steering:
            yield port, steering
    finally:
        process.kill()
        process.wait()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise ConnectionError(f"the simulator ended with {process.wait()} before it listened")
    return int(line.rpartition(":")[2])


def _client(port: int) -> socket.socket:
    """A started client whose lines have all been shown once."""
    client = socket.create_connection(("127.0.0.1", port), LIMIT)
    client.sendall(b"API\0" + _framed("v100..178") + _framed("71", 2, 1, "", end="\0"))
    for number in range(LINES):
        symbol = LISTINGS[number % len(LISTINGS)].symbol
        contract = (0, symbol, "STK", "", 0, "", "", "SMART", "", "USD", "", "")
        client.sendall(_framed(1, 11, number + 1, *contract, 0, "", 0, 0, "", end="\0"))
    client.sendall(_framed(49, 1, end="\0"))
    data = b""
    while _TIME not in data:
        data = data[-len(_TIME) :] + client.recv(_READ)
    return client


def _framed(*fields: object, end: str = "") -> bytes:
    payload = ("\0".join(map(str, fields)) + end).encode()
    return _LENGTH.pack(len(payload)) + payload


def _count(client: socket.socket, messages: int, keep: Callable[[bytes], object]) -> float:
    """Read until so many frames are complete; when that was."""
    rest, read = b"", _LENGTH.unpack_from
    while messages > 0:
        data = client.recv(_READ)
        if not data:
            raise ConnectionError("the simulator hung up")
        keep(data)
        rest += data
        at, end = 0, len(rest) - 4
        while at <= end and (after := at + 4 + read(rest, at)[0]) <= end + 4:
            at = after
            messages -= 1
        rest = rest[at:]
    return time.monotonic()


def _through_loopback(recorded: Path) -> float:
    """How long the same messages take when nobody makes them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pouring = multiprocessing.get_context("spawn").Process(target=_pour, args=(listener.getsockname()[1], recorded))
        pouring.start()
        connection, _ = listener.accept()
        with connection:
            connection.recv(1, socket.MSG_PEEK)
            began = time.monotonic()
            took = _count(connection, BURST, len) - began
        pouring.join(LIMIT)
        return took


def _pour(port: int, recorded: Path) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection, recorded.open("rb") as file:
        connection.sendfile(file)
