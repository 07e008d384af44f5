"""Quotes and bars: the same for the same seed, sane, and in agreement with each other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.market.history import HistoryRequest, bars
from simulator.market.universe import Query
from tests.simulator.rig import NOON, World, contract, order, stock

SATURDAY = NOON + 2 * 86400
CLOCKS_CHANGED = 1_793_595_600.0  # Monday 2 November 2026, midnight in New York; Sunday had 25 hours


def test_the_same_seed_clock_and_requests_give_the_same_bytes():
    def run(seed: int) -> list[bytes]:
        world = World(seed=seed)
        client = world.client()
        for number, symbol in enumerate(("AAPL", "MSFT", "SPY")):
            client.reqMktData(number, stock(symbol), "", False, False, [])
            client.placeOrder(number + 1, stock(symbol), order("BUY", 3000))
        client.reqMktData(9, contract(symbol="EUR", secType="CASH", exchange="IDEALPRO"), "", False, False, [])
        client.reqHistoricalData(10, stock(), "", "1 D", "30 mins", "TRADES", 1, 1, False, [])
        client.reqAccountUpdates(True, "")
        output = []
        for _ in range(20):
            world.step()
            output.append(bytes(client.session.output))
            client.session.output.clear()
        return output

    assert run(5) == run(5)
    assert run(5) != run(6)


def test_every_instrument_is_quoted_sanely_and_moves():
    world = World()
    market, universe = world.gateway.market, world.gateway.universe
    options = universe.find(Query(symbol="SPY", sec_type="OPT", expiry="20261218", right="C"))
    futures = universe.find(Query(sec_type="FUT", exchange="CME"))
    everything = [*universe.shares.values(), *universe.pairs, *futures, *options]
    assert len(universe.shares) >= 40
    assert (len(universe.pairs), len(futures)) == (9, 37)
    seen: dict[int, set[int]] = {}
    for _ in range(40):
        world.now += 5
        for line in market.step(world.now, everything):
            quote = line.quote
            assert 0 < quote.bid < quote.ask
            assert quote.low <= quote.high
            assert quote.bid_size > 0 < quote.ask_size
            if line.instrument.trades:
                assert quote.low <= quote.last <= quote.high
            seen.setdefault(line.instrument.con_id, set()).add(quote.bid)
    assert sum(len(bids) > 3 for bids in seen.values()) > 0.8 * len(everything)


def test_contract_ids_find_their_instruments_again_and_never_clash():
    universe = World().gateway.universe
    found = [
        *universe.shares.values(),
        *universe.pairs,
        *universe.find(Query(sec_type="FUT", exchange="CME", include_expired=True)),
        *universe.find(Query(symbol="SPY", sec_type="OPT")),
    ]
    assert len({item.con_id for item in found}) == len(found) > 1000
    assert all(universe.get(item.con_id) is item for item in found)
    later = World(now=NOON + 400 * 86400).gateway.universe
    assert all(later.get(item.con_id) == item for item in found)


def test_a_gateway_that_runs_for_months_lists_the_futures_of_its_own_time():
    world = World()
    client = world.client()
    ask = contract(symbol="ES", secType="FUT", exchange="CME")
    client.reqContractDetails(1, ask)
    before = [call[1][1].contract.lastTradeDateOrContractMonth for call in client.callbacks()[:-1]]
    world.step(100 * 86400)
    client.reqContractDetails(2, ask)
    details = [call[1][1] for call in client.callbacks() if call[0] == "contractDetails"]
    after = [found.contract.lastTradeDateOrContractMonth for found in details]
    assert (len(before), len(after)) == (5, 5)
    assert before[1:] == after[:-1]


def test_a_moved_price_stays_there_while_the_market_is_frozen():
    world = World()
    client = world.client()
    world.gateway.market.frozen = True
    client.reqMktData(1, stock(), "", False, False, [])
    client.take()
    world.gateway.move_price("AAPL", Decimal("123.45"))
    last = [fields[4] for fields in client.take() if fields[0] == "1" and fields[3] == "4"]
    assert last == ["123.45"]
    for _ in range(5):
        world.step()
    assert client.take() == []


COUNTS = [
    ("1 D", "1 min", True, NOON, 150),  # 9:30 until noon
    ("2 D", "1 hour", True, NOON, 7 + 3),
    ("5 D", "1 day", True, NOON, 5),
    ("1 D", "30 mins", True, SATURDAY, 13),  # Friday's
    ("1 W", "1 day", True, NOON, 5),
    ("1 W", "1 day", False, NOON, 7),
    ("3600 S", "1 min", False, NOON, 60),
    ("1 D", "1 hour", False, CLOCKS_CHANGED, 25),
    ("4 W", "1 week", True, NOON, 5),
    ("60 S", "5 secs", False, NOON, 12),
]


@pytest.mark.parametrize(("duration", "size", "regular", "end", "count"), COUNTS)
def test_a_duration_holds_the_right_number_of_bars(duration, size, regular, end, count):
    world = World(now=end)
    line = world.gateway.market.line(world.gateway.universe.shares["AAPL"])
    _, found = bars(world.gateway.market, line, HistoryRequest(end, duration, size, "TRADES", regular))
    assert len(found) == count
    assert [bar.start for bar in found] == sorted({bar.start for bar in found})


def test_bars_agree_with_the_market_and_with_each_other():
    world = World()
    market = world.gateway.market
    line = market.line(world.gateway.universe.shares["AAPL"])

    def asked(duration: str, size: str, end: float = NOON):
        return bars(market, line, HistoryRequest(end, duration, size, "TRADES", False))[1]

    minutes, hours = asked("7200 S", "1 min"), asked("7200 S", "1 hour")
    assert (
        line.price(line.quote.bid) - Decimal("0.05") < minutes[-1].close < line.price(line.quote.ask) + Decimal("0.05")
    )
    assert [hour.open for hour in hours] == [minutes[0].open, minutes[60].open]
    assert [hour.close for hour in hours] == [minutes[59].close, minutes[-1].close]
    for number, hour in enumerate(hours):
        inside = minutes[60 * number : 60 * number + 60]
        assert abs(sum(bar.volume for bar in inside) - hour.volume) <= 60
        assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in inside)
    assert asked("3600 S", "1 min", NOON - 3600) == minutes[:60]
    world.now += 3600
    world.gateway.step()
    assert asked("3600 S", "1 min", NOON) == minutes[60:]


def test_options_are_priced_from_their_underlying():
    world = World()
    universe, market = world.gateway.universe, world.gateway.market
    calls = universe.find(Query(symbol="SPY", sec_type="OPT", expiry="20261218", right="C"))
    prices = [market.line(option).quote.bid for option in calls]
    assert prices == sorted(prices, reverse=True)
    deltas = [market.line(option).quote.greeks.delta for option in calls]
    assert all(0 <= delta <= 1 for delta in deltas)
    world.gateway.move_price("SPY", Decimal(900))
    world.step()
    deep = market.line(calls[0]).quote.greeks
    assert deep.delta > 0.99
    assert abs(deep.price - (900 - float(calls[0].strike))) < 10


def test_bars_that_are_asked_for_again_are_those_of_a_market_that_never_told_them():
    def run(*, asked_before: bool) -> list[object]:
        market = World().gateway.market
        share = market.universe.shares["AAPL"]
        request = HistoryRequest(NOON, "3600 S", "1 min", "TRADES", False)
        if asked_before:
            bars(market, market.line(share), request)
        market.step(NOON - 1200, [])
        market.gap(share, 10)
        market.step(NOON - 600, [])
        market.halt(share, True)
        market.step(NOON - 300, [])
        market.halt(share, False)
        market.step(NOON - 900, [])
        market.gap(share, -5)
        market.step(NOON, [])
        return [bars(market, market.line(share), request), market.line(share).quote]

    assert run(asked_before=True) == run(asked_before=False)


def test_jumps_hold_from_their_instants_on_also_when_the_calendar_was_set_back_between_them():
    market, before = World().gateway.market, World().gateway.market
    share = market.universe.shares["AAPL"]
    market.gap(share, 10)
    market.step(NOON - 600, [])
    market.gap(share, -5)
    for moment, factor in ((NOON - 700, 1.0), (NOON - 300, 0.95), (NOON + 1, 0.95 * 1.1)):
        assert market.feed(share).middle(moment) == pytest.approx(before.feed(share).middle(moment) * factor)
