"""The small steps that every rule about an order is made of. Pure."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec

from actors.domain.order_events import Reported
from actors.domain.order_state import OrderState
from actors.messages.orders import OrderStatus


def changed(order: OrderState, **changes: Any) -> OrderState:
    """The order with other values."""
    return msgspec.structs.replace(order, **changes)


def doubted(order: OrderState, words: str, **changes: Any) -> OrderState:
    """The order with a question to the broker. It is newer than every cut until the machine stamps it with the time."""
    return msgspec.structs.replace(order, doubt=words, doubted=math.inf, **changes)


def alive(order: OrderState, perm_id: int) -> dict[str, Any]:
    """The changes that any word of the broker about an order makes."""
    known = perm_id == 0 or perm_id in order.perm_ids
    perm_ids = order.perm_ids if known else tuple(sorted((*order.perm_ids, perm_id)))
    changes: dict[str, Any] = {"perm_ids": perm_ids, "acknowledged": True, "absent_since": None, "held": False}
    if order.reported in ("UNKNOWN", "NOT_PLACED"):
        changes["reason"] = ""
    return changes


def refused(order: OrderState) -> OrderStatus:
    """How an order ends of which the broker says no more than that it is dead: rejected, unless it traded."""
    return "CANCELLED" if order.totals.filled else "REJECTED"


def counted(order: OrderState, report: Reported) -> Decimal:
    """How much a report calls filled. Filled without a figure is all of it."""
    if report.status != "Filled" or report.filled:
        return report.filled
    asked = order.terms if report.terms is None else report.terms
    return asked.quantity or order.terms.quantity
