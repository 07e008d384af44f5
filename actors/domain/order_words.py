"""What happened to an order, in one word for its listeners and in facts for the journal. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from actors.domain.contracts import words
from actors.domain.order_likeness import same_terms
from actors.domain.order_state import OrderState
from actors.messages.orders import Execution, OrderView


def happened(before: OrderState | None, after: OrderState) -> str:
    """The word for a change: the new status in lower case, or what else changed, the weightiest first."""
    if before is None:
        return "adopted" if after.external else "intent"
    if before.status != after.status:
        return after.status.lower()
    if before.totals.filled != after.totals.filled:
        return "partially_filled" if after.totals.filled > before.totals.filled else "corrected"
    if before.terms != after.terms:
        return "trailed" if same_terms(before.terms, after.terms) else "modified"
    if before.pending != after.pending:
        return "modify_failed" if after.pending is None else "modify_asked"
    if before.totals != after.totals:
        return "charged"
    if before.cancelling != after.cancelling:
        return "cancel_asked" if after.cancelling else "cancel_refused"
    if before.reason != after.reason or before.rejection != after.rejection:
        return "notice"
    return "doubt" if before.doubt != after.doubt else "noted"


def differs(before: OrderView, after: OrderView) -> bool:
    """Whether a listener sees any difference but the date."""
    return msgspec.structs.replace(before, updated=after.updated) != after


def facts(order: OrderState) -> dict[str, Any]:
    """What a journal row says of an order."""
    terms = order.terms if order.pending is None else order.pending
    return {
        "order_id": order.order_id,
        "client_id": order.client_id,
        "perm_ids": order.perm_ids,
        "account": terms.account,
        "symbol": order.contract.symbol,
        "con_id": order.contract.con_id,
        "contract": words(order.contract),
        "side": terms.side,
        "quantity": str(terms.quantity),
        "order_type": terms.order_type,
        "limit": terms.limit,
        "stop": terms.stop,
        "trail": terms.trail,
        "trail_percent": terms.trail_percent,
        "limit_offset": terms.limit_offset,
        "tif": terms.tif,
        "good_till": terms.good_till,
        "parent": order.parent,
        "oca_group": terms.oca_group,
        "status": order.status,
        "filled": str(order.totals.filled),
        "strategy": order.strategy,
        "reason": order.rejection or order.reason,
        "doubt": order.doubt,
    }


def execution_facts(execution: Execution) -> dict[str, Any]:
    """What a journal row says of an execution."""
    return msgspec.structs.asdict(execution)
