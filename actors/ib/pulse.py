"""Drives the heartbeat of a session: asks the gateway for its time, and ends a session that is silent."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from actors.domain.pacing import Priority
from actors.domain.session import Heartbeat
from actors.ib.outbound import Outbound
from supervision import clock
from supervision.clock_watch import ClockWatch
from supervision.reactor import Reactor, Timer


class Pulse:
    """`silent` is called when an answer did not come in time."""

    def __init__(
        self, reactor: Reactor, outbound: Outbound, silent: Callable[[str], None], *, interval: float, timeout: float
    ) -> None:
        self.last: datetime | None = None
        self._reactor = reactor
        self._out = outbound
        self._silent = silent
        self._timeout = timeout
        self._heartbeat = Heartbeat(interval, timeout)
        self._timer: Timer | None = None
        self._clocks = ClockWatch(reactor, self._jumped)

    def start(self) -> None:
        """A session came up."""
        self._heartbeat.start(time.monotonic())
        self._arm()

    def stop(self) -> None:
        """It ended."""
        self._heartbeat.stop()
        self._arm()

    def answered(self) -> None:
        """The gateway told its time."""
        self.last = clock.now()
        self._heartbeat.answered(time.monotonic())
        self._arm()

    def _jumped(self, jump: clock.Jump) -> None:
        if jump.suspended:  # the gateway may have gone long ago, without a word that could reach us
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
            self._out.ship(Priority.ACCOUNT, self._out.requests.current_time(), None, self._sent)
        else:
            self._arm()

    def _sent(self) -> None:
        self._heartbeat.asked(time.monotonic())
        self._arm()
