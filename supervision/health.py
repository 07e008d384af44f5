"""Pings every child, looks at every slot, and ends what hangs.

A hung child is sent SIGABRT first, at which it dumps its stacks, and SIGKILL soon after, which works on a
stopped process, too. The restart is the tree's business, as after any other death.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Mapping
from typing import Final

from supervision.lifecycle import Ping
from supervision.liveness import Verdict
from supervision.reactor import Reactor
from supervision.seat import Incarnation, Seat
from supervision.spec import SUPERVISOR

PING_SECONDS: Final = 1.0
PASS_SECONDS: Final = 0.25
LATE_SECONDS: Final = 1.0
"""A pass this late says more about us than about the children."""
ABORT_SECONDS: Final = 0.5
"""As long as a dump may take: with a ping and a pass before it the successor is there within the hang limit and 2 s."""

log = logging.getLogger(SUPERVISOR)


class Health:
    """Watches over the children of `seats`; `on_changed` is told whose verdict is another than before, `on_pass`
    that all were looked at, and when.
    """

    def __init__(
        self,
        reactor: Reactor,
        seats: Mapping[str, Seat],
        on_changed: Callable[[Seat], None],
        on_pass: Callable[[float], None],
    ) -> None:
        self._reactor = reactor
        self._seats = seats
        self._on_changed = on_changed
        self._on_pass = on_pass
        self._last_pass = 0.0

    def begin(self) -> None:
        """Ping and look from now on."""
        self._last_pass = time.monotonic()
        self._look()
        self._ping()

    def _ping(self) -> None:
        self._reactor.after(PING_SECONDS, self._ping)
        for seat in self._seats.values():
            if seat.present is not None:
                sequence = seat.present.vitals.ping(time.monotonic())
                if sequence is not None:
                    seat.present.control.send(Ping(sequence))

    def _look(self) -> None:
        self._reactor.after(PASS_SECONDS, self._look)
        now = time.monotonic()
        late = now - self._last_pass > PASS_SECONDS + LATE_SECONDS
        self._last_pass = now
        if late:
            log.warning("the supervisor itself was late; nobody is judged, and everybody's time begins anew")
        for seat in self._seats.values():
            if seat.present is not None and not seat.present.hung:
                self._judge(seat, seat.present, seat.present.vitals.judge(seat.slot.read(), now, late=late))
        self._on_pass(now)

    def _judge(self, seat: Seat, present: Incarnation, verdict: Verdict) -> None:
        if verdict is Verdict.HUNG:
            in_hand = seat.slot.read().in_hand or "nothing"
            log.error("%s (incarnation %d) hangs, in hand: %s; killing it", seat.name, present.number, in_hand)
            present.hung = True
            present.child.signal(signal.SIGABRT)
            self._reactor.after(ABORT_SECONDS, lambda: self._finish_off(seat, present))
        elif verdict is not seat.verdict:
            seat.verdict = verdict
            pong = seat.pong
            log.warning(
                "%s is %s; when it last answered, %d messages waited, %d were handled, %d shed",
                seat.name,
                "overloaded" if verdict is Verdict.OVERLOADED else "no longer overloaded",
                pong.depth,
                pong.handled,
                pong.tally.shed,
            )
            self._on_changed(seat)

    def _finish_off(self, seat: Seat, present: Incarnation) -> None:
        if seat.present is present:
            present.child.signal(signal.SIGKILL)
