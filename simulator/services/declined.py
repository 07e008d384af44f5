"""Requests that the simulator knows but does not serve, and the error a gateway without that service sends.

Cancelling one of them is answered with error 300: there is nothing under that id. What is in no table at all
gets error 320. Nothing is met with silence.
"""

from __future__ import annotations

from typing import NamedTuple

from simulator.services.reference import Handler
from simulator.session import Session
from simulator.wire.fields import Fields


class _Declined(NamedTuple):
    fields_before_id: int
    code: int
    text: str


_NOT_HERE = "is not offered by this simulator"
_REQUESTS = {
    10: _Declined(1, 10092, "Deep market data is not supported for this combination of security type/exchange"),
    12: _Declined(-1, 321, f"Error validating request.-'bV' : cause - A news bulletin feed {_NOT_HERE}"),
    18: _Declined(-1, 321, f"Error validating request.-'bX' : cause - FA data {_NOT_HERE}"),
    21: _Declined(1, 321, f"Error validating request.-'cL' : cause - Option exercise {_NOT_HERE}"),
    22: _Declined(0, 162, "Historical Market Data Service error message:API scanner subscription cancelled"),
    24: _Declined(-1, 321, f"Error validating request.-'bY' : cause - Market scanner {_NOT_HERE}"),
    50: _Declined(1, 420, f"Invalid Real-time Query:A stream of 5 second bars {_NOT_HERE}"),
    52: _Declined(1, 430, "We are sorry, but fundamentals data for the security specified is not available."),
    54: _Declined(1, 321, f"Error validating request.-'cM' : cause - Implied volatility calculation {_NOT_HERE}"),
    55: _Declined(1, 321, f"Error validating request.-'cN' : cause - Option price calculation {_NOT_HERE}"),
    84: _Declined(0, 10172, f"Failed to request news article:News {_NOT_HERE}"),
    86: _Declined(0, 321, f"Error validating request.-'cP' : cause - Historical news {_NOT_HERE}"),
    88: _Declined(0, 162, "Historical Market Data Service error message:Histogram data are not offered"),
    96: _Declined(0, 10187, f"Failed to request historical ticks:A history of ticks {_NOT_HERE}"),
    97: _Declined(0, 10189, f"Failed to request tick-by-tick data:A tick-by-tick stream {_NOT_HERE}"),
    100: _Declined(0, 10276, "News feed is not allowed."),
    102: _Declined(0, 10276, "News feed is not allowed."),
}
_CANCELS = {11: 1, 13: -1, 23: 1, 51: 1, 53: 1, 56: 1, 57: 1, 89: 0, 98: 0, 101: 0, 103: 0}


def declining_handlers() -> dict[int, Handler]:
    """A handler for each message of the tables; it answers with the error."""
    handlers = {number: _refuser(declined) for number, declined in _REQUESTS.items()}
    for number, before in _CANCELS.items():
        handlers[number] = _refuser(_Declined(before, 300, "Can't find EId with tickerId:"), append_id=True)
    return handlers


def _refuser(declined: _Declined, *, append_id: bool = False) -> Handler:
    def refuse(session: Session, fields: Fields) -> None:
        request_id = -1
        if declined.fields_before_id >= 0:
            fields.skip(declined.fields_before_id)
            request_id = fields.integer("reqId")
        session.error(request_id, declined.code, declined.text + (str(request_id) if append_id else ""))

    return refuse
