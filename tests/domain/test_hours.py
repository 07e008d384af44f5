"""Whether a contract trades now: the broker's text, both days on which clocks change, and the exchange's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.hours import Hours, HoursFact, Unknown, judge, parse, together
from actors.messages.risk import Sessions

NEW_YORK = "US/Eastern"
WEEK = (
    "20261119:0930-20261119:1600;20261120:0930-20261120:1300;20261121:CLOSED;20261122:CLOSED;"
    "20261123:0930-20261123:1600"
)
FUTURE = "20261118:1700-20261119:1600;20261119:1700-20261120:1600;20261121:CLOSED;20261122:1700-20261123:1600"


def at(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def known(text: str, zone: str = NEW_YORK) -> Hours:
    hours = parse(text, zone)
    assert isinstance(hours, Hours), hours
    return hours


def told(text: str, moment: str, zone: str = NEW_YORK, **kwargs) -> HoursFact:
    return judge(parse(text, zone), kwargs.get("calendar"), at(moment, zone), regular=kwargs.get("regular", True))


def calendar(*spans: tuple[str, str]) -> Sessions:
    return Sessions("XNYS", at("2026-11-14"), at("2027-11-21"), tuple((at(a), at(b)) for a, b in spans))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-19 09:29:59", False),
        ("2026-11-19 09:30:00", True),
        ("2026-11-19 15:59:59", True),
        ("2026-11-19 16:00:00", False),
        ("2026-11-20 12:59:59", True),
        ("2026-11-20 13:00:00", False),
        ("2026-11-21 12:00:00", False),
        ("2026-11-23 09:30:00", True),
    ],
)
def test_a_contract_is_open_from_its_opening_up_to_its_closing(moment, is_open):
    assert told(WEEK, moment).open == is_open


def test_what_is_closed_says_by_whom_and_when_it_trades_again():
    fact = told(WEEK, "2026-11-20 13:00")
    assert fact.next_open == at("2026-11-23 09:30")
    assert fact.text == "closed by its own hours until Mon 2026-11-23 09:30 US/Eastern"
    assert told(WEEK, "2026-11-19 10:00") == HoursFact(open=True, text="open until Thu 2026-11-19 16:00 US/Eastern")


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-18 17:00:00", True),
        ("2026-11-19 03:00:00", True),
        ("2026-11-19 16:30:00", False),
        ("2026-11-19 17:00:00", True),
        ("2026-11-22 16:59:59", False),
        ("2026-11-22 17:00:00", True),
    ],
)
def test_a_session_that_begins_on_the_evening_before_reaches_over_midnight(moment, is_open):
    assert told(FUTURE, moment, "US/Central").open == is_open


@pytest.mark.parametrize("moment", ["2026-11-18 16:59:59", "2026-11-23 16:00:00"])
def test_before_the_first_session_that_was_told_and_after_the_last_nothing_is_known(moment):
    fact = told(FUTURE, moment, "US/Central")
    assert not fact.open
    assert fact.next_open is None
    assert "not known for now: the broker told them for Wed 2026-11-18 17:00 US/Central" in fact.text


def test_a_break_at_noon_closes():
    lunch = "20261119:0930-1200,1300-1600"
    assert told(lunch, "2026-11-19 11:59", "Asia/Hong_Kong").open
    closed = told(lunch, "2026-11-19 12:00", "Asia/Hong_Kong")
    assert (closed.open, closed.next_open) == (False, at("2026-11-19 13:00", "Asia/Hong_Kong"))


def test_hours_that_go_on_to_midnight_end_there():
    assert told("20261119:0000-20261119:2400", "2026-11-19 23:59:59").open
    assert not told("20261119:0000-20261119:2400", "2026-11-20 00:00").open


@pytest.mark.parametrize("day", ["20260308", "20261101"])
def test_on_the_days_when_clocks_change_shares_open_and_close_by_the_clock_on_the_wall(day):
    hours = known(f"{day}:0930-{day}:1600;{int(day) + 1}:0930-{int(day) + 1}:1600")
    local = [moment.astimezone(ZoneInfo(NEW_YORK)) for span in hours.spans for moment in span]
    assert [f"{moment:%H:%M}" for moment in local] == ["09:30", "16:00"] * 2


@pytest.mark.parametrize(("day", "seconds"), [("2026-03-08", 22), ("2026-11-01", 24), ("2026-11-08", 23)])
def test_a_night_in_which_clocks_change_is_an_hour_shorter_or_longer(day, seconds):
    """A session from 18:00 to 17:00 takes 23 hours, but for those two nights."""
    ends = datetime.fromisoformat(day)
    begins = ends - timedelta(1)
    [(opens, closes)] = known(f"{begins:%Y%m%d}:1800-{ends:%Y%m%d}:1700").spans
    assert closes - opens == timedelta(hours=seconds)


def test_a_time_that_occurs_twice_opens_at_the_later_one_and_closes_at_the_earlier():
    [(opens, _)] = known("20261101:0130-20261101:0900").spans
    [(_, closes)] = known("20261031:1800-20261101:0130").spans
    assert opens == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert closes == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_time_that_does_not_occur_is_as_much_later_as_the_clocks_went_forward():
    [(opens, closes)] = known("20260308:0230-20260308:0245").spans
    assert opens == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert closes == datetime(2026, 3, 8, 7, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "zone", "why"),
    [
        ("", NEW_YORK, "tells no hours"),
        (WEEK, "", "tells no time zone"),
        (WEEK, "EST", "'EST' of its hours may mean more than one"),
        (WEEK, "CST", "cannot be read"),
        (WEEK, "../etc/passwd", "cannot be read"),
        ("20261119:0930", NEW_YORK, "'20261119:0930' is no session"),
        ("20261119:0930-20261119:2560", NEW_YORK, "cannot be read"),
        ("20261131:0930-20261131:1600", NEW_YORK, "cannot be read"),
        ("20261119:1600-20261119:0930", NEW_YORK, "ends before it begins"),
        ("20261119:0930-1600,1200-1700", NEW_YORK, "overlap"),
        ("20261119:SHUT", NEW_YORK, "is no session"),
    ],
)
def test_a_text_that_cannot_be_read_leaves_the_hours_unknown_and_says_why(text, zone, why):
    hours = parse(text, zone)
    assert isinstance(hours, Unknown)
    assert why in hours.why
    assert judge(hours, None, at("2026-11-19 12:00"), regular=True) == HoursFact(open=False, text=hours.why)


def test_what_older_gateways_call_eastern_time_is_new_york_in_summer_too():
    [(opens, _)] = known("20260701:0930-20260701:1600", "EST (Eastern Standard Time)").spans
    assert opens == datetime(2026, 7, 1, 13, 30, tzinfo=UTC)


@given(st.text(alphabet="0123456789:-;,CLOSED ", max_size=60))
def test_no_text_breaks_the_reading(text):
    assert isinstance(parse(text, NEW_YORK), Hours | Unknown)


# --- the exchange's calendar ----------------------------------------------------------------------


def test_the_calendar_closes_a_holiday_that_the_broker_does_not_know():
    holiday = calendar(("2026-11-20 09:30", "2026-11-20 13:00"), ("2026-11-23 09:30", "2026-11-23 16:00"))
    fact = told(WEEK, "2026-11-19 10:00", calendar=holiday)
    assert fact.text == "closed by the exchange's calendar XNYS until Fri 2026-11-20 09:30 US/Eastern"
    assert fact.next_open == at("2026-11-20 09:30")


def test_an_early_close_of_the_calendar_ends_regular_hours():
    early = calendar(("2026-11-19 09:30", "2026-11-19 13:00"), ("2026-11-20 09:30", "2026-11-20 13:00"))
    assert told(WEEK, "2026-11-19 12:59:59", calendar=early).text == "open until Thu 2026-11-19 13:00 US/Eastern"
    closed = told(WEEK, "2026-11-19 13:00", calendar=early)
    assert (closed.open, closed.next_open) == (False, at("2026-11-20 09:30"))


def test_outside_regular_hours_an_order_needs_a_trading_day_of_the_calendar_and_the_contracts_own_hours():
    extended = "20261119:0400-20261119:2000;20261120:0400-20261120:2000"
    friday = calendar(("2026-11-20 09:30", "2026-11-20 13:00"))
    assert told(extended, "2026-11-20 05:00", calendar=friday, regular=False).open
    assert not told(extended, "2026-11-20 03:59", calendar=friday, regular=False).open
    holiday = told(extended, "2026-11-19 05:00", calendar=friday, regular=False)
    assert (holiday.open, holiday.next_open) == (False, at("2026-11-20 04:00"))


def test_a_calendar_that_is_not_known_or_ends_before_now_refuses():
    fact = told(WEEK, "2026-11-19 10:00", calendar=Unknown("the calendar XNYS of its exchange is not known"))
    assert fact == HoursFact(open=False, text="the calendar XNYS of its exchange is not known")
    old = Sessions("XNYS", at("2025-11-12"), at("2026-11-19"), ())
    assert "is known from 2025-11-12 to 2026-11-19 only" in told(WEEK, "2026-11-19 10:00", calendar=old).text


def test_no_opening_within_what_was_told_is_said():
    fact = told("20261119:0930-20261119:1600;20261120:CLOSED", "2026-11-19 16:00")
    assert fact.next_open is None
    assert fact.text == "closed by its own hours for as long as hours are told, to Sat 2026-11-21 00:00 US/Eastern"


@given(st.integers(0, 5 * 1440))
def test_a_calendar_never_opens_what_the_brokers_hours_close(minutes):
    now = at("2026-11-19") + timedelta(minutes=minutes)
    days = calendar(("2026-11-19 08:00", "2026-11-19 20:00"), ("2026-11-23 08:00", "2026-11-23 12:00"))
    hours = parse(WEEK, NEW_YORK)
    for regular in (True, False):
        both, own = judge(hours, days, now, regular=regular), judge(hours, None, now, regular=regular)
        assert own.open or not both.open
        if both.next_open is not None:
            assert both.next_open > now
            assert judge(hours, days, both.next_open, regular=regular).open


# --- combos -----------------------------------------------------------------------------------------


def test_a_combo_is_open_while_all_its_legs_are_and_opens_with_the_last_of_them():
    is_open, later = HoursFact(open=True, text="open until 16:00"), at("2026-11-23 09:30")
    shut = HoursFact(open=False, text="closed", next_open=at("2026-11-20 09:30"))
    last = HoursFact(open=False, text="closed", next_open=later)
    assert together({"AAPL": is_open, "ES": is_open}).open
    fact = together({"AAPL": is_open, "ES": shut, "ZB": last})
    assert fact == HoursFact(open=False, text="ES: closed; ZB: closed", next_open=later)
    assert together({"ES": shut, "ZB": HoursFact(open=False, text="nobody knows")}).next_open is None
