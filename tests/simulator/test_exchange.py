"""Orders through the whole gateway in memory: order of callbacks, fills, refusals, and the books."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulator.rig import World, cancellation, contract, order, stock, story

FILLED = ["open", "status Filled", "open", "commission"]


@pytest.fixture
def world():
    made = World()
    made.gateway.move_price("AAPL", Decimal(200))
    made.gateway.market.frozen = True
    return made


def test_a_market_order_tells_its_story_as_a_real_gateway_does(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10))
    assert story(client.take()) == ["open", "status PreSubmitted", "fill 10", *FILLED]


def test_a_limit_order_rests_and_its_cancel_ends_with_202(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0))
    assert story(client.take()) == ["open", "status PreSubmitted", "open", "status Submitted"]
    client.cancelOrder(1, cancellation())
    cancelled, error = client.take()
    assert cancelled[1:5] == ["1", "Cancelled", "0", "10"]
    assert error[3:5] == ["202", "Order Canceled - reason:"]


def test_a_stop_waits_held_for_its_trigger_and_then_trades(world):
    client = world.client()
    client.placeOrder(1, stock(), order("SELL", 10, "STP", auxPrice=190.0))
    opened, status = client.take()
    assert (opened[0], status[2], status[10]) == ("5", "PreSubmitted", "trigger")
    world.gateway.move_price("AAPL", Decimal("189.50"))
    told = client.take()
    assert story(told) == ["open", "status Submitted", "fill 10", *FILLED]
    assert told[1][10] == ""


def test_a_stop_limit_that_is_jumped_over_rests_at_its_limit(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "STP LMT", auxPrice=205.0, lmtPrice=206.0))
    client.take()
    world.gateway.move_price("AAPL", Decimal(210))
    assert story(client.take()) == ["open", "status Submitted"]
    world.gateway.move_price("AAPL", Decimal("205.50"))
    told = client.take()
    assert story(told) == ["fill 10", *FILLED]
    assert told[0][20] == "206.0"


def test_a_large_order_fills_in_parts_as_size_is_shown(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 5000))
    while world.gateway.exchange.open_orders():
        world.gateway.move_price("AAPL", Decimal(200))
        world.now += 1
        world.gateway.market.frozen = False
        world.step()
    told = client.take()
    fills = [Decimal(fields[19]) for fields in told if fields[0] == "11"]
    cumulative = [Decimal(fields[24]) for fields in told if fields[0] == "11"]
    statuses = [(fields[2], Decimal(fields[3]), Decimal(fields[4])) for fields in told if fields[0] == "3"]
    assert sum(fills) == 5000
    assert len(fills) > 2
    assert cumulative == [sum(fills[: count + 1]) for count in range(len(fills))]
    assert all(filled + remaining == 5000 for _, filled, remaining in statuses)
    assert statuses[-1] == ("Filled", 5000, 0)
    assert {fields[2] for fields in told if fields[0] == "5"} == {"265598"}


def test_immediate_or_cancel_takes_what_is_there_and_ends_without_an_error(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, tif="IOC"))
    assert story(client.take()) == ["open", "status PreSubmitted", "status PendingCancel", "status Cancelled"]
    client.placeOrder(2, stock(), order("BUY", 10_000, "LMT", lmtPrice=200.02, tif="IOC"))
    told = client.take()
    assert story(told)[-1] == "status Cancelled"
    assert 0 < Decimal(told[-1][3]) < 10_000


def test_a_modification_keeps_the_permanent_id_and_may_trade_at_once(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0))
    perm_id = client.take()[0][25]
    client.placeOrder(1, stock(), order("BUY", 20, "LMT", lmtPrice=151.0))
    opened, status = client.take()
    assert (opened[25], opened[14], opened[16], status[4]) == (perm_id, "20", "151.0", "20")
    client.placeOrder(1, stock(), order("BUY", 20))
    assert story(client.take())[-5:] == ["fill 20", *FILLED]


def test_an_order_held_back_is_met_with_silence_until_it_is_transmitted(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, transmit=False))
    assert client.take() == []
    client.placeOrder(1, stock(), order("BUY", 10, transmit=True))
    assert story(client.take())[-3:] == ["status Filled", "open", "commission"]


PAIR = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
COIN = contract(symbol="BTC", secType="CRYPTO", exchange="PAXOS", currency="USD")
REFUSALS = [
    (stock(), order("BUY", 0), "434"),
    (stock(), order("BUY", -5), "321"),
    (stock(), order("BUY", "0.5"), "10318"),
    (stock(), order("BUY", 1, "LMT"), "321"),
    (stock(), order("BUY", 1, "LMT", lmtPrice=100.001), "110"),
    (stock(), order("BUY", 1, "STP"), "321"),
    (stock(), order("BUY", 1, "TRAIL"), "321"),
    (stock(), order("BUY", 1, "TRAIL", auxPrice=1.0, trailingPercent=1.0), "321"),
    (stock(), order("BUY", 1, "TRAIL LIMIT", auxPrice=1.0), "321"),
    (stock(), order("BUY", 1, "XYZ"), "321"),
    (stock(), order("BUY", 1, "REL"), "387"),
    (stock(), order("BUY", 1, "STP", auxPrice=1.0, tif="FOK"), "321"),
    (stock(), order("BUY", 1, "STP", auxPrice=1.0, triggerMethod=1), "321"),
    (stock(), order("BUY", 1, "MOC", tif="GTC"), "321"),
    (PAIR, order("BUY", 20_000, "MOC"), "387"),
    (PAIR, order("BUY", 20_000, "LOC", lmtPrice=1.0), "387"),
    (PAIR, order("BUY", 20_000, tif="OPG"), "387"),
    (COIN, order("BUY", 1, tif="OPG"), "387"),
    (stock(), order("BUY", 1, tif="GTD"), "321"),
    (stock(), order("BUY", 1, tif="GTD", goodTillDate="20261119 11:59:59 US/Eastern"), "321"),
    (stock(), order("BUY", 1, minQty=2), "321"),
    (stock(), order("HOLD", 1), "321"),
    (stock(), order("BUY", 1, tif="GTX"), "321"),
    (stock(), order("BUY", 1, account="DU9"), "321"),
    (stock("NOPE"), order("BUY", 1), "200"),
    (contract(symbol="SPX", secType="IND", exchange="CBOE", currency="USD"), order("BUY", 1), "412"),
    (stock(), order("BUY", 1, "LMT", lmtPrice=100.0, parentId=7), "10006"),
    (stock(), order("BUY", 1, algoStrategy="Vwap", algoParams=[]), "439"),
]


@pytest.mark.parametrize(("contract", "wanted", "code"), REFUSALS, ids=range(len(REFUSALS)))
def test_an_impossible_order_gets_one_error_and_leaves_nothing(world, contract, wanted, code):
    client = world.client()
    client.placeOrder(5, contract, wanted)
    assert [(fields[0], fields[2], fields[3]) for fields in client.take()] == [("4", "5", code)]
    assert world.gateway.ledger.summary()["orders"] == 0


def test_ids_that_were_used_cannot_be_used_again(world):
    client = world.client()
    client.placeOrder(5, stock(), order("BUY", 10))
    client.placeOrder(6, stock(), order("BUY", 10, "LMT", lmtPrice=100.0))
    client.cancelOrder(6, cancellation())
    client.take()
    for order_id, code in ((4, "103"), (5, "104"), (6, "103")):
        client.placeOrder(order_id, stock(), order("BUY", 10))
        assert [fields[3] for fields in client.take()] == [code]
    for order_id, code in ((5, "10148"), (6, "10148"), (77, "10147")):
        client.cancelOrder(order_id, cancellation())
        assert [fields[3] for fields in client.take()] == [code]


def test_clients_have_order_ids_of_their_own_and_see_only_their_orders(world):
    one, two = world.client(1), world.client(2)
    one.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=100.0, orderRef="one"))
    two.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=100.0, orderRef="two"))
    assert {fields[23] for fields in one.take() if fields[0] == "5"} == {"one"}
    two.take()
    assert [fields[23] for fields in two.raw(5, 1) if fields[0] == "5"] == ["two"]
    everything = [fields for fields in one.raw(16, 1) if fields[0] == "5"]
    assert [(fields[23], fields[24]) for fields in everything] == [("one", "1"), ("two", "2")]
    assert len({fields[25] for fields in everything}) == 2
    one.reqGlobalCancel(cancellation())
    assert story(one.take()) == ["status Cancelled", "error 202"]
    assert story(two.take()) == ["status Cancelled", "error 202"]


def test_an_order_is_modified_in_what_may_change_and_refused_in_what_may_not(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=100.0))
    client.take()
    for contract_, wanted in ((stock("MSFT"), order("BUY", 10)), (stock(), order("SELL", 10))):
        client.placeOrder(1, contract_, wanted)
        assert story(client.take()) == ["error 105"]
    client.placeOrder(1, stock(), order("BUY", 10, "STP", auxPrice=300.0, transmit=False))
    assert client.take() == []
    client.placeOrder(1, stock(), order("BUY", 10, "STP", auxPrice=300.0))
    opened, status = client.take()
    assert (opened[15], status[2], status[10]) == ("STP", "PreSubmitted", "trigger")


def test_completed_orders_are_those_filled_cancelled_and_inactive(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10))
    client.placeOrder(2, stock(), order("BUY", 10, "LMT", lmtPrice=100.0))
    client.placeOrder(3, stock(), order("BUY", 10, "LMT", lmtPrice=100.0, tif="FOK"))
    client.cancelOrder(2, cancellation())
    client.callbacks()
    client.raw(99, 1)
    shown = [call[1][2] for call in client.callbacks() if call[0] == "completedOrder"]
    assert [state.status for state in shown] == ["Filled", "Cancelled", "Inactive"]


def test_executions_pass_the_filter_of_the_request(world):
    one, two = world.client(1), world.client(2)
    one.placeOrder(1, stock(), order("BUY", 10))
    two.placeOrder(1, stock("MSFT"), order("SELL", 5))
    one.take()

    def asked(**parts: str) -> list[str]:
        names = ("client", "account", "time", "symbol", "type", "exchange", "side")
        fields = [parts.get(name, "0" if name == "client" else "") for name in names]
        return [answer[4] for answer in one.raw(7, 3, 9, *fields) if answer[0] == "11"]

    assert asked() == ["AAPL", "MSFT"]
    assert asked(client="2") == asked(symbol="MSFT") == asked(side="SELL") == ["MSFT"]
    assert asked(account="DU9") == asked(type="OPT") == asked(time="20261119 12:00:01") == []
    assert asked(time="20261119-17:00:00") == asked(exchange="NASDAQ") == ["AAPL", "MSFT"]


def test_executions_of_earlier_days_are_told_at_version_200_only_on_request(world):
    client = world.client(version=200)
    client.placeOrder(1, stock(), order("BUY", 10))
    world.gateway.market.frozen = False
    world.step(86400.0)
    client.placeOrder(2, stock(), order("BUY", 11))
    client.take()

    def asked(days: int, *dates: str) -> list[str]:
        told = client.raw(7, 3, 9, 0, "", "", "", "", "", "", days, len(dates), *dates)
        return [answer[19] for answer in told if answer[0] == "11"]

    unset = 2147483647
    assert asked(unset) == asked(0) == asked(unset, "20261120") == ["11"]
    assert asked(1) == asked(7) == asked(unset, "20261119", "20261120") == ["10", "11"]
    assert asked(unset, "20261119") == ["10"]


def test_day_orders_end_with_their_day_and_others_stay():
    world = World()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=50.0))
    client.placeOrder(2, stock(), order("BUY", 10, "LMT", lmtPrice=50.0, tif="GTC"))
    client.placeOrder(3, stock(), order("BUY", 10))
    client.take()
    world.step(86400.0)
    assert story(client.take()) == ["status Cancelled", "error 202"]
    assert [fields[1] for fields in client.raw(5, 1) if fields[0] == "5"] == ["2"]
    assert client.raw(7, 3, 1, 0, "", "", "", "", "", "") == [["55", "1", "1"]]


def test_orders_of_one_moment_share_the_size_that_is_shown(world):
    client, shown = world.client(), world.gateway.market.line(world.gateway.universe.shares["AAPL"]).quote
    for order_id in (1, 2):
        client.placeOrder(order_id, stock(), order("BUY", shown.ask_size))
    first, second = (fields[20] for fields in client.take() if fields[0] == "11")
    assert Decimal(first) == shown.ask * Decimal("0.01") < Decimal(second)


def test_a_fill_that_closes_and_opens_shares_its_commission_between_both(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10))
    client.placeOrder(2, stock(), order("SELL", 25))
    bought, sold = (Decimal(fields[20]) for fields in client.take() if fields[0] == "11")
    reports = [call[1][0] for call in client.callbacks() if call[0] == "commissionAndFeesReport"]
    assert Decimal(str(reports[-1].realizedPNL)) == 10 * (sold - bought) - 1 - Decimal("0.40")
    position = world.gateway.account.positions[265598]
    assert (position.quantity, position.fees) == (-15, Decimal("0.60"))


def test_realised_profit_is_what_was_gained_after_all_commissions(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10))
    world.gateway.move_price("AAPL", Decimal(220))
    client.placeOrder(2, stock(), order("SELL", 10))
    bought, sold = [fields for fields in client.take() if fields[0] == "11"]
    reports = [call[1][0] for call in client.callbacks() if call[0] == "commissionAndFeesReport"]
    gain = 10 * (Decimal(sold[20]) - Decimal(bought[20])) - 2
    assert Decimal(str(reports[-1].realizedPNL)) == gain
    assert world.gateway.account.cash["USD"] == 1_000_000 + gain
