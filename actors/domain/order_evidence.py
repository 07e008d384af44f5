"""What a confirmed cut makes of an order: evidence, which overrules statuses and codes. Pure.

Listed as open it lives, listed as completed it ended. Absent from every list it ended too when the broker has
said so before; otherwise absence decides nothing at once: what was never acknowledged is NOT_PLACED in the
second of two cuts well apart, and what was is UNKNOWN and then held for a person.
"""

from __future__ import annotations

from typing import Any, Final

from actors.domain import order_events as ev
from actors.domain.order_likeness import followed, listed, same_terms, taken
from actors.domain.order_state import OrderState
from actors.domain.order_steps import alive, changed, counted, doubted, refused
from actors.domain.order_tables import BROKER_STATUS
from actors.messages.broker import OrderTerms

# Two confirmed cuts count as two only when the second was asked so many seconds after the first was applied:
# a frame of a dead socket may still be on its way through the gateway.
APART: Final = 1.0

_ABSENT: Final = "the broker lists it neither as open nor as completed"
_NEVER: Final = "absent in two confirmed cuts: it never reached the broker"
_GONE: Final = "gone from the broker without a word of its end; compare positions"
_LIVING: Final = frozenset({"PENDING", "PRESUBMITTED", "SUBMITTED", "PENDING_CANCEL", "INACTIVE"})


def found_open(order: OrderState, event: ev.FoundOpen) -> OrderState:
    """The broker lists it as open: it lives, whatever was heard before."""
    report = event.report
    heard = BROKER_STATUS.get(report.status)
    changes = _found(order, report, completed=False)
    changes |= {"told": max(order.told, counted(order, report)), "cancel_said": False, "cancel_shown": False}
    if heard is None:  # which of the living statuses it is cannot be known, that it is one is certain
        lives = order.reported if order.reported in _LIVING else "PENDING"
        return changed(order, reported=lives, **changes | {"reason": f"open, with the status {report.status}"})
    if heard == "FILLED":  # its executions are on their way
        return changed(order, **changes)
    if heard != "INACTIVE":
        changes["rejection"] = ""
    return changed(order, reported=heard, cancelling=heard == "PENDING_CANCEL", **changes)


def found_completed(order: OrderState, event: ev.FoundCompleted) -> OrderState:
    """The broker lists it as completed. Its count of fills is newer than what statuses said before."""
    report = event.report
    heard = BROKER_STATUS.get(report.status)
    told = counted(order, report) or order.told
    new = changed(order, told=told, **_found(order, report, completed=True))
    if heard == "FILLED":
        return changed(new, reported="FILLED" if order.external else new.reported)
    if heard == "CANCELLED":
        return changed(new, reported="CANCELLED")
    if heard == "INACTIVE":
        words = order.rejection or report.refusal or order.reason or report.remark or "inactive"
        return changed(new, reported=refused(new), rejection=words)
    return doubted(new, f"completed with a status we do not know: {report.status}")


def _found(order: OrderState, report: ev.Reported, *, completed: bool) -> dict[str, Any]:
    terms = _listed_terms(order, report, completed=completed)
    return alive(order, report.perm_id) | {"terms": terms, "doubt": "", "pending": None, "dropped": None}


def _listed_terms(order: OrderState, report: ev.Reported, *, completed: bool) -> OrderTerms:
    """Ours, or those of a modify that was asked for, where the list agrees; else what it says."""
    for known in (order.terms, order.pending, order.dropped):
        theirs = None if known is None else listed(report, known, completed=completed)
        if known is not None and theirs is not None:
            ours = followed(known, theirs, order.totals.filled)
            if same_terms(ours, theirs):
                return ours
    theirs = listed(report, order.terms, completed=completed)
    return order.terms if theirs is None else taken(order.terms, theirs)


def absent(order: OrderState, event: ev.Absent) -> OrderState:
    """Neither open nor completed, in a cut that answered everything."""
    if order.terminal:
        return changed(order, doubt="")  # as it should be
    if order.rejection:
        return changed(order, reported=refused(order), doubt="")
    if order.cancel_said or order.cancel_shown:
        return changed(order, reported="CANCELLED", doubt="")
    if order.external:
        return changed(order, reported="UNKNOWN", held=True, reason="no longer open at the broker, not our order")
    if order.absent_since is None:
        return _first_absence(order, event)
    if order.held or event.asked < order.absent_since + APART:
        return order
    if not order.acknowledged:
        return changed(order, reported="NOT_PLACED", reason=_more(_NEVER, order), doubt="")
    if order.reported == "INACTIVE":
        return changed(order, reported=refused(order), reason="inactive, and absent in two confirmed cuts", doubt="")
    return changed(order, reported="UNKNOWN", held=True, reason=_more(_GONE, order))


def _first_absence(order: OrderState, event: ev.Absent) -> OrderState:
    if order.reported == "INACTIVE":
        return doubted(order, _ABSENT, absent_since=event.at)
    return changed(order, reported="UNKNOWN", reason=_more(_ABSENT, order), doubt="", absent_since=event.at)


def exhausted(order: OrderState, event: ev.Exhausted) -> OrderState:
    """All executions are in, and its statuses counted more: a person must decide, unless a correction explains it."""
    if order.totals.corrected:
        return changed(order, told=order.totals.filled)
    return changed(order, held=True, reason=event.reason, reported=order.reported if order.terminal else "UNKNOWN")


def _more(words: str, order: OrderState) -> str:
    """The words, and those which explained the order's state before."""
    before = order.reason.removeprefix(_ABSENT).removeprefix("; ") or order.doubt
    return f"{words}; {before}" if before else words
