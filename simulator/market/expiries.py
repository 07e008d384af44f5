"""On which day a contract of a month is traded last, by the rules of its exchange. Pure functions of dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from simulator.market.holidays import closed_days

_FRIDAY = 4


def third_friday(year: int, month: int) -> date:
    """Equity index futures and monthly options; the day before when that Friday is a holiday."""
    first = date(year, month, 1)
    return _open_on_or_before(first + timedelta((_FRIDAY - first.weekday()) % 7 + 14))


def day_before(day: date) -> date:
    """The business day before: options that settle on the opening of a day are traded until then."""
    return _back(day, 1)


def gas(year: int, month: int) -> date:
    """Natural gas: three business days before the first day of the contract's month."""
    return _back(date(year, month, 1), 3)


def oil(year: int, month: int) -> date:
    """Crude oil: three business days before the 25th of the month before the contract's."""
    first = date(year, month, 1) - timedelta(1)
    return _back(_open_on_or_before(first.replace(day=25)), 3)


def metal(year: int, month: int) -> date:
    """Gold and silver: the third last business day of the month."""
    return _back(_month_end(year, month), 2)


def treasury(year: int, month: int) -> date:
    """Notes and bonds: seven business days before the month's last."""
    return _back(_month_end(year, month), 7)


def month_end(year: int, month: int) -> date:
    """Cash-settled dairy: the last business day of the month."""
    return _month_end(year, month)


def volatility(year: int, month: int) -> date:
    """VIX: the day before the one 30 days before the third Friday of the month after, mornings then settle it."""
    following = third_friday(year + month // 12, month % 12 + 1)
    return _back(following - timedelta(30), 1)


def fridays(today: date, count: int) -> list[date]:
    """The next weekly expiries, `today` included."""
    first = today + timedelta((_FRIDAY - today.weekday()) % 7)
    return [_open_on_or_before(first + timedelta(7 * week)) for week in range(count)]


def months(today: date, count: int, back: int = 0) -> Iterator[tuple[int, int]]:
    """Year and month of the months from `back` before today's on."""
    start = today.year * 12 + today.month - 1 - back
    return ((number // 12, number % 12 + 1) for number in range(start, start + back + count))


def _month_end(year: int, month: int) -> date:
    return _open_on_or_before(date(year + month // 12, month % 12 + 1, 1) - timedelta(1))


def _open_on_or_before(day: date) -> date:
    while day.weekday() > _FRIDAY or day in closed_days(day.year):
        day -= timedelta(1)
    return day


def _back(day: date, business_days: int) -> date:
    for _ in range(business_days):
        day = _open_on_or_before(day - timedelta(1))
    return day
