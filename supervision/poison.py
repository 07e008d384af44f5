"""Which messages an actor is spared: pure memory of what was in hand when its incarnations died.

Delivery is at most once, so a poisonous message comes again only by replay: the broker repeats an open order at
each reconnect. Rules: a death counts when it was the actor's own doing (a crash, a hang, a fault in C code) with a
message in hand that has an identity; the same one in two such deaths in a row is quarantined until the service ends.
"""

from __future__ import annotations

import signal
from typing import Final

from supervision.exits import CRASH
from supervision.hand import has_identity

_FAULTS: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)


class PoisonWatch:
    """The memory of one actor's deaths, over all its incarnations."""

    def __init__(self) -> None:
        self.quarantined: tuple[str, ...] = ()
        self._suspect = ""

    def died(self, in_hand: str, exit_code: int, *, hung: bool) -> None:
        """An incarnation ended with `in_hand`."""
        own_doing = hung or exit_code == CRASH or -exit_code in _FAULTS
        suspect = in_hand if own_doing and has_identity(in_hand) else ""
        if suspect and suspect == self._suspect and suspect not in self.quarantined:
            self.quarantined = (*self.quarantined, suspect)
        self._suspect = suspect
