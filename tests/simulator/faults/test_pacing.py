"""Pace as TWS counts it: requests, historical bars, streams of bars; nothing of it before it is switched on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.pacing import RATE, HistoryRequest, Pacing, RequestPace
from simulator.refusal import Refused
from tests.simulator.rig import Client, World, stock


def paced() -> tuple[World, Client]:
    """A client of a gateway that enforces pace."""
    world = World()
    world.gateway.pacing.on = True
    world.step(2)
    return world, world.client()


def errors(client: Client) -> list[tuple[int, int, str]]:
    """Request id, code and text of the errors since the last call."""
    return [(told[0], told[2], told[3]) for name, told in client.callbacks() if name == "error"]


def test_the_fifty_first_request_of_a_second_is_refused_and_the_third_strike_disconnects() -> None:
    world, client = paced()
    world.step(1)
    for _ in range(RATE):
        client.reqCurrentTime()
    assert errors(client) == []
    text = "Max rate of messages per second has been exceeded:max=50 rec={} ({})"
    for strike in (1, 2):
        client.reqCurrentTime()
        assert client.callbacks() != []
        assert not client.session.over
        assert client.session.pace.strikes == strike
    client.reqCurrentTime()
    assert errors(client) == [(-1, 100, text.format(53, 3))]
    assert client.session.over
    assert world.client(2).session.started


def test_without_pacing_a_flood_is_served_and_only_counted() -> None:
    world = World()
    client = world.client()
    for _ in range(200):
        client.reqCurrentTime()
    assert len(client.callbacks()) == 200
    assert client.session.pace.busiest == 201


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=80))
def test_a_client_that_keeps_the_pace_is_never_blamed_however_late_the_simulator_reads(waits: list[float]) -> None:
    pace, now, owed = RequestPace(), 0.0, 0.0
    for wait in waits:
        now += wait
        owed += wait * (RATE - 1)
        while owed >= 1:  # what the client sent meanwhile is read at once
            owed -= 1
            assert pace.arrived(now)


@given(st.integers(RATE + 1, 300))
def test_a_burst_has_exactly_its_surplus_refused(size: int) -> None:
    pace = RequestPace()
    assert [pace.arrived(5.0) for _ in range(size)].count(False) == size - RATE
    assert [pace.arrived(6.0) for _ in range(size)].count(False) == size - RATE


def bars(client: Client, request_id: int, *, size: str = "30 secs", what: str = "TRADES", end: str = "") -> None:
    """Ask for historical bars."""
    client.reqHistoricalData(request_id, stock(), end, "1800 S", size, what, 1, 1, False, [])


VIOLATION = "Historical Market Data Service error message:Historical data request pacing violation"


def test_the_same_small_bars_again_within_fifteen_seconds_violate_the_pace() -> None:
    world, client = paced()
    bars(client, 1)
    assert errors(client) == []
    world.step(14)
    bars(client, 2)
    assert errors(client) == [(2, 162, VIOLATION)]
    world.step(1)
    bars(client, 3)
    assert errors(client) == []


def test_the_sixth_request_for_one_contract_within_two_seconds_violates_the_pace_other_kinds_do_not() -> None:
    world, client = paced()
    for number in range(6):
        bars(client, number + 1, end=f"20261118 20:0{number}:00 UTC")
    assert errors(client) == [(6, 162, VIOLATION)]
    bars(client, 7, what="MIDPOINT", end="20261118 20:06:00 UTC")
    assert errors(client) == []
    world.step(2)
    bars(client, 8, end="20261118 20:07:00 UTC")
    assert errors(client) == []


def request(number: int, what: str = "TRADES", size: str = "5 secs") -> HistoryRequest:
    """A request that differs from every other one."""
    return HistoryRequest((str(number),), size, what, (str(number),))


def test_sixty_requests_in_ten_minutes_are_the_most_and_both_sides_count_twice() -> None:
    pacing = Pacing()
    pacing.on = True
    for number in range(29):
        pacing.history(request(number, "BID_ASK"), float(number), 0)
    pacing.history(request(100), 100.0, 0)
    with pytest.raises(Refused):
        pacing.history(request(101, "BID_ASK"), 101.0, 0)
    pacing.history(request(102), 102.0, 0)
    with pytest.raises(Refused) as refused:
        pacing.history(request(103), 103.0, 0)
    assert (refused.value.code, refused.value.text) == (162, VIOLATION)
    pacing.history(request(104, size="1 min"), 104.0, 0)
    pacing.history(request(105), 600.0, 0)


def test_fifty_open_requests_for_bars_are_the_most_of_any_size() -> None:
    pacing = Pacing()
    pacing.on = True
    pacing.history(request(1, size="1 day"), 0.0, 49)
    with pytest.raises(Refused) as refused:
        pacing.history(request(2, size="1 day"), 0.0, 50)
    assert refused.value.code == 322
    assert refused.value.text.endswith("Only 50 simultaneous API historical data requests allowed.")


def test_bars_that_are_kept_up_to_date_stay_open_until_they_are_cancelled() -> None:
    world, client = paced()
    for number in range(51):
        client.reqHistoricalData(number, stock(), "", "60 S", "1 min", "TRADES", 1, 1, True, [])
        world.step()
    assert [(told[0], told[1]) for told in errors(client)] == [(50, 322)]
    client.cancelHistoricalData(7)
    client.callbacks()
    bars(client, 60, size="1 min")
    bars(client, 61, size="1 min")
    client.reqHistoricalData(62, stock(), "", "60 S", "1 min", "TRADES", 1, 1, True, [])
    assert errors(client) == []
    bars(client, 63, size="1 min")
    assert [(told[0], told[1]) for told in errors(client)] == [(63, 322)]


def test_the_official_client_is_refused_the_sixty_first_stream_of_bars_with_420() -> None:
    world, client = paced()
    for number in range(61):
        client.reqRealTimeBars(number, stock(), 5, "TRADES", False, [])
        client.cancelRealTimeBars(number)
        world.step()
    assert [told[:2] for told in errors(client)] == [(60, 420), (60, 300)]


def test_sixty_streams_of_bars_in_ten_minutes_are_the_most() -> None:
    pacing = Pacing()
    pacing.on = True
    for number in range(60):
        pacing.stream(float(number))
    with pytest.raises(Refused) as refused:
        pacing.stream(599.9)
    assert (refused.value.code, refused.value.text) == (
        420,
        "Invalid Real-time Query:Historical data request pacing violation",
    )
    pacing.stream(600.0)


def test_nothing_is_refused_while_pacing_is_off() -> None:
    pacing = Pacing()
    for _ in range(200):
        pacing.history(request(1), 0.0, 200)
        pacing.stream(0.0)
