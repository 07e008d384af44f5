"""What working orders may still do to positions, so that no order is judged as if it were alone. Pure.

Each counts with all that may still be filled of it, also while it is not known what became of it. Of orders of which
one cancels or reduces the others the greatest counts, once. Exits of a bracket work for as much of their entry as has
filled: before that they take nothing off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from actors.domain.order_state import OrderState
from actors.domain.risk.facts import NOTHING
from actors.messages.market import Contract

Find = Callable[[str], OrderState | None]
_OPPOSITE = {"BUY": "SELL", "SELL": "BUY"}


class Instead(NamedTuple):
    """What an order with this key would do to a contract with new terms, in place of what it does now."""

    key: str
    side: str
    quantity: Decimal


class Pending(NamedTuple):
    """What working orders in one contract buy and sell at most."""

    buying: Decimal = NOTHING
    selling: Decimal = NOTHING


def pending(orders: Iterable[OrderState], find: Find) -> dict[int, Pending]:
    """What these orders, all of one account, may still buy and sell, by contract id; those that have ended nothing.

    `find` knows an order by its key: the entry of an exit.
    """
    most: defaultdict[tuple[int, str], dict[str, Decimal]] = defaultdict(dict)
    for order in orders:
        left = may_fill(order, find)
        if left <= 0:
            continue
        name = group_of(order)
        for con_id, side, quantity in moved(order, left):
            group = most[con_id, side]
            group[name] = max(group.get(name, NOTHING), quantity)
    found: dict[int, Pending] = {}
    for (con_id, side), groups in most.items():
        total, known = sum(groups.values(), NOTHING), found.get(con_id, Pending())
        found[con_id] = known._replace(buying=total) if side == "BUY" else known._replace(selling=total)
    return found


def group_of(order: OrderState) -> str:
    """What it shares with orders of which one cancels or reduces the others, else what is its alone.

    Names of groups and keys are told apart: a single order may have the name of a group as its key.
    """
    return order.terms.oca_group or f"\0{order.key}"


def may_fill(order: OrderState, find: Find) -> Decimal:
    """How many of an order may still be filled before anybody could stop it."""
    if order.terminal:
        return NOTHING
    asked = max(each.quantity for each in (order.terms, order.pending, order.dropped) if each is not None)
    left = max(asked - order.totals.filled, NOTHING)
    entry = find(order.parent) if order.parent else None
    return left if entry is None or entry.terminal else min(left, entry.totals.filled - order.totals.filled)


def moved(order: OrderState, quantity: Decimal) -> tuple[tuple[int, str, Decimal], ...]:
    """Contract id, side and quantity of all that so many of an order would trade: its own contract, or each leg."""
    return traded(order.contract, order.terms.side, quantity)


def traded(contract: Contract, side: str, quantity: Decimal) -> tuple[tuple[int, str, Decimal], ...]:
    """The same for an order that is not there yet, on any side that the broker knows."""
    side = "BUY" if side == "BUY" else "SELL"
    if not contract.legs:
        return ((contract.con_id, side, quantity),)
    return tuple(
        (leg.con_id, leg.side if side == "BUY" else _OPPOSITE[leg.side], quantity * leg.ratio) for leg in contract.legs
    )
