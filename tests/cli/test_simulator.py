"""The simulated gateway from the command line: alone, and steered through its address file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.scripted import NOW, run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """Runs `simulator` with options in a process of its own; what it says of its two addresses."""
    with contextlib.ExitStack() as processes:

        def start(*options: str) -> list[str]:
            command = [sys.executable, str(ROOT / "run.py"), "simulator", "--directory", str(tmp_path), *options]
            process = processes.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
            processes.callback(_stop, process)
            assert process.stdout is not None
            return [process.stdout.readline().strip() for _ in range(2)]

        yield start


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


@pytest.fixture
def simulator(tmp_path: Path, started: Callable[..., list[str]]) -> tuple[str, int]:
    """A simulator whose ledger is where a service on tmp_path would keep it; its address for clients."""
    words, address = started()[0].split()
    assert words == "listening"
    note = {"pid": os.getpid(), "run_dir": "", "mode": "simulated", "account": "", "directory": str(tmp_path)}
    (tmp_path / "service.json").write_text(json.dumps({**note, "started": NOW.isoformat()}))
    host, _, port = address.partition(":")
    return host, int(port)


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


def test_statements_and_questions_go_to_the_service_s_simulator_or_to_an_address(
    tmp_path: Path, started: Callable[..., list[str]]
) -> None:
    script = tmp_path / "night.script"
    script.write_text("freeze on\nafter 1h drip on\n")
    listening, control = started("--script", str(script), "--do", "price AAPL 150", "--account", "DU1,DU2")
    to_it = ("--address", control.removeprefix("control "))
    status = json.loads(run("simulator", "status", "--json", *to_it).stdout)
    assert (listening, status["frozen"]) == (f"listening 127.0.0.1:{status['port']}", True)
    assert [one["statement"] for one in status["waiting"]] == ["after 1h drip on"]
    done = run("simulator", "do", "freeze off", "drop all for 1s", *to_it)
    assert (done.exit_code, done.stdout) == (0, 'freeze off: {"frozen": false}\ndrop all for 1s: {"rule": 1}\n')
    cash = json.loads(run("simulator", "ledger", "cash", "--json", *to_it).stdout)["cash"]
    assert [(one["account"], one["currency"], one["amount"]) for one in cash] == [
        ("DU1", "USD", "1000000.00"),
        ("DU2", "USD", "1000000.00"),
    ]
    assert run("simulator", "ledger", "orders", *to_it).stdout == "orders: nothing\n"
    assert run("simulator", "ledger", "cash", *to_it).stdout.splitlines()[:2] == [
        "account\tcurrency\tamount",
        "DU1\tUSD\t1000000.00",
    ]
    refused = run("simulator", "do", "price NOPE 1", *to_it)
    assert (refused.exit_code, refused.stderr) == (
        10,
        "nightdesk: refused: there is no contract NOPE (in: price NOPE 1)\n",
    )


def test_a_wrong_script_is_refused_with_its_line_before_anything_runs(tmp_path: Path) -> None:
    script = tmp_path / "night.script"
    script.write_text("freeze on\nat 25:00 up\n")
    said = f"{script}:2: `25:00`: hour must be in 0..23"
    for arguments in (("check-script", str(script)), ("--script", str(script))):
        result = run("simulator", *arguments)
        assert (result.exit_code, said in result.stderr) == (78, True)
    script.write_text("freeze on\nprice NOPE 1\n")
    assert run("simulator", "check-script", str(script)).stdout == f"{script}: 2 statements, nothing wrong\n"
    result = run("simulator", "--script", str(script))
    assert (result.exit_code, f"{script}:2: there is no contract NOPE" in result.stderr) == (78, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--port", "70000"), "Invalid value for '--port': 70000 is not in the range 1<=x<=65535"),
        (("--speed", "nan"), "Invalid value for '--speed': nan is not a number above 0 and up to 100"),
        (("--account", "DU1,DU1"), "'DU1,DU1' names an account twice"),
        (("--account", "7"), "Invalid value for '--account': '7' is no account; for example DU1000001"),
        (("--hours", "never"), "Invalid value for '--hours': 'never' is not one of 'always', 'exchange'"),
        (("--do", "freeze"), "--do:1: the statement ends too early; expected on or off (in: freeze)"),
        (("do", "frieze on"), "there is no statement `frieze`; did you mean `freeze`?"),
        (("do", "status", "--address", "here"), "Invalid value for --address: 'here'; expected HOST:PORT"),
    ],
)
def test_a_bad_option_is_named_with_its_value_and_the_remedy(arguments: tuple[str, ...], words: str) -> None:
    result = run("simulator", *arguments)
    assert (result.exit_code, words in " ".join(result.stderr.split())) == (2, True), result.stderr


def test_nobody_at_the_address_and_a_host_that_everybody_reaches_are_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    result = run("simulator", "status", "--address", f"127.0.0.1:{port}")
    assert (result.exit_code, f"no simulator answers at 127.0.0.1:{port}: Connection refused" in result.stderr) == (
        1,
        True,
    )
    result = run("simulator", "--host", "0.0.0.0", "--do", "price NOPE 1")
    assert "warning: everybody who reaches 0.0.0.0 can trade on this simulator" in result.stderr
    assert "Traceback" not in result.stderr
