"""Whether an order only makes a position smaller. Pure.

Such an order is exempt from the limits on value, position, exposure, buying power and from the day's loss: what ends
a risk is never held up by it. It is not if it could turn the position round: together with what other working orders
already take off it may not be more than is held.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain.risk.facts import NOTHING, Facts, Holding, Move


def reduces(side: str, quantity: Decimal, position: Decimal, exits: Decimal) -> bool:
    """Whether an order on this side takes off a signed position, of which working orders already take off `exits`."""
    left = (position if side == "SELL" else -position) - exits
    return NOTHING < quantity <= left


def bounds(holding: Holding) -> tuple[Decimal, Decimal]:
    """The least and the greatest position that our own count and Account's leave possible.

    While Account has not told anything since the last execution our own count is the better one.
    """
    if holding.told is None or holding.lagging or holding.told == holding.quantity:
        return holding.quantity, holding.quantity
    return min(holding.quantity, holding.told), max(holding.quantity, holding.told)


def surely_held(holding: Holding) -> Decimal:
    """As much of a position as both agree on; zero when they are on different sides of it."""
    low, high = bounds(holding)
    return low if low > 0 else high if high < 0 else NOTHING


def reducing(facts: Facts) -> bool:
    """Whether the order reduces positions and nothing else; a combo does when each of its legs does."""
    return facts.waits_for_entry or all(map(_takes_off, facts.moves))


def why_not(facts: Facts) -> str:
    """Of each contract that an order would not only reduce: what is held, and what works against that already."""
    return "; ".join(
        f"{move.side} {move.quantity} {move.holding.symbol}: {surely_held(move.holding)} held,"
        f" working orders take off {_exits(move)}"
        for move in facts.moves
        if not _takes_off(move)
    )


def _takes_off(move: Move) -> bool:
    return reduces(move.side, move.quantity, surely_held(move.holding), _exits(move))


def _exits(move: Move) -> Decimal:
    return move.holding.selling if move.side == "SELL" else move.holding.buying
