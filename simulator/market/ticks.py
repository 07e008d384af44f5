"""Single ticks of the past: trades and quotes as they were shown, for historical ticks.

Both come from the feed that shows them live. Quotes are told when they changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from simulator.market.feed import Feed, Print, Quote
from simulator.market.instrument import Instrument
from simulator.market.trading_hours import TradingHours

_Tick = TypeVar("_Tick")
_WINDOW = 60.0
_LONGEST = 15 * 86400.0


class QuoteTick(NamedTuple):
    """A quote of the past: prices in ticks, sizes in units."""

    time: float
    bid: int
    ask: int
    bid_size: int
    ask_size: int


def trades(
    feed: Feed, hours: TradingHours, item: Instrument, span: tuple[float | None, float], limit: int
) -> list[Print]:
    """The first trades from the span's start on or, without a start, the last before its end; oldest first."""
    return _collect(feed.prints, lambda *asked: hours.spans(item, *asked), span, limit)


def quotes(
    feed: Feed, hours: TradingHours, item: Instrument, span: tuple[float | None, float], limit: int
) -> list[QuoteTick]:
    """The same of quotes."""

    def changes(start: float, end: float) -> list[QuoteTick]:
        found: list[QuoteTick] = []
        quote = Quote()
        for moment in feed.instants(start, end):
            feed.show(quote, moment)
            tick = QuoteTick(moment, quote.bid, quote.ask, quote.bid_size, quote.ask_size)
            if not found or found[-1][1:] != tick[1:]:
                found.append(tick)
        return found

    return _collect(changes, lambda *asked: hours.spans(item, *asked), span, limit)


def _collect(
    look: Callable[[float, float], Sequence[_Tick]],
    open_spans: Callable[[float, float], Sequence[tuple[float, float]]],
    span: tuple[float | None, float],
    limit: int,
) -> list[_Tick]:
    """Look minute by minute, forwards from the start or backwards from the end, no longer than a fortnight."""
    start, end = span
    found: list[_Tick] = []
    if start is not None:
        for opened, closed in open_spans(start, min(end, start + _LONGEST)):
            begin = opened
            while begin < closed and len(found) < limit:
                found += look(begin, min(begin + _WINDOW, closed))
                begin += _WINDOW
        return found[:limit]
    for opened, closed in reversed(open_spans(end - _LONGEST, end)):
        stop = closed
        while stop > opened and len(found) < limit:
            found[:0] = look(max(stop - _WINDOW, opened), stop)
            stop -= _WINDOW
    return found[-limit:]
