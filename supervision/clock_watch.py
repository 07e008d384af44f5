"""Tells an actor that the calendar was set, or that the machine was suspended, within a second of it."""

from __future__ import annotations

from collections.abc import Callable

from supervision import clock
from supervision.reactor import Reactor

EVERY_SECONDS = 1.0


class ClockWatch:
    """Looks at the clocks once a second, for as long as the actor lives."""

    def __init__(self, reactor: Reactor, jumped: Callable[[clock.Jump], None]) -> None:
        """`jumped` is called with every jump of a clock; one of its two parts may be zero."""
        self._reactor = reactor
        self._jumped = jumped
        self._last = clock.look()
        reactor.after(EVERY_SECONDS, self._look)

    def _look(self) -> None:
        self._reactor.after(EVERY_SECONDS, self._look)
        before, self._last = self._last, clock.look()
        jump = clock.jump(before, self._last)
        if any(jump):
            self._jumped(jump)
