"""What is left to an order when its parent ends or its fills are corrected, and relations that are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from ibapi.contract import ComboLeg

from tests.simulator.rig import World, cancellation, contract, order, stock, story

COIN = contract(symbol="BTC", secType="CRYPTO", exchange="PAXOS", currency="USD")
LIMIT = {"lmtPrice": 250.0}


@pytest.fixture
def world():
    made = World(account="DU1,DU2")
    made.gateway.move_price("AAPL", Decimal(200))
    made.gateway.market.frozen = True
    return made


def fill(world, order_id: int, quantity: int | None = None) -> None:
    (working,) = [one for one in world.gateway.exchange.open_orders() if one.order_id == order_id]
    amount = None if quantity is None else Decimal(quantity)
    world.gateway.exchange.fill(working.perm_id, amount, None, world.gateway.trading)


def live(world) -> dict[int, tuple[str, Decimal]]:
    return {one.order_id: (one.status, one.remaining) for one in world.gateway.exchange.open_orders()}


def family(world, entry: int, leave: int, filled: int):
    """A parent that filled in part, and its child that takes it out again."""
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", entry, "LMT", lmtPrice=150.0, tif="GTC", account="DU1", transmit=False))
    client.placeOrder(2, stock(), order("SELL", leave, "LMT", parentId=1, tif="GTC", account="DU1", **LIMIT))
    fill(world, 1, filled)
    client.take()
    return client


def test_a_child_keeps_one_unit_at_least_of_a_parent_that_filled(world):
    client = family(world, 100, 3, 33)
    assert live(world)[2] == ("Submitted", 3)
    client.cancelOrder(1, cancellation())
    assert live(world) == {2: ("Submitted", 1)}


@pytest.mark.parametrize("wanted", [100, 20])
def test_a_child_whose_parent_ended_is_an_order_of_its_own_and_fills_whole_at_any_size(world, wanted):
    client = family(world, 100, 100, 37)
    client.cancelOrder(1, cancellation())
    assert live(world) == {2: ("Submitted", 37)}
    client.placeOrder(2, stock(), order("SELL", wanted, "LMT", parentId=1, tif="GTC", account="DU1", **LIMIT))
    fill(world, 2)
    assert story(client.take())[-4:] == ["open", "status Filled", "open", "commission"]
    assert live(world) == {}
    assert world.gateway.account.positions[265598].quantity == 37 - wanted


def test_an_order_that_was_filled_is_so_with_less_after_a_correction_and_its_child_follows(world):
    client, exchange, trading = family(world, 100, 100, 40), world.gateway.exchange, world.gateway.trading
    fill(world, 1)
    former, latest = exchange.executions
    client.take()
    exchange.correct(latest.exec_id, Decimal(59), Decimal(149), trading)
    told = client.take()
    assert story(told) == ["fill 59", "status Filled", "commission", "open", "status Submitted"]
    assert told[1][3:5] + told[1][8:9] == ["99", "0", "149"]
    exchange.correct(former.exec_id, None, Decimal(140), trading)
    assert client.take()[1][8] == "149"
    assert [one.completed_status for one in exchange.completed_orders()] == ["Filled Size: 99"]
    fill(world, 2)
    assert world.gateway.account.positions[265598].quantity == 0


def test_a_cryptocurrency_is_not_sold_beyond_what_is_held(world):
    client = world.client()

    def place(order_id: int, action: str, quantity: int, **parts: object) -> list[str]:
        kind = {"orderType": "LMT", "tif": "GTC", "account": "DU1"} | parts
        wanted = order(action, quantity)
        for name, value in kind.items():
            setattr(wanted, name, value)
        client.placeOrder(order_id, COIN, wanted)
        return [fields[3] for fields in client.take() if fields[0] == "4"]

    assert place(1, "SELL", 1, lmtPrice=200_000.0) == ["201"]
    assert place(2, "BUY", 2, lmtPrice=10_000.0, transmit=False) == []
    assert place(3, "SELL", 2, lmtPrice=200_000.0, parentId=2) == []
    fill(world, 2)
    client.take()
    assert place(4, "SELL", 1, lmtPrice=200_000.0) == ["201"]
    assert place(3, "SELL", 3, lmtPrice=200_000.0, parentId=2) == ["201"]
    assert place(3, "SELL", 1, lmtPrice=200_000.0, parentId=2) == []
    assert place(5, "SELL", 1, lmtPrice=200_000.0) == []


def test_a_combination_has_different_legs(world):
    client = world.client()
    bag = contract(symbol="AAPL", secType="BAG", exchange="SMART", currency="USD", comboLegs=[])
    for action in ("BUY", "SELL"):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = 265598, 1, action, "SMART"
        bag.comboLegs.append(leg)
    client.placeOrder(1, bag, order("BUY", 1, account="DU1"))
    assert [fields[3] for fields in client.take()] == ["321"]


@pytest.mark.parametrize("transmit", [True, False])
def test_a_child_belongs_to_the_account_of_its_parent(world, transmit):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 1, "LMT", lmtPrice=150.0, account="DU1", transmit=transmit))
    client.take()
    client.placeOrder(2, stock(), order("SELL", 1, "LMT", parentId=1, account="DU2", **LIMIT))
    assert [fields[3] for fields in client.take()] == ["321"]
