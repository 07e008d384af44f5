"""The simulated gateway from the command line: alone, and steered through its address file."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.scripted import NOW, run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A simulator in a process of its own, whose ledger is where a service on tmp_path would keep it."""
    command = [sys.executable, str(ROOT / "run.py"), "simulator", "--directory", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    words, address = process.stdout.readline().split()
    assert words == "listening"
    process.stdout.readline()
    note = {"pid": os.getpid(), "run_dir": "", "mode": "simulated", "account": "", "directory": str(tmp_path)}
    (tmp_path / "service.json").write_text(json.dumps({**note, "started": NOW.isoformat()}))
    host, _, port = address.partition(":")
    yield host, int(port)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    process.stdout.close()


def test_it_says_where_it_listens_and_can_be_taken_down_and_up(tmp_path: Path, simulator: tuple[str, int]) -> None:
    socket.create_connection(simulator, 5).close()
    assert run("simulator", "down", "--state-dir", str(tmp_path)).exit_code == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(simulator, 5)
    assert run("simulator", "up", "--state-dir", str(tmp_path)).exit_code == 0
    socket.create_connection(simulator, 5).close()
    ledger = run("simulator", "ledger", "--json", "--state-dir", str(tmp_path))
    assert json.loads(ledger.stdout)["executions"] == 0


@pytest.mark.usefixtures("simulator")
def test_a_service_on_a_real_gateway_has_no_simulator_to_steer(tmp_path: Path) -> None:
    note = json.loads((tmp_path / "service.json").read_text())
    (tmp_path / "service.json").write_text(json.dumps({**note, "mode": "paper"}))
    result = run("simulator", "down", "--state-dir", str(tmp_path))
    assert (result.exit_code, "no simulator" in result.stderr) == (10, True)


def test_a_port_that_is_taken_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("simulator", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "the simulator cannot run" in result.stderr
