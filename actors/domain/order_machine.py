"""The order machine: what each event makes of an order, along the tables of `order_tables`. Pure.

Rules: fills come from executions only; a status is advisory and moves an order forward along STATUS;
whatever the tables do not allow becomes `doubt`, which asks the broker instead of guessing; a code ends
an order only while the broker has not acknowledged it; cut evidence overrules statuses. So callbacks in
any order, with duplicates, end in the same order, or in a question whose answer makes it so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec

from actors.domain import order_events as ev
from actors.domain.order_codes import classify
from actors.domain.order_state import ON_THE_WAY, TERMINAL, OrderState
from actors.domain.order_tables import (
    AFTER_MODIFY,
    BROKER_STATUS,
    NOTICE,
    OWN,
    STATUS,
    WITHOUT_OUR_CANCEL,
    Action,
    Phase,
)
from actors.messages.broker import OrderTerms
from actors.messages.orders import OrderStatus

# Two confirmed cuts count as two only when the second was asked so many seconds after the first was applied:
# a frame of a dead socket may still be on its way through the gateway.
SETTLE: Final = 1.0

_NONE: Final[frozenset[OrderStatus]] = frozenset()


def apply(order: OrderState, event: ev.Event, now: float, at: datetime) -> OrderState:
    """The order after the event; `at` is the date of the monotonic time `now`.

    `heard` and `updated` move when more than its doubt changed.
    """
    new = _concluded(_APPLY[type(event)](order, event))
    if new is order or msgspec.structs.replace(new, doubt=order.doubt) == order:
        return new
    return msgspec.structs.replace(new, heard=now, updated=at)


def phase(order: OrderState) -> Phase:
    """What the order is busy with, which decides what a code means."""
    if order.terminal and order.status != "NOT_PLACED":
        return "done"
    if not order.acknowledged:
        return "new"
    if order.pending is not None:
        return "modifying"
    return "cancelling" if order.reported == "PENDING_CANCEL" else "working"


def same_terms(one: OrderTerms, other: OrderTerms) -> bool:
    """Equal in what can be modified; a price that the type does not use is not looked at."""
    limit = one.limit == other.limit or "LMT" not in one.order_type
    stop = one.stop == other.stop or "STP" not in one.order_type
    return one.quantity == other.quantity and limit and stop


def _with(order: OrderState, **changes: Any) -> OrderState:
    return msgspec.structs.replace(order, **changes)


def _concluded(order: OrderState) -> OrderState:
    """A refusal in words and an end by status together are a rejection, whichever came first."""
    if order.settled and order.reported not in TERMINAL:
        order = _with(order, settled="")
    ended = order.reported == "INACTIVE" or (order.reported == "CANCELLED" and not order.cancelling)
    if order.rejection and ended and not order.totals.filled:
        return _with(order, reported="REJECTED")
    return order


# --- our own events ------------------------------------------------------------------------------------


def _own(order: OrderState, event: ev.Handed | ev.Transmitted) -> OrderState:
    target = OWN[type(event)].get(order.reported)
    return order if target is None else _with(order, reported=target)


def _unsent(order: OrderState, event: ev.Unsent) -> OrderState:
    target = OWN[ev.Unsent].get(order.reported)
    if target is None or order.acknowledged:
        return order
    return _with(order, reported=target, reason=event.reason)


def _lost(order: OrderState, event: ev.Lost) -> OrderState:
    if order.acknowledged or order.reported not in ON_THE_WAY:
        return order if order.terminal else _with(order, doubt=event.reason)
    return _with(order, reported=OWN[ev.Lost][order.reported], reason=event.reason)


def _cancel_sent(order: OrderState, _: ev.CancelSent) -> OrderState:
    return _with(order, cancelling=True, reported=OWN[ev.CancelSent].get(order.reported, order.reported))


def _modify_asked(order: OrderState, event: ev.ModifyAsked) -> OrderState:
    return _with(order, pending=event.terms, modified=True)


def _modify_unsent(order: OrderState, event: ev.ModifyUnsent) -> OrderState:
    return order if order.pending is None else _with(order, pending=None, reason=event.reason)


# --- the broker's words ----------------------------------------------------------------------------------


def _alive(order: OrderState, perm_id: int) -> dict[str, Any]:
    """What any word of the broker about an order proves."""
    known = perm_id == 0 or perm_id in order.perm_ids
    perm_ids = order.perm_ids if known else tuple(sorted((*order.perm_ids, perm_id)))
    changes: dict[str, Any] = {"perm_ids": perm_ids, "acknowledged": True, "absent_since": None, "held": False}
    if order.reported in ("UNKNOWN", "NOT_PLACED"):
        changes["reason"] = ""
    return changes


def _reported(order: OrderState, event: ev.Reported) -> OrderState:
    changes = _alive(order, event.perm_id) | {"told": max(order.told, event.filled)}
    if event.remark and not order.reason:
        changes["reason"] = event.remark
    if event.refusal and event.status == "Inactive":
        changes["rejection"] = event.refusal
    new = _moved(_with(order, **changes), event.status)
    return new if event.terms is None else _confirmed(new, event.terms)


def _moved(order: OrderState, status: str) -> OrderState:
    """Follow a status of the broker as far as the tables allow."""
    heard, known = BROKER_STATUS.get(status), order.reported
    if heard is None:
        return _with(order, doubt=f"the broker reports a status we do not know: {status}")
    if heard == "FILLED":  # executions fill; that it worked is certain, and `told` asks for the executions
        return _with(order, reported="SUBMITTED") if "SUBMITTED" in STATUS[known] else order
    if heard == known:
        return order
    if order.modified and heard in AFTER_MODIFY.get(known, _NONE):
        return _with(order, reported=heard)
    if not order.cancelling and heard in WITHOUT_OUR_CANCEL.get(known, _NONE):
        return _with(order, reported=heard, doubt="reported as working after its cancel was under way")
    if heard not in STATUS[known]:
        return _with(order, doubt=f"reported as {heard} while it is {known} here")
    if "INACTIVE" in (heard, known):
        return _with(order, reported=heard, doubt="Inactive can mean held or refused")
    if heard == "CANCELLED":
        contradictable = order.modified and not order.cancelling
        return _with(order, reported=heard, doubt="cancelled after a modify" if contradictable else "")
    return _with(order, reported=heard)


def _confirmed(order: OrderState, terms: OrderTerms) -> OrderState:
    """Compare what the broker says the order is with what we know and what we asked."""
    if order.external:
        return _with(order, terms=terms)
    if order.pending is not None and same_terms(terms, order.pending):
        return _with(order, terms=order.pending, pending=None)
    if same_terms(terms, order.terms):
        return order
    return _with(order, doubt="the broker reports other terms than the ones known here")


def _executed(order: OrderState, event: ev.Executed) -> OrderState:
    new = _with(order, totals=event.totals, **_alive(order, event.perm_id))
    grew = event.totals.filled > order.totals.filled
    if grew:
        new = _with(new, settled="")
    if grew and order.reported in ("REJECTED", "NOT_PLACED"):
        return _with(new, reported="SUBMITTED", doubt="an execution came after its end")
    if grew and "SUBMITTED" in STATUS[order.reported] and order.reported != "INACTIVE":
        return _with(new, reported="SUBMITTED")
    return new


# --- codes -------------------------------------------------------------------------------------------------


def _noticed(order: OrderState, event: ev.Noticed) -> OrderState:
    text = f"{event.text} (code {event.code})"
    action = NOTICE[classify(event.code)][phase(order)]
    if action is Action.REJECT:
        return _with(order, reported="REJECTED", acknowledged=True, rejection=text)
    if action is Action.REMEMBER:
        return _with(order, rejection=order.rejection or text, doubt=order.doubt if order.terminal else text)
    if action is Action.DROP_MODIFY:
        return _with(order, pending=None, reason=text, doubt=text)
    if action is Action.DROP_CANCEL:
        return _with(order, cancelling=False, reason=text, doubt=text)
    if action is Action.EXPLAIN:
        return _with(order, reason=text)
    if action is Action.REMARK:
        return _with(order, reason=order.reason or text)
    return _with(order, doubt=text)


# --- evidence ------------------------------------------------------------------------------------------------


def _found(order: OrderState, report: ev.Reported) -> dict[str, Any]:
    changes = _alive(order, report.perm_id) | {"told": max(order.told, report.filled), "doubt": "", "pending": None}
    terms = report.terms
    if terms is not None and not same_terms(terms, order.terms):
        changes["terms"] = _with_terms(order.terms, terms)
    return changes


def _with_terms(ours: OrderTerms, theirs: OrderTerms) -> OrderTerms:
    return msgspec.structs.replace(
        ours, quantity=theirs.quantity, limit=theirs.limit, stop=theirs.stop, order_type=theirs.order_type
    )


def _found_open(order: OrderState, event: ev.FoundOpen) -> OrderState:
    heard = BROKER_STATUS.get(event.report.status)
    changes = _found(order, event.report) | {"cancelling": heard == "PENDING_CANCEL"}
    if heard is None or heard == "FILLED":
        return _with(order, **changes)
    if heard != "INACTIVE":
        changes["rejection"] = ""
    return _with(order, reported=heard, **changes)


def _found_completed(order: OrderState, event: ev.FoundCompleted) -> OrderState:
    heard = BROKER_STATUS.get(event.report.status)
    changes = _found(order, event.report)
    new = _with(order, **changes)
    if heard == "FILLED":
        told = max(new.told, new.terms.quantity)
        return _with(new, told=told, reported="FILLED" if order.external else new.reported)
    if heard == "CANCELLED":
        return _with(new, reported="CANCELLED")
    if heard == "INACTIVE":
        return _with(new, reported="REJECTED", rejection=order.rejection or event.report.refusal or "inactive")
    return _with(new, doubt=f"completed with a status we do not know: {event.report.status}")


def _absent(order: OrderState, event: ev.Absent) -> OrderState:
    if order.terminal:
        return _with(order, doubt="")  # as it should be
    if order.rejection:
        return _with(order, reported="REJECTED", doubt="")
    if order.external:
        return _with(order, reported="UNKNOWN", held=True, reason="no longer open at the broker, not our order")
    if order.absent_since is None:
        reason = "the broker lists it neither as open nor as completed"
        if order.reported == "INACTIVE":
            return _with(order, doubt=reason, absent_since=event.at)
        return _with(order, reported="UNKNOWN", reason=reason, doubt="", absent_since=event.at)
    if order.held or event.asked < order.absent_since + SETTLE:
        return order
    if not order.acknowledged:
        return _with(order, reported="NOT_PLACED", reason="absent in two confirmed cuts: it never reached the broker")
    if order.reported == "INACTIVE":
        return _with(order, reported="REJECTED", reason="inactive, and absent in two confirmed cuts")
    return _with(order, held=True, reason="gone from the broker without a word of its end; compare positions")


def _exhausted(order: OrderState, event: ev.Exhausted) -> OrderState:
    return _with(order, held=True, reason=event.reason, reported=order.reported if order.terminal else "UNKNOWN")


def _settled(order: OrderState, event: ev.Settled) -> OrderState:
    decided: OrderStatus = "CANCELLED" if event.outcome == "cancelled" else "NOT_PLACED"
    words = f"settled as {event.outcome} by {event.by}: {event.reason}"
    return _with(order, reported=decided, settled=words, reason=words, held=False, doubt="", pending=None)


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
    ev.FoundOpen: _found_open,
    ev.FoundCompleted: _found_completed,
    ev.Absent: _absent,
    ev.Exhausted: _exhausted,
    ev.Settled: _settled,
}
