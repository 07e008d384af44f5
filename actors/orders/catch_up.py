"""What the broker said while Order was away or did not hear Connection: fetched from Connection's log, in order.

With each report the journal keeps its number, in the same transaction as what it changed. So whenever Connection is
heard again, everything after that number is asked for, page by page until a page is empty. Live reports that come
meanwhile are in that log too, and are left to it: nothing is handled out of order or twice. What the log has forgotten,
or never had because Connection is a new one, only the next cut can tell; the gate waits for that cut in any case.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Literal

from actors.messages.broker import FetchReports, Report, Reports
from actors.orders.broker_words import BrokerWords
from actors.orders.records import Records
from supervision.actor import Sender
from supervision.errors import DeliveryError, Rejected
from supervision.hand import Hand
from supervision.reactor import Reactor
from supervision.uplink import Uplink

PAGE_SECONDS = 5.0
PAUSE = 0.5  # before a page that was not answered is asked for again


class CatchUp:
    """Hands every report to `words` once, in the order in which the broker spoke."""

    def __init__(
        self,
        records: Records,
        words: BrokerWords,
        connection: Uplink,
        reactor: Reactor,
        hand: Hand,
        log: logging.Logger,
    ) -> None:
        self._records = records
        self._words = words
        self._connection = connection
        self._reactor = reactor
        self._hand = hand
        self._log = log
        self._phase: Literal["away", "behind", "current"] = "away"
        self._round = 0  # of asking; answers to an earlier one count no more
        self._held: list[tuple[Callable[[], None], Sender]] = []
        self._told = False

    def connection_came(self) -> None:
        """Connection is heard again: ask for what was said since the last report that was handled."""
        self._phase = "behind"
        self._round += 1
        self._told = False
        self._ask(*self._records.heard)

    def connection_went(self) -> None:
        """Connection is not heard any more."""
        self._phase = "away"
        self._round += 1
        held, self._held = self._held, []
        for _, sender in held:
            sender.reject(_away())

    def hear(self, report: Report) -> None:
        """A live report: handled now, or from the log when its turn comes."""
        if self._phase == "current":
            self._words.hear(report)

    def before(self, go_on: Callable[[], None], sender: Sender) -> None:
        """Catch up first, then `go_on` with the cut that `sender` brought. Raises Rejected while Connection is away."""
        if self._phase == "away":
            raise _away()
        if self._phase == "behind":
            self._held.append((go_on, sender))
        else:
            go_on()

    def _ask(self, epoch: int, after: int) -> None:
        self._connection.ask(
            FetchReports(epoch, after),
            timeout=PAGE_SECONDS,
            on_reply=partial(self._heard, self._round),
            on_error=partial(self._failed, self._round, epoch, after),
        )

    def _heard(self, asked_in: int, page: Reports) -> None:
        if asked_in != self._round:
            return
        if not page.complete and not self._told:
            self._told = True
            self._log.info("not all that the broker said since %s is kept; the next cut decides", self._records.heard)
        for report in self._hand.each(page, page.items):
            self._words.hear(report)
        if page.items:
            last = page.items[-1]
            self._ask(last.epoch, last.sequence)
        else:
            self._caught_up()

    def _caught_up(self) -> None:
        self._phase = "current"
        held, self._held = self._held, []
        for go_on, _ in held:
            go_on()

    def _failed(self, asked_in: int, epoch: int, after: int, error: DeliveryError | Rejected) -> None:
        """Ask again; when Connection went away, its coming back asks instead."""
        self._log.warning("what the broker said could not be fetched: %s", error)

        def again() -> None:
            if asked_in == self._round:
                self._ask(epoch, after)

        self._reactor.after(PAUSE, again)


def _away() -> Rejected:
    return Rejected("the cut was not applied: connection is not available", kind="no_session")
