"""Judges this machine's clock by the gateway's answers, and tells every change of the verdict: log, session, Order."""

from __future__ import annotations

import logging
from collections.abc import Callable

from actors.domain.clock_skew import least_skew, problem
from actors.domain.session import Session
from actors.messages.session import ClockJudged
from supervision import clock
from supervision.message import Message

TOPIC = "clock"


class ClockCheck:
    """`limit` is how many seconds the clocks may be apart; None judges nobody, as beside a simulator, whose calendar
    may be set to any day.
    """

    def __init__(
        self, limit: float | None, session: Session, publish: Callable[[str, Message], None], log: logging.Logger
    ) -> None:
        self._limit = limit
        self._session = session
        self._publish = publish
        self._log = log

    def told(self, told: int, asked_at: int) -> None:
        """The gateway told its time; it was asked at this instant of the clock that goes on in a suspend."""
        if self._limit is None:
            return
        now = clock.now_ns() / 1e9
        waited = (clock.elapsed_ns() - asked_at) / 1e9
        found = problem(least_skew(told, now - waited, now), self._limit)
        if found == self._session.clock_problem:
            return
        self._session.clock_problem = found
        if found:
            self._log.error("no new order leaves: %s", found)
        else:
            self._log.info("the clock of this machine agrees with the gateway's again")
        self._publish(TOPIC, ClockJudged(found))
