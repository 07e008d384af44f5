"""Orders and time: closed and halted markets, auctions, times in force, the queue at a price, trails."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.exchange.matching import Trade, serve
from tests.simulator.rig import NOON, World, order, stock, story

HOUR = 3600.0
EVENING = NOON + 9 * HOUR  # 21:00 in New York, after extended hours


def closed() -> World:
    world = World(now=EVENING)
    world.gateway.market.hours = "exchange"
    world.step()
    return world


def test_an_order_for_a_closed_market_rests_with_a_warning_until_the_next_opening():
    world = closed()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10))
    told = client.take()
    assert story(told) == ["open", "status PreSubmitted", "error 399"]
    assert told[2][4] == (
        "Order Message:\\nBUY 10 AAPL NASDAQ.NMS\\nWarning: Your order will not be placed at the exchange until "
        "2026-11-20 09:30:00 US/Eastern."
    )
    world.step(12 * HOUR)
    assert client.take() == []
    world.step(HOUR)
    assert story(client.take())[:4] == ["open", "status Submitted", "fill 10", "open"]


def test_orders_outside_regular_hours_trade_in_extended_ones_only_when_they_say_so():
    world = World(now=NOON + 5 * HOUR)
    world.gateway.market.hours = "exchange"
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=900.0))
    client.placeOrder(2, stock(), order("BUY", 10, "LMT", lmtPrice=900.0, outsideRth=True))
    assert [fields[1] for fields in client.take() if fields[0] == "11"] == ["-1"]
    assert [one.order_id for one in world.gateway.exchange.open_orders()] == [1]


def test_a_day_order_ends_with_its_session_and_one_placed_at_night_with_the_next():
    world = closed()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=10.0))
    client.take()
    world.step(12 * HOUR)
    world.step(5 * HOUR)
    assert story(client.take()) == ["open", "status Submitted"]
    world.step(3 * HOUR)
    assert story(client.take()) == ["status Cancelled", "error 202"]


def test_an_order_that_rests_over_night_gets_the_price_of_the_opening():
    world = World(now=NOON)
    world.gateway.market.hours = "exchange"
    world.gateway.move_price("AAPL", Decimal(200))
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=190.0, tif="GTC"))
    client.take()
    world.step(5 * HOUR)
    assert story(client.take()) == ["status PreSubmitted"]
    world.gateway.move_price("AAPL", Decimal(150))
    world.step(17 * HOUR)
    told = client.take()
    assert story(told)[:3] == ["open", "status Submitted", "fill 10"]
    assert Decimal(140) < Decimal(told[2][20]) < Decimal(160)


def test_what_must_be_filled_at_once_does_not_wait_for_an_opening():
    world = closed()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, tif="IOC"))
    assert story(client.take())[-1] == "status Cancelled"
    client.placeOrder(2, stock(), order("BUY", 10, tif="FOK"))
    assert story(client.take()) == ["open", "status Inactive"]


def test_nothing_trades_in_a_halt_and_trading_goes_on_after_it():
    world = World()
    client, market = world.client(), world.gateway.market
    market.halt(world.gateway.universe.shares["AAPL"], True)
    client.placeOrder(1, stock(), order("BUY", 10))
    world.step()
    assert story(client.take()) == ["open", "status PreSubmitted"]
    market.halt(world.gateway.universe.shares["AAPL"], False)
    world.step()
    assert story(client.take())[-1] == "commission"


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [
        (order("BUY", 300, "MOC"), "Filled"),
        (order("BUY", 300, "LOC", lmtPrice=900.0), "Filled"),
        (order("BUY", 300, "LOC", lmtPrice=1.0), "Cancelled"),
        (order("SELL", 300, "MKT", tif="OPG"), "Filled"),
        (order("SELL", 300, "LMT", lmtPrice=1.0, tif="OPG"), "Filled"),
        (order("SELL", 300, "LMT", lmtPrice=900.0, tif="OPG"), "Cancelled"),
    ],
)
def test_orders_for_an_auction_wait_for_it_and_end_with_it_all_at_its_price(wanted, ends):
    world = World(now=NOON)
    client = world.client()
    client.placeOrder(1, stock(), wanted)
    assert story(client.take()) == ["open", "status PreSubmitted"]
    opening = wanted.tif == "OPG"
    world.step(21 * HOUR if opening else 3.9 * HOUR)
    assert client.take() == []
    world.step(HOUR)
    told = client.take()
    assert [fields[2] for fields in told if fields[0] == "3"] == [ends]
    auctions = world.gateway.market.auction(world.gateway.universe.shares["AAPL"], NOON, world.now)
    (price,) = [ticks for kind, _, ticks in auctions if kind == ("open" if opening else "close")]
    assert {Decimal(fields[20]) for fields in told if fields[0] == "11"} <= {price * Decimal("0.01")}


def test_good_till_and_good_after_dates_are_kept_to_the_second():
    world = World()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 1, "LMT", lmtPrice=9.0, goodAfterTime="20261119 12:00:10 US/Eastern"))
    wanted = order("BUY", 1, "LMT", lmtPrice=9.0, tif="GTD", goodTillDate="20261119 12:00:20 US/Eastern")
    client.placeOrder(2, stock(), wanted)
    assert story(client.take())[:4] == ["open", "status PreSubmitted"] * 2
    world.step(9.0)
    assert client.take() == []
    world.step(1.0)
    assert story(client.take()) == ["open", "status Submitted"]
    world.step(10.0)
    assert story(client.take()) == ["status Cancelled", "error 202"]


def test_fill_or_kill_all_or_none_and_minimum_sizes_are_kept():
    world = World()
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, tif="FOK"))
    assert story(client.take()) == ["open", "status Inactive"]
    assert story(client.raw(4, 1, 1, "")) == ["error 161"]
    client.placeOrder(2, stock(), order("BUY", 10, tif="FOK"))
    assert story(client.take())[-2:] == ["open", "commission"]
    for order_id, parts in ((3, {"allOrNone": True}), (4, {"minQty": 9_000})):
        client.placeOrder(order_id, stock(), order("BUY", 9_500, "LMT", lmtPrice=200.05, **parts))
        assert story(client.take()) == ["open", "status PreSubmitted", "open", "status Submitted"]


def test_a_resting_order_waits_behind_what_was_shown_and_a_worse_trade_serves_everyone():
    def trades(*sizes: int, price: str = "10.00"):
        return [Trade(float(at), Decimal(price), Decimal(size), Decimal(size)) for at, size in enumerate(sizes, 1)]

    limit, queue, none = Decimal("10.00"), Decimal(500), Decimal(0)
    assert serve(trades(300, 100), queue, Decimal(100), none, limit, 1, 0.0) == (0, 100)
    assert serve(trades(300, 250), queue, Decimal(100), none, limit, 1, 0.0) == (50, 0)
    assert serve(trades(300, 250), queue, Decimal(100), none, limit, 1, 1.0) == (0, 250)
    assert serve(trades(80, price="9.99"), queue, Decimal(100), none, limit, 1, 0.0) == (80, 0)
    assert serve(trades(80, price="10.01"), queue, Decimal(100), none, limit, 1, 0.0) == (0, 500)
    shared = trades(600)
    assert serve(shared, queue, Decimal(200), Decimal(200), limit, 1, 0.0) == (0, 0)
    assert serve(shared, queue, Decimal(60), none, limit, 1, 0.0) == (60, 0)
    assert serve(shared, queue, Decimal(100), none, limit, 1, 0.0) == (100, 0)
    assert shared[0].left == 440


def test_an_order_at_the_best_price_is_served_by_prints_and_a_larger_size_costs_its_place():
    world = World(speed=0.02)
    client = world.client()
    item = world.gateway.universe.shares["AAPL"]
    line = world.gateway.market.line(item)
    bid = line.price(line.quote.bid)
    client.placeOrder(1, stock(), order("BUY", 400, "LMT", lmtPrice=float(bid)))
    (working,) = world.gateway.exchange.open_orders()
    assert working.queue == line.quote.bid_size
    working.queue = Decimal(0)
    client.placeOrder(1, stock(), order("BUY", 300, "LMT", lmtPrice=float(bid)))
    assert working.queue == 0
    client.placeOrder(1, stock(), order("BUY", 400, "LMT", lmtPrice=float(bid)))
    assert working.queue == line.quote.bid_size
    for _ in range(2000):
        if not working.live:
            break
        world.step()
    fills = [Decimal(fields[20]) for fields in client.take() if fields[0] == "11"]
    assert set(fills) == {bid}


@pytest.mark.parametrize(("parts", "stop"), [({"auxPrice": 2.0}, "209.00"), ({"trailingPercent": 1.0}, "208.89")])
def test_a_trailing_stop_follows_the_market_up_and_never_down(parts, stop):
    world = World()
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    client = world.client()
    client.placeOrder(1, stock(), order("SELL", 10, "TRAIL", **parts))
    _, status = client.take()
    assert (status[2], status[10]) == ("PreSubmitted", "trigger")
    world.gateway.move_price("AAPL", Decimal(211))
    world.gateway.move_price("AAPL", Decimal(210))
    (working,) = world.gateway.exchange.open_orders()
    assert working.terms.trail_stop == Decimal(stop)
    world.gateway.move_price("AAPL", Decimal(stop))
    assert story(client.take())[:3] == ["open", "status Submitted", "fill 10"]


def test_a_trailing_limit_keeps_its_limit_at_its_distance_from_the_stop():
    world = World()
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    client = world.client()
    wanted = order("BUY", 10, "TRAIL LIMIT", auxPrice=5.0, trailStopPrice=204.0, lmtPriceOffset=0.5)
    client.placeOrder(1, stock(), wanted)
    (working,) = world.gateway.exchange.open_orders()
    assert (working.terms.trail_stop, working.terms.limit) == (204, Decimal("204.5"))
    world.gateway.move_price("AAPL", Decimal(190))
    assert (working.terms.trail_stop, working.terms.limit) == (195, Decimal("195.5"))
    world.gateway.move_price("AAPL", Decimal(196))
    assert (working.status, working.triggered) == ("Submitted", True)


@pytest.mark.parametrize(("kind", "parts"), [("MIT", {}), ("LIT", {"lmtPrice": 195.0})])
def test_an_if_touched_order_waits_for_a_better_price(kind, parts):
    world = World()
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, kind, auxPrice=194.0, **parts))
    assert story(client.take()) == ["open", "status PreSubmitted"]
    world.gateway.move_price("AAPL", Decimal(195))
    assert client.take() == []
    world.gateway.move_price("AAPL", Decimal(193))
    assert story(client.take())[:3] == ["open", "status Submitted", "fill 10"]


def test_an_order_that_becomes_one_for_the_day_ends_with_the_session_that_is_on():
    world = World()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=50.0, tif="GTC"))
    world.step(72 * HOUR)
    client.take()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=50.0, tif="DAY"))
    assert story(client.take()) == ["open", "status Submitted"]
    world.step(12 * HOUR)
    assert story(client.take()) == ["status Cancelled", "error 202"]


def test_an_order_that_rests_gets_of_what_prints_after_the_calendar_was_set_back():
    world = World()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=50.0, tif="GTC"))
    world.step(-2 * HOUR)
    line = world.gateway.market.line(world.gateway.universe.shares["AAPL"])
    inside = line.price(line.quote.bid + 1)
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=float(inside), tif="GTC"))
    client.take()
    for _ in range(4):
        world.step(0.25)
        assert line.price(line.quote.ask) > inside
    assert story(client.take())[:1] == ["fill 10"]


def test_a_trail_that_followed_the_market_stays_where_it_was_over_a_restart(tmp_path):
    world = World(tmp_path)
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    client = world.client()
    client.placeOrder(1, stock(), order("SELL", 10, "TRAIL", auxPrice=10.0, tif="GTC"))
    for price in (220, 212):
        world.gateway.move_price("AAPL", Decimal(price))
    (before,) = world.gateway.exchange.open_orders()
    assert before.terms.trail_stop == 210
    world.close()
    (after,) = World(tmp_path, now=world.now).gateway.exchange.open_orders()
    assert after.terms.trail_stop == 210


def test_of_orders_that_rest_the_better_price_is_served_before_the_older_one():
    world = World()
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    client = world.client()
    for order_id, price in ((1, 198.0), (2, 199.0), (3, 198.0)):
        client.placeOrder(order_id, stock(), order("BUY", 6000, "LMT", lmtPrice=price))
    client.take()
    world.gateway.move_price("AAPL", Decimal(197))
    served = [fields[2] for fields in client.take() if fields[0] == "11"]
    assert list(dict.fromkeys(served))[:2] == ["2", "1"]


def test_what_orders_took_of_a_quote_is_there_again_with_the_next_one():
    world = World(cash=Decimal(10**9))
    world.gateway.move_price("AAPL", Decimal(200))
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 1_000_000, "LMT", lmtPrice=300.0))
    client.placeOrder(2, stock(), order("BUY", 100, "LMT", lmtPrice=300.0))
    assert [fields[2] for fields in client.take() if fields[0] == "11" and fields[2] == "2"] == []
    for _ in range(3):
        world.step()
        assert "11" in {fields[0] for fields in client.take()}
