"""What Account says each account is worth: the newest figures, which limits and the loss limit are measured against.

Account tells them at each attach and after changes. Those of an Account that went are still known, but not live any
more: whoever decides by them fails closed. Accounts of which nothing was told yet have none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import msgspec

from actors.messages.risk import RiskFigures


class Figures:
    """The last figures of each account. `changed` is called after each change, with nothing in the middle."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._known: dict[str, RiskFigures] = {}
        self._told: dict[str, float] = {}

    def of(self, account: str) -> RiskFigures | None:
        """The newest of an account; None when nothing was told in this incarnation of Order."""
        return self._known.get(account)

    def told_at(self, account: str) -> float:
        """When, in monotonic seconds, that was told."""
        return self._told.get(account, -math.inf)

    def hear(self, figures: RiskFigures) -> None:
        """Account tells. One that has just started knows nothing yet, and takes nothing of what is known here."""
        known = self._known.get(figures.account)
        if known is not None and not figures.currency:
            figures = msgspec.structs.replace(known, live=False)
        self._known[figures.account] = figures
        self._told[figures.account] = time.monotonic()
        self._changed()

    def account_went(self) -> None:
        """Account is not heard: what it said last is as old as that."""
        self._known = {name: msgspec.structs.replace(one, live=False) for name, one in self._known.items()}
        self._changed()
