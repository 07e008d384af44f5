"""What happens to sockets, seen by the stock official client, by ib_async, and byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import ib_async
import pytest

from simulator.clients import MOST_STRANGERS
from simulator.network import GARBAGE
from tests.simulator.faults.stock import Official, steered
from tests.simulator.local import Wire


def test_a_cut_at_a_byte_leaves_exactly_so_many_and_ends_with_a_reset() -> None:
    with steered() as (simulator, steering), Wire(simulator.port) as client, Official(simulator.port, 2) as other:
        client.until("9")
        for _ in range(3):
            client.read()
        steering.do("cut client 1 after 13 bytes")
        client.send(49, 1)
        for _ in range(13):
            assert client.socket.recv(1) != b""
        with pytest.raises(ConnectionResetError):
            client.socket.recv(1)
        assert other.answers()


def test_the_official_client_notices_a_cut_and_can_come_back_under_its_id() -> None:
    with steered() as (simulator, steering), Official(simulator.port) as client:
        client.until("nextValidId")
        steering.do("cut")
        client.until("connectionClosed")
        with Official(simulator.port) as again:
            again.until("nextValidId")
            assert again.answers()


def test_an_orderly_end_delivers_what_waited_before_it() -> None:
    with steered() as (simulator, steering), Wire(simulator.port) as wire, Official(simulator.port, 2) as client:
        client.until("nextValidId")
        wire.until("9")
        steering.do("end")
        with pytest.raises(EOFError):
            wire.until("never")
        client.until("connectionClosed")
        with Official(simulator.port, 2) as again:
            assert again.answers()


def test_a_half_open_connection_neither_hears_nor_speaks_until_it_is_whole_again() -> None:
    with (
        steered() as (simulator, steering),
        Official(simulator.port, 1) as client,
        Official(simulator.port, 2) as other,
    ):
        client.until("nextValidId")
        assert client.answers()
        steering.do("half-open on client 1")
        client.heard()
        client.reqCurrentTime()
        assert other.answers()
        steering.do("code 2110")
        assert other.answers()
        assert client.heard() == []
        assert client.isConnected()
        steering.do("half-open off client 1")
        assert [name for name, _ in client.until("currentTime")] == ["error", "currentTime"]


def test_a_deaf_gateway_accepts_ib_async_and_never_greets_it() -> None:
    async def attempt(port: int) -> None:
        await ib_async.IB().connectAsync("127.0.0.1", port, clientId=1, timeout=0.3)

    with steered() as (simulator, steering):
        steering.do("deaf on")
        with pytest.raises(TimeoutError):
            asyncio.run(attempt(simulator.port))
        steering.do("deaf off")
        with Official(simulator.port) as client:
            assert client.answers()


def test_a_gateway_that_is_down_refuses_everybody_and_comes_back_on_the_same_port() -> None:
    with steered() as (simulator, steering), Official(simulator.port) as client:
        client.until("nextValidId")
        steering.do("down")
        client.until("connectionClosed")
        with Official(simulator.port) as refused:
            assert ("error", 502) in [(name, told[2]) for name, told in refused.until("error")]
        steering.do("up")
        with Official(simulator.port) as again:
            assert again.answers()


def test_a_dripping_gateway_is_slow_and_whole() -> None:
    with steered() as (simulator, steering), Official(simulator.port) as client:
        assert client.answers()
        steering.do("drip on")
        client.reqIds(1)
        client.until("nextValidId")
        steering.do("drip off")
        assert client.answers()


def test_garbage_makes_the_official_client_deaf_and_nobody_else() -> None:
    with (
        steered() as (simulator, steering),
        Official(simulator.port, 1) as client,
        Wire(simulator.port, client_id=2) as raw,
        Official(simulator.port, 3) as other,
    ):
        client.until("nextValidId")
        raw.until("9")
        steering.do("garbage client 1")
        steering.do("garbage client 2")
        client.heard()
        client.reqCurrentTime()
        raw.socket.settimeout(5)
        got = b""
        while GARBAGE not in got:
            got += raw.socket.recv(4096)
        assert other.answers()
        assert client.heard() == []


def test_strangers_that_take_every_place_are_cut_for_those_who_come_to_start() -> None:
    with steered() as (simulator, _), contextlib.ExitStack() as crowd, Official(simulator.port) as client:
        client.until("nextValidId")
        strangers = [
            crowd.enter_context(socket.create_connection(("127.0.0.1", simulator.port), 5))
            for _ in range(MOST_STRANGERS + 1)
        ]
        with pytest.raises(ConnectionResetError):
            strangers[0].recv(1)
        with Official(simulator.port, 2) as other:
            assert other.answers()
        assert client.answers()


def test_a_corrupted_message_ends_the_loop_of_the_official_client() -> None:
    with steered() as (simulator, steering), Official(simulator.port) as client:
        assert client.answers()
        steering.do("corrupt currentTime times 1")
        client.reqCurrentTime()
        client.until("connectionClosed")
        with Official(simulator.port, 2) as again:
            assert again.answers()


def test_the_official_client_is_told_326_for_an_id_that_is_held() -> None:
    with steered() as (simulator, steering):
        steering.do("hold client 5")
        with Official(simulator.port, 5) as client:
            assert [told[2] for name, told in client.until("connectionClosed") if name == "error"] == [326]


def test_the_official_client_is_cut_off_at_the_third_strike() -> None:
    with steered() as (simulator, steering), Official(simulator.port) as client:
        assert client.answers()
        steering.do("pacing on")
        for _ in range(300):
            client.reqCurrentTime()
        calls = client.until("connectionClosed")
        told = [arguments[3] for name, arguments in calls if name == "error" and arguments[2] == 100]
        assert [text[-3:] for text in told] == ["(1)", "(2)", "(3)"]


def test_a_restart_ends_connections_and_refuses_for_its_time() -> None:
    with steered() as (simulator, steering), Official(simulator.port) as client:
        client.until("nextValidId")
        steering.do("restart for 500ms")
        client.until("connectionClosed")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", simulator.port))
        while not steering.do("status")["listening"]:
            pass
        with Official(simulator.port) as again:
            assert again.answers()
