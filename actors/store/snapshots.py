"""When State writes down what accounts are worth and hold, so that there is a history of it.

Every five minutes while an account's figures are live, when they become live and when they end, and at the end of each
trading day, also when the broker is away then: `as_of` says since when the figures stand. The end of a day that nobody
saw within LATE is left out, because what was worth what then is not known any more.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import date, timedelta

from actors.domain.trading_day import end_of, trading_day
from actors.messages.account import GetPortfolio, PortfolioView
from actors.messages.risk import RiskFigures
from actors.store.equity import EquityStore
from actors.store.writes import Writes
from supervision import clock
from supervision.errors import DeliveryError, Rejected
from supervision.reactor import Reactor, Timer
from supervision.uplink import Uplink

EVERY = 300.0
AFTER = 1.0
"""Seconds after the full five minutes: by then what happened at their end was told."""
LATE = timedelta(minutes=10)
RETRY = 5.0
ANSWER_SECONDS = 5.0


class Snapshots:
    """Asks Account and stores what it says."""

    def __init__(
        self, reactor: Reactor, account: Uplink, writes: Writes, store: EquityStore, log: logging.Logger
    ) -> None:
        self._reactor = reactor
        self._account = account
        self._writes = writes
        self._store = store
        self._log = log
        self._live: set[str] = set()
        self._open_day = store.open_day()
        self._timer: Timer | None = None
        self._arm()

    def clock_jumped(self) -> None:
        """The calendar was set, or the machine slept: a day may be over, and the next five minutes are elsewhere."""
        self._roll()
        self._arm()

    def _arm(self) -> None:
        """Wait for the next full five minutes of the calendar."""
        if self._timer is not None:
            self._timer.cancel()
        now = clock.now().timestamp()
        self._timer = self._reactor.after((now // EVERY + 1) * EVERY + AFTER - now, self._due)

    def hear(self, figures: RiskFigures) -> None:
        """Account tells: figures that become live, or end, are written down."""
        if figures.live == (figures.account in self._live):
            return
        (self._live.add if figures.live else self._live.remove)(figures.account)
        self._roll()
        self._take("session_up" if figures.live else "session_down", {figures.account}, trading_day(clock.now()))

    def account_went(self) -> None:
        """Account is not heard: nothing is live, and nobody can say how things stood."""
        self._live.clear()

    def _due(self) -> None:
        self._arm()
        if not self._roll() and self._live:
            self._take("schedule", self._live, trading_day(clock.now()))

    def _roll(self) -> bool:
        """When the day of which there are snapshots is over, write down how it ended. Whether it is."""
        day = self._open_day
        if day is None or clock.now() < end_of(day):
            return False
        self._open_day = None
        if clock.now() - end_of(day) <= LATE:
            self._take("day_end", None, day)
        else:
            self._log.warning("what accounts were worth at the end of %s is not stored: nobody asked then", day)
        return True

    def _take(self, cause: str, accounts: Collection[str] | None, day: date) -> None:
        """Ask now, and store what is known of these accounts; None: of all."""
        wanted = None if accounts is None else frozenset(accounts)

        def known(answer: PortfolioView) -> None:
            at = clock.now()
            self._writes.keep(lambda: self._store.save(answer, wanted, cause, day, at))
            if cause != "day_end" and at < end_of(day):
                self._open_day = day

        def failed(error: DeliveryError | Rejected) -> None:
            self._log.warning("what accounts are worth (%s) is not stored: %s", cause, error)
            if cause == "day_end" and clock.now() + timedelta(seconds=RETRY) - end_of(day) <= LATE:
                self._reactor.after(RETRY, lambda: self._take(cause, accounts, day))

        self._account.ask(GetPortfolio(), timeout=ANSWER_SECONDS, on_reply=known, on_error=failed)
