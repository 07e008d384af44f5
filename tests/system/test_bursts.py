"""More orders at once than the pace lets leave: none is lost or doubled, and a kill switch stops those that wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from actors.messages.orders import GetOrder, GetOrders, Halt, OrderView, PlaceOrder
from supervision.errors import Rejected
from tests.support.whole import Whole, whole

COUNT = 100


@pytest.fixture(scope="module")
def service() -> Iterator[Whole]:
    with whole({"strategies": []}) as service:
        service.wait_open()
        service.place(limit=1.0, key="first")  # from now on the contract is known
        service.desk.order.ask_future(GetOrder("first")).result(5.0)
        yield service


def burst(service: Whole, name: str) -> dict[str, Future[OrderView]]:
    keys = [f"{name}-{number}" for number in range(COUNT)]
    return {
        key: service.desk.order.ask_future(PlaceOrder("AAPL", "BUY", 1, limit=1.0, key=key), timeout=20.0)
        for key in keys
    }


def at_the_broker(service: Whole, name: str) -> list[str]:
    found = service.ledger("select order_ref from orders where order_ref like ?", f"{name}-%")
    return sorted(key for (key,) in found)


def test_a_hundred_orders_at_once_reach_the_broker_each_once(service: Whole) -> None:
    asked = burst(service, "all")
    assert {future.result(20.0).key for future in asked.values()} == {*asked}
    service.until("each works", lambda: all(working(service, key) for key in asked))
    assert at_the_broker(service, "all") == sorted(asked)


def working(service: Whole, key: str) -> bool:
    return service.desk.order.ask(GetOrder(key)).status == "SUBMITTED"


def every_order(service: Whole) -> tuple[OrderView, ...]:
    return service.desk.order.ask(GetOrders(all=True)).items


def test_a_kill_switch_answers_the_orders_that_wait_and_they_never_leave(service: Whole) -> None:
    asked = burst(service, "halted")
    asked["halted-0"].result(20.0)
    service.desk.order.ask(Halt("that is enough"), timeout=10.0)
    left, refused = [], []
    for key, future in asked.items():
        error = future.exception(5.0)
        if error is None:
            left.append(key)
        else:
            assert isinstance(error, Rejected), error
            assert (error.kind, "that is enough" in str(error)) == ("gate", True)
            refused.append(key)
    journalled = [one.status for one in every_order(service) if one.key in refused]
    assert journalled, "the switch came too late to stop any that had an intent and waited at Connection"
    assert set(journalled) == {"REJECTED"}
    service.until("the broker has those that left", lambda: len(at_the_broker(service, "halted")) >= len(left))
    assert at_the_broker(service, "halted") == sorted(left)
