"""Calendars of exchanges, and what the market shows and does outside its hours, at halts and over gaps."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.market.holidays import closed_days, early_days, good_friday
from simulator.market.instrument import Leg
from simulator.market.market import Market
from simulator.market.sessions import (
    CME,
    FOREX,
    MEXICO,
    ROUND_THE_CLOCK,
    US_OPTIONS,
    US_STOCKS,
    Calendar,
    calendar_of,
    hours_text,
)
from simulator.market.universe import Query, Universe
from tests.simulator.rig import NOON

CALENDARS = [US_STOCKS, US_OPTIONS, CME, FOREX, MEXICO, ROUND_THE_CLOCK]
DAY = 86400.0
EASTERN = ZoneInfo("US/Eastern")
OPENING = NOON - 2.5 * 3600  # Thursday 19 November 2026, 9:30 in New York


def eastern(*parts: int) -> float:
    return datetime(*parts, tzinfo=EASTERN).timestamp()


def market(now: float, hours: str = "exchange") -> Market:
    return Market(Universe(datetime.fromtimestamp(now, EASTERN).date()), 1, now, hours=hours)


def test_the_holidays_of_published_years_come_out_of_the_rules():
    published = {  # as NYSE published them
        2021: "0101 0118 0215 0402 0531 0705 0906 1125 1224",
        2022: "0117 0221 0415 0530 0620 0704 0905 1124 1226",
        2024: "0101 0115 0219 0329 0527 0619 0704 0902 1128 1225",
        2025: "0101 0120 0217 0418 0526 0619 0704 0901 1127 1225",
        2026: "0101 0119 0216 0403 0525 0619 0703 0907 1126 1225",
    }
    early = {2024: "0703 1129 1224", 2025: "0703 1128 1224", 2026: "1127 1224", 2021: "1126"}
    for year, days in published.items():
        assert " ".join(f"{day:%m%d}" for day in sorted(closed_days(year))) == days
    for year, days in early.items():
        assert " ".join(f"{day:%m%d}" for day in sorted(early_days(year))) == days
    fridays = {1954: "0416", 1981: "0417", 2038: "0423", 2049: "0416", 2076: "0417"}
    assert {year: f"{good_friday(year):%m%d}" for year in fridays} == fridays


@pytest.mark.parametrize("calendar", CALENDARS, ids=lambda calendar: calendar.zone_name + str(calendar.opens))
@pytest.mark.parametrize("regular", [True, False])
def test_over_three_years_sessions_follow_each_other_and_a_calendar_opens_when_it_says(
    calendar: Calendar, regular: bool
):
    sessions = list(calendar.sessions(date(2025, 1, 1), 3 * 365, regular=regular))
    assert len(sessions) > 700
    for (_, (start, end)), (_, (after, _)) in itertools.pairwise(sessions):
        assert start < end <= after
        assert calendar.is_open(start, regular=regular)
        assert calendar.is_open(end - 1, regular=regular)
        assert calendar.next_open(end, regular=regular) == after
        assert (after == end) == calendar.is_open(end, regular=regular)
        assert calendar.last(after - 1, regular=regular)[1] == (start, end)


@settings(deadline=None, max_examples=150)
@given(
    calendar=st.sampled_from(CALENDARS),
    moment=st.integers(int(eastern(2026, 1, 1)), int(eastern(2027, 12, 31))),
    seconds=st.integers(1, 30 * 86400),
    regular=st.booleans(),
)
def test_the_open_parts_of_any_span_are_those_in_which_the_calendar_is_open(calendar, moment, seconds, regular):
    spans = list(calendar.within(moment, moment + seconds, regular=regular))
    assert all(start < end for start, end in spans)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
    probes = [moment + seconds * part // 100 for part in range(100)]
    open_ = [probe for probe in probes if calendar.is_open(probe, regular=regular)]
    assert open_ == [probe for probe in probes if any(start <= probe < end for start, end in spans)]
    later = calendar.next_open(moment, regular=regular)
    assert calendar.is_open(later, regular=regular)
    assert not any(calendar.is_open(moment + (later - moment) * part / 20, regular=regular) for part in range(20)) or (
        later == moment
    )


HOURS = [
    (US_STOCKS, date(2026, 11, 26), True, "20261126:CLOSED;20261127:0930-20261127:1300"),
    (US_STOCKS, date(2026, 11, 27), False, "20261127:0400-20261127:1700;20261128:CLOSED"),
    (US_STOCKS, date(2026, 3, 6), False, "20260306:0400-20260306:2000;20260307:CLOSED"),
    (CME, date(2026, 11, 1), False, "20261101:CLOSED;20261101:1700-20261102:1600"),
    (CME, date(2026, 11, 26), False, "20261125:1700-20261126:1200;20261126:1700-20261127:1215"),
    (CME, date(2026, 4, 3), True, "20260403:CLOSED;20260404:CLOSED"),
    (FOREX, date(2026, 3, 8), False, "20260308:CLOSED;20260308:1715-20260309:1700"),
    (ROUND_THE_CLOCK, date(2026, 11, 1), False, "20261101:0000-20261102:0000;20261102:0000-20261103:0000"),
]


@pytest.mark.parametrize(("calendar", "today", "regular", "expected"), HOURS)
def test_hours_are_told_in_the_exchanges_own_time_through_clock_changes_and_holidays(
    calendar, today, regular, expected
):
    assert hours_text(calendar, calendar.zone_name, today, regular=regular, days=2) == expected


def test_a_market_that_never_closes_says_so_in_the_exchanges_time_zone():
    hours = market(NOON, "always").trading_hours
    future = Universe(date(2026, 11, 19)).find(Query(symbol="ES", sec_type="FUT"))[0]
    assert hours.zone_name(future) == "US/Central"
    assert hours.text(future, date(2026, 11, 19), regular=False).startswith("20261118:2300-20261119:2300;")
    assert hours.text(future, date(2026, 11, 19), regular=True).startswith("20261119:0830-20261119:1600;")


def test_the_clock_changes_do_not_move_the_opening_but_its_instant():
    winter, summer = (
        US_STOCKS.session(date(2026, 3, 6), regular=True),
        US_STOCKS.session(date(2026, 3, 9), regular=True),
    )
    assert datetime.fromtimestamp(winter[0], UTC).hour == 14
    assert datetime.fromtimestamp(summer[0], UTC).hour == 13
    assert ROUND_THE_CLOCK.session(date(2026, 11, 1), regular=False)[1] - eastern(2026, 11, 1) == 25 * 3600


def test_a_share_is_closed_at_night_open_before_the_bell_and_its_quote_stands_meanwhile():
    seen = market(eastern(2026, 11, 18, 19, 59, 59))
    share = seen.universe.shares["AAPL"]
    assert seen.line(share).state == "open"
    seen.step(eastern(2026, 11, 18, 23), [share])
    night = seen.line(share)
    shown = (night.quote.bid, night.quote.ask, night.quote.last)
    assert (night.state, night.quote.bid_size, night.quote.ask_size) == ("closed", 0, 0)
    assert seen.depth(share, 5) == ((), ())
    seen.step(eastern(2026, 11, 19, 3, 59), [share])
    assert (night.quote.bid, night.quote.ask, night.quote.last) == shown
    assert night.prints == ()
    assert not seen.is_open(share, seen.now, True)
    assert seen.next_open(share, seen.now) == OPENING
    seen.step(eastern(2026, 11, 19, 4, 1), [share])
    assert seen.line(share).state == "open"
    assert not seen.is_open(share, seen.now, False)
    assert (night.quote.bid, night.quote.ask) != shown[:2]  # the night's gap
    before = seen.closing(share)
    assert before.time == eastern(2026, 11, 18, 16) - 0.25
    assert seen.line(share).quote.close == seen.line(share).feed.last_print(eastern(2026, 11, 18, 16)).price


def test_nothing_trades_outside_hours_or_in_a_halt_and_bars_agree():
    seen = market(OPENING + 3600)
    share, option = seen.universe.shares["SPY"], seen.universe.find(Query(symbol="SPY", sec_type="OPT"))[300]
    feed = seen.line(share).feed
    assert seen.line(option).state == "open"
    seen.halt(share, True)
    assert (seen.line(share).state, seen.line(option).state) == ("halted", "halted")
    for step in range(1, 41):
        assert seen.step(OPENING + 3600 + step / 4, [share])[0].prints == ()
    volume = seen.line(share).quote.volume
    assert seen.line(share).quote.bid_size == 0
    seen.halt(share, False)
    assert seen.line(share).state == "open"
    for step in range(41, 121):
        seen.step(OPENING + 3600 + step / 4, [share])
    assert feed.traded(OPENING + 3600.25, OPENING + 3610.25) == (0, 0)
    assert seen.line(share).quote.volume > volume
    assert seen.line(share).quote.volume == feed.traded(eastern(2026, 11, 19, 4), feed.after(seen.now))[0]
    assert feed.prints(eastern(2026, 11, 18, 20), eastern(2026, 11, 19, 4)) == []


def test_a_price_that_is_moved_at_night_or_in_a_halt_is_seen_when_trading_goes_on():
    for moment in (eastern(2026, 11, 19, 2), eastern(2026, 11, 19, 12)):
        seen = market(moment)
        share = seen.universe.shares["AAPL"]
        seen.halt(share, True)
        seen.step(moment + 1, [share])
        before = replace(seen.line(share).quote)
        assert seen.move(share, 300.0).prints == ()
        assert seen.line(share).quote == before
        seen.halt(share, False)
        seen.step(eastern(2026, 11, 19, 12, 1), [share])
        assert abs(seen.line(share).quote.bid - 30000) < 600
        assert seen.line(share).quote.low < 29000 or moment < eastern(2026, 11, 19, 4)


def test_auctions_are_at_the_bells_of_the_calendar_in_both_modes():
    for hours in ("always", "exchange"):
        seen = market(NOON, hours)
        share, future = seen.universe.shares["AAPL"], seen.universe.find(Query(sec_type="FUT", symbol="ES"))[0]
        pair = seen.universe.pairs[0]
        found = seen.auction(share, NOON - DAY, NOON + DAY)
        assert [(kind, moment) for kind, moment, _ in found] == [
            ("close", OPENING - 17.5 * 3600),
            ("open", OPENING),
            ("close", OPENING + 6.5 * 3600),
            ("open", OPENING + DAY),
        ]
        assert seen.auction(share, OPENING, OPENING + 60) == []
        assert len(seen.auction(share, OPENING - 0.25, OPENING)) == 1
        assert [kind for kind, _, _ in seen.auction(future, NOON, NOON + DAY)] == ["close", "open"]
        assert seen.auction(pair, NOON - DAY, NOON + DAY) == []


def test_always_means_always_and_a_changed_mode_holds_from_then_on():
    sunday = eastern(2026, 11, 22, 3)
    seen = market(sunday, "always")
    share = seen.universe.shares["AAPL"]
    assert seen.line(share).state == "open"
    assert seen.is_open(share, sunday, False)
    assert seen.next_open(share, sunday) == sunday
    seen.hours = "exchange"
    assert seen.line(share).state == "closed"
    assert seen.next_open(share, sunday) == eastern(2026, 11, 23, 9, 30)
    with pytest.raises(ValueError, match="expected always or exchange"):
        seen.hours = "sometimes"
    assert seen.hours == "exchange"


def test_a_gap_moves_the_quote_without_a_trade_and_stays():
    seen = market(NOON, "always")
    share = seen.universe.shares["AAPL"]
    before = seen.line(share).quote.bid
    last, volume = seen.line(share).quote.last, seen.line(share).quote.volume
    line = seen.gap(share, 10)
    assert abs(line.quote.bid / before - 1.1) < 0.001
    assert (line.quote.last, line.quote.volume, line.prints) == (last, volume, ())
    seen.step(NOON + 5, [share])
    assert abs(seen.line(share).quote.bid / before - 1.1) < 0.01
    assert seen.line(share).quote.high > before * 1.09
    with pytest.raises(ValueError, match="more than -100"):
        seen.gap(share, -100)


def test_every_instrument_has_a_calendar_and_a_combo_needs_all_its_legs_open():
    seen = market(eastern(2026, 11, 19, 17, 30))
    universe = seen.universe
    expected = {"STK": {US_STOCKS, MEXICO}, "CASH": {FOREX}, "FUT": {CME}, "OPT": {US_OPTIONS}, "IND": {US_OPTIONS}}
    for item in [*universe.shares.values(), *universe.pairs, *universe.find(Query(symbol="ES", sec_type="FUT"))]:
        assert calendar_of(item) in expected[item.sec_type]
    share, future = universe.shares["SPY"], universe.find(Query(symbol="ES", sec_type="FUT"))[0]
    combo = universe.combo("SPY,ES", "USD", (Leg(share.con_id, 50, "BUY"), Leg(future.con_id, 1, "SELL")))
    assert (seen.line(share).state, seen.line(combo).state) == ("open", "closed")
    assert seen.next_open(combo, seen.now) == eastern(2026, 11, 20, 9, 30)
    assert seen.is_open(share, seen.now, True)
    assert not seen.is_open(future, seen.now, True)  # the break between 17:00 and 18:00 in New York
    assert seen.next_open(future, seen.now) == eastern(2026, 11, 20, 9, 30)
    assert seen.next_open(share, seen.now + timedelta(days=1).total_seconds()) == eastern(2026, 11, 23, 9, 30)
