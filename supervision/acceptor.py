"""Accepting connections without end: out of descriptors it rests for a moment instead of spinning or failing.

Those who are connected are served all the while; newcomers wait in the backlog. The log says so once, and when
it is over.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Final

from supervision.reactor import Reactor, Timer

PAUSE_SECONDS: Final = 0.1
AT_ONCE: Final = 16
"""An actor with a long queue looks here seldom; whoever knocks must not wait for many such looks."""

log = logging.getLogger(__name__)


class Acceptor:
    """Hands every connection to the listening socket `listener` to `on_accept`, until it is closed."""

    def __init__(self, listener: socket.socket, reactor: Reactor, on_accept: Callable[[socket.socket], None]) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._reactor = reactor
        self._on_accept = on_accept
        self._pause: Timer | None = None
        self._failing = False
        self._closed = False
        reactor.watch(listener, self._accept)

    def close(self) -> None:
        """Accept no more, not even who knocked in this very moment; the socket itself stays open."""
        self._closed = True
        if self._pause is None:
            self._reactor.unwatch(self._listener)
        else:
            self._pause.cancel()

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            if self._closed or not self._accept_one():
                return

    def _accept_one(self) -> bool:
        """Whether there may be another one to accept."""
        try:
            sock, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False  # nobody waits, or gave up before we came to it
        except OSError as error:  # out of descriptors, most likely
            if not self._failing:
                self._failing = True
                log.warning("cannot accept a connection, trying again until it works: %s", error)
            self._reactor.unwatch(self._listener)
            self._pause = self._reactor.after(PAUSE_SECONDS, self._go_on)
            return False
        if self._failing:
            self._failing = False
            log.warning("connections are accepted again")
        self._on_accept(sock)
        return True

    def _go_on(self) -> None:
        self._pause = None
        self._reactor.watch(self._listener, self._accept)
