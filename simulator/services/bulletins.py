"""News bulletins (14): those who asked are told each one, and those of the day before they asked if they want to."""

from __future__ import annotations

from simulator.services.reference import Handler
from simulator.session import Session
from simulator.wire import news_messages
from simulator.wire.fields import Fields

KINDS = {"bulletin": 1, "exchange unavailable": 2, "exchange available": 3}
"""Numbers of the kinds of bulletins, as the official client documents them."""


class BulletinService:
    """The bulletins so far, and who is told."""

    def __init__(self) -> None:
        self._listeners: dict[Session, None] = {}
        self._told: list[bytes] = []
        self.handlers: dict[int, Handler] = {
            12: self._listen,
            13: lambda session, _fields: self.lose(session),
        }

    def lose(self, session: Session) -> None:
        """A client is told no more."""
        self._listeners.pop(session, None)

    def begin_day(self) -> None:
        """Yesterday's bulletins are old news."""
        self._told.clear()

    def publish(self, kind: int, text: str, exchange: str) -> None:
        """Tell a bulletin. ValueError for a kind that does not exist."""
        if kind not in KINDS.values():
            raise ValueError(f"a bulletin's kind is one of {sorted(KINDS.values())}, not {kind}")
        bulletin = news_messages.bulletin(len(self._told) + 1, kind, text, exchange)
        self._told.append(bulletin)
        for session in self._listeners:
            session.send(bulletin)

    def _listen(self, session: Session, fields: Fields) -> None:
        fields.skip()
        if fields.flag("allMsgs") and session not in self._listeners:
            session.send(*self._told)
        self._listeners[session] = None
