"""Who is connected, and who may be. A client id belongs to one session at a time, and 32 sessions may be started.

Those that have not started are strangers: there may be so many of them, for so long, and no more; the oldest makes
room for the next. A client id can be held as if somebody used it. While a login is required everybody is greeted and
nobody is started. What a gateway says to a client above the limit is not known; the connection closes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from simulator.session import Session

MOST_STARTED: Final = 32
MOST_STRANGERS: Final = 64
START_SECONDS: Final = 15.0
"""True seconds that a connection has for its hello and startApi."""
_IN_USE: Final = "Unable to connect as the client id is already in use. Retry with a unique client id."


class Clients:
    """The sessions of one gateway."""

    def __init__(self, monotonic: Callable[[], float], welcome: Callable[[Session], None]) -> None:
        self._monotonic = monotonic
        self._welcome = welcome
        self._held: set[int] = set()
        self._waiting: list[Session] = []
        self.sessions: list[Session] = []
        """Every connection, in the order in which they came."""
        self.by_id: dict[int, Session] = {}
        """The started ones."""
        self.login_required = False

    def add(self, session: Session) -> None:
        """A connection came."""
        strangers = [one for one in self.sessions if not (one.started or one.over)]
        if len(strangers) >= MOST_STRANGERS:
            strangers[0].cut()
        self.sessions.append(session)

    def remove(self, session: Session) -> None:
        """A connection is gone. Raises ValueError when it was not there."""
        self.sessions.remove(session)
        if session in self._waiting:
            self._waiting.remove(session)
        if session.started:
            del self.by_id[session.client_id or 0]

    def start(self, session: Session) -> None:
        """A client sent startApi: welcome the client, let it wait for the login, or refuse it."""
        client_id = session.client_id or 0
        if session.started or session in self._waiting:
            session.error(-1, 321, "Error validating request.-'ca' : cause - startApi was received before")
        elif self.login_required:
            self._waiting.append(session)
        elif client_id in self.by_id or client_id in self._held:
            session.error(-1, 326, _IN_USE)
            session.end("client id in use")
        elif len(self.by_id) >= MOST_STARTED:
            session.end(f"{MOST_STARTED} clients are connected already")
        else:
            self.by_id[client_id] = session
            session.started = True
            self._welcome(session)

    def hold(self, client_id: int, on: bool) -> None:
        """Refuse newcomers with this client id, or let them in again."""
        if on:
            self._held.add(client_id)
        else:
            self._held.discard(client_id)

    def log_in(self) -> None:
        """The login is done: whoever waits is started, in the order in which they came."""
        self.login_required = False
        waiting, self._waiting = self._waiting, []
        for session in waiting:
            if not session.over:
                self.start(session)

    def expire(self) -> None:
        """End the connections that took too long to start."""
        since = self._monotonic() - START_SECONDS
        for session in self.sessions:
            if session.client_id is None and session.connected < since:
                session.cut()
