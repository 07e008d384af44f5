"""Market hours in a whole service: the gateway's hours, the calendar process, and what the ledger never heard of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actors.messages.orders import PlaceOrder
from supervision import clock
from supervision.errors import Rejected
from supervision.lifecycle import StartChild, StopChild
from tests.support.whole import FIVE, Whole, whole

NEW_YORK = ZoneInfo("America/New_York")


class Service:
    """A service and a gateway that keeps the exchanges' hours, both on one calendar."""

    def __init__(self, whole: Whole, shift: Path) -> None:
        self.whole = whole
        self._shift = shift

    def set(self, local: str) -> None:
        """It is this time in New York, for us and for the gateway."""
        instant = datetime.fromisoformat(local).replace(tzinfo=NEW_YORK)
        clock.set_shift(self._shift, calendar=(instant - datetime.now(NEW_YORK)).total_seconds())
        self.whole.market(f"clock set {local} US/Eastern")
        self.whole.wait_open()

    def place(self, key: str, **changes: object) -> None:
        values = {"contract": "AAPL", "side": "BUY", "quantity": 1, "limit": 150.0, "key": key, **changes}
        self.whole.desk.order.ask(PlaceOrder(**values))  # type: ignore[arg-type]

    def refused(self, key: str, **changes: object) -> str:
        with pytest.raises(Rejected) as refused:
            self.place(key, **changes)
        return str(refused.value)

    def arrived(self, *keys: str) -> None:
        """These orders came to the gateway, in this order, and no others."""
        query = "select order_ref from orders order by rowid"
        self.whole.until("they are there", lambda: len(self.whole.ledger(query)) >= len(keys))
        assert [key for (key,) in self.whole.ledger(query)] == [*keys]


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "clock"
    monkeypatch.setenv(clock.VARIABLE, str(path))
    start = datetime(2026, 11, 19, 15, 59, 30, tzinfo=NEW_YORK)
    clock.set_shift(path, calendar=(start - datetime.now(NEW_YORK)).total_seconds())
    return path


@pytest.fixture
def service(shift: Path) -> Iterator[Service]:
    with whole({"strategies": [], "simulator.hours": "exchange"}) as running:
        service = Service(running, shift)
        service.set("2026-11-19 15:59:30")
        running.market("price AAPL 151")
        running.market("freeze on")
        running.becomes("calendar", "running")
        yield service


def test_an_order_of_the_day_leaves_up_to_the_close_and_not_after_it(service: Service) -> None:
    service.place("inside")
    service.set("2026-11-19 16:00:01")
    told = service.refused("outside")
    assert "AAPL does not trade now, closed by its own hours until Fri 2026-11-20 09:30 US/Eastern" in told
    assert "an order of type LMT for DAY would have to (accepted: GTC" in told
    service.place("waits", tif="GTC")
    service.place("evening", outside_rth=True)
    service.set("2026-11-19 20:00:01")
    assert "until Fri 2026-11-20 04:00" in service.refused("night", outside_rth=True)
    service.arrived("inside", "waits", "evening")


def test_a_combo_trades_by_the_hours_of_its_legs(service: Service) -> None:
    vertical = {"contract": "AAPL 20261218 150/160C", "limit": 0.05}
    service.place("combo", **vertical)
    service.set("2026-11-19 16:00:01")
    told = service.refused("late combo", **vertical)
    assert "AAPL 20261218 150C: closed by its own hours until Fri 2026-11-20 09:30 US/Eastern" in told
    service.arrived("combo")


def test_a_holiday_of_the_exchange_is_no_trading_day(service: Service) -> None:
    service.set("2026-11-26 12:00:00")
    told = service.refused("thanksgiving")
    assert "until Fri 2026-11-27 09:30 US/Eastern" in told
    service.set("2026-11-27 12:59:30")
    service.place("short day")
    service.set("2026-11-27 13:00:01")
    assert "until Mon 2026-11-30 09:30 US/Eastern" in service.refused("after the early close")
    service.arrived("short day")


def test_a_calendar_that_never_answered_refuses_and_one_that_went_stays_in_force(service: Service) -> None:
    stage = service.whole
    stage.ask("supervisor", StopChild("calendar"))
    stage.becomes("calendar", "parked")
    told = service.refused("blind")
    assert "AAPL does not trade now, the calendar XNYS of its exchange is not known: calendar" in told
    service.place("of no exchange", contract="EUR.USD", limit=1.0, quantity=1000)
    stage.ask("supervisor", StartChild("calendar"))
    stage.until("the calendar answers", lambda: _placed(service, "seen"))
    stage.ask("supervisor", StopChild("calendar"))
    stage.becomes("calendar", "parked")
    service.place("known")
    service.set("2026-11-26 12:00:00")
    service.refused("a holiday all the same")
    service.arrived("of no exchange", "seen", "known")


def _placed(service: Service, key: str) -> bool:
    """Whether placing works; Rejected counts as not yet, and leaves the key free."""
    service.place(key)
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process has mapped")
def test_only_the_calendars_process_carries_its_package(service: Service) -> None:
    stage = service.whole
    stage.until("it is loaded", lambda: _maps(stage.pid_of("calendar"), "pandas"))
    others = [name for name, child in stage.actors().items() if child.pid and name != "calendar"]
    assert {*FIVE, "simulator"} <= {*others}
    assert [name for name in others if _maps(stage.pid_of(name), "pandas")] == []


def _maps(pid: int, package: str) -> bool:
    return f"/{package}/" in Path(f"/proc/{pid}/maps").read_text()
