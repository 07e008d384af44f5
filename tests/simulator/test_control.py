"""The control connection: nobody who connects there can hold up the simulator, and every line gets one answer."""

from __future__ import annotations

import json
import socket

import pytest

from simulator.control import LONGEST_LINE, MOST_PEERS, ControlError
from tests.simulator.local import Wire, control, running


@pytest.fixture(scope="module")
def simulator():
    with running() as one:
        yield one


@pytest.fixture
def raw(simulator):
    with socket.create_connection((simulator.control_host, simulator.control_port), 10) as connection:
        yield connection


def answers(connection: socket.socket) -> list[dict[str, object]]:
    """Everything the simulator says until it hangs up."""
    with connection.makefile("rb") as file:
        return [json.loads(line) for line in file]


def test_every_line_has_one_answer_whatever_it_says_and_in_whatever_pieces_it_comes(raw):
    for piece in (b"freeze o", b"ff\r\n\xff\xfe\n\n", b"# nothing\nstatus\nunfinished"):
        raw.sendall(piece)
    raw.shutdown(socket.SHUT_WR)
    heard = answers(raw)
    assert [answer["ok"] for answer in heard] == [True, False, False, False, True]
    assert heard[1]["error"] == "the line is not UTF-8 text"
    assert str(heard[2]["error"]).startswith("there is no statement; expected one of drop")


def test_a_line_without_end_is_told_so_and_hung_up_on(raw):
    raw.sendall(b"x" * (LONGEST_LINE + 1))
    assert answers(raw) == [{"ok": False, "error": f"a line is longer than {LONGEST_LINE} bytes"}]


def test_who_asks_and_never_reads_is_hung_up_on_and_holds_up_nobody(simulator, raw):
    raw.settimeout(10)
    with pytest.raises(OSError, match=r"reset|Broken pipe"):  # noqa: PT012 each call may be the one
        for _ in range(3000):
            raw.sendall(b"status\n" * 1000)
    with control(simulator) as steering:
        assert steering.do("status")["listening"]


def test_the_one_who_has_said_nothing_for_the_longest_time_makes_room(simulator):
    with control(simulator) as steering:
        connections = []
        for _ in range(MOST_PEERS):
            connections.append(socket.create_connection((simulator.control_host, simulator.control_port), 10))
            steering.do("status")
        assert connections[0].recv(1) == b""
        connections[-1].sendall(b"up\n")
        assert connections[-1].recv(64) == b'{"ok": true}\n'
        for connection in connections:
            connection.close()


def test_what_is_due_between_two_steps_of_the_market_does_not_wait_for_the_next():
    with running(speed=0.01) as slow, control(slow) as steering, Wire(slow.port) as client:  # a step in 25 seconds
        client.until("9")
        steering.do("delay currentTime by 50ms")
        assert client.alive()
        steering.do("after 50ms end")
        with pytest.raises(EOFError):
            client.until("never")


def test_a_statement_with_a_line_break_is_not_two(simulator):
    with control(simulator) as steering, pytest.raises(ControlError, match="line break"):
        steering.do("up\nfreeze on")
