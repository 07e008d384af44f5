"""Historical bars out of the walk: asked for any span, they agree with what the market showed then.

`bars` answers a request in the gateway's terms (duration "5 D", bar size "1 min", regular hours or all);
`Refused` is raised for what cannot be answered. A bar's extremes are sampled at
fixed instants inside it, so the same bar is the same whenever it is asked for. The last bar may be unfinished.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from simulator.market.hours import Span, day_start, session, trading_day
from simulator.market.market import Line, Market, volume_between
from simulator.refusal import Refused, invalid

BAR_SECONDS = {
    f"{count} {name}": count * seconds
    for name, seconds, counts in (
        ("secs", 1, (1, 5, 10, 15, 30)),
        ("sec", 1, (1,)),
        ("min", 60, (1,)),
        ("mins", 60, (1, 2, 3, 5, 10, 15, 20, 30)),
        ("hour", 3600, (1,)),
        ("hours", 3600, (1, 2, 3, 4, 8)),
        ("day", 86400, (1,)),
        ("week", 7 * 86400, (1,)),
        ("month", 30 * 86400, (1,)),
    )
    for count in counts
} | {"1D": 86400, "1W": 7 * 86400, "1M": 30 * 86400}
HISTORY_DAYS = 10 * 365
MAX_BARS = 20_000
_DAY = 86400
_LOOK = {"TRADES", "MIDPOINT", "BID", "ASK", "ADJUSTED_LAST"}


@dataclass(frozen=True)
class HistoryRequest:
    """What a client asks for. `end` is an instant; `regular` keeps to regular trading hours."""

    end: float
    duration: str
    bar_size: str
    what: str
    regular: bool


@dataclass(frozen=True)
class Bar:
    """One bar; `day` is set when it covers whole days. Volume and count are -1 where there are no trades."""

    start: float
    day: date | None
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    average: Decimal
    count: int


def bars(market: Market, line: Line, request: HistoryRequest) -> tuple[float, list[Bar]]:
    """The bars, oldest first, and the instant from which they were looked for."""
    size = BAR_SECONDS.get(request.bar_size)
    if size is None:
        legal = ", ".join(BAR_SECONDS)
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {legal}", "bJ")
    _check_what(line, request.what)
    end = min(request.end, market.now)
    sessions = list(_sessions(line, request, end)) if end > head(market.now) else []
    if not sessions:
        raise Refused(162, _no_data(line, request.what))
    count = sum(stop - start for start, stop in sessions) / size
    if count > MAX_BARS:
        raise invalid(
            f"{request.duration} of {request.bar_size} is {count:.0f} bars, at most {MAX_BARS} are sent", "bJ"
        )
    spans = list(_long_spans(sessions, size) if size >= _DAY else _short_spans(sessions, size))
    if not spans:
        raise Refused(162, _no_data(line, request.what))
    made = [_bar(market, line, request.what, span, day) for span, day in spans]
    return sessions[0][0], made


def head(now: float) -> float:
    """The first instant for which there are bars."""
    return now - HISTORY_DAYS * _DAY


def _check_what(line: Line, what: str) -> None:
    if what not in _LOOK:
        raise invalid(f"What to show {what!r} is not offered by this simulator", "bJ")
    if what in {"TRADES", "ADJUSTED_LAST"} and not line.instrument.trades:
        raise Refused(162, _no_data(line, what))


def _no_data(line: Line, what: str) -> str:
    item = line.instrument
    return (
        "Historical Market Data Service error message:HMDS query returned no data: "
        f"{item.local_symbol}@{item.exchange} {what.title()}"
    )


def _duration(text: str) -> tuple[int, str]:
    number, _, unit = text.strip().partition(" ")
    unit = unit.strip().upper()[:1]
    if not number.isdigit() or not 0 < int(number) < 1_000_000 or unit not in set("SDWMY"):
        raise invalid(f"Duration {text[:40]!r} is invalid, expected an integer and S, D, W, M or Y", "bJ")
    return int(number), unit


def _sessions(line: Line, request: HistoryRequest, end: float) -> Iterator[Span]:
    """The parts of trading sessions that the duration covers, oldest first."""
    count, unit = _duration(request.duration)
    day = trading_day(end)
    oldest = day - timedelta(min({"W": 7, "M": 30, "Y": 365}.get(unit, 0) * count - 1, HISTORY_DAYS))
    if unit in {"S", "D"}:
        oldest = day - timedelta(HISTORY_DAYS)
    left = float(count)
    found: list[Span] = []
    while day >= oldest and left > 0:
        opened = session(day, regular=request.regular, sec_type=line.instrument.sec_type)
        day -= timedelta(1)
        if opened is None or opened[0] >= end:
            continue
        start, stop = opened[0], min(opened[1], end)
        if unit == "S":
            start = max(start, stop - left)
            left -= stop - start
        elif unit == "D":
            left -= 1
        found.append((start, stop))
    return iter(found[::-1])


def _short_spans(sessions: list[Span], size: int) -> Iterator[tuple[Span, date | None]]:
    """Bars inside a day begin at multiples of their size from midnight; the first may be cut by the opening."""
    for start, stop in sessions:
        at = start - (start - day_start(trading_day(start))) % size
        while at < stop:
            yield (max(at, start), min(at + size, stop)), None
            at += size


def _long_spans(sessions: list[Span], size: int) -> Iterator[tuple[Span, date | None]]:
    """Daily bars are sessions; weeks and months join those of one calendar week or month."""
    groups: dict[tuple[int, ...], list[Span]] = {}
    for item in sessions:
        day = trading_day(item[0])
        key: tuple[int, ...] = (day.toordinal(),)
        if size > _DAY:
            key = day.isocalendar()[:2] if size == 7 * _DAY else (day.year, day.month)
        groups.setdefault(key, []).append(item)
    for group in groups.values():
        yield (group[0][0], group[-1][1]), trading_day(group[0][0])


def _bar(market: Market, line: Line, what: str, span: Span, day: date | None) -> Bar:
    start, end = span
    inside = 2 if end - start <= 300 else 4 if end - start < _DAY / 4 else 12
    path = [line.ticks(line.mid(start + (end - start) * part / inside)) for part in range(inside + 1)]
    offset = {"BID": -1, "ASK": 1}.get(what, 0)
    prices = [line.price(max(1, ticks + offset)) for ticks in path]
    volume, count = -1, -1
    average = Decimal(-1)
    if what in {"TRADES", "ADJUSTED_LAST"}:
        volume = volume_between(market.seed, line.instrument, start, end)
        count = max(1, volume // line.instrument.lot)
        average = (sum(prices, Decimal(0)) / len(prices)).quantize(line.instrument.tick / 10)
    return Bar(start, day, prices[0], max(prices), min(prices), prices[-1], volume, average, count)
