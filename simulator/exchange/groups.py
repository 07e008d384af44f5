"""How much of an order its relations leave to it: a parent's fills, one-cancels-all partners' fills.

A child may trade in proportion to what its parent has filled, and children of one parent that form a
one-cancels-all group share that; when the parent ends, that much is left of the child, which is then an order of
its own. A partner's fill takes the same proportion off the others (types 2 and 3), or everything (type 1).
Rounded down to whole units, so that a group never overfills; but a parent that filled leaves its child one unit at
least, lest a position is without its exit (how TWS rounds is not documented). Orders meet their fills one after
another here, so types 2 (with block) and 3 (without) come to the same.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from simulator.exchange.book import OrderBook
from simulator.exchange.orders import Order

_CANCEL_ALL = 1


def free_units(book: OrderBook, order: Order) -> Decimal:
    """How many of the order's remaining units may trade now; 0 holds it."""
    parent = book.parent(order)
    return order.remaining if parent is None or not parent.live else left_by_parent(book, order, parent)


def left_by_parent(book: OrderBook, order: Order, parent: Order) -> Decimal:
    """How many of a child's remaining units correspond to what its parent has filled, less what is traded of them."""
    group = [child for child in book.children(parent) if child is order or _together(child, order)]
    free = share_of_parent(order, parent) - sum((child.filled for child in group), Decimal(0))
    return max(min(order.remaining, free), Decimal(0))


def share_of_parent(order: Order, parent: Order) -> Decimal:
    """The units of a child that correspond to what its parent has filled."""
    ordered, whole = order.terms.quantity + order.reduced, parent.terms.quantity + parent.reduced
    share = (ordered * parent.filled / whole).to_integral_value(ROUND_FLOOR)
    return max(share, Decimal(1)) if parent.filled else share


def left_to_partner(partner: Order, filled: Decimal, remaining: Decimal) -> Decimal:
    """The quantity a partner has left after another order filled `filled` of the `remaining` it had before."""
    if partner.terms.oca_type == _CANCEL_ALL:
        return Decimal(0)
    return (partner.remaining * (remaining - filled) / remaining).to_integral_value(ROUND_FLOOR)


def _together(one: Order, other: Order) -> bool:
    return bool(one.terms.oca_group) and one.terms.oca_group == other.terms.oca_group
