"""The order machine: what each event makes of an order, along the tables of `order_tables`. Pure.

Rules: fills come from executions only; a status is advisory and moves an order forward along STATUS;
whatever the tables do not allow becomes `doubt`, which asks the broker instead of guessing; a code ends
an order only while the broker has not acknowledged it; cut evidence overrules statuses (`order_evidence`). So
callbacks in any order, with duplicates, end in the same order, or in a question whose answer makes it so; and no
order is terminal here that may still work at the broker.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from actors.domain import order_events as ev
from actors.domain.order_codes import classify, tells_cancelled
from actors.domain.order_evidence import absent, exhausted, found_completed, found_open
from actors.domain.order_likeness import followed, same_terms
from actors.domain.order_settling import settled
from actors.domain.order_state import ON_THE_WAY, TERMINAL, OrderState
from actors.domain.order_steps import alive, changed, counted, doubted
from actors.domain.order_tables import (
    AFTER_MODIFY,
    BROKER_STATUS,
    CONFIRMED,
    NOTICE,
    OWN,
    STATUS,
    WITHOUT_OUR_CANCEL,
    Action,
    Phase,
)
from actors.messages.broker import OrderTerms
from actors.messages.orders import OrderStatus

_NONE: Final[frozenset[OrderStatus]] = frozenset()
_ENDED: Final = TERMINAL - {"NOT_PLACED"}  # at the broker


def apply(order: OrderState, event: ev.Event, now: float, at: datetime) -> OrderState:
    """The order after the event; `at` is the date of the monotonic time `now`.

    `heard` and `updated` move when more than its doubt changed.
    """
    new = _concluded(_APPLY[type(event)](order, event))
    if new.doubted == math.inf:
        new = changed(new, doubted=now)
    if new is order or changed(new, doubt=order.doubt, doubted=order.doubted) == order:
        return new
    return changed(new, heard=now, updated=at)


def phase(order: OrderState) -> Phase:
    """What the order is busy with, which decides what a code means."""
    if order.terminal and order.status != "NOT_PLACED":
        return "done"
    if not order.acknowledged:
        return "recalled" if order.cancelling else "new"
    if order.pending is not None:
        return "modifying"
    return "cancelling" if order.cancelling or order.reported == "PENDING_CANCEL" else "working"


def _concluded(order: OrderState) -> OrderState:
    """What follows from the order as a whole, whichever of its parts was heard first."""
    if order.settled and order.reported not in TERMINAL:
        order = changed(order, settled="", reason="" if order.reason == order.settled else order.reason)
    if order.cancel_said and order.cancel_shown and order.reported not in _ENDED:
        order = changed(order, reported="CANCELLED", doubt="")
    if _is_refused(order):
        order = changed(order, reported="REJECTED", doubt="")
    modified = order.pending or order.dropped
    if modified is not None and order.status == "FILLED":
        in_force = modified if order.totals.filled > order.terms.quantity else order.terms
        order = changed(order, terms=in_force, pending=None, dropped=None)
    return order


def _is_refused(order: OrderState) -> bool:
    """A refusal in words and an end by status together: but a modify may have been refused instead."""
    ended = order.reported == "INACTIVE" or (order.reported == "CANCELLED" and not order.cancelling)
    return bool(order.rejection) and ended and not order.modified and not order.totals.filled


# --- our own events ------------------------------------------------------------------------------------


def _own(order: OrderState, event: ev.Handed | ev.Transmitted) -> OrderState:
    target = OWN[type(event)].get(order.reported)
    return order if target is None else changed(order, reported=target)


def _unsent(order: OrderState, event: ev.Unsent) -> OrderState:
    target = OWN[ev.Unsent].get(order.reported)
    if target is None or order.acknowledged:
        return order
    return changed(order, reported=target, reason=event.reason)


def _lost(order: OrderState, event: ev.Lost) -> OrderState:
    if order.acknowledged or order.reported not in ON_THE_WAY:
        return order if order.terminal else doubted(order, event.reason)
    return changed(order, reported=OWN[ev.Lost][order.reported], reason=event.reason)


def _cancel_sent(order: OrderState, _: ev.CancelSent) -> OrderState:
    return changed(order, cancelling=True, reported=OWN[ev.CancelSent].get(order.reported, order.reported))


def _modify_asked(order: OrderState, event: ev.ModifyAsked) -> OrderState:
    return changed(order, pending=event.terms, modified=True)


def _modify_unsent(order: OrderState, event: ev.ModifyUnsent) -> OrderState:
    return order if order.pending is None else changed(order, pending=None, reason=event.reason)


# --- the broker's words ----------------------------------------------------------------------------------


def _reported(order: OrderState, event: ev.Reported) -> OrderState:
    changes = alive(order, event.perm_id) | {"told": max(order.told, counted(order, event))}
    if event.remark and not order.reason:
        changes["reason"] = event.remark
    if event.refusal and event.status == "Inactive":
        changes["rejection"] = event.refusal
    new = _moved(changed(order, **changes), event.status)
    return new if event.terms is None else _confirmed(new, event.terms)


def _moved(order: OrderState, status: str) -> OrderState:
    """Follow a status of the broker as far as the tables allow."""
    heard, known = BROKER_STATUS.get(status), order.reported
    if heard is None:
        return doubted(order, f"the broker reports a status we do not know: {status}")
    if heard == "FILLED":  # executions fill; that it worked is certain, and `told` asks for the executions
        return changed(order, reported="SUBMITTED") if "SUBMITTED" in STATUS[known] else order
    if heard == known or heard in CONFIRMED.get(known, _NONE):
        return order
    if order.modified and heard in AFTER_MODIFY.get(known, _NONE):
        return changed(order, reported=heard)
    if not order.cancelling and heard in WITHOUT_OUR_CANCEL.get(known, _NONE):
        return doubted(order, "reported as working after its cancel was under way", reported=heard)
    if heard not in STATUS[known]:
        return doubted(order, f"reported as {heard} while it is {known} here")
    if heard == "INACTIVE":
        return doubted(order, "Inactive can mean held or refused", reported=heard)
    return _cancelled(order) if heard == "CANCELLED" else changed(order, reported=heard)


def _cancelled(order: OrderState) -> OrderState:
    """It ended; but the broker may say so of a failed modify, or of one of two permIds: then a code must, too."""
    if order.modified or len(order.perm_ids) > 1:
        about = "after a modify" if order.modified else "under one of its permIds"
        return doubted(order, f"cancelled {about}", cancel_shown=True)
    return changed(order, reported="CANCELLED", doubt="")


def _confirmed(order: OrderState, terms: OrderTerms) -> OrderState:
    """Compare what the broker says the order is with what we know and what we asked."""
    if order.external:
        return changed(order, terms=terms)
    order = changed(order, terms=followed(order.terms, terms, order.totals.filled))
    if order.pending is not None and same_terms(terms, order.pending):
        return changed(order, terms=followed(order.pending, terms, order.totals.filled), pending=None)
    if same_terms(terms, order.terms):
        return order
    return doubted(order, "the broker reports other terms than the ones known here")


def _executed(order: OrderState, event: ev.Executed) -> OrderState:
    new = changed(order, totals=event.totals, **alive(order, event.perm_id))
    more = event.totals.filled - order.totals.filled
    if more < 0:
        told = max(Decimal(0), order.told + more)
        return doubted(new, f"a correction took back {-more} of what was filled", told=told, settled="")
    if not more:
        return new
    new = changed(new, settled="")
    if event.totals.corrected:  # heard before what it corrects: the broker may call less than was asked filled
        new = doubted(new, "an execution was corrected")
    if order.reported in ("REJECTED", "NOT_PLACED"):
        return doubted(new, "an execution came after its end", reported="SUBMITTED")
    if "SUBMITTED" in STATUS[order.reported] and order.reported != "INACTIVE":
        return changed(new, reported="SUBMITTED")
    return new


# --- codes -------------------------------------------------------------------------------------------------


def _noticed(order: OrderState, event: ev.Noticed) -> OrderState:
    text = f"{event.text} (code {event.code})"
    action = NOTICE[classify(event.code)][phase(order)]
    if tells_cancelled(event.code, event.text) and not order.terminal:
        order = changed(order, cancel_said=True)
    return _ACTION[action](order, text)


def _reject(order: OrderState, text: str) -> OrderState:
    return changed(order, reported="REJECTED", acknowledged=True, rejection=text)


def _remember(order: OrderState, text: str) -> OrderState:
    if not order.terminal:
        return doubted(order, text, rejection=order.rejection or text)
    if order.modified or order.totals.filled:  # it speaks of a modify that came too late
        return _remark(order, text)
    return changed(order, rejection=order.rejection or text)


def _drop_modify(order: OrderState, text: str) -> OrderState:
    return doubted(order, text, pending=None, dropped=order.pending, reason=text)


def _drop_cancel(order: OrderState, text: str) -> OrderState:
    return doubted(order, text, cancelling=False, reason=text)


def _believe(order: OrderState, text: str) -> OrderState:
    return doubted(order, text, cancel_said=True, reason=text)


def _explain(order: OrderState, text: str) -> OrderState:
    return changed(order, reason=text)


def _remark(order: OrderState, text: str) -> OrderState:
    return changed(order, reason=order.reason or text)


def _ask(order: OrderState, text: str) -> OrderState:
    return doubted(order, text, reason=order.reason or text)


_ACTION: Final[dict[Action, Callable[[OrderState, str], OrderState]]] = {
    Action.REJECT: _reject,
    Action.REMEMBER: _remember,
    Action.DROP_MODIFY: _drop_modify,
    Action.DROP_CANCEL: _drop_cancel,
    Action.BELIEVE: _believe,
    Action.EXPLAIN: _explain,
    Action.REMARK: _remark,
    Action.ASK: _ask,
}
_APPLY: Final[dict[type[ev.Event], Callable[[OrderState, Any], OrderState]]] = {
    ev.Handed: _own,
    ev.Transmitted: _own,
    ev.Unsent: _unsent,
    ev.Lost: _lost,
    ev.CancelSent: _cancel_sent,
    ev.ModifyAsked: _modify_asked,
    ev.ModifyUnsent: _modify_unsent,
    ev.Reported: _reported,
    ev.Executed: _executed,
    ev.Noticed: _noticed,
    ev.FoundOpen: found_open,
    ev.FoundCompleted: found_completed,
    ev.Absent: absent,
    ev.Exhausted: exhausted,
    ev.Settled: settled,
}
