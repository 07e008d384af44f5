"""When a contract trades: the hours the broker tells for it, and the calendar of its exchange beside them. Pure.

The broker's text is local: `20261119:0930-20261119:1600;20261121:CLOSED`, in the zone it names. Before its first day
and after its last nothing is known, and nothing is inferred from other weeks. On the two days on which clocks change
an opening that occurs twice is the later one, a closing the earlier: never open too long.
An exchange's calendar can only close what the broker calls open. A regular order must be inside one of its sessions;
one that may trade outside regular hours needs a session of its own trading day, for calendars know no other hours.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from actors.messages.risk import Sessions

Span = tuple[datetime, datetime]
"""From an opening to a closing, in UTC; the closing is outside."""

_SESSION: Final = re.compile(r"(\d{8}:)?(\d{4})-(\d{8}:)?(\d{4})")
_CLOSED: Final = "CLOSED"
_DAY: Final = timedelta(1)
# What older gateways call zones. Such an abbreviation alone may mean several, or is a zone without summer time.
_ABBREVIATIONS: Final = frozenset({"EST", "MST", "HST"})
_OLD_ZONES: Final = {
    "EST (Eastern Standard Time)": "America/New_York",
    "CST (Central Standard Time)": "America/Chicago",
    "MET (Middle Europe Time)": "Europe/Berlin",
    "JST (Japan Standard Time)": "Asia/Tokyo",
}


class HoursFact(msgspec.Struct, frozen=True):
    """Whether a contract trades at the moment of a decision, in words too. `open` is False when it is not known.

    `next_open` is the first instant at which it trades again; None when it is open, or nobody knows.
    """

    open: bool
    text: str
    next_open: datetime | None = None


class Unknown(msgspec.Struct, frozen=True):
    """Hours that are not known, and why, in words."""

    why: str


class Hours(msgspec.Struct, frozen=True):
    """Sessions of a contract, oldest first: closed in between from `since` to `until`, beyond nothing is known."""

    zone: str
    since: datetime
    until: datetime
    spans: tuple[Span, ...]

    def covers(self, now: datetime) -> bool:
        """Whether it is known if the contract trades at this instant."""
        return self.since <= now < self.until

    def local(self, moment: datetime) -> str:
        """An instant in the exchange's own words."""
        return f"{moment.astimezone(ZoneInfo(self.zone)):%a %Y-%m-%d %H:%M} {self.zone}"


class _Told(NamedTuple):
    """One entry of the text, a day that is closed or a session, and the span in which it says all."""

    since: datetime
    until: datetime
    session: Span | None


@lru_cache(maxsize=512)
def parse(text: str, zone_name: str) -> Hours | Unknown:
    """What the broker tells of hours. All contracts of an exchange share the text, so answers are kept."""
    if not text or not zone_name:
        return Unknown(f"the broker tells no {'time zone of its hours' if text else 'hours'}")
    if zone_name in _ABBREVIATIONS:
        return Unknown(f"the time zone {zone_name!r} of its hours may mean more than one")
    try:
        zone = ZoneInfo(_OLD_ZONES.get(zone_name, zone_name))
        told = [one for entry in text.strip(";").split(";") for one in _entry(entry, zone)]
    except (KeyError, ValueError, OSError) as error:
        return Unknown(f"its hours cannot be read: {error}")
    spans = tuple(sorted({one.session for one in told if one.session is not None}))
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        return Unknown(f"its hours overlap: {text[:80]}")
    return Hours(zone.key, min(one.since for one in told), max(one.until for one in told), spans)


def judge(hours: Hours | Unknown, calendar: Sessions | Unknown | None, now: datetime, *, regular: bool) -> HoursFact:
    """Whether a contract trades now, by its own hours and, unless None, by the calendar of its exchange.

    `hours` are the regular (liquid) ones, or all trading hours: `regular` says which.
    """
    if isinstance(hours, Unknown):
        return HoursFact(open=False, text=hours.why)
    if isinstance(calendar, Unknown):
        return HoursFact(open=False, text=calendar.why)
    if not hours.covers(now):
        told = f"the broker told them for {hours.local(hours.since)} to {hours.local(hours.until)} only"
        return HoursFact(open=False, text=f"its hours are not known for now: {told}")
    if calendar is not None and not calendar.known_from <= now < calendar.known_until:
        known = f"{calendar.known_from:%Y-%m-%d} to {calendar.known_until:%Y-%m-%d}"
        return HoursFact(open=False, text=f"calendar {calendar.calendar} is known from {known} only")
    for opens, closes in _trading(hours, calendar, now, regular=regular):
        if opens <= now:
            return HoursFact(open=True, text=f"open until {hours.local(closes)}")
        return _closed(hours, calendar, now, opens)
    return _closed(hours, calendar, now, None)


def together(facts: Mapping[str, HoursFact]) -> HoursFact:
    """Whether a combo trades: when each of its legs does. The facts are by the leg's name."""
    shut = {name: fact for name, fact in facts.items() if not fact.open}
    if not shut:
        return HoursFact(open=True, text="; ".join(f"{name}: {fact.text}" for name, fact in facts.items()))
    openings = [fact.next_open for fact in shut.values() if fact.next_open is not None]
    known = len(openings) == len(shut)
    text = "; ".join(f"{name}: {fact.text}" for name, fact in shut.items())
    return HoursFact(open=False, text=text, next_open=max(openings) if known else None)


def _entry(entry: str, zone: ZoneInfo) -> Iterator[_Told]:
    """The sessions of one entry, `DATE:HHMM-[DATE:]HHMM`, several with commas, or its closed day."""
    date, _, rest = entry.partition(":")
    if rest == _CLOSED:
        midnight = _instant(date, "0000", zone, fold=0)
        yield _Told(midnight, midnight + _DAY, None)
        return
    for part in rest.split(","):
        found = _SESSION.fullmatch(part)
        if found is None:
            raise ValueError(f"{entry[:60]!r} is no session")
        start, end = (found[1] or date).strip(":"), (found[3] or found[1] or date).strip(":")
        opens, closes = _instant(start, found[2], zone, fold=1), _instant(end, found[4], zone, fold=0)
        if closes <= opens:
            raise ValueError(f"{entry[:60]!r} ends before it begins")
        # of the day on which an overnight session begins it says nothing: another may have ended on it
        since = _instant(start, "0000", zone, fold=0) if start == end else opens
        yield _Told(since, closes, (opens, closes))


def _instant(date: str, clock: str, zone: ZoneInfo, *, fold: int) -> datetime:
    """A local time in UTC; of one that the clocks skip it is as much later as they went forward."""
    hour, minute = int(clock[:2]), int(clock[2:])
    midnight = datetime.strptime(date, "%Y%m%d").replace(tzinfo=zone)
    if (hour, minute) == (24, 0):
        return (midnight + _DAY).astimezone(UTC)
    return _settled(midnight.replace(hour=hour, minute=minute, fold=fold)).astimezone(UTC)


def _settled(local: datetime) -> datetime:
    """Fold chooses between two instants of one name; a name that does not occur is read with the old offset."""
    occurs = local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)
    return local if occurs else local.replace(fold=0)


def _trading(hours: Hours, calendar: Sessions | None, now: datetime, *, regular: bool) -> Iterator[Span]:
    """The spans in which the contract trades by both, from the one of now on, oldest first."""
    for span in hours.spans:
        if span[1] <= now:
            continue
        if calendar is None:
            yield span
            continue
        for session in _overlapping(calendar, span):
            if not regular:
                yield span
                break
            part = max(span[0], session[0]), min(span[1], session[1])
            if part[1] > now:
                yield part


def _overlapping(calendar: Sessions, span: Span) -> Iterator[Span]:
    """The calendar's sessions that have an instant in common with a span."""
    first = bisect_right(calendar.items, (span[0], span[0]), key=lambda session: (session[1], session[1]))
    for session in calendar.items[first:]:
        if session[0] >= span[1]:
            return
        yield session


def _closed(hours: Hours, calendar: Sessions | None, now: datetime, opens: datetime | None) -> HoursFact:
    """Closed, by whom, and until when."""
    whose = "its own hours"
    if any(span[0] <= now < span[1] for span in hours.spans):
        assert calendar is not None
        whose = f"the exchange's calendar {calendar.calendar}"
    until = f"until {hours.local(opens)}" if opens else f"for as long as hours are told, to {hours.local(hours.until)}"
    return HoursFact(open=False, text=f"closed by {whose} {until}", next_open=opens)
