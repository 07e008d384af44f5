"""The gateway's ways to write a time, read into UTC.

Seen: `20260413 15:27:04 US/Eastern`, the same with two blanks or no zone (then it is the time of the
gateway's machine), `20260413-15:27:04` (UTC by definition), epoch seconds, and a plain date. Zones
come as IANA names, as abbreviations, and on Windows in words.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DATED = re.compile(r"(\d{8})(?:(-|\s+)(\d{1,2}:\d{2}(?::\d{2})?))?(?:\s+(\S.*?))?\s*")

# Abbreviations are ambiguous in general; these are what gateways in the regions IB serves report.
_IN_WORDS = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "MET": "Europe/Berlin",
    "BST": "Europe/London",
    "JST": "Asia/Tokyo",
    "HKT": "Asia/Hong_Kong",
    "Eastern Standard Time": "America/New_York",
    "Eastern Daylight Time": "America/New_York",
    "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver",
    "Pacific Standard Time": "America/Los_Angeles",
    "Greenwich Mean Time": "Europe/London",
    "British Summer Time": "Europe/London",
    "Central European Standard Time": "Europe/Berlin",
    "Central European Time": "Europe/Berlin",
    "Central European Summer Time": "Europe/Berlin",
    "Coordinated Universal Time": "UTC",
    "Japan Standard Time": "Asia/Tokyo",
    "Hong Kong Time": "Asia/Hong_Kong",
}


class UnreadableTime(ValueError):
    """A time, or its zone, in a form nobody has seen yet."""


def zone(name: str) -> tzinfo:
    """The time zone by any of its names. Raises UnreadableTime."""
    known = _IN_WORDS.get(name, name)
    if known in ("UTC", "GMT", "Z"):
        return UTC
    try:
        return ZoneInfo(known)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnreadableTime(f"unknown time zone {name!r}") from error


def read_time(text: str, local: tzinfo) -> datetime:
    """The instant in UTC; `local` is the zone of times without one. Raises UnreadableTime."""
    if text.isdigit() and len(text) > 8:
        return datetime.fromtimestamp(int(text), UTC)
    match = _DATED.fullmatch(text)
    if match is None:
        raise UnreadableTime(f"unreadable time {text!r}")
    day, separator, clock, named = match.groups()
    form = "%Y%m%d %H:%M:%S" if clock and clock.count(":") == 2 else "%Y%m%d %H:%M"
    try:
        naive = datetime.strptime(f"{day} {clock or '00:00'}", form)  # noqa: DTZ007 - the zone is attached below
    except ValueError as error:
        raise UnreadableTime(f"unreadable time {text!r}") from error
    unnamed = UTC if separator == "-" or clock is None else local
    place = zone(named) if named else unnamed
    return naive.replace(tzinfo=place).astimezone(UTC)


def request_time(instant: datetime) -> str:
    """An instant as requests want it: UTC, marked by the dash."""
    return instant.astimezone(UTC).strftime("%Y%m%d-%H:%M:%S")
