"""Positions and their stops in a whole service: an exit that expires at the broker, is replaced, or fills in part."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from actors.messages.orders import CancelOrder, GetOrder, PlaceBracket, PlaceOrder
from actors.messages.risk import GetProtection, ProtectionChanged, Unprotected
from actors.status import gather
from supervision import clock
from tests.support.whole import Whole, whole

NOON = datetime(2026, 11, 19, 17, tzinfo=UTC)  # in New York


class Service:
    """A service and its gateway on one calendar, and what they say of the stops."""

    def __init__(self, whole: Whole, shift: Path) -> None:
        self.whole = whole
        self._shift = shift

    def set(self, instant: datetime) -> None:
        clock.set_shift(self._shift, calendar=(instant - datetime.now(UTC)).total_seconds())
        self.whole.market(f"clock set {instant:%Y-%m-%d %H:%M:%S} UTC")

    def unprotected(self) -> tuple[Unprotected, ...]:
        return self.whole.desk.order.ask(GetProtection()).items

    def bracket(self, key: str = "k", exit_tif: str = "DAY") -> None:
        """A bracket whose entry has filled and whose stop works."""
        entry = PlaceOrder("AAPL", "BUY", 10, key=key)
        self.whole.desk.order.ask(PlaceBracket(entry, stop_loss=75.0, exit_tif=exit_tif))
        self.becomes(key, "FILLED")
        self.becomes(f"{key}/stop", "PRESUBMITTED")

    def becomes(self, key: str, status: str) -> None:
        self.whole.until(f"{key} is {status}", lambda: self.whole.desk.order.ask(GetOrder(key)).status == status)

    def alerts(self) -> Unprotected:
        self.whole.until("the position is called unprotected", self.unprotected)
        [one] = self.unprotected()
        return one


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    shift = tmp_path / "clock"
    monkeypatch.setenv(clock.VARIABLE, str(shift))
    clock.set_shift(shift, calendar=(NOON - datetime.now(UTC)).total_seconds())
    with whole({"strategies": [], "risk.protection_grace": 0.3}) as running:
        service = Service(running, shift)
        service.set(NOON)
        running.wait_open()
        running.market("price AAPL 150")
        yield service


def test_an_exit_that_expires_at_the_broker_is_an_alert_until_another_works(service: Service) -> None:
    told: queue.Queue[ProtectionChanged] = queue.Queue()
    end = service.whole.desk.on("protection_changed", told.put)
    assert told.get(timeout=5.0).items == ()
    service.bracket(exit_tif="DAY")
    assert service.unprotected() == ()
    service.set(NOON + timedelta(days=1))
    service.becomes("k/stop", "CANCELLED")
    one = service.alerts()
    assert (one.symbol, one.quantity, one.covered) == ("AAPL", 10, 0)
    assert told.get(timeout=5.0).items == (one,)
    status = gather(service.whole.desk)
    assert [problem for problem in status.problems if "AAPL" in problem] == [
        f"10 of AAPL in DU1000001 is not protected: {one.reason}"
    ]
    service.whole.until("it is logged", lambda: service.whole.logged("10 of AAPL in DU…001 is not protected: 10 of it"))
    service.whole.desk.order.ask(PlaceOrder("AAPL", "SELL", 10, stop=74.0, tif="GTC", key="again"))
    service.whole.until("it has its stop", lambda: service.unprotected() == ())
    service.whole.until("so is the end", lambda: service.whole.logged("AAPL in DU…001 lacks no stop any more"))
    assert gather(service.whole.desk).problems == ()
    assert told.get(timeout=5.0).items == ()
    end()


def test_a_stop_that_fills_in_part_leaves_the_rest_protected_and_what_it_loses_then_is_told(service: Service) -> None:
    service.bracket(exit_tif="GTC")
    service.whole.market('fill "k/stop" 4 at 75')
    service.whole.until("the fill is counted", lambda: service.whole.desk.order.ask(GetOrder("k/stop")).filled == 4)
    service.whole.until("the rest is a position", lambda: service.whole.our_positions() == {"AAPL": Decimal(6)})
    assert service.unprotected() == ()
    service.whole.desk.order.ask(CancelOrder("k/stop"))
    one = service.alerts()
    assert (one.quantity, one.covered) == (6, 0)


def test_an_order_that_restarts_goes_on_knowing_which_position_lacks_its_stop(service: Service) -> None:
    service.bracket(exit_tif="GTC")
    service.whole.desk.order.ask(CancelOrder("k/stop"))
    before = service.alerts()
    service.whole.recovers(service.whole.strike("order"))
    service.whole.wait_open()
    after = service.alerts()
    assert (after.quantity, after.reason) == (before.quantity, before.reason)
