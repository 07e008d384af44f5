"""A running simulator on somebody's reactor, and one that runs alone until it is told to stop.

With a directory the ledger and `simulator.json` (host, port, control_port, pid) live there; the file appears,
in one piece, once clients can connect. The next run takes the same port if it is still free.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from simulator.clock import Clock
from simulator.control import Control
from simulator.gateway import Gateway
from simulator.market.market import STEP
from simulator.settings import SimulatorSettings
from simulator.transport import Transport
from supervision.reactor import Reactor, Timer

ADDRESS_FILE = "simulator.json"
HOST = "127.0.0.1"
_FASTEST_STEP = 0.005


class Simulator:
    """Gateway, transport and control together. OSError when the configured port is taken."""

    def __init__(self, reactor: Reactor, settings: SimulatorSettings, directory: Path | None) -> None:
        self._reactor = reactor
        self._directory = directory
        self._interval = max(STEP / settings.speed, _FASTEST_STEP)
        self.gateway = Gateway(settings, directory, Clock())
        try:
            self._transport = self._listen(settings.port)
        except OSError:
            self.gateway.close()
            raise
        self._control = Control(reactor, self.gateway, self._transport, HOST)
        self.host, self.port, self.control_port = HOST, self._transport.port, self._control.port
        self._announce()
        self._due: Timer | None = None
        self.gateway.agenda.changed = self._arm
        self._step()

    def close(self) -> None:
        """Cut clients, stop listening, close the ledger."""
        self._timer.cancel()
        if self._due is not None:
            self._due.cancel()
        self._transport.close()
        self._control.close()
        self.gateway.close()

    def _step(self) -> None:
        self.gateway.step()
        self._transport.flush()
        self._timer = self._reactor.after(self._interval, self._step)
        self._arm()

    def _arm(self) -> None:
        """Wake up when something is due before the next step of the market."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        wait = self.gateway.agenda.next_in()
        if wait is not None and wait < self._interval:
            self._due = self._reactor.after(wait, self._run_due)

    def _run_due(self) -> None:
        self.gateway.run_due()
        self._transport.flush()
        self._arm()

    def _listen(self, port: int | None) -> Transport:
        if port is not None:
            return Transport(self._reactor, self.gateway, HOST, port)
        try:
            return Transport(self._reactor, self.gateway, HOST, self._last_port())
        except OSError:
            return Transport(self._reactor, self.gateway, HOST, 0)

    def _last_port(self) -> int:
        if self._directory is None or not (self._directory / ADDRESS_FILE).exists():
            return 0
        return int(json.loads((self._directory / ADDRESS_FILE).read_text())["port"])

    def _announce(self) -> None:
        if self._directory is None:
            return
        address = {"host": self.host, "port": self.port, "control_port": self.control_port, "pid": os.getpid()}
        fresh = self._directory / f"{ADDRESS_FILE}.new"
        fresh.write_text(json.dumps(address) + "\n")
        fresh.replace(self._directory / ADDRESS_FILE)


def serve(settings: SimulatorSettings, directory: Path | None, announce: Callable[[str], None]) -> None:
    """Run a simulator alone until SIGINT or SIGTERM; `announce` is given a line for each port."""
    reactor = Reactor()
    stopping = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        reactor.wake()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        simulator = Simulator(reactor, settings, directory)
        announce(f"listening {simulator.host}:{simulator.port}")
        announce(f"control {simulator.host}:{simulator.control_port}")
        while not stopping:
            reactor.poll(None)
        simulator.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        reactor.close()
