"""What happens to orders from outside: by hand, by other sessions, by the market's own will, by corrections."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.exchange.orders import Terms
from tests.simulator.rig import World, cancellation, order, stock, story


@pytest.fixture
def world():
    made = World()
    made.gateway.move_price("AAPL", Decimal(200))
    made.gateway.market.frozen = True
    return made


def by_hand(world, client_id: int = 0, **parts: object):
    terms = Terms("BUY", Decimal(5), "LMT", Decimal(100), None, "GTC", "", "", **parts)
    gateway = world.gateway
    return gateway.exchange.external(gateway.universe.shares["AAPL"], terms, client_id, gateway.trading)


def test_an_order_made_by_hand_has_no_id_until_client_0_binds_it_and_then_a_negative_one(world):
    zero, one = world.client(0), world.client(1)
    made = by_hand(world)
    assert {fields[1] for fields in zero.take()} == {"0"}
    assert one.take() == []
    assert [fields[1] for fields in one.raw(16, 1) if fields[0] == "5"] == ["0"]
    zero.cancelOrder(0, cancellation())
    assert story(zero.take()) == ["error 10147"]
    bound, opened, status, _ = zero.raw(5, 1)
    assert bound == ["100", str(made.perm_id), "0", "-1"]
    assert (opened[1], status[1]) == ("-1", "-1")
    zero.cancelOrder(-1, cancellation())
    assert story(zero.take()) == ["status Cancelled", "error 202"]
    assert [fields[0] for fields in one.raw(99, 1)] == ["102"]
    assert [fields[0] for fields in one.raw(99, 0)] == ["101", "102"]


def test_client_0_may_have_orders_made_by_hand_bound_as_they_come_and_nobody_else(world):
    zero, one = world.client(0), world.client(1)
    assert story(one.raw(15, 1, 1)) == ["error 327"]
    assert zero.raw(15, 1, 1) == []
    by_hand(world)
    by_hand(world)
    told = zero.take()
    assert [fields[3] for fields in told if fields[0] == "100"] == ["-1", "-2"]
    assert zero.raw(15, 1, 0) == []
    by_hand(world)
    assert [fields for fields in zero.take() if fields[0] == "100"] == []


def test_an_order_of_another_session_takes_the_next_id_of_its_client_and_is_told_to_it_alone(world):
    two = world.client(2)
    two.placeOrder(7, stock(), order("BUY", 1, "LMT", lmtPrice=90.0))
    two.take()
    made = by_hand(world, 2)
    assert made.order_id == 8
    assert {fields[1] for fields in two.take()} == {"8"}


def test_the_market_fills_a_working_order_at_will_also_while_its_client_is_away(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=100.0))
    perm_id = int(client.take()[0][25])
    exchange, trading = world.gateway.exchange, world.gateway.trading
    world.gateway.disconnect(client.session)
    exchange.fill(perm_id, Decimal(4), Decimal("99.5"), trading)
    client = world.client()
    assert client.take() == []
    assert [(fields[19], fields[20]) for fields in client.raw(7, 3, 1, 0, "", "", "", "", "", "")[:1]] == [
        ("4", "99.5")
    ]
    exchange.fill(perm_id, None, None, trading)
    assert story(client.take()) == ["fill 6", "open", "status Filled", "open", "commission"]
    for quantity, price in ((Decimal(1), None), (None, Decimal(-1))):
        with pytest.raises(ValueError, match="no working order"):
            exchange.fill(perm_id, quantity, price, trading)


def test_a_correction_has_the_next_version_of_the_execution_id_and_corrects_all_books(world):
    client, gateway = world.client(), world.gateway
    client.placeOrder(1, stock(), order("BUY", 10))
    client.placeOrder(2, stock(), order("SELL", 4))
    bought, sold = [fields for fields in client.take() if fields[0] == "11"]
    gateway.exchange.correct(bought[14], Decimal(9), Decimal(150), gateway.trading)
    told = client.take()
    assert story(told) == ["fill 9", "status Filled", "commission"]
    corrected = told[0]
    assert corrected[14] == bought[14].removesuffix("01") + "02"
    assert (corrected[20], corrected[24], told[1][3:6]) == ("150", "9", ["9", "0", "150"])
    account = gateway.account
    assert account.positions[265598].quantity == 5
    assert account.cash["USD"] == 1_000_000 - 9 * 150 + 4 * Decimal(sold[20]) - 2
    assert account.figures()["RealizedPnL"] == 4 * (Decimal(sold[20]) - 150) - Decimal("1.44")
    assert [one.exec_id for one in gateway.exchange.executions] == [sold[14], corrected[14]]
    again = gateway.exchange.correct(corrected[14], None, Decimal(151), gateway.trading)
    assert again.exec_id.endswith(".01.03")
    rows = gateway.ledger._rows("select exec_id, corrects from executions order by exec_id")
    assert [row["corrects"] for row in rows if row["exec_id"].startswith(bought[14][:-2])] == [
        None,
        bought[14],
        corrected[14],
    ]
    for exec_id, quantity in ((bought[14], None), ("nonsense", None), (again.exec_id, Decimal(11))):
        with pytest.raises(ValueError, match=r"no execution of today|units left"):
            gateway.exchange.correct(exec_id, quantity, None, gateway.trading)


def test_an_order_may_show_a_second_permanent_id_and_the_ledger_knows_both(world):
    client, gateway = world.client(), world.gateway
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=100.0))
    former = int(client.take()[0][25])
    perm_id = gateway.exchange.rebind(former, gateway.trading)
    assert [fields[25 if fields[0] == "5" else 6] for fields in client.take()] == [str(perm_id)] * 2
    client.cancelOrder(1, cancellation())
    assert client.take()[0][6] == str(perm_id)
    (row,) = gateway.ledger._rows("select perm_id, former from rebinds")
    assert tuple(row) == (perm_id, former)
    assert [row["perm_id"] for row in gateway.ledger._rows("select perm_id from orders")] == [perm_id]


def test_the_next_new_orders_are_refused_as_told_and_modifications_are_not(world):
    client, gateway = world.client(), world.gateway
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=100.0))
    client.take()
    gateway.exchange.reject(2, 201, "Order rejected - reason:Because")
    client.placeOrder(1, stock(), order("BUY", 11, "LMT", lmtPrice=100.0))
    assert story(client.take()) == ["open", "status Submitted"]
    for order_id in (2, 3):
        client.placeOrder(order_id, stock(), order("BUY", 1))
        assert [fields[3:5] for fields in client.take()] == [["201", "Order rejected - reason:Because"]]
    client.placeOrder(4, stock(), order("BUY", 1))
    assert story(client.take())[-1] == "commission"


def test_a_correction_that_leaves_nothing_to_fill_completes_the_order_and_wakes_its_children(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, transmit=False))
    client.placeOrder(2, stock(), order("SELL", 10, "MKT", parentId=1))
    exchange, trading = world.gateway.exchange, world.gateway.trading
    parent = exchange.open_orders()[0]
    exchange.fill(parent.perm_id, Decimal(4), None, trading)
    client.take()
    exchange.correct(exchange.executions[0].exec_id, Decimal(10), None, trading)
    assert "status Filled" in story(client.take())[:2]
    assert exchange.open_orders() == []
    assert world.gateway.account.positions[265598].quantity == 0
