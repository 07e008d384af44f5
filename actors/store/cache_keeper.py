"""Keeps the caches up with Account: asks it when something changed, at most every five seconds.

What the disk does not take is asked for again when it is back.
"""

from __future__ import annotations

import logging
import time

from actors.messages.account import Accounts, GetAccounts, GetPositions, Positions
from actors.store.caches import Caches
from actors.store.writes import Writes
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import failpoint
from supervision.reactor import Reactor
from supervision.uplink import Uplink

EVERY_SECONDS = 5.0
ANSWER_SECONDS = 5.0


class CacheKeeper:
    """Turns any number of changes into few questions."""

    def __init__(self, reactor: Reactor, account: Uplink, writes: Writes, caches: Caches, log: logging.Logger) -> None:
        self._reactor = reactor
        self._account = account
        self._writes = writes
        self._caches = caches
        self._log = log
        self._armed = False
        self._asked_at = -EVERY_SECONDS

    def refresh(self) -> None:
        """Something changed: ask now, or as soon as five seconds have passed since the last question."""
        if not self._armed:
            self._armed = True
            self._reactor.after(max(0.0, self._asked_at + EVERY_SECONDS - time.monotonic()), self._ask)

    def _ask(self) -> None:
        self._armed = False
        self._asked_at = time.monotonic()
        self._account.ask(GetAccounts(), timeout=ANSWER_SECONDS, on_reply=self._accounts, on_error=self._failed)
        self._account.ask(GetPositions(), timeout=ANSWER_SECONDS, on_reply=self._positions, on_error=self._failed)

    def _accounts(self, accounts: Accounts) -> None:
        self._writes.attempt(lambda: self._caches.store_accounts(accounts))

    def _positions(self, positions: Positions) -> None:
        failpoint("state.positions.heard")
        self._writes.attempt(lambda: self._caches.store_positions(positions))

    def _failed(self, error: DeliveryError | Rejected) -> None:
        # Nothing is lost: what is cached keeps its age, and Account's return or next change asks again.
        self._log.info("caches not refreshed: %s", error)
