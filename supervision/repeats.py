"""Which of many alike log lines are written, so that who floods an actor does not flood the log through it. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

QUIET_SECONDS: Final = 10.0


class Repeats:
    """Counts what is alike. The first is told at once, later ones together, once in QUIET_SECONDS."""

    def __init__(self) -> None:
        self._told: dict[Hashable, float] = {}
        self._untold: dict[Hashable, int] = {}

    def count(self, what: Hashable, now: float) -> int | None:
        """How many there were since the last telling, with this one; None when it is not to be told now."""
        self._untold[what] = self._untold.get(what, 0) + 1
        if now - self._told.get(what, float("-inf")) < QUIET_SECONDS:
            return None
        self._told[what] = now
        return self._untold.pop(what)
