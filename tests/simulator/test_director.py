"""Statements carried out against a whole gateway in memory: at once, at their time, in their order, or refused."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from simulator.faults.director import Director
from simulator.faults.language import ScriptError, parse_line, parse_script
from tests.simulator.rig import World, order, stock

NEW_YORK = ZoneInfo("US/Eastern")


class Stage:
    """A world, its director and a client; the calendar is the world's until a statement sets it."""

    def __init__(self) -> None:
        self.world = World()
        self.director = Director(self.world.gateway, port=4002)

    def do(self, *lines: str) -> dict[str, object]:
        """The answer to the last of some statements."""
        for line in lines:
            answer = self.director.do(parse_line(line))
        return answer

    def shown(self) -> datetime:
        """The calendar in New York."""
        return datetime.fromtimestamp(self.world.gateway.clock.now(), NEW_YORK)


@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.world.close()


def test_a_night_with_a_restart_happens_in_the_order_of_its_times(stage):
    script = """
        clock set 2026-11-19 23:30 US/Eastern
        clock rate 400
        at 00:30 US/Eastern clock rate 0
        every day at 23:45 US/Eastern restart for 1s    # 400 seconds of this night
        at 23:40 US/Eastern deaf on
        at 05:43 Europe/Zurich deaf off
    """
    stage.director.run(parse_script(script, "night.script"))
    stage.world.client(1).placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=100.0, tif="GTC"))
    story = [(True, False, 1, "23:30")]
    while stage.world.gateway.clock.rate:
        stage.world.step(0.25)  # 100 seconds on the calendar
        status = stage.do("status")
        now = (status["listening"], status["deaf"], len(status["clients"]))
        if now != story[-1][:3]:
            story.append((*now, f"{stage.shown():%H:%M}"))
    assert story == [
        (True, False, 1, "23:30"),
        (True, True, 1, "23:40"),
        (True, False, 1, "23:43"),
        (False, False, 0, "23:45"),
        (True, False, 0, "23:51"),
    ]
    assert f"{stage.shown():%d %H:%M}" == "20 00:30"
    client = stage.world.client(1)
    client.reqOpenOrders()
    assert [name for name, _ in client.callbacks()] == ["openOrder", "orderStatus", "openOrderEnd"]


def test_a_time_of_day_is_the_next_one_of_the_calendar_as_the_statement_finds_it(stage):
    stage.do("clock set 2026-11-19 23:30 US/Eastern", "at 23:45 freeze on", "after 5s drip on")
    stage.world.step(5)
    assert stage.do("status")["drip"] is True
    assert stage.do("status")["frozen"] is False
    stage.do("clock set 2026-11-19 23:45 US/Eastern")
    assert stage.do("status")["frozen"] is True
    assert stage.do("faults")["waiting"] == []


def test_what_waits_is_listed_and_can_be_forgotten_one_by_one_or_altogether(stage):
    assert stage.do("every day at 12:30 freeze on") == {"scheduled": 1}
    stage.do("at 12:31 deaf on", "after 10s drip on")
    assert [one["statement"] for one in stage.do("faults")["waiting"]] == [
        "every day at 12:30 freeze on",
        "at 12:31 deaf on",
        "after 10s drip on",
    ]
    stage.do("unschedule 2")
    with pytest.raises(ScriptError, match="no statement waits under number 2"):
        stage.do("unschedule 2")
    stage.world.step(3600)
    status = stage.do("status")
    assert (status["frozen"], status["deaf"], status["drip"]) == (True, False, True)
    assert [one["number"] for one in stage.do("faults")["waiting"]] == [1]
    stage.do("unschedule", "freeze off")
    stage.world.step(86400)
    assert stage.do("status")["frozen"] is False


def test_a_statement_that_fails_at_its_time_is_told_by_faults_and_the_rest_goes_on(stage):
    stage.director.run(parse_script("after 1s price NOPE 150\nafter 1s clear 9\nafter 2s drip on", "bad.script"))
    stage.world.step(3)
    first, second = stage.do("faults")["failed"]
    assert first.endswith("bad.script:1: there is no contract NOPE (in: after 1s price NOPE 150)")
    assert second.endswith("bad.script:2: no rule 9 is in force (in: after 1s clear 9)")
    assert stage.do("status")["drip"] is True


def test_a_script_stops_at_the_statement_that_cannot_be_done_at_once(stage):
    with pytest.raises(ScriptError, match=r"bad.script:2: there is no contract NOPE"):
        stage.director.run(parse_script("drip on\nprice NOPE 1\nfreeze on", "bad.script"))
    status = stage.do("status")
    assert (status["drip"], status["frozen"]) == (True, False)


def test_rules_are_numbered_listed_with_what_they_did_and_end_by_number(stage):
    client = stage.world.client(1)
    assert stage.do("drop currentTime times 2 client 1") == {"rule": 1}
    stage.do("delay all by 300ms for 5s chance 50%")
    client.reqCurrentTime()
    assert client.callbacks() == []
    first, second = stage.do("faults")["rules"]
    assert (first["effect"], first["message"], first["times"], first["client"], first["fired"]) == (
        "drop",
        "currentTime",
        2,
        1,
        1,
    )
    assert (second["by"], second["seconds"], second["chance"]) == (0.3, 5.0, 0.5)
    stage.do("clear 2")
    client.reqCurrentTime()
    client.reqCurrentTime()
    assert [name for name, _ in client.callbacks()] == ["currentTime"]
    assert stage.do("faults")["rules"] == []


def test_prices_do_not_jump_from_nothing_or_beyond_all_numbers(stage):
    stage.do("price AAPL 5000")
    with pytest.raises(ScriptError, match="cannot jump from or to less than 1e-09"):
        stage.do('price "AAPL  261120P00147500" 1')
    with pytest.raises(ScriptError, match="cannot jump"):
        stage.do(*["gap AAPL 1000%"] * 400)
    with pytest.raises(ScriptError, match="cannot jump"):
        stage.do(*["gap IBM -99%"] * 400)
    stage.do("price AAPL 150", "price IBM 150")


def test_a_time_that_is_past_is_now(stage):
    stage.do("at 2020-01-01 12:00 UTC freeze on")
    assert stage.do("status")["frozen"] is True


def test_the_calendar_obeys_and_the_monotonic_clock_does_not(stage):
    stage.do("clock rate 60", "after 2s drip on", "at 12:01 freeze on")
    stage.world.step(1)
    status = stage.do("status")
    assert (status["frozen"], status["drip"], status["rate"]) == (True, False, 60.0)
    assert f"{stage.shown():%H:%M:%S}" == "12:01:00"
