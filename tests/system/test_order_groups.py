"""Brackets and one-cancels-all in the whole service: worked by the simulated market, judged by its ledger.

The market stands still but for the prices a test sets.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from actors.messages.orders import (
    CancelAll,
    CancelOrder,
    GetOrder,
    GetOrders,
    ModifyOrder,
    PlaceBracket,
    PlaceOneCancelsAll,
    PlaceOrder,
)
from actors.messages.state import Reconcile
from supervision.errors import DeliveryError
from supervision.failpoints import VARIABLE
from tests.support.whole import Whole, whole

WAITS = 140.0
"""Where an entry is never filled."""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def service() -> Iterator[Whole]:
    with whole({"strategies": [], "orders.unanswered_after": 1.0}) as running:
        running.wait_open()
        running.market("freeze on")
        running.desk.state.ask(Reconcile("test"))  # every connection that the tests need is there before the first
        yield running


@pytest.fixture
def key(service: Whole) -> Iterator[str]:
    """A key of its own, at a price of 150; nothing is left to do and nothing differs when the test is over."""
    service.market("price AAPL 150")
    yield f"g{next(_numbers)}"
    service.until("nothing works", lambda: not service.desk.order.ask(GetOrders()).items)
    assert service.desk.state.ask(Reconcile("test"), timeout=20.0).differences == ()
    service.assert_nothing_doubled()


def bracket(service: Whole, key: str, limit: float | None = None, **exits: Any) -> None:
    exits = exits or {"take_profit": 155.0, "stop_loss": 145.0 if limit != WAITS else 135.0}
    asked = PlaceBracket(PlaceOrder("AAPL", "BUY", 10, limit=limit, key=key), **exits)
    placed = service.desk.order.ask(asked, timeout=5.0).items
    assert [each.key for each in placed] == [key, f"{key}/profit", f"{key}/stop"]


def becomes(service: Whole, **wanted: str) -> None:
    service.until(f"orders are {wanted}", lambda: {key: status(service, key) for key in wanted} == wanted)


def status(service: Whole, key: str) -> str:
    return service.desk.order.ask(GetOrder(key)).status


def ends(service: Whole, key: str, entry: str, profit: str, stop: str) -> None:
    becomes(service, **{key: entry, f"{key}/profit": profit, f"{key}/stop": stop})


def held(service: Whole) -> Decimal:
    return service.ledger_positions().get("AAPL", Decimal(0))


@pytest.mark.parametrize(("price", "profit", "stop"), [(156, "FILLED", "CANCELLED"), (144, "CANCELLED", "FILLED")])
def test_a_bracket_ends_by_one_of_its_exits_and_the_broker_cancels_the_other(
    service: Whole, key: str, price: int, profit: str, stop: str
) -> None:
    before = held(service)
    bracket(service, key, limit=149.0)
    ends(service, key, "SUBMITTED", "PRESUBMITTED", "PRESUBMITTED")
    service.market("price AAPL 148")
    service.until("the entry is filled", lambda: status(service, key) == "FILLED")
    assert held(service) == before + 10
    service.market(f"price AAPL {price}")
    ends(service, key, "FILLED", profit, stop)
    assert held(service) == before


def test_the_stop_of_a_bracket_can_trail_and_be_modified(service: Whole, key: str) -> None:
    bracket(service, key, take_profit=170.0, trail=5.0)
    service.until("the entry is filled", lambda: status(service, key) == "FILLED")
    service.market("price AAPL 160")
    service.desk.order.ask(ModifyOrder(f"{key}/profit", limit=180.0))
    service.until("modified", lambda: service.desk.order.ask(GetOrder(f"{key}/profit")).limit == 180.0)
    service.market("price AAPL 154")
    ends(service, key, "FILLED", "CANCELLED", "FILLED")


def test_a_part_that_one_exit_fills_is_taken_off_the_other(service: Whole, key: str) -> None:
    before = held(service)
    bracket(service, key)
    service.until("the entry is filled", lambda: status(service, key) == "FILLED")
    service.market(f'fill "{key}/profit" 4')
    service.until("the stop is smaller", lambda: service.desk.order.ask(GetOrder(f"{key}/stop")).quantity == 6)
    service.market("price AAPL 144")
    service.until("the stop is filled", lambda: status(service, f"{key}/stop") == "FILLED")
    assert held(service) == before
    service.until("the profit ended", lambda: status(service, f"{key}/profit") in ("CANCELLED", "FILLED"))


def test_the_exits_of_an_entry_that_is_cancelled_end_with_it(service: Whole, key: str) -> None:
    bracket(service, key, limit=WAITS)
    ends(service, key, "SUBMITTED", "PRESUBMITTED", "PRESUBMITTED")
    service.desk.order.ask(CancelOrder(key))
    ends(service, key, "CANCELLED", "CANCELLED", "CANCELLED")


def test_when_the_broker_refuses_the_entry_its_exits_are_refused_too(service: Whole, key: str) -> None:
    service.market('reject 1 orders with 201 "Order rejected - reason:no margin"')
    bracket(service, key, limit=WAITS)
    ends(service, key, "REJECTED", "REJECTED", "REJECTED")


def test_an_entry_that_the_broker_took_without_one_of_its_exits_is_cancelled(service: Whole, key: str) -> None:
    service.market("drop placeOrder skip 1 times 1")
    bracket(service, key, limit=WAITS)
    ends(service, key, "CANCELLED", "NOT_PLACED", "CANCELLED")


def test_everything_is_cancelled_at_once(service: Whole, key: str) -> None:
    bracket(service, key, limit=WAITS)
    service.place(limit=139.0, key=f"{key}-single")
    assert len(service.desk.order.ask(CancelAll(), timeout=10.0).items) == 4
    ends(service, key, "CANCELLED", "CANCELLED", "CANCELLED")


def test_one_fill_cancels_the_others_and_the_key_stands_for_the_group_though_order_is_killed() -> None:
    orders = (
        PlaceOrder("AAPL", "SELL", 10, limit=155.0),
        PlaceOrder("AAPL", "SELL", 10, stop=145.0),
        PlaceOrder("MSFT", "SELL", 5, limit=4000.0),
    )
    asked = PlaceOneCancelsAll(orders, "g")
    with whole({"strategies": []}) as service:
        service.wait_open()
        service.market("freeze on")
        service.market("price AAPL 150")
        first = service.desk.order.ask(asked, timeout=5.0).items
        service.kill("order")
        service.market("price AAPL 144")
        becomes(service, **{"g/1": "CANCELLED", "g/2": "FILLED", "g/3": "CANCELLED"})
        again = service.desk.order.ask(asked, timeout=5.0).items
        assert [each.order_id for each in again] == [each.order_id for each in first]
        assert held(service) == -10
        service.assert_nothing_doubled()


def test_a_bracket_in_hand_at_a_death_is_at_the_broker_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    deaths = {  # by the contract, since what is undecided locks it: where the bracket is then, and its ends
        "AAPL": ("order", "order.intent.journalled=kill@1/1", ["NOT_PLACED"] * 3),
        "MSFT": ("connection", "connection.order.encoded=kill@1/1", ["NOT_PLACED"] * 3),
        "NVDA": ("connection", "connection.order.written=kill@1/2", ["SUBMITTED", "PRESUBMITTED", "PRESUBMITTED"]),
    }
    monkeypatch.setenv(VARIABLE, ",".join(point for _, point, _ in deaths.values()))
    with whole({"strategies": [], "orders.unanswered_after": 1.0}) as service:
        for number, (symbol, (victim, _, _)) in enumerate(deaths.items()):
            service.wait_open()
            entry = PlaceOrder(symbol, "BUY", 10, limit=10.0, key=symbol)
            with contextlib.suppress(DeliveryError):
                service.desk.order.ask(PlaceBracket(entry, take_profit=11.0, stop_loss=9.0), timeout=5.0)
            service.recovers(service.fell(victim, max(1, number)))
        for symbol, (_, _, ends) in deaths.items():
            wanted = dict(zip((symbol, f"{symbol}/profit", f"{symbol}/stop"), ends, strict=True))
            becomes(service, **wanted)
            arrived = service.ledger("select count(*) from orders where order_ref like ?", f"{symbol}%")
            assert arrived == [(0 if ends[0] == "NOT_PLACED" else 3,)]
        service.assert_nothing_doubled()
