"""Drives the heartbeat of a session: asks the gateway for its time, and ends a session that is silent.

The first question goes out before anything else does, so that its answer, by which our clock is judged, is there
before a cut lets orders pass; it has no need of the pace, since nothing went before it. A clock that was set is looked
at again at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from actors.domain.pacing import Priority
from actors.domain.session import Heartbeat
from actors.ib.clock_check import ClockCheck
from actors.ib.gateway import Gateway
from actors.ib.outbound import Outbound
from supervision import clock
from supervision.clock_watch import ClockWatch
from supervision.reactor import Reactor, Timer


class Pulse:
    """`silent` is called when an answer did not come in time; `check` judges our clock by each answer."""

    def __init__(
        self,
        reactor: Reactor,
        outbound: Outbound,
        silent: Callable[[str], None],
        check: ClockCheck,
        *,
        interval: float,
        timeout: float,
    ) -> None:
        self.last: datetime | None = None
        self._reactor = reactor
        self._out = outbound
        self._silent = silent
        self._check = check
        self._timeout = timeout
        self._asked_at: int | None = None
        """At the latest, by the clock that goes on in a suspend; None: nothing is asked."""
        self._heartbeat = Heartbeat(interval, timeout)
        self._timer: Timer | None = None
        self._clocks = ClockWatch(reactor, self._jumped)

    def start(self, gateway: Gateway) -> None:
        """A session came up."""
        now = time.monotonic()
        self._heartbeat.start(now)
        self._heartbeat.hurry(now)
        if self._heartbeat.due(now):
            gateway.send(self._question(), lambda parcel: self._sent() if parcel.whole else None)

    def stop(self) -> None:
        """It ended."""
        self._heartbeat.stop()
        self._asked_at = None
        self._arm()

    def answered(self, told: int) -> None:
        """The gateway told its time, in whole seconds since the epoch."""
        self.last = clock.now()
        self._heartbeat.answered(time.monotonic())
        self._arm()
        if self._asked_at is not None:
            self._check.told(told, self._asked_at)
            self._asked_at = None

    def _jumped(self, _: clock.Jump) -> None:
        """After a suspend the gateway may be gone without a word, after a set clock ours may be wrong: ask it now."""
        self._heartbeat.hurry(time.monotonic())
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        wait = self._heartbeat.wait(time.monotonic())
        self._timer = None if wait is None else self._reactor.after(wait, self._beat)

    def _beat(self) -> None:
        now = time.monotonic()
        if self._heartbeat.overdue(now):
            self._silent(f"the gateway has not answered for {self._timeout:g} s")
        elif self._heartbeat.due(now):
            self._out.ship(Priority.ACCOUNT, self._question(), None, self._sent)
        else:
            self._arm()

    def _question(self) -> bytes:
        self._asked_at = clock.elapsed_ns()
        return self._out.requests.current_time()

    def _sent(self) -> None:
        self._heartbeat.asked(time.monotonic())
        self._arm()
