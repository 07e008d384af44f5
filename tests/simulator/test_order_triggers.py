"""Which price sets an order off, by its trigger method, and how conditions are joined."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.exchange.conditions import Condition, MarginCondition, VolumeCondition, fulfilled
from tests.simulator.rig import World, order, stock


@pytest.mark.parametrize(("method", "cents"), [(0, 20_000), (2, 20_000), (4, 20_006), (7, 20_006), (8, 20_002)])
def test_a_stop_watches_last_its_own_side_either_or_the_middle_by_its_trigger_method(method, cents):
    world = World()
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    quote = world.gateway.market.line(world.gateway.universe.shares["AAPL"]).quote
    quote.bid, quote.last, quote.ask = 19_998, 20_000, 20_006
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 1, "STP", auxPrice=cents / 100, triggerMethod=method))
    client.placeOrder(2, stock(), order("BUY", 1, "STP", auxPrice=(cents + 1) / 100, triggerMethod=method))
    assert [one.order_id for one in world.gateway.exchange.open_orders()] == [2]


class Facts:
    """A day's volume of 100 for contract 1, a cushion of 50 %."""

    def volume(self, con_id: int) -> int:
        return 100 if con_id == 1 else 0

    def cushion_percent(self) -> Decimal:
        return Decimal(50)


def true(*, both: bool) -> Condition:
    return VolumeCondition(is_more=True, volume=100, con_id=1, exchange="SMART", both=both)


def false(*, both: bool) -> Condition:
    return MarginCondition(is_more=False, percent=49, both=both)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ((), True),
        ((true(both=True),), True),
        ((false(both=False),), False),
        ((true(both=True), false(both=True)), False),
        ((false(both=False), true(both=True)), True),
        ((true(both=False), false(both=True)), True),
        ((false(both=True), true(both=False), true(both=True), false(both=True)), False),
        ((false(both=True), true(both=False), true(both=True), true(both=False)), True),
    ],
)
def test_and_binds_conditions_before_or(conditions, expected):
    assert fulfilled(conditions, Facts()) is expected


@pytest.mark.parametrize(("action", "stop"), [("SELL", "207.94"), ("BUY", "212.16")])
def test_a_trail_between_two_prices_keeps_to_the_one_that_is_farther_from_the_market(action, stop):
    world = World()
    world.gateway.move_price("AAPL", Decimal("210.05"))
    world.gateway.market.frozen = True
    client = world.client()
    client.placeOrder(1, stock(), order(action, 1, "TRAIL", trailingPercent=1.0))
    (working,) = world.gateway.exchange.open_orders()
    assert working.terms.trail_stop == Decimal(stop)
