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
    "WarnState": "PENDING",  # documented, never seen: it waits for somebody, and may be cancelled or go on
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
    "INACTIVE": frozenset({"PENDING"}),
}
WITHOUT_OUR_CANCEL: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    # also allowed, with a doubt, when no cancel of ours is under way or it was refused
    "PENDING_CANCEL": _ALIVE,
}
CONFIRMED: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    # what a broker still says of an order that ended, and what contradicts nothing
    "REJECTED": frozenset({"INACTIVE", "CANCELLED", "PENDING_CANCEL"}),
    "CANCELLED": frozenset({"PENDING_CANCEL"}),
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

Phase = Literal["new", "recalled", "modifying", "cancelling", "working", "done"]
"""What the order is busy with. `new`: not acknowledged yet; `recalled`: nor is the cancel that followed it."""


class Action(Enum):
    """What a code does to an order."""

    REJECT = "end it as rejected"
    REMEMBER = "keep the refusal and ask: together with an end by status it is a rejection"
    DROP_MODIFY = "the modify failed, the order stands: ask"
    DROP_CANCEL = "the cancel failed, it may have ended before: ask"
    BELIEVE = "keep the reason; together with the status it is cancelled, until then ask"
    EXPLAIN = "keep the text as the reason"
    REMARK = "keep the text if there is no better reason"
    ASK = "ask the broker, and keep the text if there is no better reason"


def _row(
    new: Action, recalled: Action, modifying: Action, cancelling: Action, working: Action, done: Action
) -> dict[Phase, Action]:
    return {
        "new": new,
        "recalled": recalled,
        "modifying": modifying,
        "cancelling": cancelling,
        "working": working,
        "done": done,
    }


_A = Action
NOTICE: Final[dict[CodeClass, dict[Phase, Action]]] = {
    # phases:                     new          recalled       modifying       cancelling      working      done
    CodeClass.REJECTED: _row(_A.REJECT, _A.REJECT, _A.DROP_MODIFY, _A.REMEMBER, _A.REMEMBER, _A.REMEMBER),
    CodeClass.INVALID: _row(_A.REJECT, _A.ASK, _A.DROP_MODIFY, _A.ASK, _A.ASK, _A.REMARK),
    CodeClass.MODIFY_FAILED: _row(_A.ASK, _A.ASK, _A.DROP_MODIFY, _A.ASK, _A.ASK, _A.REMARK),
    CodeClass.CANCEL_REFUSED: _row(_A.ASK, _A.DROP_CANCEL, _A.DROP_CANCEL, _A.DROP_CANCEL, _A.ASK, _A.REMARK),
    CodeClass.CANCELLED: _row(_A.BELIEVE, _A.BELIEVE, _A.BELIEVE, _A.BELIEVE, _A.BELIEVE, _A.EXPLAIN),
    CodeClass.ADVISORY: _row(_A.REMARK, _A.REMARK, _A.REMARK, _A.REMARK, _A.REMARK, _A.REMARK),
    CodeClass.UNSURE: _row(_A.ASK, _A.ASK, _A.ASK, _A.ASK, _A.ASK, _A.ASK),
}
