"""Tells what each account is worth to whoever measures limits against it: topic `risk_figures`.

Any number of changes within EVERY seconds are told once, and what did not change is not told again. A new listener
gets the figures of every account at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from actors.messages.risk import RiskFigures
from supervision.peer import Peer
from supervision.reactor import Reactor

TOPIC = "risk_figures"
EVERY = 0.25


class FiguresTelling:
    """`look` shows an account's figures as they are now; `tell` publishes them."""

    def __init__(
        self, reactor: Reactor, look: Callable[[str], RiskFigures], tell: Callable[[RiskFigures], None]
    ) -> None:
        self._reactor = reactor
        self._look = look
        self._tell = tell
        self._told: dict[str, RiskFigures] = {}
        self._changed: set[str] = set()
        self._told_at = -EVERY
        self._armed = False

    def changed(self, *accounts: str) -> None:
        """Something of these accounts may be different."""
        self._changed.update(accounts)
        if self._changed and not self._armed:
            self._armed = True
            self._reactor.after(max(0.0, self._told_at + EVERY - time.monotonic()), self.flush)

    def flush(self) -> None:
        """Tell what changed now."""
        self._armed = False
        self._told_at = time.monotonic()
        for account in sorted(self._changed):
            figures = self._look(account)
            if figures != self._told.get(account):
                self._told[account] = figures
                self._tell(figures)
        self._changed.clear()

    def attached(self, peer: Peer, topics: tuple[str, ...]) -> None:
        """A listener came: it learns where every account stands."""
        if TOPIC in topics:
            for account in self._told:
                peer.send(self._look(account))
