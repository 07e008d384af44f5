"""When an account comes near a margin call. Pure.

The cushion is the excess liquidity as a part of the net liquidation value; at zero the broker begins to liquidate. One
warning when it falls below the limit, one when it is a tenth of the limit above it again: an account that lives at
the limit would otherwise be told of all day. What is not known changes nothing.
"""

from __future__ import annotations

from typing import Final

from actors.messages.risk import LowMargins, MarginWarning, RiskFigures

_BACK: Final = 1.1


def cushion(figures: RiskFigures) -> float | None:
    """The cushion, negative when the account is below its margin; None when it cannot be said."""
    excess, net = figures.excess_liquidity, figures.net_liquidation
    if excess is None or net is None or not net:
        return None
    return float(excess / abs(net))


class MarginWatch:
    """The accounts that are low. `limit` None: nothing is watched."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._low: dict[str, MarginWarning] = {}

    def judge(self, figures: RiskFigures) -> MarginWarning | None:
        """What the newest figures of an account have to tell."""
        now = cushion(figures)
        if self._limit is None or now is None or not figures.live:
            return None
        was_low = self._low.pop(figures.account, None) is not None
        low = now < self._limit * (_BACK if was_low else 1.0)
        warning = MarginWarning(figures.account, now, self._limit, low)
        if low:
            self._low[figures.account] = warning
        return None if low == was_low else warning

    def low(self) -> LowMargins:
        """Every account that is low, as its last figures have it."""
        return LowMargins(tuple(self._low.values()))
