"""Quotes of every kind: live, frozen, delayed, snapshots, generic ticks, options, limits, and what ends them."""

from __future__ import annotations

import itertools

import pytest

from simulator.wire.tick_types import ASK, ASK_SIZE, BID, BID_SIZE, HIGH, LAST, LAST_SIZE, LOW, VOLUME
from tests.simulator.rig import ES, NOON, VERSIONS, World, stock

MIDNIGHT = NOON + 12 * 3600
DELAYED_TYPES = {66, 67, 68, 72, 73, 74, 75, 76, 88, 90}
TICKS = {"1", "2", "21", "45", "46"}


def watch(client, request_id, asked, generics="", *, snapshot=False, regulatory=False):
    client.reqMktData(request_id, asked, generics, snapshot, regulatory, [])
    return client.take()


def tick_types(messages):
    at = {"1": 3, "2": 3, "45": 3, "46": 3, "21": 2}
    return {int(fields[at[fields[0]]]) for fields in messages if fields[0] in TICKS}


def errors(client, messages):
    first = 1 if client.serverVersion_ >= 200 else 2
    return [(int(fields[first]), int(fields[first + 1])) for fields in messages if fields[0] == "4"]


def kinds_of_data(messages):
    return [int(fields[3]) for fields in messages if fields[0] == "58"]


@pytest.mark.parametrize("version", VERSIONS)
def test_delayed_quotes_come_under_types_of_their_own_after_a_notice(version):
    world = World()
    client = world.client(1, version)
    world.gateway.entitlements.set("AAPL", "delayed")
    client.reqMarketDataType(3)
    messages = watch(client, 7, stock())
    assert errors(client, messages) == [(7, 10167)]
    assert kinds_of_data(messages) == [3]
    assert tick_types(messages) >= {66, 67, 68, 74, 75, 76, 88}
    live = watch(client, 8, stock("MSFT"))
    assert kinds_of_data(live) == [1]


def test_delayed_quotes_are_the_live_ones_of_a_quarter_of_an_hour_ago():
    late, early = World(now=NOON), World(now=NOON - 900)
    late.gateway.entitlements.set("all", "delayed")
    seen = []
    for world, data_type in ((late, 3), (early, 1)):
        client = world.client()
        client.reqMarketDataType(data_type)
        watch(client, 1, stock())
        told = []
        for _ in range(60):
            world.step(0.5)
            told += [fields[3:] for fields in client.take() if fields[0] in {"1", "2"}]
        seen.append(told)
    delayed = {BID: 66, ASK: 67, LAST: 68, BID_SIZE: 69, ASK_SIZE: 70, LAST_SIZE: 71, HIGH: 72, LOW: 73, VOLUME: 74}
    assert seen[0] == [[str(delayed[int(kind)]), *rest] for kind, *rest in seen[1]]
    assert len(seen[0]) > 60


@pytest.mark.parametrize(
    ("mode", "data_type", "code"),
    [
        ("delayed", 1, 10089),
        ("delayed", 2, 10089),
        ("none", 1, 354),
        ("none", 3, 10186),
        ("competing", 1, 10197),
        ("competing", 4, 10197),
    ],
)
def test_quotes_without_an_entitlement_are_refused_as_gateways_refuse_them(mode, data_type, code):
    world = World()
    client = world.client()
    world.gateway.entitlements.set("all", mode)
    client.reqMarketDataType(data_type)
    messages = watch(client, 7, stock())
    assert errors(client, messages) == [(7, code)]
    assert len(messages) == 1
    world.gateway.entitlements.set("all", "live")
    assert kinds_of_data(watch(client, 7, stock())) == [1]


def test_an_entitlement_for_all_symbols_replaces_those_of_single_ones():
    world = World()
    client = world.client()
    world.gateway.entitlements.set("AAPL", "none")
    world.gateway.entitlements.set("all", "live")
    assert errors(client, watch(client, 1, stock())) == []


def test_a_stream_that_loses_its_entitlement_is_told_once_and_stays_silent_until_it_is_asked_for_again():
    world = World()
    client = world.client()
    watch(client, 7, stock())
    watch(client, 8, stock("MSFT"))
    world.gateway.entitlements.set("AAPL", "competing")
    assert errors(client, client.take()) == [(7, 10197)]
    world.gateway.entitlements.set("AAPL", "live")
    for _ in range(8):
        world.step(1)
        assert {fields[2] for fields in client.take()} <= {"8"}
    client.cancelMktData(7)
    assert client.take() == []
    assert kinds_of_data(watch(client, 7, stock())) == [1]


def test_a_running_stream_goes_over_to_delayed_data_when_that_is_what_is_left():
    world = World()
    client = world.client()
    client.reqMarketDataType(3)
    watch(client, 7, stock())
    world.gateway.entitlements.set("all", "delayed")
    messages = client.take()
    assert errors(client, messages) == [(7, 10167)]
    assert kinds_of_data(messages) == [3]
    assert {66, 67} <= tick_types(messages)
    client.reqMarketDataType(1)
    assert errors(client, client.take()) == [(7, 10089)]


def test_a_closed_market_has_no_bid_or_ask_but_for_those_who_want_frozen_data():
    world = World(now=MIDNIGHT)
    world.gateway.market.hours = "exchange"
    client = world.client()
    live = watch(client, 1, stock())
    assert kinds_of_data(live) == [1]
    assert {(f[3], float(f[4]), f[5]) for f in live if f[0] == "1" and f[3] in "12"} == {
        ("1", -1.0, "0"),
        ("2", -1.0, "0"),
    }
    client.reqMarketDataType(2)
    frozen = client.take()
    assert kinds_of_data(frozen) == [2]
    assert all(float(f[4]) > 0 for f in frozen if f[0] == "1")
    world.step(4.5 * 3600)
    reopened = client.take()
    assert kinds_of_data(reopened) == [1]
    assert all(float(f[4]) > 0 for f in reopened if f[0] == "1" and f[3] in "12")
    world.step(16 * 3600)
    closed_again = client.take()
    assert kinds_of_data(closed_again) == [2]
    assert _bids(frozen) != _bids(closed_again) != []


def _bids(messages):
    return [fields[4] for fields in messages if fields[0] == "1" and fields[3] == "1"]


def test_a_halt_is_told_by_a_tick_and_its_end_by_another():
    world = World()
    client = world.client()
    assert 49 in tick_types(watch(client, 1, stock()))
    seen = []
    for on in (True, False):
        world.gateway.market.halt(world.gateway.universe.shares["AAPL"], on)
        world.step(1)
        seen += [float(f[4]) for f in client.take() if f[0] == "45" and f[3] == "49"]
    assert seen == [1.0, 0.0]


def test_a_halt_shows_in_delayed_data_as_late_as_prices_do():
    world = World()
    world.gateway.entitlements.set("all", "delayed")
    client = world.client()
    client.reqMarketDataType(3)
    watch(client, 1, stock())
    world.gateway.market.halt(world.gateway.universe.shares["AAPL"], True)
    told = []
    for _ in range(31):
        world.step(30)
        told.append([float(f[4]) for f in client.take() if f[0] == "45" and f[3] == "90"])
    assert told.index([1.0]) in {29, 30}


GENERICS = {
    "100": {29, 30},
    "101": {27, 28},
    "104": {23},
    "105": {87},
    "106": {24},
    "165": {15, 16, 17, 18, 19, 20, 21},
    "221": {37},
    "236": {46, 89},
    "258": {47},
    "293": {54},
    "294": {55},
    "295": {56},
    "318": {57},
    "411": {58},
    "456": {59},
    "595": {63, 64, 65},
    "619": {79},
}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_generic_tick_brings_its_tick_types(version):
    world = World()
    client = world.client(1, version)
    plain = tick_types(watch(client, 1, stock()))
    for number, (generic, types) in enumerate(GENERICS.items(), start=10):
        assert tick_types(watch(client, number, stock(), generic)) - plain == types, generic
        client.cancelMktData(number)
    client.cancelMktData(1)
    watch(client, 2, stock(), "233,375")
    watch(client, 3, ES, "588")
    client.cancelMktData(2)
    client.cancelMktData(3)


@pytest.mark.parametrize(("begin", "step"), [(NOON, 1), (MIDNIGHT - 30, 2), (NOON, 600)])
def test_time_and_sales_add_up_to_the_volume_and_its_average_price(begin, step):
    world = World(now=begin)
    client = world.client()
    watch(client, 2, stock(), "233")
    trades, volume = [], 0
    for _ in range(60 if step < 60 else 8):
        world.step(step)
        for fields in client.take():
            if fields[0] == "46" and fields[3] == "48":
                price, size, _, total, average, _ = fields[4].split(";")
                trades.append((float(price), int(size), int(total), float(average)))
            elif fields[0] == "2" and fields[3] == str(VOLUME):
                volume = int(fields[4])
    assert trades[-1][2] == volume
    for before, (price, size, total, average) in itertools.pairwise(trades):
        if total - before[2] == size:
            assert average * total - before[3] * before[2] == pytest.approx(price * size, abs=1)
        else:  # a long step, or a new day
            assert step > 1 or total == size
        assert 100 < average < 400


def test_an_auction_is_told_when_it_took_place():
    world = World(now=NOON + 4 * 3600 - 10)
    client = world.client()
    assert not {34, 35, 36, 61} & tick_types(watch(client, 1, stock(), "225"))
    world.step(20)
    assert {34, 35, 36, 61} <= tick_types(client.take())


def test_a_wrong_generic_tick_list_is_refused_with_the_legal_ones():
    client = World().client()
    messages = watch(client, 7, stock(), "100,292,abc")
    assert errors(client, messages) == [(7, 321)]
    assert "Incorrect generic tick list of 100,292,abc.  Legal ones for (STK) are: 100(Option Volume)" in messages[0][4]
    assert errors(client, watch(client, 7, stock(), "100", snapshot=True)) == [(7, 321)]


def test_a_snapshot_ends_and_a_regulatory_one_is_live_without_a_subscription():
    world = World()
    client = world.client()
    messages = watch(client, 7, stock(), snapshot=True)
    assert messages[-1] == ["57", "1", "7"]
    world.gateway.entitlements.set("all", "delayed")
    messages = watch(client, 7, stock(), regulatory=True)
    assert messages[-1] == ["57", "1", "7"]
    assert kinds_of_data(messages) == [1]
    world.step(1)
    assert client.take() == []


def test_no_more_instruments_can_be_watched_than_there_are_lines():
    world = World()
    first, second = world.client(1), world.client(2)
    world.gateway.quotes.most_lines = 2
    watch(first, 1, stock())
    watch(second, 1, stock())
    watch(second, 2, stock("MSFT"))
    assert errors(first, watch(first, 2, stock("SPY"))) == [(2, 101)]
    assert watch(first, 3, stock("SPY"), snapshot=True)[-1][0] == "57"
    second.cancelMktData(2)
    assert errors(first, watch(first, 2, stock("SPY"))) == []
    world.gateway.disconnect(second.session)
    first.cancelMktData(1)
    assert errors(first, watch(first, 4, stock("IBM"))) == []


def test_ids_in_use_are_refused_and_ids_unknown_cannot_be_cancelled():
    client = World().client()
    watch(client, 1, stock())
    assert errors(client, watch(client, 1, stock("MSFT"))) == [(1, 322)]
    client.cancelMktData(2)
    assert errors(client, client.take()) == [(2, 300)]


def test_the_letters_of_the_exchanges_are_those_of_the_components():
    client = World().client()
    messages = watch(client, 1, stock())
    (map_id,) = {fields[3] for fields in messages if fields[0] == "81"}
    client.reqSmartComponents(2, map_id)
    (fields,) = client.take()
    letters = set(fields[5::3])
    quoted = "".join(f[4] for f in messages if f[0] == "46" and f[3] in {"32", "33"})
    assert quoted
    assert set(quoted) <= letters
    client.reqSmartComponents(3, "nothing")
    assert errors(client, client.take()) == [(3, 321)]
