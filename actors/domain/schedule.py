"""When a regular job is due next: instants on a fixed grid in UTC.

Pure. All jobs of today run every so many seconds, so no local time and no daylight saving is involved.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_due(now: datetime, every: timedelta, anchor: datetime = EPOCH) -> datetime:
    """The first instant after `now` that lies a whole number of periods after `anchor`, in UTC.

    Computed from the anchor and not from the last run, so that late runs do not drift, and those that
    a sleeping machine missed are one run, not many.
    """
    periods = (now - anchor) // every + 1
    return (anchor + periods * every).astimezone(UTC)
