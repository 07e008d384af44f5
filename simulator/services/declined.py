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
    """`fields_before_id`: how many fields come before the request id; None: the request has none."""

    fields_before_id: int | None
    code: int
    text: str


def _invalid(where: str, cause: str) -> str:
    return f"Error validating request.-'{where}' : cause - {cause}"


_NOT_ADVISOR = _invalid("b9", "FA data operations ignored for non FA customers.")
_NO_VERIFICATION = _invalid("cH", "Verification of API programs is not offered by this simulator")
_NO_DISPLAY = _invalid("cI", "Display groups are not available: this simulator has no windows")
_NO_NEWS = "News feed is not allowed."
_REQUESTS = {
    18: _Declined(None, 321, _NOT_ADVISOR),
    19: _Declined(3, 321, _NOT_ADVISOR),
    21: _Declined(1, 321, _invalid("cL", "Option exercise is not offered by this simulator")),
    52: _Declined(1, 430, "We are sorry, but fundamentals data for the security specified is not available."),
    65: _Declined(None, 321, _NO_VERIFICATION),
    66: _Declined(None, 321, _NO_VERIFICATION),
    67: _Declined(1, 321, _NO_DISPLAY),
    68: _Declined(1, 321, _NO_DISPLAY),
    69: _Declined(1, 321, _NO_DISPLAY),
    70: _Declined(1, 321, _NO_DISPLAY),
    72: _Declined(None, 321, _NO_VERIFICATION),
    73: _Declined(None, 321, _NO_VERIFICATION),
    84: _Declined(0, 10172, "Failed to request news article:No data available"),
    86: _Declined(0, 10276, _NO_NEWS),
    100: _Declined(0, 10276, _NO_NEWS),
    102: _Declined(0, 10276, _NO_NEWS),
}
_CANCELS = {53: 1, 101: 0, 103: 0}
"""How many fields come before the request id in what would end one of them."""


def declining_handlers() -> dict[int, Handler]:
    """A handler for each message of the tables; it answers with the error."""
    handlers = {number: _refuser(declined) for number, declined in _REQUESTS.items()}
    for number, before in _CANCELS.items():
        handlers[number] = _refuser(_Declined(before, 300, "Can't find EId with tickerId:"), append_id=True)
    return handlers


def _refuser(declined: _Declined, *, append_id: bool = False) -> Handler:
    def refuse(session: Session, fields: Fields) -> None:
        request_id = -1
        if declined.fields_before_id is not None:
            fields.skip(declined.fields_before_id)
            request_id = fields.integer("reqId")
        session.error(request_id, declined.code, declined.text + (str(request_id) if append_id else ""))

    return refuse
