"""Every state that an order can get into, and everything that can happen to it there: exhaustive, not sampled.

What an order depends on is finite once words, times and amounts are left out, so all of it is walked through.
The rules here are written from the broker's point of view, not from the machine's tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import pytest

from actors.domain import order_events as ev
from actors.domain.fills import Totals
from actors.domain.order_codes import CodeClass, classify
from actors.domain.order_evidence import APART
from actors.domain.order_machine import apply, phase
from actors.domain.order_state import OrderState
from tests.domain.order_builders import later, order, terms

STATUSES = ("PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "Cancelled", "Inactive", "Strange")
CODES = (201, 110, 104, 161, 202, 399, 999)
MORE = terms(quantity=Decimal(20))
OWN_WORDS = (ev.Handed, ev.Transmitted, ev.Lost, ev.CancelSent, ev.ModifyAsked, ev.ModifyUnsent, ev.Exhausted)
THE_BROKERS_WORDS = (ev.Reported, ev.Executed, ev.Noticed, ev.FoundOpen, ev.FoundCompleted)


class Step(NamedTuple):
    before: OrderState
    event: ev.Event
    after: OrderState


def says(status: str, perm_id: int = 900, **more: Any) -> ev.Reported:
    return ev.Reported(status, perm_id, Decimal(0), **more)


def everything(state: OrderState) -> Iterator[ev.Event]:
    yield from (ev.Handed(), ev.Transmitted(), ev.Unsent("no session"), ev.Lost("died"), ev.CancelSent())
    if state.pending is None and not state.terminal:
        yield ev.ModifyAsked(MORE)
    yield ev.ModifyUnsent("no session")
    yield from map(says, STATUSES)
    yield from (ev.Reported("Filled", 900, Decimal(10)), says("Submitted", 901), says("Inactive", refusal="no margin"))
    yield from (says("Submitted", terms=terms()), says("Submitted", terms=MORE))
    yield ev.Executed(Totals(Decimal(10), 150.0), 900)
    yield from (ev.Noticed(code, "text") for code in CODES)
    yield ev.Noticed(10148, "OrderId 5 cannot be cancelled, state: Cancelled.")
    yield from (ev.FoundOpen(says(name, terms=terms())) for name in ("Submitted", "Inactive", "Filled", "Strange"))
    yield from (ev.FoundCompleted(says(name, terms=terms())) for name in ("Filled", "Cancelled", "Inactive", "Strange"))
    since = 1.0 if state.absent_since is None else state.absent_since
    yield from (ev.Absent(since + APART / 2, since), ev.Absent(since + APART, since + APART), ev.Exhausted("short"))


def essence(state: OrderState) -> tuple[object, ...]:
    """What the machine decides by, without words, times and amounts."""
    flags = (state.acknowledged, state.cancelling, state.modified, state.cancel_said, state.cancel_shown, state.held)
    there = (state.pending is None, state.dropped is None, state.absent_since is None, not state.rejection)
    return (state.reported, flags, there, len(state.perm_ids), state.totals.filled)


@cache
def steps() -> tuple[Step, ...]:
    """Everything that can happen in every state that can be reached."""
    taken, known, ahead = [], {essence(order())}, [order()]
    while ahead:
        state = ahead.pop()
        for event in everything(state):
            after = apply(state, event, 1.0, later(1))
            taken.append(Step(state, event, after))
            if essence(after) not in known:
                known.add(essence(after))
                ahead.append(after)
    return tuple(taken)


def proven(step: Step) -> bool:
    """Whether the event proves that the order cannot work at the broker any more."""
    before, event, after = step
    single = not before.modified and len(after.perm_ids) < 2
    if after.totals.filled >= max(after.terms.quantity, Decimal(10)) and after.pending is None:
        return True  # by its executions, while nobody may have asked for more
    match event:
        case ev.Unsent():
            return not before.acknowledged
        case ev.Noticed(code=code):
            if code in (202, 10148):
                return before.cancel_shown
            kind = classify(code)
            if not before.acknowledged:
                return kind is CodeClass.REJECTED or (kind is CodeClass.INVALID and not before.cancelling)
            return kind is CodeClass.REJECTED and before.reported == "INACTIVE" and not before.modified
        case ev.Reported(status="Cancelled"):
            return single or before.cancel_said
        case ev.Reported(status="Inactive"):
            return bool(event.refusal or before.rejection) and not before.modified
        case ev.FoundOpen(report=ev.Reported(status="Inactive")):
            return bool(before.rejection) and not before.modified
        case ev.FoundCompleted(report=report):
            return report.status in ("Filled", "Cancelled", "Inactive")
        case ev.Absent():
            said = bool(before.rejection) or before.cancel_said or before.cancel_shown
            second = before.absent_since is not None and event.asked >= before.absent_since + APART
            return said or (second and (not before.acknowledged or before.reported == "INACTIVE"))
    return False


def test_an_order_ends_here_only_by_what_proves_that_it_ended_at_the_broker() -> None:
    wrong = [step for step in steps() if step.after.terminal and not step.before.terminal and not proven(step)]
    assert wrong == []
    assert len(steps()) > 50_000


def test_unknown_becomes_nothing_else_but_by_evidence() -> None:
    unknown = [step for step in steps() if step.before.status == "UNKNOWN" and isinstance(step.event, OWN_WORDS)]
    assert [step for step in unknown if step.after.status != "UNKNOWN" and not step.before.totals.filled] == []
    assert {type(step.event) for step in unknown} == set(OWN_WORDS)


def test_not_placed_is_said_of_what_the_broker_never_spoke_of_in_the_second_of_two_cuts_alone() -> None:
    for before, event, after in steps():
        if after.status == "NOT_PLACED" != before.status:
            assert isinstance(event, ev.Absent)
            assert (before.acknowledged, before.status) == (False, "UNKNOWN")
            assert before.absent_since is not None
            assert event.asked >= before.absent_since + APART


def test_an_end_is_taken_back_only_by_the_broker() -> None:
    revived = [step for step in steps() if step.before.terminal and not step.after.terminal]
    assert {type(step.event) for step in revived} <= set(THE_BROKERS_WORDS)


def test_what_contradicts_an_end_raises_a_question() -> None:
    for before, event, after in steps():
        lives = isinstance(event, ev.Reported) and event.status in ("PreSubmitted", "Submitted")
        if lives and before.terminal and after.terminal and after.status != "FILLED":
            assert after.question, (before, event)


WORKING = order(reported="SUBMITTED", acknowledged=True, perm_ids=(900,))
PHASES = {
    "new": order(reported="SENT"),
    "recalled": order(reported="PENDING_CANCEL", cancelling=True),
    "modifying": order(reported="SUBMITTED", acknowledged=True, pending=MORE, modified=True),
    "cancelling": order(reported="PENDING_CANCEL", acknowledged=True, cancelling=True),
    "working": WORKING,
    "done": order(reported="CANCELLED", acknowledged=True, cancelling=True),
}


@pytest.mark.parametrize("name", PHASES)
def test_of_all_codes_only_a_refusal_of_what_the_broker_never_acknowledged_ends_an_order(name: str) -> None:
    state = PHASES[name]
    assert phase(state) == name
    for code in range(11_000):
        kind = classify(code)
        after = apply(state, ev.Noticed(code, "text"), 1.0, later(1))
        ends = {"new": (CodeClass.REJECTED, CodeClass.INVALID), "recalled": (CodeClass.REJECTED,)}.get(name, ())
        assert after.terminal == (kind in ends or name == "done"), code
        if kind is not CodeClass.ADVISORY and not after.terminal:
            assert after.question, code
        assert "text" in after.view().reason or kind is CodeClass.REJECTED, code
