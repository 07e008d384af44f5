"""Streaming quotes and snapshots.

Changes of a line are encoded once per step for all its watchers; each gets its request id in between. A
congested client is sent nothing until it has caught up, and then the whole quote: its view is late, never wrong.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from simulator.market.market import Line, Market, Quote
from simulator.market.option_model import VOLATILITY, Greeks
from simulator.market.universe import Instrument
from simulator.refusal import Refused
from simulator.services.reference import Handler, resolve
from simulator.session import Session
from simulator.wire import quote_messages as wire
from simulator.wire import tick_types as types
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract

_LIVE = 1
_BBO_MAP = "9c0001"
_PREFIX = struct.Struct(">I")


@dataclass
class _Watcher:
    session: Session
    request_id: int
    instrument: Instrument
    behind: bool = False


@dataclass
class _Watched:
    shown: Quote
    watchers: list[_Watcher] = field(default_factory=list)


class QuoteService:
    """Who watches which line."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._watched: dict[int, _Watched] = {}
        self._requests: dict[Session, dict[int, _Watcher]] = {}
        self._opened: Counter[Session] = Counter()
        self.handlers: dict[int, Handler] = {1: self._subscribe, 2: self._cancel, 59: self._data_type}

    def instruments(self) -> dict[int, Instrument]:
        """What somebody watches, by contract id."""
        return {con_id: watched.watchers[0].instrument for con_id, watched in self._watched.items()}

    def lines(self, session: Session) -> list[str]:
        """The symbols that a client watches, one for each of its lines."""
        return sorted(watcher.instrument.symbol for watcher in self._requests.get(session, {}).values())

    def opened(self, session: Session) -> int:
        """How many lines a client has opened so far."""
        return self._opened[session]

    def publish(self, line: Line) -> None:
        """Send what changed on a line since it was last shown."""
        watched = self._watched.get(line.instrument.con_id)
        if watched is None:
            return
        ticks = list(_ticks(line, watched.shown))
        watched.shown = replace(line.quote)
        if not ticks:
            return
        for watcher in watched.watchers:
            if watcher.session.congested:
                watcher.behind = True
            elif watcher.behind:
                watcher.behind = False
                watcher.session.send_frames(_frames(_ticks(line, Quote()), watcher.request_id))
            else:
                watcher.session.send_frames(_frames(ticks, watcher.request_id))

    def forget(self, session: Session) -> None:
        """The session is over."""
        self.lose(session)
        del self._opened[session]

    def lose(self, session: Session) -> None:
        """Every line of a client ends without a word, as after 1101."""
        for watcher in self._requests.pop(session, {}).values():
            self._unwatch(watcher)

    def _subscribe(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        query = read_contract(fields)
        if query.sec_type == "BAG":
            raise Refused(200, "No security definition has been found for the request")
        fields.skip(2)  # delta-neutral flag, generic ticks
        snapshot = fields.flag("snapshot") or fields.optional("regulatorySnapshot") == "1"
        requests = self._requests.setdefault(session, {})
        if request_id in requests:
            raise Refused(322, "Error processing request.-'bR' : cause - Duplicate ticker id")
        line = self._market.line(resolve(self._market.universe, query))
        session.send(
            wire.request_parameters(request_id, line.instrument.tick, _BBO_MAP),
            wire.market_data_type(request_id, _LIVE),
        )
        session.send_frames(_frames(_ticks(line, Quote()), request_id))
        if snapshot:
            session.send(wire.snapshot_end(request_id))
            return
        self._opened[session] += 1
        watcher = requests[request_id] = _Watcher(session, request_id, line.instrument)
        self._watched.setdefault(line.instrument.con_id, _Watched(replace(line.quote))).watchers.append(watcher)

    def _cancel(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        watcher = self._requests.get(session, {}).pop(request_id, None)
        if watcher is None:
            raise Refused(300, f"Can't find EId with tickerId:{request_id}")
        self._unwatch(watcher)

    def _data_type(self, session: Session, fields: Fields) -> None:
        """The simulated account is entitled to live data, which wins over any type that is asked for."""

    def _unwatch(self, watcher: _Watcher) -> None:
        watched = self._watched[watcher.instrument.con_id]
        watched.watchers.remove(watcher)
        if not watched.watchers:
            del self._watched[watcher.instrument.con_id]


def _frames(ticks: Iterable[wire.Tick], request_id: int) -> bytes:
    middle = str(request_id).encode()
    parts: list[bytes] = []
    for head, tail in ticks:
        parts += (_PREFIX.pack(len(head) + len(middle) + len(tail)), head, middle, tail)
    return b"".join(parts)


def _ticks(line: Line, shown: Quote) -> Iterable[wire.Tick]:
    """The ticks that lead from one state of a line to its present one."""
    quote, price = line.quote, line.price
    for kind, size_kind, now, size, before, size_before in (
        (types.BID, types.BID_SIZE, quote.bid, quote.bid_size, shown.bid, shown.bid_size),
        (types.ASK, types.ASK_SIZE, quote.ask, quote.ask_size, shown.ask, shown.ask_size),
        (types.LAST, types.LAST_SIZE, quote.last, quote.last_size, shown.last, shown.last_size),
    ):
        if now != before:
            yield wire.price_tick(kind, price(now), size)
        elif size != size_before:
            yield wire.size_tick(size_kind, size)
    if (quote.last, quote.last_size) != (shown.last, shown.last_size):
        yield wire.string_tick(types.LAST_TIMESTAMP, str(int(quote.time)))
    if quote.volume != shown.volume:
        yield wire.size_tick(types.VOLUME, quote.volume)
    for kind, now, before in (
        (types.HIGH, quote.high, shown.high),
        (types.LOW, quote.low, shown.low),
        (types.CLOSE, quote.close, shown.close),
        (types.OPEN, quote.open, shown.open),
    ):
        if now != before:
            yield wire.price_tick(kind, price(now), 0)
    if quote.greeks is not None and quote.greeks != shown.greeks:
        yield wire.option_tick(types.MODEL_OPTION, _model(quote.greeks))


def _model(greeks: Greeks) -> wire.OptionComputation:
    return wire.OptionComputation(
        VOLATILITY, greeks.delta, greeks.price, 0.0, greeks.gamma, greeks.vega, greeks.theta, greeks.spot
    )
