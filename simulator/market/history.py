"""Historical bars out of the market: asked for any span, they agree with what was shown then.

`bars` answers a request in the gateway's terms (duration "5 D", bar size "1 min", regular hours or all);
`Refused` is raised for what cannot be answered. First, highest, lowest and last price, volume and count are those of
the trades (or quotes) inside the bar, as exactly as the feed's `reach` tells; a bar without any repeats the last
price before it. The average price is exact up to 30 seconds, beyond it is the mean of the four prices. The last bar
may be unfinished: it holds what is known now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from simulator.market.feed import Reach, What
from simulator.market.hours import Span, day_start, trading_day
from simulator.market.market import Line, Market
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
_EXACT_AVERAGE = 30.0
_LOOK: dict[str, What] = {
    "TRADES": "TRADES",
    "ADJUSTED_LAST": "TRADES",
    "MIDPOINT": "MIDPOINT",
    "BID": "BID",
    "ASK": "ASK",
    "BID_ASK": "BID",
}


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
    start, coming = coming_bars(market, line, request)
    return start, list(coming)


def coming_bars(market: Market, line: Line, request: HistoryRequest) -> tuple[float, Iterator[Bar]]:
    """As `bars`, but each bar is made when it is taken; until when they are known is settled by the call."""
    size = BAR_SECONDS.get(request.bar_size)
    if size is None:
        legal = ", ".join(BAR_SECONDS)
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {legal}", "bJ")
    _check_what(line, request.what)
    end = min(request.end, market.now)
    sessions = _sessions(market, line, request, end) if end > head(market.now) else []
    if not sessions:
        raise Refused(162, _no_data(line, request.what))
    count = sum(min(stop, end) - start for _, (start, stop) in sessions) / size
    if count > MAX_BARS:
        raise invalid(
            f"{request.duration} of {request.bar_size} is {count:.0f} bars, at most {MAX_BARS} are sent", "bJ"
        )
    spans = list(_long_spans(sessions, size) if size >= _DAY else _short_spans(sessions, size, end))
    known = line.feed.after(market.now) if end == market.now else end
    return sessions[0][1][0], _bars(line, request.what, spans, known)


def head(now: float) -> float:
    """The first instant for which there are bars."""
    return now - HISTORY_DAYS * _DAY


def _check_what(line: Line, what: str) -> None:
    if what not in _LOOK:
        raise invalid(f"What to show {what!r} is not offered by this simulator", "bJ")
    if _LOOK[what] == "TRADES" and not line.trades:
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


def _sessions(market: Market, line: Line, request: HistoryRequest, end: float) -> list[tuple[date, Span]]:
    """The trading sessions that the duration covers, with their days, oldest first. The last may end after `end`."""
    count, unit = _duration(request.duration)
    calendar = market.trading_hours.calendar(line.instrument, regular=request.regular)
    day = calendar.days(end)[1]
    oldest = trading_day(end) - timedelta(min({"W": 7, "M": 30, "Y": 365}.get(unit, 0) * count - 1, HISTORY_DAYS))
    if unit in {"S", "D"}:
        oldest = day - timedelta(HISTORY_DAYS)
    left = float(count)
    found: list[tuple[date, Span]] = []
    while day >= oldest and left > 0:
        opened = calendar.session(day, regular=request.regular)
        if opened is not None and opened[0] < end:
            start = opened[0]
            if unit == "S":
                start = max(start, min(opened[1], end) - left)
                left -= min(opened[1], end) - start
            elif unit == "D":
                left -= 1
            found.append((day, (start, opened[1])))
        day -= timedelta(1)
    return found[::-1]


def _short_spans(sessions: list[tuple[date, Span]], size: int, end: float) -> Iterator[tuple[Span, date | None]]:
    """Bars inside a day begin at multiples of their size from midnight; the first may be cut by the opening."""
    for _, (start, stop) in sessions:
        at = start - (start - day_start(trading_day(start))) % size
        while at < min(stop, end):
            yield (max(at, start), min(at + size, stop)), None
            at += size


def _long_spans(sessions: list[tuple[date, Span]], size: int) -> Iterator[tuple[Span, date | None]]:
    """Daily bars are sessions; weeks and months join those of one calendar week or month."""
    groups: dict[tuple[int, ...], list[tuple[date, Span]]] = {}
    for item in sessions:
        day = item[0]
        key: tuple[int, ...] = (day.toordinal(),)
        if size > _DAY:
            key = day.isocalendar()[:2] if size == 7 * _DAY else (day.year, day.month)
        groups.setdefault(key, []).append(item)
    for group in groups.values():
        yield (group[0][1][0], group[-1][1][1]), group[0][0]


def _bars(line: Line, what: str, spans: list[tuple[Span, date | None]], known: float) -> Iterator[Bar]:
    """A bar for every span, the last as far as it is `known`."""
    feed, shown = line.feed, _LOOK[what]
    before: int | None = None
    for (start, stop), day in spans:
        end = min(stop, known)
        reached = feed.reach(shown, start, end)
        if reached is None:
            if before is None:
                latest = feed.last_print(start) if line.trades else None
                before = latest.price if latest else line.ticks(feed.middle(start))
            reached = before, before, before, before
        before = reached[3]
        if what == "BID_ASK":
            asked = feed.reach("ASK", start, end) or reached
            reached = (reached[0] + reached[3]) // 2, asked[1], reached[2], (asked[0] + asked[3]) // 2
        yield _bar(line, shown, (start, end), reached, day)


def _bar(line: Line, what: What, span: Span, reached: Reach, day: date | None) -> Bar:
    first, high, low, last = (line.price(ticks) for ticks in reached)
    volume, count, average = -1, -1, Decimal(-1)
    if what == "TRADES":
        volume, count = line.feed.traded(*span)
        average = ((first + high + low + last) / 4).quantize(line.instrument.tick / 10)
        if volume and span[1] - span[0] <= _EXACT_AVERAGE:
            average = _average(line, span).quantize(line.instrument.tick / 10)
    return Bar(span[0], day, first, high, low, last, volume, average, count)


def _average(line: Line, span: Span) -> Decimal:
    """The volume-weighted average price of a span with trades."""
    prints = line.feed.prints(*span)
    return line.price(1) * sum(trade.price * trade.size for trade in prints) / sum(trade.size for trade in prints)
