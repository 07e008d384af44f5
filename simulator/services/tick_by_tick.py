"""Streams of single ticks: Last, AllLast, BidAsk, MidPoint, each after as many past ones as were asked for.

Nothing is withheld from a client that reads slowly: every tick counts. One that does not read at all is cut off by
the limit of its session.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.universe import Instrument
from simulator.refusal import Refused, invalid
from simulator.services import single_ticks
from simulator.services.entitlements import Entitlements
from simulator.services.history_ticks import past_ticks
from simulator.services.reference import Handler, resolve
from simulator.services.subscriptions import MarketLines, Subscriptions
from simulator.session import Session
from simulator.wire import tick_by_tick_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract

_KINDS = {"Last": wire.LAST, "AllLast": wire.ALL_LAST, "BidAsk": wire.BID_ASK, "MidPoint": wire.MID_POINT}
_HISTORY = {wire.LAST: "TRADES", wire.ALL_LAST: "TRADES", wire.BID_ASK: "BID_ASK", wire.MID_POINT: "MIDPOINT"}
_REFUSED = 10189
_PREFIX = "Failed to request tick-by-tick data."
_MOST_PAST = 1000

LiveTick = wire.TradeTick | wire.QuoteTick | wire.MidTick


@dataclass(eq=False)
class _Stream:
    session: Session
    request_id: int
    item: Instrument
    kind: int
    ignore_size: bool
    shown: object = None


class TickByTickService:
    """Who is told every tick of which line."""

    def __init__(self, market: Market, entitlements: Entitlements, lines: MarketLines) -> None:
        self._market = market
        self._entitlements = entitlements
        self._lines = lines
        self._streams: Subscriptions[_Stream] = Subscriptions()
        self._by_line: dict[int, list[_Stream]] = {}
        self.handlers: dict[int, Handler] = {97: self._subscribe, 98: self._cancel}

    def instruments(self) -> dict[int, Instrument]:
        """What is streamed, by contract id."""
        return {con_id: streams[0].item for con_id, streams in self._by_line.items()}

    def publish(self, line: Line) -> None:
        """Send what happened on a line since the previous step."""
        for stream in self._by_line.get(line.instrument.con_id, ()):
            for tick in self._news(stream, line):
                stream.session.send(wire.live_tick(stream.request_id, stream.kind, tick))

    def recheck(self) -> None:
        """Entitlements changed: streams without one end with the reason."""
        for stream in list(self._streams):
            try:
                self._require(stream.item)
            except Refused as refusal:
                self._streams.take(stream.session, stream.request_id)
                self._end(stream)
                stream.session.error(stream.request_id, refusal.code, refusal.text)

    def lose(self, session: Session) -> None:
        """Every stream of a client ends without a word."""
        for stream in self._streams.drop(session):
            self._end(stream)

    def _subscribe(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        query = read_contract(fields)
        name, count = fields.text("tickType"), fields.integer("numberOfTicks")
        ignore_size = fields.flag("ignoreSize")
        if name not in _KINDS:
            raise invalid("Tick-by-tick data type is incorrect/not set.", "bT")
        if query.sec_type == "BAG":
            raise invalid("'BAG' security type is not supported in ReqTickByTick(97) request", "bT")
        if not 0 <= count <= _MOST_PAST:
            raise invalid(f"Number of ticks {count} is not in the range 0 to {_MOST_PAST}", "bT")
        self._streams.require_new(session, request_id)
        line = self._market.line(resolve(self._market.universe, query))
        self._require_offered(line, name)
        stream = _Stream(session, request_id, line.instrument, _KINDS[name], ignore_size)
        if count:
            what, now = _HISTORY[stream.kind], self._market.now
            session.send(past_ticks(self._market, line, what, request_id, (None, now), count))
        self._streams.add(session, request_id, stream)
        self._by_line.setdefault(line.instrument.con_id, []).append(stream)

    def _require(self, item: Instrument) -> None:
        self._entitlements.require(item, _REFUSED, _PREFIX)

    def _require_offered(self, line: Line, name: str) -> None:
        """Options have no single ticks, currencies no trades (IBKR Campus, "Tick-by-Tick Data")."""
        item = line.instrument
        self._require(item)
        if item.sec_type == "OPT" or (name in {"Last", "AllLast"} and not line.trades):
            raise Refused(
                _REFUSED,
                f"{_PREFIX}{name} tick-by-tick requests are not supported for {item.local_symbol or item.symbol}",
            )
        if len(self._streams) >= self._lines.tick_by_tick:
            raise Refused(10190, "Max number of tick-by-tick requests has been reached.")

    def _news(self, stream: _Stream, line: Line) -> Iterable[LiveTick]:
        if stream.kind in {wire.LAST, wire.ALL_LAST}:
            return single_ticks.trades(line, everything=stream.kind == wire.ALL_LAST)
        if line.state != "open":
            return ()
        tick: LiveTick
        if stream.kind == wire.BID_ASK:
            tick = single_ticks.quote(line, line.quote)
            shown: object = (tick.bid, tick.ask) if stream.ignore_size else tick[1:]
        else:
            tick = single_ticks.midpoint(line, line.quote)
            shown = tick.price
        if shown == stream.shown:
            return ()
        stream.shown = shown
        return (tick,)

    def _cancel(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        stream = self._streams.take(session, request_id)
        if stream is None:
            raise Refused(300, f"Can't find EId with tickerId:{request_id}")
        self._end(stream)

    def _end(self, stream: _Stream) -> None:
        con_id = stream.item.con_id
        self._by_line[con_id].remove(stream)
        if not self._by_line[con_id]:
            del self._by_line[con_id]
