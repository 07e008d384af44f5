"""A simulated gateway in a process of its own, as a service in mode paper or live meets one: somebody else's."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drills.stage import rows
from simulator.control import ControlClient
from simulator.faults.act import Answer

ROOT = Path(__file__).parents[2]


class Broker:
    """Where it listens, its statements, its truth."""

    def __init__(self, directory: Path, port: int, control: tuple[str, int], process: subprocess.Popen[str]) -> None:
        self.port = port
        self._process = process
        self._directory = directory
        self._control = control

    def say(self, statement: str) -> Answer:
        """One statement."""
        with ControlClient(*self._control) as control:
            return control.do(statement)

    def stop(self) -> None:
        """It ends, as when a gateway is closed."""
        self._process.terminate()
        assert self._process.wait(10) == 0

    def ledger(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of its ledger."""
        return rows(self._directory / "simulator.db", query, *values)

    def orders(self) -> list[str]:
        """The references of all orders that it ever got, the first first."""
        return [order_ref for (order_ref,) in self.ledger("select order_ref from orders order by rowid")]


@contextmanager
def broker(*accounts: str, port: int | None = None) -> Iterator[Broker]:
    """A gateway with these accounts behind its login, on this port or a free one."""
    with tempfile.TemporaryDirectory(prefix="nd-") as directory:
        command = [sys.executable, str(ROOT / "run.py"), "simulator", "--directory", directory]
        command += [] if port is None else ["--port", str(port)]
        with subprocess.Popen(
            [*command, "--account", ",".join(accounts)], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                listening, control = (process.stdout.readline().split()[-1].rpartition(":") for _ in range(2))
                yield Broker(Path(directory), int(listening[2]), (control[0], int(control[2])), process)
            finally:
                process.terminate()
                assert process.wait(10) == 0
