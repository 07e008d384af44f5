"""Bars that go on: five seconds, kept up to date; and what else the history answers."""

from __future__ import annotations

import itertools
import math
import statistics

import pytest

from tests.simulator.rig import EUR_USD, NOON, VERSIONS, World, stock
from tests.simulator.test_quote_streams import errors

MIDNIGHT = NOON + 12 * 3600


def history(client, request_id, asked, duration, size, what="TRADES", **options):
    regular, form = options.get("regular", 0), options.get("form", 2)
    end, live = options.get("end", ""), options.get("live", False)
    client.reqHistoricalData(request_id, asked, end, duration, size, what, regular, form, live, [])
    return client.take()


def bars(version, messages):
    """The rows of message 17: time, open, high, low, close, volume, average, count."""
    ((fields),) = [found for found in messages if found[0] == "17"]
    first = 3 if version >= 200 else 5
    return [fields[at : at + 8] for at in range(first, len(fields), 8)]


def update(fields):
    """A message 90 in the order of message 17."""
    _, _, count, time, opened, closed, high, low, average, volume = fields
    return [time, opened, high, low, closed, volume, average, count]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("size", "steps"), [("5 secs", 80), ("1 min", 240), ("1 day", 40)])
def test_bars_kept_up_to_date_are_those_that_are_asked_for_afterwards(version, size, steps):
    world = World()
    client = world.client(1, version)
    duration = "5 D" if size == "1 day" else "600 S"
    kept = bars(version, history(client, 1, stock(), duration, size, live=True))
    for _ in range(steps):
        world.step(0.75)
        for fields in client.take():
            bar = update(fields)
            if bar[0] == kept[-1][0]:
                kept[-1] = bar
            else:
                assert bar[0] > kept[-1][0]
                kept.append(bar)
    fresh = bars(version, history(client, 2, stock(), duration, size))
    assert [bar for bar in kept if bar[0] > fresh[0][0]] == fresh[1:]
    client.cancelHistoricalData(1)
    assert errors(client, client.take()) == [(1, 162)]
    client.cancelHistoricalData(1)
    assert errors(client, client.take()) == [(1, 366)]
    world.step(10)
    assert client.take() == []


@pytest.mark.parametrize(
    ("duration", "size", "back"),
    [("600 S", "1 min", 3600), ("5 D", "8 hours", 86400), ("5 D", "1 day", 10 * 86400)],
)
def test_bars_kept_up_to_date_go_on_when_the_calendar_is_set_back_and_far_ahead(duration, size, back):
    world = World()
    client = world.client()
    history(client, 1, stock(), duration, size, live=True)
    for moment in NOON - back, NOON + 40 * 86400:
        world.gateway.clock.set(moment)
        world.step(5)
        told = [update(fields)[0] for fields in client.take() if fields[0] == "90"]
        newest = bars(178, history(client, 2, stock(), duration, size))[-1][0]
        assert told[-1] == newest


def test_a_calendar_that_jumps_brings_the_latest_bars_and_not_all_in_between():
    world = World()
    client = world.client()
    history(client, 1, stock(), "60 S", "1 secs", live=True)
    history(client, 2, stock(), "2 D", "1 day", live=True)
    world.step(3 * 86400)
    counts = {"1": 0, "2": 0}
    for fields in client.take():
        counts[fields[1]] += 1
    assert 0 < counts["1"] <= 61
    assert counts["2"] == 4


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("what", ["TRADES", "BID", "ASK", "MIDPOINT"])
def test_five_second_bars_are_those_of_the_history(version, what):
    world = World()
    client = world.client(1, version)
    client.reqRealTimeBars(1, stock(), 5, what, False, [])
    live = []
    for _ in range(60):
        world.step(0.5)
        live += client.take()
    told = [fields[3:] for fields in live if fields[0] == "50"]
    past = bars(version, history(client, 2, stock(), "30 S", "5 secs", what))
    assert len(told) == 6
    assert told == [bar for bar in past if bar[0] in {fields[0] for fields in told}]
    client.cancelRealTimeBars(1)
    world.step(10)
    assert client.take() == []
    client.cancelRealTimeBars(1)
    assert errors(client, client.take()) == [(1, 300)]


def test_five_second_bars_keep_to_regular_hours_and_do_not_follow_a_calendar_that_jumps():
    world = World(now=NOON + 4 * 3600 - 8)
    world.gateway.market.hours = "exchange"
    client = world.client()
    client.reqRealTimeBars(1, stock(), 5, "MIDPOINT", True, [])
    client.reqRealTimeBars(2, stock(), 5, "MIDPOINT", False, [])
    counts = {"1": 0, "2": 0}
    for _ in range(30):
        world.step(1)
        for fields in client.take():
            counts[fields[2]] += fields[0] == "50"
    assert counts == {"1": 2, "2": 6}
    world.step(3 * 3600)
    assert len(client.take()) <= 60


def test_five_second_bars_use_lines_and_are_refused_where_there_are_none():
    world = World()
    client = world.client()
    world.gateway.quotes.most_lines = 1

    def ask(request_id, asked, what="TRADES"):
        client.reqRealTimeBars(request_id, asked, 5, what, False, [])
        return errors(client, client.take())

    assert ask(1, EUR_USD) == [(1, 420)]
    assert ask(1, stock(), "PRICES") == [(1, 321)]
    assert ask(1, stock()) == []
    assert ask(1, stock()) == [(1, 322)]
    assert ask(2, stock("MSFT")) == [(2, 101)]
    world.gateway.entitlements.set("AAPL", "delayed")
    assert errors(client, client.take()) == [(1, 420)]
    assert ask(2, stock("MSFT")) == []


REFUSED = [
    ({"duration": ""}, 321, "duration not specified"),
    ({"duration": "five days"}, 321, "integer{SPACE}unit"),
    ({"duration": "0 D"}, 321, "duration is invalid"),
    ({"duration": "90000 S"}, 321, "greater than 86400 seconds"),
    ({"duration": "400 D"}, 321, "must be made in years"),
    ({"size": "7 mins"}, 321, "bar size setting is invalid. Legal ones are: 1 secs"),
    ({"what": "PRICES"}, 321, "What to show"),
    ({"end": "noon"}, 10314, "End Date/Time: The date, time, or time-zone entered is invalid."),
    ({"form": 4}, 321, "Date formatting selection of 4 rejected."),
    (
        {"what": "ADJUSTED_LAST", "end": "20261118 16:00:00 US/Eastern"},
        321,
        "End date not supported with adjusted last",
    ),
    ({"live": True, "end": "20261118 16:00:00 US/Eastern"}, 321, "End date not supported with live updates"),
    ({"live": True, "what": "BID_ASK"}, 321, "Source price not supported with live updates"),
    ({"what": "SCHEDULE"}, 321, "bars of one day"),
    ({"asked": EUR_USD}, 162, "Historical Market Data Service error message:HMDS query returned no data"),
    ({"end": "19700101 10:00:00"}, 162, "no data"),
]


@pytest.mark.parametrize(("asked", "code", "text"), REFUSED)
def test_bars_are_refused_in_the_words_of_a_gateway(asked, code, text):
    client = World().client()
    parts = {"asked": stock(), "duration": "1 D", "size": "1 hour"} | asked
    client.callbacks()
    messages = history(client, 3, parts.pop("asked"), parts.pop("duration"), parts.pop("size"), **parts)
    assert errors(client, messages) == [(3, code)]
    assert text in messages[0][4].encode().decode("unicode-escape")


@pytest.mark.parametrize("version", VERSIONS)
def test_times_are_written_in_the_form_that_is_asked_for(version):
    client = World().client(1, version)
    first = {
        form: bars(version, history(client, form, stock(), "1 D", "1 hour", regular=1, form=form))[0][0]
        for form in (1, 2, 3)
    }
    assert first == {1: "20261119 09:30:00 US/Eastern", 2: str(int(NOON - 9000)), 3: "1119 09:30:00 US/Eastern"}
    assert bars(version, history(client, 4, stock(), "2 D", "1 day", regular=1, form=2))[-1][0] == "20261119"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_first_instant_of_the_history_is_told_in_the_form_that_is_asked_for(version):
    client = World().client(1, version)
    told = []
    for form in (1, 2, 3):
        client.reqHeadTimeStamp(form, stock(), "TRADES", 1, form)
        client.cancelHeadTimeStamp(form)
        told += client.take()
    assert told == [["88", "1", "20161121-17:00:00"], ["88", "2", "1479747600"], ["88", "3", "1121 17:00:00"]]
    client.reqHeadTimeStamp(4, EUR_USD, "TRADES", 1, 1)
    assert errors(client, client.take()) == [(4, 162)]


@pytest.mark.parametrize("version", VERSIONS)
def test_bid_and_ask_of_a_span_are_one_bar(version):
    client = World().client(1, version)
    bid, ask, both = (
        bars(version, history(client, number, stock(), "3600 S", "10 mins", what))
        for number, what in enumerate(("BID", "ASK", "BID_ASK"))
    )
    for low, high, bar in zip(bid, ask, both, strict=True):
        assert (float(bar[2]), float(bar[3])) == (float(high[2]), float(low[3]))
        assert float(low[3]) <= float(bar[1]) <= float(low[2])
        assert float(high[3]) <= float(bar[4]) <= float(high[2])


@pytest.mark.parametrize("version", VERSIONS)
def test_volatilities_are_those_of_the_prices_and_of_the_options(version):
    world = World()
    client = world.client(1, version)
    spy = stock("SPY")
    prices = [float(bar[4]) for bar in bars(version, history(client, 1, spy, "32 D", "1 day", "MIDPOINT"))]
    steps = [math.log(later / earlier) for earlier, later in itertools.pairwise(prices[-31:])]
    told = bars(version, history(client, 2, spy, "5 D", "1 day", "HISTORICAL_VOLATILITY"))
    assert len(told) == 5
    assert float(told[-1][4]) == pytest.approx(statistics.stdev(steps) * math.sqrt(365), rel=0.2)
    client.reqMktData(3, spy, "104,106", False, False, [])
    ticks = {fields[3]: float(fields[4]) for fields in client.take() if fields[0] == "45"}
    assert ticks["23"] == float(told[-1][4])
    (implied,) = {bar[4] for bar in bars(version, history(client, 4, spy, "5 D", "1 day", "OPTION_IMPLIED_VOLATILITY"))}
    assert ticks["24"] == float(implied)
    for number, (asked, what) in enumerate(
        ((EUR_USD, "HISTORICAL_VOLATILITY"), (stock("KO"), "OPTION_IMPLIED_VOLATILITY")), start=5
    ):
        assert errors(client, history(client, number, asked, "5 D", "1 day", what)) == [(number, 162)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_schedule_is_the_sessions_of_the_days(version):
    client = World().client(1, version)
    ((fields),) = history(client, 1, stock(), "5 D", "1 day", "SCHEDULE", regular=1)
    assert fields[0] == "106"
    assert fields[4:6] == ["US/Eastern", "5"]
    assert fields[-3:] == ["20261119-09:30:00", "20261119-16:00:00", "20261119"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_histogram_adds_up_to_the_volume(version):
    client = World(now=NOON + 7).client(1, version)
    client.reqHistogramData(1, stock(), True, "3 days")
    ((fields),) = client.take()
    assert fields[0] == "89"
    prices, sizes = [float(price) for price in fields[3::2]], fields[4::2]
    assert len(prices) == int(fields[2]) > 3
    assert prices == sorted(prices)
    days = bars(version, history(client, 2, stock(), "3 D", "1 day", regular=1))
    assert sum(map(int, sizes)) == sum(int(day[5]) for day in days)
    client.cancelHistogramData(1)
    assert client.take() == []
    client.reqHistogramData(3, stock(), True, "some time")
    assert errors(client, client.take()) == [(3, 321)]


def test_history_follows_entitlements():
    world = World()
    client = world.client()
    assert errors(client, history(client, 1, stock(), "600 S", "1 min", live=True)) == []
    world.gateway.entitlements.set("AAPL", "delayed")
    assert errors(client, client.take()) == [(1, 162)]
    last = bars(178, history(client, 2, stock(), "600 S", "1 min"))[-1]
    assert int(last[0]) <= NOON - 900
    world.gateway.entitlements.set("AAPL", "none")
    assert errors(client, history(client, 3, stock(), "600 S", "1 min")) == [(3, 162)]
    client.reqHistogramData(4, stock(), True, "3 days")
    assert errors(client, client.take()) == [(4, 10188)]


def test_bars_in_real_time_go_on_at_once_when_the_calendar_is_set_back():
    world = World()
    client = world.client()
    client.reqRealTimeBars(1, stock(), 5, "TRADES", False, [])
    world.step(10)
    assert [fields[0] for fields in client.take()] == ["50", "50"]
    world.step(-7200)
    world.step(10)
    assert [int(fields[3]) for fields in client.take() if fields[0] == "50"] == [NOON - 7190, NOON - 7185]
