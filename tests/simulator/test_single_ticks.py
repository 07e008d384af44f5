"""Single ticks: live ones, past ones, and that they are the same."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.simulator.rig import EUR_USD, NOON, SPY_CALL, VERSIONS, World, contract, stock
from tests.simulator.test_quote_streams import errors


def stream(client, request_id, asked, kind, count=0, *, ignore_size=False):
    client.reqTickByTickData(request_id, asked, kind, count, ignore_size)
    return client.take()


def rows(fields, width):
    """The rows of a message 96, 97 or 98."""
    count = int(fields[2])
    assert len(fields) == 4 + width * count
    return [fields[3 + width * row : 3 + width * (row + 1)] for row in range(count)]


@pytest.mark.parametrize("version", VERSIONS)
def test_live_trades_are_the_trades_that_history_tells_afterwards(version):
    world = World()
    client = world.client(1, version)
    assert stream(client, 1, stock(), "AllLast") == []
    begin, live = world.now, []
    for number in range(240):
        if number == 60:
            world.gateway.move_price("AAPL", Decimal("199.99"))
        world.step(0.25)
        live += [fields for fields in client.take() if fields[0] == "99"]
    assert {fields[2] for fields in live} == {"2"}
    client.reqHistoricalTicks(2, stock(), _utc(begin + 1), "", 60, "TRADES", 0, False, [])
    ((past),) = client.take()
    assert past[0] == "98"
    told = [(row[0], row[2], row[3], row[4]) for row in rows(past, 6)]
    streamed = [(f[3], f[4], f[5], f[7]) for f in live]
    first = streamed.index(told[0])
    assert streamed[first : first + len(told)] == told
    assert len(told) >= 60
    assert "199.99" in {price for _, price, _, _ in told}


@pytest.mark.parametrize("version", VERSIONS)
def test_past_ticks_come_first_where_they_are_asked_for(version):
    world = World()
    client = world.client(1, version)
    for number, (kind, message, width) in enumerate((("Last", "98", 6), ("BidAsk", "97", 6), ("MidPoint", "96", 4)), 1):
        ((past),) = stream(client, number, stock(), kind, 10)
        assert past[0] == message
        assert len(rows(past, width)) >= 10
        assert past[-1] == "1"
    for _ in range(40):
        world.step(0.5)
    kinds = {(f[1], f[2]) for f in client.take() if f[0] == "99"}
    assert kinds == {("1", "1"), ("2", "3"), ("3", "4")}


def test_quotes_are_told_when_they_change_and_sizes_only_where_they_matter():
    world = World()
    client = world.client()
    stream(client, 1, stock(), "BidAsk")
    stream(client, 2, stock(), "BidAsk", ignore_size=True)
    seen = {"1": [], "2": []}
    for _ in range(80):
        world.step(0.25)
        for fields in client.take():
            seen[fields[1]].append(tuple(fields[4:8]) if fields[1] == "1" else tuple(fields[4:6]))
    assert len(seen["1"]) > len(seen["2"]) > 3
    for told in seen.values():
        assert all(before != after for before, after in itertools.pairwise(told))


def test_single_ticks_are_limited_and_refused_where_there_are_none():
    world = World()
    client = world.client()
    for kind in ("Last", "AllLast"):
        messages = stream(client, 1, EUR_USD, kind)
        assert errors(client, messages) == [(1, 10189)]
        assert (
            f"Failed to request tick-by-tick data.{kind} tick-by-tick requests are not supported for" in messages[0][4]
        )
    assert errors(client, stream(client, 1, SPY_CALL, "BidAsk")) == [(1, 10189)]
    assert errors(client, stream(client, 1, stock(), "last")) == [(1, 321)]
    bag = contract(symbol="SPY", secType="BAG", exchange="SMART", currency="USD")
    assert errors(client, stream(client, 1, bag, "Last")) == [(1, 321)]
    for number, symbol in enumerate(("AAPL", "MSFT", "SPY", "IBM", "QQQ")):
        assert errors(client, stream(client, number, stock(symbol), "Last")) == []
    assert errors(client, stream(client, 9, stock("KO"), "Last")) == [(9, 10190)]
    assert errors(client, stream(client, 0, stock("KO"), "Last")) == [(0, 322)]
    client.cancelTickByTickData(0)
    assert errors(client, stream(client, 9, stock("KO"), "Last")) == []
    world.gateway.entitlements.set("KO", "none")
    assert errors(client, client.take()) == [(9, 10189)]
    client.cancelTickByTickData(9)
    assert errors(client, client.take()) == [(9, 300)]


@pytest.mark.parametrize("version", VERSIONS)
def test_past_ticks_are_whole_seconds_up_to_an_end_or_from_a_start_on(version):
    world = World()
    client = world.client(1, version)
    moment = world.now - 3600
    for what, message, width in (("TRADES", "98", 6), ("BID_ASK", "97", 6), ("MIDPOINT", "96", 4)):
        client.reqHistoricalTicks(1, stock(), "", _utc(moment), 10, what, 1, False, [])
        ((before),) = client.take()
        client.reqHistoricalTicks(2, stock(), _utc(moment), "", 10, what, 1, False, [])
        ((after),) = client.take()
        assert before[0] == after[0] == message
        times = [int(row[0]) for row in rows(before, width)]
        assert times == sorted(times)
        assert len(times) >= 10
        assert times[-1] <= moment
        first = times[0]
        client.reqHistoricalTicks(3, stock(), "", _utc(moment), 200, what, 1, False, [])
        ((more),) = client.take()
        assert times == [int(row[0]) for row in rows(more, width) if int(row[0]) >= first]
        times = [int(row[0]) for row in rows(after, width)]
        assert times == sorted(times)
        assert len(times) >= 10
        assert times[0] >= moment
        client.reqHistoricalTicks(4, stock(), _utc(moment), "", 200, what, 1, False, [])
        ((more),) = client.take()
        assert times == [int(row[0]) for row in rows(more, width) if int(row[0]) <= times[-1]]


def test_past_ticks_are_refused_with_reasons():
    world = World()
    client = world.client()
    end = _utc(world.now)

    def code(asked, begin, until, count, what):
        client.reqHistoricalTicks(1, asked, begin, until, count, what, 1, False, [])
        return errors(client, client.take())[0][1]

    assert code(stock(), "", "", 10, "TRADES") == 321
    assert code(stock(), end, end, 10, "TRADES") == 321
    assert code(stock(), "", end, 0, "TRADES") == 321
    assert code(stock(), "", end, 1001, "TRADES") == 321
    assert code(stock(), "", end, 10, "PRICES") == 321
    assert code(stock(), "", "noon", 10, "TRADES") == 10314
    assert code(EUR_USD, "", end, 10, "TRADES") == 10187
    world.gateway.entitlements.set("AAPL", "delayed")
    assert code(stock(), "", end, 10, "TRADES") == 10187


@pytest.mark.parametrize("kind", ["TRADES", "MIDPOINT"])
def test_past_ticks_in_regular_hours_are_those_of_one_session(kind):
    world = World(now=NOON + 9 * 3600)  # 21:00 in New York
    client = world.client()

    def times(start="", end=""):
        client.reqHistoricalTicks(1, stock(), start, end, 1000, kind, 1, True, [])
        ((fields),) = client.take()
        width = 4 if kind == "MIDPOINT" else 6
        return [int(fields[at]) for at in range(3, len(fields) - 1, width)]

    opened, closed = NOON - 2.5 * 3600, NOON + 4 * 3600
    evening = times(end="20261119 20:00:00 US/Eastern")
    assert closed - 3600 < evening[0] <= evening[-1] < closed
    early = times(end="20261119 09:31:00 US/Eastern")
    assert opened <= early[0] < opened + 30 < early[-1] < opened + 60
    assert opened <= times(start="20261119 05:00:00 US/Eastern")[0] < opened + 10
    assert closed - 60 <= times(start="20261119 15:59:00 US/Eastern")[-1] < closed


def _utc(moment):
    return f"{datetime.fromtimestamp(moment, UTC):%Y%m%d-%H:%M:%S}"
