"""One contract of an account with all that follows from it alone, put together once and not for each order. Pure."""

from __future__ import annotations

from decimal import Decimal

from actors.domain.risk.facts import NOTHING, Holding, Known, Move
from actors.domain.risk.reducing import bounds
from actors.domain.risk.told import holding_text
from actors.domain.risk.valuation import rate_of
from actors.messages.risk import RiskFigures


def known(held: Holding, figures: RiskFigures | None, account: str) -> Known:
    """A holding with its words and what it may be worth, by these figures of its account."""
    text = holding_text(held)
    if not _is_counted(held):
        why = f"nobody knows how much of {held.symbol} the account holds"
        return Known(held, text, why, why)
    most = most_of(held)
    if not most:
        return Known(held, text)
    more, worth = not_shown(held, most), _worth(held, figures, account)
    if isinstance(worth, str):
        return Known(held, text, worth, worth if more else NOTHING)
    return Known(held, text, most * worth, more * worth)


def most_of(held: Holding, move: Move | None = None) -> Decimal:
    """How large a position can become, on either side; never below zero, for one of the two sides is not."""
    low, high = bounds(held)
    buying, selling = held.buying, held.selling
    if move is not None and move.side == "BUY":
        buying += move.quantity
    elif move is not None:
        selling += move.quantity
    return max(high + buying, selling - low)


def not_shown(held: Holding, most: Decimal) -> Decimal:
    """How much larger that is than the position that Account's funds already carry."""
    more = most - abs(held.told or NOTHING)
    return more if more > 0 else NOTHING


def is_value(unit: Decimal) -> bool:
    """Whether one contract can be worth so much."""
    return unit.is_finite() and unit >= 0


def _is_counted(held: Holding) -> bool:
    return held.quantity.is_finite() and (held.told is None or held.told.is_finite())


def _worth(held: Holding, figures: RiskFigures | None, account: str) -> Decimal | str:
    """One contract in base currency."""
    if held.unit is None or not is_value(held.unit):
        return f"nobody knows what {held.symbol} is worth, which the account holds or has orders in"
    rate = rate_of(figures, held.currency, account)
    return rate if isinstance(rate, str) else held.unit * rate
