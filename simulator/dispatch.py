"""From a request to its handler, and from what the handler raises to the error that the client is sent.

In read-only mode whatever belongs to orders is refused, listing them as well, as TWS does. The letters in a text
like 'bh' are names inside TWS that change with its version.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.refusal import Refused, invalid
from simulator.services.reference import Handler, unknown
from simulator.session import Session
from simulator.wire.fields import BadField, Fields

_CANCEL_ORDER = 4
_ABOUT_ORDERS = {3, 4, 5, 15, 16, 21, 58, 99}
_ID_FIRST = {3, 20, 22, 78, 79, 81, 83, 84, 86, 87, 88, 90, 92, 93, 94, 95, 96, 97, 98, 100, 101, 102, 103, 104}
_NO_ID = {5, 6, 8, 12, 13, 14, 15, 16, 17, 18, 24, 49, 58, 59, 61, 64, 71, 80, 82, 85, 91, 99, 105}


class Dispatcher:
    """The handlers of one gateway, by message id."""

    def __init__(self, handlers: Mapping[int, Handler]) -> None:
        self._handlers = handlers

    def serve(self, session: Session, request: Fields, *, read_only: bool) -> None:
        """Have a request answered."""
        request_id = _request_id(request, session.version)
        try:
            if read_only and request.message_id in _ABOUT_ORDERS:
                raise invalid("The API interface is currently in Read-Only mode.", "bh")
            self._handlers.get(request.message_id, unknown)(session, request)
        except Refused as refusal:
            session.error(request_id, refusal.code, refusal.text)
        except BadField as error:
            session.error(request_id, 320, f"Error reading request:{error}")


def _request_id(request: Fields, version: int) -> int:
    """The id an error about this request carries, -1 where there is none to be read."""
    if request.message_id in _NO_ID:
        return -1
    try:
        id_first = request.message_id in _ID_FIRST or (request.message_id == _CANCEL_ORDER and version >= 200)
        return request.peek_integer(0 if id_first else 1)
    except BadField:
        return -1
