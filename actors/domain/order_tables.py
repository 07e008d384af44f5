"""The tables of the order machine, all of them: what moves an order from which status to which.

A broker's status that STATUS does not allow leaves the order where it is and becomes a doubt. A code
does what NOTICE says for its class and the order's phase; only a new order can end by a code alone.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal

from actors.domain import order_events as ev
from actors.domain.order_codes import CodeClass
from actors.messages.orders import OrderStatus

BROKER_STATUS: Final[dict[str, OrderStatus]] = {
    "ApiPending": "PENDING",
    "PendingSubmit": "PENDING",
    "PreSubmitted": "PRESUBMITTED",
    "Submitted": "SUBMITTED",
    "PendingCancel": "PENDING_CANCEL",
    "PreCancelled": "PENDING_CANCEL",
    "Cancelled": "CANCELLED",
    "ApiCancelled": "CANCELLED",
    "Inactive": "INACTIVE",
    "Filled": "FILLED",
}

_ENDING: Final[frozenset[OrderStatus]] = frozenset({"PENDING_CANCEL", "INACTIVE", "CANCELLED"})
_ALIVE: Final[frozenset[OrderStatus]] = frozenset({"PRESUBMITTED", "SUBMITTED"})
_ANY: Final[frozenset[OrderStatus]] = _ENDING | _ALIVE | {"PENDING"}
_NONE: Final[frozenset[OrderStatus]] = frozenset()

STATUS: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    # what was reported so far: the broker's statuses that replace it
    "INTENT": _ANY,
    "SENDING": _ANY,
    "SENT": _ANY,
    "UNKNOWN": _ANY,
    "NOT_PLACED": _ANY,
    "PENDING": _ANY,
    "PRESUBMITTED": _ENDING | {"SUBMITTED"},
    "SUBMITTED": _ENDING,
    "PENDING_CANCEL": frozenset({"CANCELLED"}),
    "INACTIVE": _ALIVE | {"PENDING_CANCEL", "CANCELLED"},
    "CANCELLED": _NONE,
    "REJECTED": _NONE,
    "FILLED": _NONE,
}
AFTER_MODIFY: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    # also allowed once the terms were modified: the order passes through the earlier statuses again
    "PRESUBMITTED": frozenset({"PENDING"}),
    "SUBMITTED": frozenset({"PENDING", "PRESUBMITTED"}),
}
WITHOUT_OUR_CANCEL: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    # also allowed, with a doubt, when no cancel of ours is under way or it was refused
    "PENDING_CANCEL": _ALIVE,
}

OWN: Final[dict[type[ev.Event], dict[OrderStatus, OrderStatus]]] = {
    # our own events; where the broker was faster they change nothing
    ev.Handed: {"INTENT": "SENDING"},
    ev.Transmitted: {"SENDING": "SENT"},
    ev.Unsent: {"INTENT": "REJECTED", "SENDING": "REJECTED", "UNKNOWN": "REJECTED"},
    ev.Lost: {"INTENT": "UNKNOWN", "SENDING": "UNKNOWN", "SENT": "UNKNOWN"},
    ev.CancelSent: {
        "SENT": "PENDING_CANCEL",
        "PENDING": "PENDING_CANCEL",
        "PRESUBMITTED": "PENDING_CANCEL",
        "SUBMITTED": "PENDING_CANCEL",
        "INACTIVE": "PENDING_CANCEL",
    },
}

Phase = Literal["new", "modifying", "cancelling", "working", "done"]


class Action(Enum):
    """What a code does to an order."""

    REJECT = "end it as rejected"
    REMEMBER = "keep the refusal and ask: together with an end by status it is a rejection"
    DROP_MODIFY = "the modify failed, the order stands: ask"
    DROP_CANCEL = "the cancel failed, it may have ended before: ask"
    EXPLAIN = "keep the text as the reason"
    REMARK = "keep the text if there is no better reason"
    ASK = "ask the broker"


def _row(new: Action, modifying: Action, cancelling: Action, working: Action, done: Action) -> dict[Phase, Action]:
    return {"new": new, "modifying": modifying, "cancelling": cancelling, "working": working, "done": done}


NOTICE: Final[dict[CodeClass, dict[Phase, Action]]] = {
    # phases:                     new              modifying           cancelling          working          done
    CodeClass.REFUSED: _row(Action.REJECT, Action.DROP_MODIFY, Action.REMEMBER, Action.REMEMBER, Action.REMEMBER),
    CodeClass.MODIFY_FAILED: _row(Action.ASK, Action.DROP_MODIFY, Action.ASK, Action.ASK, Action.REMARK),
    CodeClass.CANCEL_REFUSED: _row(Action.ASK, Action.DROP_CANCEL, Action.DROP_CANCEL, Action.ASK, Action.REMARK),
    CodeClass.CANCELLED: _row(Action.EXPLAIN, Action.EXPLAIN, Action.EXPLAIN, Action.EXPLAIN, Action.EXPLAIN),
    CodeClass.ADVISORY: _row(Action.REMARK, Action.REMARK, Action.REMARK, Action.REMARK, Action.REMARK),
    CodeClass.UNSURE: _row(Action.ASK, Action.ASK, Action.ASK, Action.ASK, Action.ASK),
}
