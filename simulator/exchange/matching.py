"""What an order gets from its line at one look. Pure: sizes and prices in, fills out.

What arrives marketable walks the book level by level, at each level's price. What rests trades at its limit:
against size that comes to it, and as trades print at its price once those who were there before it are served.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Level:
    """Size that is shown at a price."""

    price: Decimal
    size: Decimal


@dataclass
class Trade:
    """A trade that printed: `left` of its size was not given to any order of ours."""

    time: float
    price: Decimal
    size: Decimal
    left: Decimal


def within(price: Decimal, limit: Decimal | None, sign: int) -> bool:
    """Whether a price is good enough for a limit; None takes any."""
    return limit is None or (price - limit) * sign <= 0


def sweep(
    levels: Iterable[Level], taken: Decimal, wanted: Decimal, limit: Decimal | None, sign: int
) -> list[tuple[Decimal, Decimal]]:
    """Prices and quantities of an order of this side that takes `wanted` units, best level first.

    `taken` units of the best levels are gone already.
    """
    found: list[tuple[Decimal, Decimal]] = []
    for level in levels:
        if wanted <= 0 or not within(level.price, limit, sign):
            break
        gone = min(taken, level.size)
        taken -= gone
        quantity = min(wanted, level.size - gone)
        if quantity > 0:
            found.append((level.price, quantity))
            wanted -= quantity
    return found


def place_in_queue(own_side: list[Level], limit: Decimal, sign: int) -> Decimal | None:
    """The size ahead of an order that joins at `limit` now; None where the book does not show that price yet."""
    if not own_side or (limit - own_side[0].price) * sign > 0:
        return Decimal(0)
    return next((level.size for level in own_side if level.price == limit), None)


def serve(
    trades: list[Trade],
    queue: Decimal | None,
    wanted: Decimal,
    least: Decimal,
    limit: Decimal,
    sign: int,
    since: float,
) -> tuple[Decimal, Decimal | None]:
    """What a resting order gets of trades after `since`, and what is then still ahead of it.

    A trade at a worse price than its limit has gone through everyone who was ahead. Less than `least` is nothing,
    and stays for others.
    """
    given: list[tuple[Trade, Decimal]] = []
    got = Decimal(0)
    for trade in trades:
        if trade.time <= since or not within(trade.price, limit, sign):
            continue
        if trade.price != limit:
            queue = Decimal(0)
        if queue is None:
            continue
        quantity = min(wanted - got, trade.left, max(trade.size - queue, Decimal(0)))
        queue = max(queue - trade.size, Decimal(0))
        given.append((trade, quantity))
        got += quantity
    if got < least:
        return Decimal(0), queue
    for trade, quantity in given:
        trade.left -= quantity
    return got, queue
