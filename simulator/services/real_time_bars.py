"""Bars of five seconds as they end, on the five-second marks of the calendar."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.market.history import HistoryRequest, bars
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.universe import Instrument
from simulator.refusal import Refused, invalid
from simulator.services.entitlements import Entitlements
from simulator.services.reference import Handler, resolve
from simulator.services.subscriptions import MarketLines, Subscriptions
from simulator.session import Session
from simulator.wire import bar_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract

SECONDS = 5
_CAUGHT_UP = 60
"""A calendar that jumped shows the bars of the last five minutes, not of the hours in between."""
_WHAT = ("TRADES", "MIDPOINT", "BID", "ASK")
_REFUSED = 420
_PREFIX = "Invalid Real-time Query:"


@dataclass(eq=False)
class _Stream:
    session: Session
    request_id: int
    item: Instrument
    what: str
    regular: bool
    told: int


class RealTimeBarService:
    """Who is sent bars of which line."""

    def __init__(self, market: Market, entitlements: Entitlements, lines: MarketLines) -> None:
        self._market = market
        self._entitlements = entitlements
        self._lines = lines
        self._streams: Subscriptions[_Stream] = Subscriptions()
        self.handlers: dict[int, Handler] = {50: self._subscribe, 51: self._cancel}

    def instruments(self) -> dict[int, Instrument]:
        """What bars are made of, by contract id."""
        return {stream.item.con_id: stream.item for stream in self._streams}

    def publish(self, line: Line) -> None:
        """Send the bars of a line that ended."""
        mark = int(self._market.now // SECONDS)
        for stream in self._streams:
            if stream.item.con_id == line.instrument.con_id:
                if stream.told < mark:
                    self._send(stream, line, max(stream.told, mark - _CAUGHT_UP), mark)
                stream.told = mark  # also when the calendar was set back

    def recheck(self) -> None:
        """Entitlements changed: streams without one end with the reason."""
        for stream in list(self._streams):
            try:
                self._entitlements.require(stream.item, _REFUSED, _PREFIX)
            except Refused as refusal:
                self._end(self._streams.take(stream.session, stream.request_id))
                stream.session.error(stream.request_id, refusal.code, refusal.text)

    def lose(self, session: Session) -> None:
        """Every stream of a client ends without a word."""
        for stream in self._streams.drop(session):
            self._end(stream)

    def _subscribe(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        query = read_contract(fields)
        fields.skip()  # the bar size: five seconds, whatever a client writes
        what, regular = fields.text("whatToShow").upper(), fields.flag("useRTH")
        if what not in _WHAT:
            raise invalid(f"What to show setting {what[:40]!r} is not one of {', '.join(_WHAT)}", "bZ")
        self._streams.require_new(session, request_id)
        item = resolve(self._market.universe, query)
        self._entitlements.require(item, _REFUSED, _PREFIX)
        line = self._market.line(item)
        if what == "TRADES" and not line.trades:
            raise Refused(_REFUSED, f"{_PREFIX}No trades are reported for {item.local_symbol}")
        self._lines.take(item.con_id)
        told = int(self._market.now // SECONDS)
        self._streams.add(session, request_id, _Stream(session, request_id, item, what, regular, told))

    def _send(self, stream: _Stream, line: Line, first: int, mark: int) -> None:
        """The bars from one mark to another; none of a time outside the hours asked for: the history omits it."""
        duration = f"{(mark - first) * SECONDS} S"
        request = HistoryRequest(mark * SECONDS, duration, "5 secs", stream.what, stream.regular)
        for bar in bars(self._market, line, request)[1]:
            if bar.start >= first * SECONDS:
                stream.session.send(wire.real_time_bar(stream.request_id, bar))

    def _cancel(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        stream = self._streams.take(session, request_id)
        if stream is None:
            raise Refused(300, f"Can't find EId with tickerId:{request_id}")
        self._end(stream)

    def _end(self, stream: _Stream | None) -> None:
        if stream is not None:
            self._lines.give_back(stream.item.con_id)
