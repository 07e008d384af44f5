"""Reports that broke Order twice: left out, and nothing about orders or the gate is guessed in their place."""

from __future__ import annotations

import pytest

from actors.messages.broker import OrderReport
from actors.messages.orders import GetOrder, GetOrders
from tests.domain.order_builders import execution_report, order_report, terms
from tests.order.neighbours import House, manual, mine


def works(number: int) -> OrderReport:
    return order_report("Submitted", **mine(number), terms=terms(key=f"k{number}"))


@pytest.fixture
def house_that_broke_twice(house: House) -> House:
    """Order k1 works as permId 901, order k2 as 902; the next incarnation is spared what the broker says of 901."""
    for number in (1, 2):
        house.place(key=f"k{number}")
        house.transmitted()
        house.says(works(number))
    house.restart()
    house.order.actor.hand.quarantined = ("OrderReport perm 901", "ExecutionReport a.b.c.01")
    house.wait_gate("reconciling")
    return house


def test_a_quarantined_report_in_a_cut_keeps_the_gate_shut_with_words_and_the_others_are_processed(
    house_that_broke_twice: House,
) -> None:
    house = house_that_broke_twice
    before = house.ref.ask(GetOrder("k1"))
    poison = order_report("Cancelled", **mine())
    fills = (execution_report("a.b.c.01", 1, **mine()), execution_report("d.e.f.01", 4, **mine(2), key="k2"))
    result = house.cut((poison, order_report("Submitted", **manual())), executions=fills)
    told = [(one.kind, one.subject, one.repaired) for one in result.differences]
    assert ("part_failed", "OrderReport perm 901", False) in told
    assert ("part_failed", "ExecutionReport a.b.c.01", False) in told
    assert any(kind == "order_orphan" for kind, _, _ in told), "the manual order is adopted all the same"
    assert house.gate() == "reconciling"
    assert "quarantined: ExecutionReport a.b.c.01, OrderReport perm 901" in house.reasons()
    assert house.ref.ask(GetOrder("k1")) == before, "nothing is guessed of the order it tells of"
    listed = {order.key: order for order in house.ref.ask(GetOrders()).items}
    assert (listed["k2"].status, listed["k2"].filled) == ("SUBMITTED", 4), "absent, but absence proves nothing now"


def test_a_live_report_that_is_quarantined_changes_nothing_and_a_later_cut_without_it_opens_the_gate(
    house_that_broke_twice: House,
) -> None:
    house = house_that_broke_twice
    before = house.ref.ask(GetOrder("k1"))
    house.says(order_report("Cancelled", **mine()))
    assert house.ref.ask(GetOrder("k1")) == before
    assert house.order.host.error is None
    house.order.actor.hand.quarantined = ()
    house.cut((works(1), works(2)))
    assert house.gate() == "open"
