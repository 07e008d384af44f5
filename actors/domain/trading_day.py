"""Which trading day an instant belongs to: it ends at 17:00 in New York, and Saturday and Sunday belong to Monday.

By then the regular session in America is over, and futures and currencies begin their next day. Pure.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_ZONE: Final = ZoneInfo("America/New_York")
_END: Final = time(17)
_SATURDAY: Final = 5


def trading_day(instant: datetime) -> date:
    """The trading day that runs at an instant; at its end the next one runs."""
    local = instant.astimezone(_ZONE)
    day = local.date() + timedelta(days=1) if local.time() >= _END else local.date()
    return day + timedelta(days=7 - day.weekday()) if day.weekday() >= _SATURDAY else day


def end_of(day: date) -> datetime:
    """When a trading day ends, in UTC."""
    return datetime.combine(day, _END, _ZONE).astimezone(UTC)
