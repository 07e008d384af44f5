"""The calendars of exchanges, and the one process that has the package they come from."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from actors import calendar
from actors.calendar import CalendarActor, work_out
from actors.domain.hours import judge, parse
from actors.domain.venues import CALENDARS, venue
from actors.messages import MESSAGES
from actors.messages.market import Contract
from actors.messages.risk import GetSessions
from config.tree import PRELOAD
from supervision.errors import Rejected
from tests.support.local import LocalService

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the package's own, about pandas

TODAY = date(2026, 11, 21)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("name", sorted(set(CALENDARS.values())))
def test_every_calendar_of_the_table_reaches_from_a_week_ago_to_a_year_ahead(name: str) -> None:
    sessions = work_out(name, TODAY)
    assert sessions.calendar == name
    assert sessions.known_from <= datetime(2026, 11, 15, tzinfo=UTC)
    assert sessions.known_until >= datetime(2027, 11, 21, tzinfo=UTC)
    assert all(opens < closes for opens, closes in sessions.items)
    assert [*sessions.items] == sorted(sessions.items)
    assert sessions.items[0][0].date() <= date(2026, 11, 16)
    assert sessions.items[-1][1].date() >= date(2027, 11, 19)


def test_new_york_rests_on_thanksgiving_closes_early_after_it_and_moves_with_the_clocks() -> None:
    local = [[moment.astimezone(NEW_YORK) for moment in span] for span in work_out("XNYS", TODAY).items]
    by_day = {opens.date(): f"{opens:%H:%M}-{closes:%H:%M}" for opens, closes in local}
    assert date(2026, 11, 26) not in by_day
    assert by_day[date(2026, 11, 27)] == "09:30-13:00"
    assert {by_day[date(2027, 3, 12)], by_day[date(2027, 3, 15)]} == {"09:30-16:00"}


def test_a_break_at_noon_makes_two_sessions_of_a_day() -> None:
    zone = ZoneInfo("Asia/Hong_Kong")
    local = [[f"{moment.astimezone(zone):%m-%d %H:%M}" for moment in span] for span in work_out("XHKG", TODAY).items]
    assert local[:2] == [["11-16 09:30", "11-16 12:00"], ["11-16 13:00", "11-16 16:00"]]


def test_what_the_package_does_not_know_is_refused_with_its_words() -> None:
    with pytest.raises(Rejected, match=r"calendar XHKG cannot be worked out: .* only recorded to the year"):
        work_out("XHKG", date(2060, 1, 1))


def test_sessions_are_worked_out_once_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[date] = []

    def count(name: str, today: date) -> object:
        done.append(today)
        return work_out(name, today)

    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    monkeypatch.setattr(calendar, "work_out", count)
    monkeypatch.setattr(calendar.clock, "now", lambda: now)
    with LocalService(MESSAGES) as service:
        service.bind("calendar")
        service.start("calendar", CalendarActor)
        ref = service.ref("calendar")
        first = ref.ask(GetSessions("NASDAQ"), timeout=10.0)
        assert ref.ask(GetSessions("NYSE"), timeout=10.0) == first
        now += timedelta(1)
        assert ref.ask(GetSessions("NYSE"), timeout=10.0).known_until == first.known_until + timedelta(1)
        assert done == [date(2026, 11, 21), date(2026, 11, 22)]
        with pytest.raises(Rejected, match="no calendar is known for exchange 'MOON'") as refused:
            ref.ask(GetSessions("MOON"), timeout=10.0)
        assert refused.value.kind == "unknown"


@pytest.mark.parametrize(
    ("contract", "expected"),
    [
        (Contract("AAPL", primary_exchange="NASDAQ"), "NASDAQ"),
        (Contract("AAPL"), "NYSE"),
        (Contract("AAPL", "OPT"), "CBOE"),
        (Contract("AAPL", "OPT", "AMEX"), "CBOE"),
        (Contract("ES", "FUT", "CME"), "CME"),
        (Contract("ES", "FOP", "CME"), "CME"),
        (Contract("SAP", exchange="IBIS", currency="EUR"), "IBIS"),
        (Contract("SAP", currency="EUR", primary_exchange="IBIS"), "IBIS"),
        (Contract("SAP", currency="EUR"), ""),
        (Contract("EUR", "CASH", "IDEALPRO"), ""),
        (Contract("X", primary_exchange="MOON"), ""),
    ],
)
def test_a_contract_has_the_calendar_of_the_exchange_it_is_listed_on(contract: Contract, expected: str) -> None:
    assert venue(contract) == expected


@pytest.mark.parametrize(
    ("contract", "zone", "hours"),
    [
        (Contract("AAPL"), "US/Eastern", "0930-1600"),
        (Contract("SPY", "OPT"), "US/Eastern", "0930-1615"),
        (Contract("ES", "FUT", "CME"), "US/Central", "0830-1600"),
        (Contract("SAP", exchange="IBIS"), "MET", "0900-1730"),
        (Contract("VOD", exchange="LSE"), "GB-Eire", "0800-1630"),
        (Contract("7203", exchange="TSEJ"), "Japan", "0900-1130,1230-1530"),
    ],
)
def test_no_calendar_is_narrower_than_the_hours_that_it_bounds(contract: Contract, zone: str, hours: str) -> None:
    """An ordinary Wednesday, minute by minute."""
    told = parse(f"20261118:{hours}", zone)
    bounds = work_out(CALENDARS[venue(contract)], TODAY)
    start = datetime(2026, 11, 18, tzinfo=ZoneInfo(zone))
    minutes = [(start + timedelta(minutes=number)).astimezone(UTC) for number in range(24 * 60)]
    own = [judge(told, None, minute, regular=True).open for minute in minutes]
    assert any(own)
    assert [judge(told, bounds, minute, regular=True).open for minute in minutes] == own


def test_no_process_but_this_one_has_the_package_and_pandas() -> None:
    modules = [*PRELOAD, "actors.calendar", "actors.orders.market_hours", "cli", "cli.view", "supervision.loop"]
    heavy = ("pandas", "numpy", "exchange_calendars")
    code = f"import sys; [__import__(name) for name in {modules}]; print([n for n in {heavy} if n in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
