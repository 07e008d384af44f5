"""The calendar of the simulated market: New York days and regular trading hours.

The market itself never closes; regular hours only decide which bars `useRTH` leaves out and what contract
details say about liquid hours. Days begin at midnight in New York.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("US/Eastern")
_OPEN = time(9, 30)
_CLOSE = time(16, 0)
Span = tuple[float, float]


def local(moment: float) -> datetime:
    """An instant as New York wall-clock time."""
    return datetime.fromtimestamp(moment, NEW_YORK)


def utc(moment: float) -> datetime:
    """An instant in UTC."""
    return datetime.fromtimestamp(moment, UTC)


def trading_day(moment: float) -> date:
    """The New York day of an instant."""
    return local(moment).date()


def day_start(day: date) -> float:
    """The first instant of a New York day."""
    return datetime.combine(day, time(), NEW_YORK).timestamp()


def next_day_start(moment: float) -> float:
    """The first instant of the New York day after that of `moment`."""
    return day_start(trading_day(moment) + timedelta(1))


def session(day: date, *, regular: bool, sec_type: str) -> Span | None:
    """Opening and closing instant of one day's bars; None on a day without any."""
    if not regular or sec_type not in {"STK", "OPT"}:
        return day_start(day), day_start(day + timedelta(1))
    if day.weekday() >= 5:
        return None
    return (
        datetime.combine(day, _OPEN, NEW_YORK).timestamp(),
        datetime.combine(day, _CLOSE, NEW_YORK).timestamp(),
    )


def hours_text(today: date, *, regular: bool, sec_type: str) -> str:
    """Seven days of hours as contract details spell them."""
    parts = []
    for day in (today + timedelta(offset) for offset in range(7)):
        found = session(day, regular=regular, sec_type=sec_type)
        if found is None:
            parts.append(f"{day:%Y%m%d}:CLOSED")
        else:
            parts.append(f"{local(found[0]):%Y%m%d:%H%M}-{local(found[1]):%Y%m%d:%H%M}")
    return ";".join(parts)


def stamp(moment: float) -> str:
    """A time as gateways write it: `20260413 15:27:04 US/Eastern`."""
    return f"{local(moment):%Y%m%d %H:%M:%S} US/Eastern"


def parse_stamp(text: str) -> float | None:
    """Reads `YYYYMMDD[ -]HH:MM:SS[ ZONE]` and a bare day; a dash means UTC, no zone New York. None: not a time."""
    words = text.split()
    if len(words) == 1 and "-" in text:
        return _parse(text, "%Y%m%d-%H:%M:%S", UTC)
    if len(words) == 1:
        return _parse(text, "%Y%m%d", NEW_YORK)
    zone: ZoneInfo | None = NEW_YORK
    if len(words) > 2:
        zone = _zone(" ".join(words[2:]))
    return None if zone is None else _parse(" ".join(words[:2]), "%Y%m%d %H:%M:%S", zone)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo({"EST": "US/Eastern", "EDT": "US/Eastern", "GMT": "UTC"}.get(name, name))
    except (KeyError, ValueError, OSError):
        return None


def _parse(text: str, form: str, zone: tzinfo) -> float | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return None
