"""Historical bars and head timestamps."""

from __future__ import annotations

from dataclasses import replace

from simulator.market.history import HistoryRequest, bars, head
from simulator.market.hours import parse_stamp
from simulator.market.market import Market
from simulator.refusal import invalid
from simulator.services.reference import Handler, resolve
from simulator.session import Session
from simulator.wire import bar_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract, read_legs


class BarService:
    """Answers at once, keeps nothing."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.handlers: dict[int, Handler] = {
            20: self._bars,
            25: lambda _session, _fields: None,  # answers are complete when they are sent: nothing is left to cancel
            87: self._head,
            90: lambda _session, _fields: None,
        }

    def _bars(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        query = replace(read_contract(fields), include_expired=fields.flag("includeExpired"))
        end_text, bar_size, duration = fields.text("endDateTime"), fields.text("barSize"), fields.text("duration")
        regular, what, form = fields.flag("useRTH"), fields.text("whatToShow"), fields.integer("formatDate", 1)
        line = self._market.line(resolve(self._market.universe, read_legs(fields, query)))
        if fields.flag("keepUpToDate"):
            raise invalid("keepUpToDate is not offered by this simulator", "bJ")
        end = parse_stamp(end_text) if end_text else self._market.now
        if end is None:
            raise invalid(f"End date/time {end_text!r} is not a time", "bJ")
        start, found = bars(self._market, line, HistoryRequest(end, duration, bar_size, what, regular))
        session.send(*wire.historical_bars(request_id, found, (start, end), form, session.version))

    def _head(self, session: Session, fields: Fields) -> None:
        request_id = fields.integer("reqId")
        resolve(self._market.universe, read_contract(fields))
        fields.skip(3)  # includeExpired, useRTH, whatToShow
        session.send(wire.head_timestamp(request_id, head(self._market.now), fields.integer("formatDate", 1)))
