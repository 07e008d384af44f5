"""Whether what the broker says an order is agrees with what we know of it. Pure.

Only what a modify can change is compared, and only what the type uses. Two things the broker changes by
itself, and they are followed without a question: the stop (and limit) of a trailing order, and the quantity of
an exit or of a member of a group, which it lowers. What it calls the quantity of a completed order is only what
was left of it: of a filled one what was filled is meant, and of another one ours stands unless theirs is more.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from actors.domain.order_events import Reported
from actors.messages.broker import OrderTerms

_COMPARED: Final[dict[str, tuple[str, ...]]] = {
    # types: the values that make out such an order, apart from its quantity
    "LMT": ("limit",),
    "LOC": ("limit",),
    "STP": ("stop",),
    "STP LMT": ("limit", "stop"),
    "TRAIL": ("trail", "trail_percent"),
    "TRAIL LIMIT": ("trail", "trail_percent", "limit_offset"),
}
_VALUES: Final = ("quantity", "order_type", "limit", "stop", "trail", "trail_percent", "limit_offset")
_TRAILING: Final = "TRAIL"


def same_terms(one: OrderTerms, other: OrderTerms) -> bool:
    """Equal in what can be modified. A trail that one side does not tell is no difference: the other tells it."""
    return one.quantity == other.quantity and _same_prices(one, other)


def _same_prices(one: OrderTerms, other: OrderTerms) -> bool:
    for name in _COMPARED.get(one.order_type, ()):
        ours, theirs = getattr(one, name), getattr(other, name)
        untold = one.order_type.startswith(_TRAILING) and (ours is None or theirs is None)
        if ours != theirs and not untold:
            return False
    return True


def taken(ours: OrderTerms, theirs: OrderTerms) -> OrderTerms:
    """Our terms with everything of theirs that a modify can change; a trail that they do not tell stays."""
    values = {name: getattr(theirs, name) for name in _VALUES}
    if theirs.order_type.startswith(_TRAILING):
        values = {name: value for name, value in values.items() if value is not None}
    return msgspec.structs.replace(ours, **values)


def followed(ours: OrderTerms, theirs: OrderTerms, filled: Decimal) -> OrderTerms:
    """Our terms with what the broker changes by itself; `filled` is what our executions add up to."""
    changes: dict[str, object] = {}
    if ours.order_type.startswith(_TRAILING):
        changes |= {name: getattr(theirs, name) for name in ("stop", "limit") if getattr(theirs, name) is not None}
    if (ours.parent_id or ours.oca_group) and filled <= theirs.quantity < ours.quantity:
        changes["quantity"] = theirs.quantity
    return msgspec.structs.replace(ours, **changes) if changes else ours


def listed(report: Reported, known: OrderTerms, *, completed: bool) -> OrderTerms | None:
    """What a list of the broker says that the order is, beside the terms `known` to us."""
    theirs = report.terms
    if theirs is None or not completed:
        return theirs
    if report.status == "Filled":
        return msgspec.structs.replace(theirs, quantity=report.filled or known.quantity)
    return msgspec.structs.replace(theirs, quantity=max(theirs.quantity, known.quantity))
