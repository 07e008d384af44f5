"""Past single ticks (message 96): trades, quotes or midpoints, from an instant on or up to one.

As many as were asked for, and then the rest of the second that the last of them lies in: clients page by seconds,
and a recorded gateway answers 3 ticks to a request for 2 (wire/real_frames_176.jsonl). In regular hours they are
those of one session, and may be fewer.
"""

from __future__ import annotations

from dataclasses import replace
from math import floor, inf, nextafter

from simulator.market.hours import Span
from simulator.market.line import Line, Print
from simulator.market.market import Market, QuoteTick
from simulator.refusal import Refused, invalid
from simulator.services import single_ticks
from simulator.services.bar_requests import instant
from simulator.services.entitlements import Entitlements
from simulator.services.reference import Handler, resolve_past
from simulator.session import Session
from simulator.wire import tick_by_tick_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract

MOST = 1000
_ALL = 100 * MOST
_WHAT = ("TRADES", "BID_ASK", "MIDPOINT")
_REFUSED = 10187
_PREFIX = "Failed to request historical ticks:"
_WHERE = "bU"


class HistoryTickService:
    """Answers at once, keeps nothing."""

    def __init__(self, market: Market, entitlements: Entitlements) -> None:
        self._market = market
        self._entitlements = entitlements
        self.handlers: dict[int, Handler] = {96: self._ticks}

    def _ticks(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        query = replace(read_contract(fields), include_expired=fields.flag("includeExpired"))
        start, end = instant("Start", fields.text("startDateTime")), instant("End", fields.text("endDateTime"))
        count, what = fields.integer("numberOfTicks"), fields.text("whatToShow").upper()
        regular = fields.flag("useRth")
        if (start is None) == (end is None):
            raise invalid("Please specify either start time or end time", _WHERE)
        if not 0 < count <= MOST:
            raise invalid(f"Number of ticks {count} is not in the range 1 to {MOST}", _WHERE)
        if what not in _WHAT:
            raise invalid(f"What to show setting {what[:40]!r} is not one of {', '.join(_WHAT)}", _WHERE)
        line = self._market.line(resolve_past(self._market.universe, query))
        self._entitlements.require(line.instrument, _REFUSED, _PREFIX)
        if what == "TRADES" and not line.trades:
            raise Refused(_REFUSED, f"{_PREFIX}No trades are reported for {line.instrument.local_symbol}")
        span = start, end
        session.send(past_ticks(self._market, line, what, request_id, span, count, regular=regular))


def past_ticks(
    market: Market,
    line: Line,
    what: str,
    request_id: int,
    span: tuple[float | None, float | None],
    count: int,
    *,
    regular: bool = False,
) -> bytes:
    """The first ticks from the start of a span on, or the last up to its end, as one message."""
    opened, closed = _regular_session(market, line, span) if regular else (-inf, inf)
    start = None if span[0] is None else max(span[0], opened)
    end = min(market.now + 1 if span[1] is None else span[1], closed)
    found = [one for one in _whole_seconds(market, line, what, start, end, count) if opened <= one.time < closed]
    if what == "TRADES":
        trades = [single_ticks.trade(line, one) for one in found if isinstance(one, Print)]
        return wire.past_trades(request_id, trades, done=True)
    quotes = [one for one in found if isinstance(one, QuoteTick)]
    if what == "BID_ASK":
        return wire.past_quotes(request_id, [single_ticks.quote(line, one) for one in quotes], done=True)
    return wire.past_midpoints(request_id, [single_ticks.midpoint(line, one) for one in quotes], done=True)


def _regular_session(market: Market, line: Line, span: tuple[float | None, float | None]) -> Span:
    """The regular session that ticks are looked for in: the first from the start on, or the last before the end."""
    calendar = market.trading_hours.calendar(line.instrument, regular=True)
    start, end = span
    if start is not None:
        return calendar.last(calendar.next_open(start, regular=True), regular=True)[1]
    return calendar.last(nextafter(market.now if end is None else end, -inf), regular=True)[1]


def _whole_seconds(
    market: Market, line: Line, what: str, start: float | None, end: float, count: int
) -> list[Print] | list[QuoteTick]:
    found = market.history_ticks(line.instrument, what, start, end, count)
    if not found:
        return found
    if start is None:
        return market.history_ticks(line.instrument, what, floor(found[0].time), end, _ALL)
    return market.history_ticks(line.instrument, what, start, min(end, floor(found[-1].time) + 1), _ALL)
