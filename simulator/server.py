"""A running simulator on somebody's reactor, and one that runs alone until it is told to stop.

With a directory the ledger and `simulator.json` (host, port, control_port, pid) live there; the file appears,
in one piece, once clients can connect. The next run takes the same port if it is still free.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from simulator.clock import Clock
from simulator.control import Control
from simulator.faults.director import Director
from simulator.faults.language import Statement
from simulator.gateway import Gateway
from simulator.market.market import STEP
from simulator.settings import SimulatorSettings
from simulator.transport import Transport
from supervision.reactor import Reactor, Timer

ADDRESS_FILE = "simulator.json"
HOST = "127.0.0.1"
_FASTEST_STEP = 0.005


class Simulator:
    """Gateway, transport, script and control together; control is on loopback whatever `host` clients have.

    Raises OSError when the configured port is taken, ScriptError when a statement of the script cannot be done.
    """

    def __init__(
        self,
        reactor: Reactor,
        settings: SimulatorSettings,
        directory: Path | None,
        *,
        host: str = HOST,
        script: Iterable[Statement] = (),
    ) -> None:
        self._reactor = reactor
        self._directory = directory
        self._interval = max(STEP / settings.speed, _FASTEST_STEP)
        self._due: Timer | None = None
        self.gateway = Gateway(settings, directory, Clock())
        with contextlib.ExitStack() as undo:
            undo.callback(self.gateway.close)
            self._transport = self._listen(host, settings.port)
            undo.callback(self._transport.close)
            director = Director(self.gateway, self._transport.port)
            director.run(script)
            self._control = Control(reactor, director, self._flush, HOST)
            undo.pop_all()
        self.host, self.port = host, self._transport.port
        self.control_host, self.control_port = HOST, self._control.port
        self._announce()
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
        self._flush()

    def _flush(self) -> None:
        self._transport.flush()
        self._arm()

    def _listen(self, host: str, port: int | None) -> Transport:
        if port is not None:
            return Transport(self._reactor, self.gateway, host, port)
        try:
            return Transport(self._reactor, self.gateway, host, self._last_port())
        except OSError:
            return Transport(self._reactor, self.gateway, host, 0)

    def _last_port(self) -> int:
        """The port of the run before; 0, for any, when its file is not there or was damaged."""
        if self._directory is None:
            return 0
        try:
            port = int(json.loads((self._directory / ADDRESS_FILE).read_text())["port"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        return port if 0 < port < 65536 else 0

    def _announce(self) -> None:
        if self._directory is None:
            return
        address = {"host": self.host, "port": self.port, "control_port": self.control_port, "pid": os.getpid()}
        fresh = self._directory / f"{ADDRESS_FILE}.new"
        fresh.write_text(json.dumps(address) + "\n")
        fresh.replace(self._directory / ADDRESS_FILE)


def serve(
    settings: SimulatorSettings,
    directory: Path | None,
    announce: Callable[[str], None],
    *,
    host: str = HOST,
    script: Iterable[Statement] = (),
) -> None:
    """Run a simulator alone until SIGINT or SIGTERM; `announce` is given a line for each port. Raises as Simulator."""
    reactor = Reactor()
    stopping = False

    def stop(_: int, __: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        reactor.wake()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        simulator = Simulator(reactor, settings, directory, host=host, script=script)
        announce(f"listening {simulator.host}:{simulator.port}")
        announce(f"control {simulator.control_host}:{simulator.control_port}")
        while not stopping:
            reactor.poll(None)
        simulator.close()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        reactor.close()
