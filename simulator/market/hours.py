"""Days and times of day as the gateway tells them: in New York, where days begin at midnight.

When anything is traded is the affair of `sessions`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("US/Eastern")
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
