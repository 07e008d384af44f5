"""Values and portfolio of every account, although a gateway streams those of one account at a time.

One account after the other is downloaded; the stream of the last goes on. Whichever trades meanwhile without being
streamed is downloaded again soon, so that what it holds is marked. A download that fails is tried again while its
session lasts, and keeps no other account waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from actors.messages.broker_account import StreamAccount
from supervision.errors import DeliveryError, Rejected
from supervision.reactor import Reactor
from supervision.uplink import Uplink

DOWNLOAD_TIMEOUT = 30.0
RETRY_SECONDS = 5.0
SOON = 1.0
"""Seconds that changes are collected for before one account's stream gives way to another's."""

Told = Callable[[str], None]
"""Takes the name of an account."""


class Downloads:
    """Which account is downloaded, which wait, which streams. `done` hears of each download that ended, `failed` of
    each that did not.
    """

    def __init__(self, reactor: Reactor, connection: Uplink, log: logging.Logger, done: Told, failed: Told) -> None:
        self._reactor = reactor
        self._connection = connection
        self._log = log
        self._done = done
        self._failed = failed
        self._epoch = 0
        self._run = 0  # of all that was asked for between a beginning and an end
        self._waiting: dict[str, None] = {}  # in the order in which they came
        self._current = ""
        self._streamed = ""
        self._soon: set[str] = set()

    def begin(self, epoch: int, accounts: Iterable[str]) -> None:
        """Everything anew: summary, values, portfolio and profit and loss of these accounts, in this session."""
        self.end()
        self._epoch = epoch
        self.renew(accounts)

    def end(self) -> None:
        """The session is over, or begins anew: what was asked for until now says nothing any more."""
        self._epoch = 0
        self._run += 1
        self._waiting.clear()
        self._soon.clear()
        self._current = self._streamed = ""

    def renew(self, accounts: Iterable[str]) -> None:
        """The same in the running session, because a stream that died says nothing."""
        self._waiting.update(dict.fromkeys(accounts))
        self._next()

    def unmarked(self, account: str) -> None:
        """An account holds something that its last portfolio does not have."""
        if account not in (self._streamed, self._current) and account not in self._soon:
            self._soon.add(account)
            self._later(SOON, account)

    def _later(self, seconds: float, account: str) -> None:
        run = self._run

        def now() -> None:
            if run == self._run:
                self._soon.discard(account)
                self.renew((account,))

        self._reactor.after(seconds, now)

    def _next(self) -> None:
        if self._current or not self._waiting:
            return
        run, account = self._run, next(iter(self._waiting))
        del self._waiting[account]
        self._current, self._streamed = account, ""

        def ended(_: object) -> None:
            if run == self._run:
                self._current, self._streamed = "", account
                self._done(account)
                self._next()

        def failed(error: DeliveryError | Rejected) -> None:
            if run == self._run:
                again = f"trying again in {RETRY_SECONDS:g} s"
                self._log.warning("values of account %s not downloaded, %s: %s", account, again, error)
                self._current = ""
                self._failed(account)
                self._later(RETRY_SECONDS, account)
                self._next()

        message = StreamAccount(self._epoch, account)
        self._connection.ask(message, timeout=DOWNLOAD_TIMEOUT, on_reply=ended, on_error=failed)
