"""Messages about bars: historical (17, 108), their updates (90), 5-second ones (50), and what else HMDS answers:
head timestamps (88), schedules (106), histograms (89).

`form` is the client's formatDate: 1 writes a time inside a day in the exchange's zone, 2 as seconds since the
epoch, 3 as 1 without the year. Days are written as days in every form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulator.market.history import Bar
from simulator.market.hours import Span, stamp, utc
from simulator.wire.fields import message

_SECONDS, _NO_YEAR = 2, 3
_YEAR_DIGITS = 4


def historical_bars(
    request_id: int, bars: Sequence[Bar], span: tuple[float, float], form: int, version: int
) -> list[bytes]:
    """Message 17, followed by 108 at 200."""
    start, end = (f"{utc(moment):%Y%m%d-%H:%M:%S}" if version < 200 else stamp(moment) for moment in span)
    fields: list[object] = []
    for bar in bars:
        fields += [bar_time(bar, form), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.average, bar.count]
    if version >= 200:
        return [message(17, request_id, len(bars), *fields), message(108, request_id, start, end)]
    return [message(17, request_id, start, end, len(bars), *fields)]


def bar_update(request_id: int, bar: Bar, form: int) -> bytes:
    """Message 90; close comes before high and low there."""
    return message(
        *(90, request_id, bar.count, bar_time(bar, form), bar.open, bar.close, bar.high, bar.low),
        *(bar.average, bar.volume),
    )


def real_time_bar(request_id: int, bar: Bar) -> bytes:
    """Message 50; the time is that of the bar's beginning."""
    return message(
        *(50, 3, request_id, int(bar.start), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.average),
        bar.count,
    )


def bar_time(bar: Bar, form: int) -> str:
    """When a bar begins."""
    if bar.day is not None:
        return f"{bar.day:%Y%m%d}"
    if form == _SECONDS:
        return str(int(bar.start))
    return stamp(bar.start)[_YEAR_DIGITS if form == _NO_YEAR else 0 :]


def head_timestamp(request_id: int, moment: float, form: int) -> bytes:
    """Message 88, in UTC in every form."""
    if form == _SECONDS:
        return message(88, request_id, str(int(moment)))
    return message(
        88, request_id, f"{utc(moment):%m%d %H:%M:%S}" if form == _NO_YEAR else f"{utc(moment):%Y%m%d-%H:%M:%S}"
    )


def schedule(request_id: int, span: Span, zone_name: str, sessions: Iterable[tuple[date, Span]]) -> bytes:
    """Message 106: the span that was asked for and each session in it with its day, in the exchange's own time."""
    zone = ZoneInfo(zone_name)

    def wall(moment: float) -> str:
        return f"{datetime.fromtimestamp(moment, zone):%Y%m%d-%H:%M:%S}"

    rows = [(wall(start), wall(end), f"{day:%Y%m%d}") for day, (start, end) in sessions]
    fields = (part for row in rows for part in row)
    return message(106, request_id, wall(span[0]), wall(span[1]), zone_name, len(rows), *fields)


def histogram(request_id: int, points: Sequence[tuple[Decimal, int]]) -> bytes:
    """Message 89: how much was traded at each price."""
    return message(89, request_id, len(points), *(part for point in points for part in point))
