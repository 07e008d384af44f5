"""A simulator on real sockets: in a thread of the test, or as the command runs it."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from ibapi.client import EClient
from ibapi.wrapper import EWrapper

from simulator.control import ControlClient
from simulator.server import Simulator
from simulator.settings import Settings
from supervision.reactor import Reactor
from tests.simulator.rig import Connection


@contextlib.contextmanager
def running(directory: Path | None = None, **settings: Any) -> Iterator[Simulator]:
    """A simulator in a thread of its own; what escapes there escapes here."""
    reactor, stopping = Reactor(), threading.Event()
    started: Future[Simulator] = Future()
    failures: list[BaseException] = []

    def live() -> None:
        try:
            simulator = Simulator(reactor, Settings(**settings), directory)
            started.set_result(simulator)
            while not stopping.is_set():
                reactor.poll(None)
            simulator.close()
        except BaseException as error:  # noqa: BLE001 it is raised again in the test's thread
            failures.append(error)
            if not started.done():
                started.set_exception(error)

    thread = threading.Thread(target=live, name="simulator")
    thread.start()
    try:
        yield started.result(10)
    finally:
        stopping.set()
        reactor.wake()
        thread.join(10)
        reactor.close()
    assert not failures, failures


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[tuple[int, int, subprocess.Popen[str]]]:
    """`python -m simulator` until the block ends; yields client port, control port and the process."""
    command = [sys.executable, "-m", "simulator", *arguments]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert child.stdout is not None
    try:
        ports = [int(child.stdout.readline().rpartition(":")[2]) for _ in range(2)]
        yield ports[0], ports[1], child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            assert child.wait(10) == 0
        child.stdout.close()


def control(simulator: Simulator) -> ControlClient:
    """A control connection."""
    return ControlClient(simulator.host, simulator.control_port)


class Wire:
    """A blocking client: reads frames by itself, `ask` is the official client's encoders on the same socket."""

    def __init__(self, port: int, *, client_id: int = 1, version: int = 178, start: bool = True) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self._file = self.socket.makefile("rb")
        if start:
            hello = f"v100..{version}".encode()
            self.socket.sendall(b"API\0" + struct.pack(">I", len(hello)) + hello)
            self.greeting = self.read()
            self.ask = EClient(EWrapper())
            self.ask.conn, self.ask.serverVersion_ = Connection(self.socket.sendall), version
            self.ask.setConnState(EClient.CONNECTED)
            self.send(71, 2, client_id, "")

    def send(self, *fields: object) -> None:
        """One message."""
        payload = "".join(f"{field}\0" for field in fields).encode()
        self.socket.sendall(struct.pack(">I", len(payload)) + payload)

    def read(self) -> list[str]:
        """The next message; EOFError when the other side ended."""
        head = self._file.read(4)
        if len(head) < 4:
            raise EOFError
        payload = self._file.read(struct.unpack(">I", head)[0])
        return payload[:-1].decode().split("\0")

    def until(self, kind: str) -> list[list[str]]:
        """Messages up to the first of a kind."""
        seen = [self.read()]
        while seen[-1][0] != kind:
            seen.append(self.read())
        return seen

    def alive(self) -> bool:
        """Whether a request is still answered."""
        self.send(49, 1)
        return self.until("49")[-1][0] == "49"

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def address(directory: Path) -> dict[str, Any]:
    """What the simulator wrote about itself."""
    found: dict[str, Any] = json.loads((directory / "simulator.json").read_text())
    return found
