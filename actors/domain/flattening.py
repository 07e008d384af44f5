"""Which orders open or enlarge a position, and which orders would close all positions. Pure.

An order reduces a position when it is on the other side and for no more than what is held, less what older orders
already reduce. Of orders of which one cancels or reduces the others only the largest counts. The exits of a bracket
belong to their entry: they are never taken for entries, what they exit from may fill at any moment. For the same reason
an entry with exits never reduces: where it closes they would open. Quantities are signed for what is held; negative is
short.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from actors.domain.order_state import OrderState
from actors.domain.risk.facts import NOTHING
from actors.domain.risk.reducing import reduces
from actors.domain.risk.working import Find, group_of, may_fill, moved
from actors.messages.orders import Side

Held = Callable[[str, int], Decimal]
"""What is held, by account and contract id."""


_KEY: Final = re.compile(r"halt-[A-Za-z0-9-]+/[^/]+/\d+/\d+")


def key_of(halt_id: str, account: str, con_id: int, number: int) -> str:
    """The key of an order that closes a position because of a halt."""
    return f"halt-{halt_id}/{account}/{con_id}/{number}"


def check_unreserved(keys: Iterable[str]) -> tuple[str, ...]:
    """What is wrong with keys that a user chose: no halt would cancel their orders."""
    kept = filter(_KEY.fullmatch, keys)
    return tuple(f"key {key!r}: keys like this are kept for orders that close positions for a halt" for key in kept)


def flattens(order: OrderState) -> bool:
    """Whether it closes a position because of a halt: no halt cancels it."""
    return not order.external and _KEY.fullmatch(order.key) is not None


class Closing(NamedTuple):
    """An order that would close a position, or as much of it as one order may."""

    account: str
    con_id: int
    side: Side
    quantity: Decimal


class Waiting(NamedTuple):
    """A position that is not closed yet because an order works in it: `closing` what closes it, else `reason` tells."""

    account: str
    con_id: int
    reason: str
    closing: bool = False


def opening(orders: Iterable[OrderState], find: Find, held: Held) -> frozenset[str]:
    """The keys of the orders that do not reduce a position; `orders` are all that may fill, the oldest first.

    `find` knows an order by its key. A combo reduces when each of its legs does.
    """
    taken: defaultdict[tuple[str, int, str], dict[str, Decimal]] = defaultdict(dict)
    found, orders = set(), tuple(orders)
    entered = {order.parent for order in orders}
    for order in sorted(orders, key=lambda each: not each.parent):  # exits first: they are there to reduce
        group, account = group_of(order), order.terms.account
        moves = [(taken[account, con_id, side], (con_id, side, size)) for con_id, side, size in _moves(order, find)]
        if order.parent or (
            order.key not in entered
            and all(
                reduces(side, quantity, held(account, con_id), _others(of_side, group))
                for of_side, (con_id, side, quantity) in moves
            )
        ):
            for of_side, (_, _, quantity) in moves:
                of_side[group] = max(quantity, of_side.get(group, NOTHING))
        else:
            found.add(order.key)
    return frozenset(found)


def _moves(order: OrderState, find: Find) -> tuple[tuple[int, str, Decimal], ...]:
    left = may_fill(order, find)
    return moved(order, left) if left > 0 else ()


def _others(of_side: Mapping[str, Decimal], group: str) -> Decimal:
    return sum((quantity for name, quantity in of_side.items() if name != group), NOTHING)


def closings(
    held: Mapping[tuple[str, int], Decimal], orders: Iterable[OrderState], most: Decimal
) -> tuple[Closing | Waiting, ...]:
    """What to do about each position: an order for at most `most`, or to wait while any order works in it."""
    working: dict[tuple[str, int], OrderState] = {}
    for order in orders:
        for con_id in (order.contract.con_id, *(leg.con_id for leg in order.contract.legs)):
            working[order.terms.account, con_id] = order
    return tuple(
        _waiting(*holding, working[holding]) if holding in working else _closing(*holding, quantity, most)
        for holding, quantity in held.items()
        if quantity
    )


def overdone(held: Mapping[tuple[str, int], Decimal], orders: Iterable[OrderState]) -> frozenset[str]:
    """The keys of closing orders that work for more than is held by now: they would turn the position round."""
    return frozenset(
        order.key
        for order in orders
        if flattens(order)
        and not order.terminal
        and not reduces(
            order.terms.side,
            order.terms.quantity - order.totals.filled,
            held.get((order.terms.account, order.contract.con_id), NOTHING),
            NOTHING,
        )
    )


def _closing(account: str, con_id: int, quantity: Decimal, most: Decimal) -> Closing:
    return Closing(account, con_id, "SELL" if quantity > 0 else "BUY", min(abs(quantity), most))


def _waiting(account: str, con_id: int, order: OrderState) -> Waiting:
    whose = " of another client or made by hand, which a halt with cancel all cancels" if order.external else ""
    return Waiting(account, con_id, f"order {order.key}{whose} is {order.status}", flattens(order))
