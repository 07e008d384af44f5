"""Timers of the reactor."""

from __future__ import annotations

import time

from supervision.reactor import Reactor


def test_a_timer_cancelled_by_another_that_is_due_at_the_same_time_does_not_call() -> None:
    reactor, called = Reactor(), []

    def first() -> None:
        called.append("first")
        second.cancel()

    reactor.after(0.001, first)
    second = reactor.after(0.002, lambda: called.append("second"))
    reactor.after(0.003, lambda: called.append("third"))
    time.sleep(0.01)  # all are due before the reactor comes to look
    reactor.poll(0.0)
    reactor.close()
    assert called == ["first", "third"]
