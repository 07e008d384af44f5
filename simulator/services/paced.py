"""Requests for bars on their way to whoever serves them, held against the pace that TWS allows.

Bars that are kept up to date stay open until they are cancelled, so these are the ones that count as open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulator.pacing import HistoryRequest, Pacing
from simulator.services.reference import Handler
from simulator.session import Session
from simulator.wire.fields import BadField, Fields

_BARS, _CANCEL_BARS, _STREAM = 20, 25, 50
_CONTRACT = slice(1, 13)
_BAR_SIZE, _WHAT, _KEEP_UP_TO_DATE = 15, 18, -2
_LEAST_FIELDS = 22


class PacedHandlers:
    """Wraps the handlers of these requests."""

    def __init__(self, pacing: Pacing, monotonic: Callable[[], float], handlers: Mapping[int, Handler]) -> None:
        self._pacing = pacing
        self._monotonic = monotonic
        self._serve = handlers
        self._open: dict[Session, set[int]] = {}
        self.handlers: dict[int, Handler] = {_BARS: self._bars, _CANCEL_BARS: self._cancel, _STREAM: self._stream}

    def lose(self, session: Session) -> None:
        """Nothing of a client's is open any more."""
        self._open.pop(session, None)

    def _bars(self, session: Session, fields: Fields) -> None:
        values = fields.rest()
        if len(values) < _LEAST_FIELDS:
            raise BadField("the request ends too early")
        request_id = fields.peek_integer(0)
        open_requests = len(self._open.get(session, ()))
        self._pacing.history(_request(values), self._monotonic(), open_requests)
        self._serve[_BARS](session, fields)
        if values[_KEEP_UP_TO_DATE] == "1":
            self._open.setdefault(session, set()).add(request_id)

    def _cancel(self, session: Session, fields: Fields) -> None:
        self._open.get(session, set()).discard(fields.peek_integer(1))
        self._serve[_CANCEL_BARS](session, fields)

    def _stream(self, session: Session, fields: Fields) -> None:
        self._pacing.stream(self._monotonic())
        self._serve[_STREAM](session, fields)


def _request(values: tuple[str, ...]) -> HistoryRequest:
    return HistoryRequest(values[_CONTRACT], values[_BAR_SIZE], values[_WHAT], values[1:])
