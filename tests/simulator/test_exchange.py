"""Orders through the whole gateway in memory: order of callbacks, fills, refusals, and the books."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


REFUSALS = [
    (stock(), order("BUY", 0), "434"),
    (stock(), order("BUY", -5), "321"),
    (stock(), order("BUY", "0.5"), "10318"),
    (stock(), order("BUY", 1, "LMT"), "321"),
    (stock(), order("BUY", 1, "LMT", lmtPrice=100.001), "110"),
    (stock(), order("BUY", 1, "STP"), "321"),
    (stock(), order("BUY", 1, "XYZ"), "321"),
    (stock(), order("HOLD", 1), "321"),
    (stock(), order("BUY", 1, tif="GTX"), "321"),
    (stock(), order("BUY", 1, account="DU9"), "321"),
    (stock("NOPE"), order("BUY", 1), "200"),
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


def test_executions_pass_the_filter_of_the_request(world):
    one, two = world.client(1), world.client(2)
    one.placeOrder(1, stock(), order("BUY", 10))
    two.placeOrder(1, stock("MSFT"), order("SELL", 5))
    one.take()

    def asked(**parts: str) -> list[str]:
        fields = {
            "client": "0",
            "account": "",
            "time": "",
            "symbol": "",
            "type": "",
            "exchange": "",
            "side": "",
        } | parts
        return [answer[4] for answer in one.raw(7, 3, 9, *fields.values()) if answer[0] == "11"]

    assert asked() == ["AAPL", "MSFT"]
    assert asked(client="2") == asked(symbol="MSFT") == asked(side="SELL") == ["MSFT"]
    assert asked(account="DU9") == asked(type="OPT") == asked(time="20261119 12:00:01") == []
    assert asked(time="20261119-17:00:00") == ["AAPL", "MSFT"]


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


SYMBOLS = ("AAPL", "KO", "EUR.USD", "ESZ6", "SPY")
orders = st.tuples(
    st.sampled_from(SYMBOLS),
    st.sampled_from(["BUY", "SELL"]),
    st.integers(1, 3000),
    st.sampled_from(["MKT", "LMT", "STP"]),
    st.sampled_from(["DAY", "GTC", "IOC"]),
    st.integers(-40, 40),
)
commands = st.lists(st.one_of(orders, st.sampled_from(["step", "cancel", "modify", "restart"])), max_size=30)


@settings(max_examples=40, deadline=None)
@given(commands)
def test_positions_and_cash_equal_the_sum_of_executions_to_the_cent(tmp_path_factory, plan):
    directory = tmp_path_factory.mktemp("ledger")
    world = World(directory, cash=Decimal(250_000))
    client, order_id = world.client(), 0
    for command in plan:
        if isinstance(command, tuple):
            order_id += 1
            _place(client, world, order_id, command)
        elif command == "step":
            world.step()
        elif command == "cancel" and order_id:
            client.cancelOrder(order_id, cancellation())
        elif command == "modify" and (working := world.gateway.exchange.open_orders()):
            _modify(client, working[0])
        elif command == "restart":
            world.close()
            world = World(directory, now=world.now, cash=Decimal(1))
            client = world.client()
        client.take()
    _books_balance(world)
    world.close()


def _place(client, world, order_id, command):
    symbol, action, quantity, kind, tif, distance = command
    item = world.gateway.universe.named(symbol)
    line = world.gateway.market.line(item)
    price = float(line.price(line.quote.bid + distance))
    parts = {"lmtPrice": price} if kind == "LMT" else {"auxPrice": price} if kind == "STP" else {}
    client.placeOrder(order_id, contract(conId=item.con_id), order(action, quantity, kind, tif=tif, **parts))


def _modify(client, working):
    grown = order(working.terms.action, str(working.terms.quantity + 1), tif="GTC")
    client.placeOrder(working.order_id, contract(conId=working.instrument.con_id), grown)


def _books_balance(world):
    account, executions = world.gateway.account, world.gateway.exchange.executions
    for con_id, position in account.positions.items():
        assert position.quantity == sum(fill.signed for fill in executions if fill.instrument.con_id == con_id)
    dollars = Decimal(250_000)
    euros = Decimal(0)
    for fill in executions:
        dollars -= fill.commission
        if fill.instrument.sec_type == "CASH":
            euros += fill.signed
        if fill.instrument.sec_type != "FUT":
            dollars -= (fill.signed * fill.price).quantize(Decimal("0.01"))
    for future in (p for p in account.positions.values() if p.instrument.sec_type == "FUT"):
        fills = [fill for fill in executions if fill.instrument is future.instrument]
        dollars -= sum((fill.signed * fill.price * 50 for fill in fills), Decimal(0)) - future.cost
    assert account.cash["USD"] == dollars
    assert account.cash.get("EUR", Decimal(0)) == euros
    assert world.gateway.ledger.cash(account.name) == account.cash
    open_quantity = sum(order.remaining for order in world.gateway.exchange.open_orders())
    assert open_quantity >= 0


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
