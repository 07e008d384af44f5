"""Historical bars, kept up to date while the client wants it, schedules, head timestamps and histograms.

A request kept up to date is told its last bar again whenever it changed, every five seconds of the calendar, and
each new bar as it begins. Everything else is complete when it is answered. A long answer is made in pieces, with
everybody else's turns between them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import islice

from simulator.market.history import Bar, HistoryRequest, bars, coming_bars, head
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.universe import Instrument
from simulator.refusal import Refused, invalid
from simulator.services.bar_requests import SCHEDULE, BarRequest, read_bar_request
from simulator.services.entitlements import Entitlements
from simulator.services.reference import Handler, resolve_past
from simulator.services.subscriptions import Subscriptions
from simulator.services.volatilities import HISTORICAL, IMPLIED, volatility_bars
from simulator.session import Session
from simulator.wire import bar_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract

UPDATE_EVERY = 5.0
_CAUGHT_UP = 60
_MOST_SECONDS = 999_999
"""The longest duration that is told in seconds."""
_DAY = 86400
_REFUSED = 162
_PREFIX = "Historical Market Data Service error message:"
_DELAY = 900.0
_PIECE = 500
"""Bars that are made at once: some tenths of a second at the longest."""
_PAUSE = 0.001


@dataclass(eq=False)
class _Live:
    session: Session
    request_id: int
    item: Instrument
    request: BarRequest
    last: Bar
    slot: int


@dataclass(eq=False)
class _Answer:
    session: Session
    request_id: int
    item: Instrument
    request: BarRequest
    span: tuple[float, float]
    coming: Iterator[Bar]
    made: list[Bar] = field(default_factory=list)


class BarService:
    """What HMDS answers. `later` calls back after so many true seconds."""

    def __init__(
        self, market: Market, entitlements: Entitlements, later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self._market = market
        self._entitlements = entitlements
        self._later = later
        self._answers: Subscriptions[_Answer] = Subscriptions()
        self._live: Subscriptions[_Live] = Subscriptions()
        self.handlers: dict[int, Handler] = {
            20: self._bars,
            25: self._cancel,
            87: self._head,
            88: self._histogram,
            89: lambda _session, _fields: None,  # answers are complete when they are sent: nothing is left to cancel
            90: lambda _session, _fields: None,
        }

    def instruments(self) -> dict[int, Instrument]:
        """What is kept up to date, by contract id."""
        return {live.item.con_id: live.item for live in self._live}

    def publish(self, line: Line) -> None:
        """Send what changed in the bars of a line since the last five-second mark."""
        slot = int(self._market.now // UPDATE_EVERY)
        for live in self._live:
            if live.item.con_id == line.instrument.con_id and live.slot != slot:
                live.slot = slot
                self._update(live, line)

    def recheck(self) -> None:
        """Entitlements changed: bars that may not be followed any more end with the reason."""
        for live in list(self._live):
            try:
                self._require(live.item, live=True)
            except Refused as refusal:
                self._live.take(live.session, live.request_id)
                live.session.error(live.request_id, refusal.code, refusal.text)

    def lose(self, session: Session) -> None:
        """Nothing of a client's is kept up to date any more."""
        self._answers.drop(session)
        self._live.drop(session)

    def _bars(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        request = read_bar_request(fields)
        self._answers.require_new(session, request_id)
        self._live.require_new(session, request_id)
        line = self._market.line(resolve_past(self._market.universe, request.contract))
        self._require(line.instrument, live=request.live)
        end = self._newest(line.instrument) if request.end is None else request.end
        if request.what == SCHEDULE:
            self._schedule(session, request_id, line, request, end)
            return
        look = volatility_bars if request.what in {HISTORICAL, IMPLIED} else coming_bars
        start, coming = look(self._market, line, _asked(request, end))
        answer = _Answer(session, request_id, line.instrument, request, (start, end), coming)
        self._answers.add(session, request_id, answer)
        self._make(answer)

    def _make(self, answer: _Answer) -> None:
        """Make some bars; the answer goes with the last of them, unless it was cancelled or its session ended."""
        session, request_id, request = answer.session, answer.request_id, answer.request
        if self._answers.of(session).get(request_id) is not answer:
            return
        piece = list(islice(answer.coming, _PIECE))
        answer.made += piece
        if len(piece) == _PIECE:
            self._later(_PAUSE, partial(self._make, answer))
            return
        self._answers.take(session, request_id)
        session.send(*wire.historical_bars(request_id, answer.made, answer.span, request.form, session.version))
        if request.live:
            slot = int(self._market.now // UPDATE_EVERY)
            last = answer.made[-1]
            self._live.add(session, request_id, _Live(session, request_id, answer.item, request, last, slot))

    def _newest(self, item: Instrument) -> float:
        """How far bars reach: until now, or as far as delayed data do."""
        delayed = self._entitlements.of(item) == "delayed"
        return self._market.now - (_DELAY if delayed else 0.0)

    def _require(self, item: Instrument, *, live: bool = False) -> None:
        """Past bars need no live data, updates do. Raises `Refused` (162)."""
        if live or self._entitlements.of(item) != "delayed":
            self._entitlements.require(item, _REFUSED, _PREFIX)

    def _update(self, live: _Live, line: Line) -> None:
        """Tell the last bar and those that began since; after a jump of the calendar only the latest of these."""
        now, request = self._market.now, live.request
        since = live.last.start if live.last.start <= now else -math.inf  # the calendar was set back
        reach = min(max(0.0, now - live.last.start), _CAUGHT_UP * request.size)
        back = replace(request, duration=_reaching_back(reach, request.size))
        for bar in bars(self._market, line, _asked(back, now))[1][1:]:
            if bar.start >= since and bar != live.last:
                live.session.send(wire.bar_update(live.request_id, bar, request.form))
                live.last = bar

    def _cancel(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        if self._answers.take(session, request_id) is None and self._live.take(session, request_id) is None:
            raise Refused(366, f"No historical data query found for ticker id:{request_id}")
        raise Refused(_REFUSED, f"{_PREFIX}API historical data query cancelled: {request_id}")

    def _schedule(self, session: Session, request_id: int, line: Line, request: BarRequest, end: float) -> None:
        calendar = self._market.trading_hours.calendar(line.instrument, regular=request.regular)
        days = [
            bar.day for bar in bars(self._market, line, _asked(replace(request, what="MIDPOINT"), end))[1] if bar.day
        ]
        found = [(day, span) for day in days if (span := calendar.session(day, regular=request.regular))]
        session.send(wire.schedule(request_id, (found[0][1][0], end), calendar.zone_name, found))

    def _head(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        line = self._market.line(resolve_past(self._market.universe, read_contract(fields)))
        fields.skip(2)  # includeExpired, useRTH
        what, form = fields.text("whatToShow").upper(), fields.integer("formatDate", 1)
        self._require(line.instrument)
        if what in {"TRADES", "ADJUSTED_LAST"} and not line.trades:
            raise Refused(_REFUSED, f"{_PREFIX}No head time stamp")
        session.send(wire.head_timestamp(request_id, head(self._market.now), form))

    def _histogram(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        query = replace(read_contract(fields), include_expired=fields.flag("includeExpired"))
        regular, period = fields.flag("useRTH"), fields.text("timePeriod")
        line = self._market.line(resolve_past(self._market.universe, query))
        self._entitlements.require(line.instrument, 10188, "Failed to request histogram data:")
        points: Counter[Decimal] = Counter()
        request = HistoryRequest(self._newest(line.instrument), *_period(period), "TRADES", regular)
        for bar in bars(self._market, line, request)[1]:
            points[bar.close] += bar.volume
        session.send(wire.histogram(request_id, sorted(points.items())))


def _asked(request: BarRequest, end: float) -> HistoryRequest:
    return HistoryRequest(end, request.duration, request.bar_size, request.what, request.regular)


def _reaching_back(reach: float, size: int) -> str:
    """A duration that holds all bars since `reach` seconds ago, and one before them that may be cut."""
    if size < _DAY:
        return f"{min(int(reach + size) + 1, _MOST_SECONDS)} S"
    return f"{int(reach / size) + 3} {'D' if size == _DAY else 'W' if size == 7 * _DAY else 'M'}"


def _period(text: str) -> tuple[str, str]:
    """A histogram's `3 days` as duration and size of the bars it is made of."""
    number, _, unit = text.strip().partition(" ")
    letter = unit[:1].upper()
    known = number.isascii() and number.isdecimal() and len(number) <= 4 and letter in set("SDWMY")
    if not (known and 0 < int(number) <= 1000):
        raise invalid(f"Time period {text[:40]!r} is invalid, expected for example 3 days", "bO")
    size = {"S": "5 secs", "D": "5 mins", "W": "5 mins"}.get(letter, "1 day")
    return f"{int(number)} {letter}", size
