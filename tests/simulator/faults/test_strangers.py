"""Who may connect: 32 clients, strangers for a while and not too many, nobody with more than a hello to say."""

from __future__ import annotations

import struct

import pytest

from simulator.clients import MOST_STARTED, MOST_STRANGERS, START_SECONDS
from simulator.wire.framing import MAX_START
from tests.simulator.rig import Client, World

HELLO = b"API\0" + struct.pack(">I", 9) + b"v100..178"


def test_the_thirty_third_client_is_turned_away_and_the_others_do_not_notice() -> None:
    world = World()
    clients = [world.client(number) for number in range(MOST_STARTED)]
    assert MOST_STARTED == 32
    extra = Client(world, 99, 178)
    assert extra.callbacks() == []
    assert extra.session.over == "32 clients are connected already"
    clients[0].reqCurrentTime()
    assert clients[0].callbacks() != []
    world.gateway.disconnect(clients[5].session)
    assert Client(world, 99, 178).callbacks() != []


def test_who_does_not_start_in_time_is_cut_by_true_time_and_who_did_is_not() -> None:
    world = World()
    started, silent, greeted = world.client(), world.gateway.connect(), world.gateway.connect()
    world.gateway.receive(greeted, HELLO)
    world.gateway.clock.run(100)
    world.step(START_SECONDS - 1)
    assert not silent.over
    world.step(2)
    assert silent.reset
    assert greeted.reset
    assert greeted.output == b""
    assert not started.session.over


def test_strangers_cannot_keep_clients_out() -> None:
    world = World()
    strangers = [world.gateway.connect() for _ in range(MOST_STRANGERS + 5)]
    assert [one.reset for one in strangers] == [True] * 5 + [False] * MOST_STRANGERS
    assert world.client().session.started


def test_a_deaf_gateway_accepts_and_keeps_nothing_of_what_is_said() -> None:
    world = World()
    world.gateway.deaf = True
    session = world.gateway.connect()
    for _ in range(100):
        world.gateway.receive(session, HELLO * 1000)
    world.step(START_SECONDS + 1)
    assert not session.over
    assert session.output == b""
    world.gateway.deaf = False
    world.gateway.receive(session, HELLO)
    assert session.output == b""
    assert world.client().session.started


@pytest.mark.parametrize("greeted", [False, True])
def test_before_it_started_a_client_has_no_frame_longer_than_a_start_needs(greeted: bool) -> None:
    world = World()
    session = world.gateway.connect()
    world.gateway.receive(session, HELLO if greeted else b"API\0")
    world.gateway.receive(session, struct.pack(">I", MAX_START))
    assert not session.over
    other = world.gateway.connect()
    world.gateway.receive(other, HELLO if greeted else b"API\0")
    world.gateway.receive(other, struct.pack(">I", MAX_START + 1))
    assert other.over == f"frame of {MAX_START + 1} bytes"


def test_a_second_start_is_refused_and_the_session_goes_on() -> None:
    world = World()
    client = world.client()
    client.startApi()
    ((name, arguments),) = client.callbacks()
    assert (name, arguments[2]) == ("error", 321)
    client.reqCurrentTime()
    assert [name for name, _ in client.callbacks()] == ["currentTime"]
