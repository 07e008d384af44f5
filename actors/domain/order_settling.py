"""What a person decides about an order that no evidence could decide. Pure.

The decision is kept with its reason and ends the question. It yields to the broker: executions are counted
whatever was decided, and a word that the order lives, or is filled further, opens the question again.
"""

from __future__ import annotations

from actors.domain.order_events import Settled
from actors.domain.order_state import OrderState
from actors.domain.order_steps import changed
from actors.messages.orders import OrderStatus


def not_settleable(order: OrderState, outcome: str) -> str:
    """Why a person may not decide so; empty when they may."""
    if not order.held and order.status != "UNKNOWN":
        return f"order {order.key} is {order.status}: only what is held or UNKNOWN can be settled"
    if outcome == "not_placed" and (order.acknowledged or order.totals.filled):
        return f"order {order.key} reached the broker, which spoke of it: it can be settled as cancelled only"
    return ""


def settled(order: OrderState, event: Settled) -> OrderState:
    """The order as the person decided."""
    decided: OrderStatus = "CANCELLED" if event.outcome == "cancelled" else "NOT_PLACED"
    words = f"settled as {event.outcome} by {event.by}: {event.reason}"
    return changed(
        order, reported=decided, settled=words, reason=words, held=False, doubt="", pending=None, dropped=None
    )
