"""The days on which US markets are closed, or close early, by the exchanges' own rules (NYSE rule 7.2).

A fixed holiday on a Sunday is kept on Monday, on a Saturday on Friday; only New Year's Day on a Saturday is not
kept at all, because that Friday ends a year. Early closes are the day after Thanksgiving, Christmas Eve and
3 July, where those are ordinary trading days.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

MONDAY, THURSDAY = 0, 3
_JUNETEENTH_SINCE = 2022


@cache
def closed_days(year: int) -> frozenset[date]:
    """The holidays of US stock exchanges in a year."""
    days = {
        _nth_weekday(year, 1, MONDAY, 3),  # Martin Luther King's birthday
        _nth_weekday(year, 2, MONDAY, 3),  # Washington's birthday
        good_friday(year),
        _nth_weekday(year, 6, MONDAY, 1) - timedelta(7),  # Memorial Day, the last Monday of May
        _kept(date(year, 7, 4)),
        _nth_weekday(year, 9, MONDAY, 1),  # Labor Day
        thanksgiving(year),
        _kept(date(year, 12, 25)),
    }
    if date(year, 1, 1).weekday() != 5:
        days.add(_kept(date(year, 1, 1)))
    if year >= _JUNETEENTH_SINCE:
        days.add(_kept(date(year, 6, 19)))
    return frozenset(days)


@cache
def early_days(year: int) -> frozenset[date]:
    """The days of a year on which US stock exchanges close at 13:00."""
    candidates = (thanksgiving(year) + timedelta(1), date(year, 12, 24), date(year, 7, 3))
    return frozenset(day for day in candidates if day.weekday() < 5 and day not in closed_days(year))


def thanksgiving(year: int) -> date:
    """The fourth Thursday of November."""
    return _nth_weekday(year, 11, THURSDAY, 4)


@cache
def good_friday(year: int) -> date:
    """Two days before Easter, by the Gregorian computus (Meeus, Jones, Butcher)."""
    century, rest = divmod(year, 100)
    epact = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (year % 19 + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1) - timedelta(2)


def _nth_weekday(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (number - 1))


def _kept(day: date) -> date:
    return day + timedelta({5: -1, 6: 1}.get(day.weekday(), 0))
