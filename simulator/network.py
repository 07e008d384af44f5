"""What the sockets of a simulated gateway are made to do: the words here, the deeds in whatever moves the bytes.

Sans-IO: a listening socket that is open or not, and sessions that end in order, or with a reset after so many bytes,
or whose socket is not attended to. A cut drops what was queued beyond that; an orderly end sends it first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from simulator.agenda import Agenda, Entry
from simulator.session import Session

_log = logging.getLogger("simulator")
_AGAIN: Final = 1.0

GARBAGE: Final = b"\xde\xad\xbe\xef" * 16
"""No frame: as a length, its first bytes are beyond anything that a client accepts."""


class Network:
    """Whether clients can connect, and what becomes of the connections there are; `client_id` None means all."""

    def __init__(self, sessions: Sequence[Session], agenda: Agenda) -> None:
        self._sessions = sessions
        self._agenda = agenda
        self._return: Entry | None = None
        self.listening = True
        """Whether clients can connect."""
        self.dripping = False
        """Whether clients get one byte at a time, and the next one only after a while."""
        self.listen: Callable[[bool], None] = lambda _: None
        """Opens or closes the real listening socket; OSError when it cannot."""

    def up(self) -> None:
        """Listen; no effect when already listening. OSError when the port was taken meanwhile."""
        if not self.listening:
            self.listen(True)
            self.listening = True
        if self._return is not None:
            self._return.cancel()

    def down(self, seconds: float | None = None) -> None:
        """Refuse connections and cut those there are, for so many true seconds or until `up`; the gateway goes on."""
        if self._return is not None:
            self._return.cancel()
        if self.listening:
            self.listen(False)
            self.listening = False
        self.cut()
        if seconds is not None:
            self._return = self._agenda.after(seconds, self._come_back)

    def cut(self, client_id: int | None = None, after_bytes: int = 0) -> None:
        """Cut connections with a reset, once they were sent so many bytes more."""
        for session in self._of(client_id):
            session.cut(after_bytes)

    def end(self, client_id: int | None = None) -> None:
        """Close connections in order, after what waits for them was sent."""
        for session in self._of(client_id):
            session.end("ended by a fault")

    def half_open(self, client_id: int | None = None, on: bool = True) -> None:
        """Neither read from connections nor write to them, or attend to them again; they stay open."""
        for session in self._of(client_id):
            session.unattended = on

    def drip(self, on: bool) -> None:
        """Send every client one byte at a time, or as usual."""
        self.dripping = on

    def garbage(self, client_id: int | None = None) -> None:
        """Send bytes that are no message."""
        for session in self._of(client_id):
            session.send_bytes(GARBAGE)

    def _come_back(self) -> None:
        try:
            self.up()
        except OSError as error:
            _log.warning("cannot listen again yet: %s", error)
            self._return = self._agenda.after(_AGAIN, self._come_back)

    def _of(self, client_id: int | None) -> Iterator[Session]:
        return (one for one in list(self._sessions) if client_id is None or one.client_id == client_id)
