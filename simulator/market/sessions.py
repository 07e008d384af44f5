"""When exchanges trade: sessions as spans of instants, by calendar rules in the exchange's own time zone.

Every session belongs to a trading day; those of futures and currencies begin on the evening before it. `regular`
means regular (liquid) hours, otherwise extended hours are included. Rules are simplified where they cannot matter
to a client: Mexico keeps no holidays of its own, futures stop at noon (Chicago) on US holidays, currencies pause
on Christmas and New Year's Day only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from simulator.market.holidays import closed_days, early_days, good_friday
from simulator.market.hours import Span
from simulator.market.instrument import Instrument

_FAR = 15  # days: no exchange is closed for longer


@dataclass(frozen=True)
class Calendar:
    """One exchange's hours, in local wall-clock time; a session that opens after it closes begins the day before.

    `shut` tells the days without a session. `early` is when regular and all hours end on early-close days of US
    stocks, `holiday` when they end on US holidays that are not shut; None: such days are like others.
    """

    zone_name: str
    opens: time
    closes: time
    regular: tuple[time, time]
    shut: Callable[[date], bool]
    early: tuple[time, time] | None = None
    holiday: time | None = None

    def session(self, day: date, *, regular: bool) -> Span | None:
        """The session of a trading day; None on a day without any."""
        return _session(self, day, regular)

    def days(self, moment: float) -> tuple[date, date]:
        """The two trading days that an instant may belong to, earlier first."""
        day = datetime.fromtimestamp(moment, zone(self.zone_name)).date()
        return day, day + timedelta(1)

    def is_open(self, moment: float, *, regular: bool) -> bool:
        """Whether an instant lies in a session; a session includes its opening, not its closing."""
        spans = (self.session(day, regular=regular) for day in self.days(moment))
        return any(span[0] <= moment < span[1] for span in spans if span)

    def next_open(self, moment: float, *, regular: bool) -> float:
        """The first instant at or after `moment` that lies in a session."""
        for _, (start, end) in self.sessions(self.days(moment)[0], _FAR, regular=regular):
            if moment < end:
                return max(moment, start)
        raise ValueError(f"no session within {_FAR} days of {moment}")

    def last(self, moment: float, *, regular: bool) -> tuple[date, Span]:
        """The latest session that began at or before an instant, with its day."""
        newest = self.days(moment)[1]
        for offset in range(_FAR):
            day = newest - timedelta(offset)
            span = self.session(day, regular=regular)
            if span and span[0] <= moment:
                return day, span
        raise ValueError(f"no session within {_FAR} days before {moment}")

    def sessions(self, first: date, count: int, *, regular: bool) -> Iterator[tuple[date, Span]]:
        """The sessions of `count` days from `first` on, with their days."""
        for offset in range(count):
            day = first + timedelta(offset)
            span = self.session(day, regular=regular)
            if span:
                yield day, span

    def within(self, start: float, end: float, *, regular: bool) -> Iterator[Span]:
        """The parts of sessions between two instants, in order."""
        first, last = self.days(start)[0], self.days(end)[1]
        for _, (opened, closed) in self.sessions(first, (last - first).days + 1, regular=regular):
            if opened < end and closed > start:
                yield max(opened, start), min(closed, end)


@cache
def zone(name: str) -> ZoneInfo:
    """A time zone by name."""
    return ZoneInfo(name)


def _us_holiday(day: date) -> bool:
    return day.weekday() >= 5 or day in closed_days(day.year)


def _winter(day: date) -> bool:
    return day.weekday() >= 5 or (day.month, day.day) in {(1, 1), (12, 25)}


def _winter_or_good_friday(day: date) -> bool:
    return _winter(day) or day == good_friday(day.year)


def _weekend(day: date) -> bool:
    return day.weekday() >= 5


def _never(_: date) -> bool:
    return False


_NINE_THIRTY, _FOUR = time(9, 30), time(16)
US_STOCKS = Calendar("US/Eastern", time(4), time(20), (_NINE_THIRTY, _FOUR), _us_holiday, early=(time(13), time(17)))
US_OPTIONS = Calendar("US/Eastern", _NINE_THIRTY, _FOUR, (_NINE_THIRTY, _FOUR), _us_holiday, early=(time(13), time(13)))
CME = Calendar(
    *("US/Central", time(17), _FOUR, (time(8, 30), _FOUR), _winter_or_good_friday),
    early=(time(12, 15), time(12, 15)),
    holiday=time(12),
)
FOREX = Calendar("US/Eastern", time(17, 15), time(17), (time(17, 15), time(17)), _winter)
MEXICO = Calendar("America/Mexico_City", time(8, 30), time(15), (time(8, 30), time(15)), _weekend)
ROUND_THE_CLOCK = Calendar("US/Eastern", time(), time(), (time(), time()), _never)


def calendar_of(item: Instrument) -> Calendar:
    """The calendar that an instrument trades by. A combo's is that of its legs, which the market asks for."""
    if item.sec_type in {"FUT", "FOP", "CONTFUT"}:
        return CME
    if item.sec_type in {"CASH", "CMDTY"}:
        return FOREX
    if item.sec_type == "CRYPTO":
        return ROUND_THE_CLOCK
    if item.currency == "MXN":
        return MEXICO
    return US_STOCKS if item.sec_type == "STK" else US_OPTIONS


@lru_cache(maxsize=256)
def hours_text(calendar: Calendar, zone_name: str, today: date, *, regular: bool, days: int = 7) -> str:
    """Days of hours in a time zone as contract details spell them: `20261119:0930-20261119:1600;20261121:CLOSED`."""
    parts = []
    for day in (today + timedelta(offset) for offset in range(days)):
        span = calendar.session(day, regular=regular)
        if span is None:
            parts.append(f"{day:%Y%m%d}:CLOSED")
        else:
            start, end = (datetime.fromtimestamp(moment, zone(zone_name)) for moment in span)
            parts.append(f"{start:%Y%m%d:%H%M}-{end:%Y%m%d:%H%M}")
    return ";".join(parts)


@lru_cache(maxsize=50_000)
def _session(calendar: Calendar, day: date, regular: bool) -> Span | None:
    if calendar.shut(day):
        return None
    opens, closes = calendar.regular if regular else (calendar.opens, calendar.closes)
    first, last = day - timedelta(opens > closes), day + timedelta(opens == closes)
    if calendar.holiday and day in closed_days(day.year):
        closes = calendar.holiday
    elif calendar.early and day in early_days(day.year):
        closes = calendar.early[0 if regular else 1]
    local = zone(calendar.zone_name)
    return datetime.combine(first, opens, local).timestamp(), datetime.combine(last, closes, local).timestamp()
