"""Every kind of order in the whole service: placed, worked by the simulated market, ended as it must.

The market stands still but for the prices a test sets. What the order is at the simulated exchange is the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.messages.orders import GetOrder, ModifyOrder, OrderPreview, OrderView, PlaceOrder, PreviewOrder
from actors.messages.state import Reconcile
from supervision.errors import Rejected
from tests.support.whole import Whole, whole

MONDAY = datetime(2027, 3, 8, 17, 0, tzinfo=UTC)
"""Noon of a week without holidays. The exchange's calendar begins here and only goes forward from there."""
UNTIL = max(MONDAY, datetime.now(UTC)) + timedelta(days=30)


def clock(days: int, time: str) -> str:
    return f"clock set {MONDAY + timedelta(days=days):%F} {time} US/Eastern"


def auction(days: int, time: str) -> tuple[str, str]:
    """The calendar goes past an auction, and the market that stands still is looked at again."""
    return clock(days, time), "price AAPL 150"


@pytest.fixture(scope="module")
def service() -> Iterator[Whole]:
    with whole({"strategies": [], "gateway.pacing.what_if_interval": 1.0}) as running:
        running.wait_open()
        running.market("freeze on")
        running.market(clock(0, "12:00"))
        running.desk.state.ask(Reconcile("test"))  # every connection that the tests need is there before the first
        yield running


def status(service: Whole, key: str) -> str:
    return service.desk.order.ask(GetOrder(key)).status


def becomes(service: Whole, key: str, wanted: str) -> OrderView:
    service.until(f"{key} is {wanted}", lambda: status(service, key) == wanted)
    return service.desk.order.ask(GetOrder(key))


@pytest.mark.parametrize(
    ("before", "words", "waits", "moves", "ends", "worst"),
    [
        ((), {"side": "BUY"}, "", (), "FILLED", 150.5),
        ((), {"side": "BUY", "limit": 149.0}, "SUBMITTED", ("price AAPL 148",), "FILLED", 149.0),
        ((), {"side": "SELL", "stop": 149.0}, "PRESUBMITTED", ("price AAPL 148",), "FILLED", 147.5),
        ((), {"side": "SELL", "stop": 149.0, "limit": 148.5}, "PRESUBMITTED", ("price AAPL 148.8",), "FILLED", 148.5),
        # without the first move, which takes the stop along, the second would set none of the trailing ones off
        ((), {"side": "SELL", "trail": 2.0}, "PRESUBMITTED", ("price AAPL 160", "price AAPL 157.5"), "FILLED", 157.0),
        (
            (),
            {"side": "BUY", "trail_percent": 2.0, "stop": 155.0},
            "PRESUBMITTED",
            ("price AAPL 140", "price AAPL 143"),
            "FILLED",
            143.5,
        ),
        (
            (),
            {"side": "SELL", "trail": 2.0, "limit_offset": 0.5},
            "PRESUBMITTED",
            ("price AAPL 160", "price AAPL 157.9"),
            "FILLED",
            157.5,
        ),
        ((), {"side": "BUY", "limit": 140.0, "tif": "IOC"}, "", (), "CANCELLED", None),
        ((), {"side": "BUY", "limit": 150.5, "tif": "FOK"}, "", (), "FILLED", 150.5),
        ((clock(1, "09:29"),), {"side": "BUY", "type": "MOO"}, "PRESUBMITTED", auction(1, "09:31"), "FILLED", 200.0),
        (
            (clock(2, "09:29"),),
            {"side": "BUY", "type": "LOO", "limit": 140.0},
            "PRESUBMITTED",
            auction(2, "09:31"),
            "CANCELLED",
            None,
        ),
        ((clock(3, "15:50"),), {"side": "SELL", "type": "MOC"}, "PRESUBMITTED", auction(3, "16:01"), "FILLED", 100.0),
        (
            (clock(4, "15:50"),),
            {"side": "SELL", "type": "LOC", "limit": 100.0},
            "PRESUBMITTED",
            auction(4, "16:01"),
            "FILLED",
            100.0,
        ),
        (
            (),
            {"side": "BUY", "limit": 140.0, "good_till": UNTIL},
            "SUBMITTED",
            (f"clock set {UNTIL + timedelta(hours=1):%F %T} UTC",),
            "CANCELLED",
            None,
        ),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_each_kind_of_order_works_as_it_is_meant(
    service: Whole,
    before: tuple[str, ...],
    words: dict[str, Any],
    waits: str,
    moves: tuple[str, ...],
    ends: str,
    worst: float | None,
) -> None:
    service.market("price AAPL 150")
    for move in before:
        service.market(move)
    key = " ".join(f"{name}={value}" for name, value in words.items() if name != "good_till")
    service.desk.order.ask(PlaceOrder("AAPL", quantity=5, key=key, **words))
    if waits:
        becomes(service, key, waits)
        assert service.desk.state.ask(Reconcile("test")).differences == ()  # what works there is what was asked
    for move in moves:
        service.market(move)
    order = becomes(service, key, ends)
    if worst is not None:
        assert order.average_price is not None
        sign = 1 if order.side == "BUY" else -1
        assert sign * order.average_price <= sign * worst
    assert order.filled == (5 if ends == "FILLED" else 0)


def test_a_trailing_order_is_changed_and_an_order_that_restarts_knows_it_again() -> None:
    with whole({"strategies": []}) as service:
        service.wait_open()
        service.market("freeze on")
        service.market("price AAPL 150")
        change_and_restart(service)


def change_and_restart(service: Whole) -> None:
    service.desk.order.ask(PlaceOrder("AAPL", "SELL", 5, trail=2.0, tif="GTC", key="changed trail"))
    becomes(service, "changed trail", "PRESUBMITTED")
    service.desk.order.ask(ModifyOrder("changed trail", trail=5.0, quantity=4))
    service.until("the change is confirmed", lambda: service.desk.order.ask(GetOrder("changed trail")).trail == 5.0)
    service.kill("order")
    service.wait_open()
    assert service.desk.state.ask(Reconcile("test")).differences == ()
    service.market("price AAPL 147")  # two below: the trail as it was would have been set off
    assert service.desk.state.ask(Reconcile("test")).differences == ()
    assert becomes(service, "changed trail", "PRESUBMITTED").trail == 5.0
    service.market("price AAPL 144.5")
    assert becomes(service, "changed trail", "FILLED").filled == 4


def test_a_what_if_tells_margin_and_cost_and_leaves_nothing_at_the_exchange(service: Whole) -> None:
    before = service.ledger("select count(*) from orders")
    asked = PreviewOrder(PlaceOrder("AAPL", "BUY", 100, limit=150.0))
    preview: OrderPreview = service.desk.order.ask(asked, timeout=10.0)
    assert preview.initial_before is not None
    assert preview.initial_change is not None
    assert preview.initial_change > 0
    assert preview.initial_after == preview.initial_before + preview.initial_change
    assert (preview.commission is not None, preview.currency) == (True, "USD")
    with pytest.raises(Rejected, match="ask again in") as refused:
        service.desk.order.ask(asked)
    assert refused.value.kind == "paced"
    with pytest.raises(Rejected, match="trail is missing"):
        service.desk.order.ask(PreviewOrder(PlaceOrder("AAPL", "BUY", 1, type="TRAIL")))
    assert service.ledger("select count(*) from orders") == before
    placed = service.desk.order.ask(PlaceOrder("AAPL", "BUY", 1, limit=100.0, key="after a what-if"))
    assert becomes(service, placed.key, "SUBMITTED").order_id == placed.order_id
