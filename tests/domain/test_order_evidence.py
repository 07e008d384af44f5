"""What the broker's lists make of an order: what of them is news, what ends it, and what a person may decide."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from actors.domain import order_events as ev
from actors.domain.fills import Totals
from actors.domain.order_book import OrderBook
from actors.domain.order_cut import judge
from actors.domain.order_machine import apply
from actors.domain.order_settling import not_settleable
from actors.domain.order_state import OrderState
from actors.domain.order_words import happened
from actors.messages.broker import ExecutionList, ExecutionReport, OpenOrders, OrderReport
from actors.messages.broker_account import PositionList
from actors.messages.state import ApplyCut
from tests.domain.order_builders import completed_report, execution_report, later, order, order_report, terms

TRAILING: dict[str, Any] = {"order_type": "TRAIL", "limit": None, "stop": 140.0, "trail": 2.0}


def working(**changes: Any) -> OrderState:
    return order(**({"reported": "SUBMITTED", "acknowledged": True, "perm_ids": (900,)} | changes))


def after(state: OrderState, *events: ev.Event) -> OrderState:
    for event in events:
        state = apply(state, event, 1.0, later(1))
    return state


def cut(
    state: OrderState,
    *lists: OrderReport,
    executions: tuple[ExecutionReport, ...] = (),
    asked: float = 100.0,
) -> tuple[OrderState, list[str]]:
    """The order after a confirmed cut, and the kinds of differences that were told."""
    book = OrderBook([state])
    for report in executions:
        book.ledger.record(book.execution(report))
        book.put(apply(state, ev.Executed(book.totals(state), 900), asked - 1, later(asked)))
    opened = tuple(report for report in lists if not report.completed)
    ended = tuple(report for report in lists if report.completed)
    picture = ApplyCut(1, 1, OpenOrders(opened), OpenOrders(ended), ExecutionList((), ()), PositionList(()), asked)
    told = []
    for verdict in judge(book, picture, asked + 1, later(asked + 1), lambda _: True):
        book.put(verdict.after)
        told += [] if verdict.difference is None else [verdict.difference.kind]
    found = book.get("k1")
    assert found is not None
    return found, told


# --- what is news and what is not ---------------------------------------------------------------------------


@pytest.mark.parametrize(("total", "filled"), [(6, 4), (4, 4), (10, 0), (0, 0)])
def test_what_was_left_of_an_order_cancelled_while_we_were_away_is_not_taken_for_what_was_asked(
    total: int, filled: int
) -> None:
    fills = (execution_report("a.b.c.01", filled),) if filled else ()
    listed = completed_report("Cancelled", terms=terms(quantity=Decimal(total)), filled=Decimal(filled))
    state, told = cut(working(), listed, executions=fills)
    assert (state.status, state.terms.quantity, told) == ("CANCELLED", Decimal(10), ["order_status"])


def test_a_completed_order_that_was_raised_or_lowered_elsewhere_is_told_with_what_it_was() -> None:
    raised, told = cut(working(), completed_report("Cancelled", terms=terms(quantity=Decimal(25))))
    assert (raised.terms.quantity, told) == (Decimal(25), ["order_quantity"])
    listed = completed_report("Filled", terms=terms(quantity=Decimal(6)), filled=Decimal(6))
    lowered, told = cut(working(), listed, executions=(execution_report("a.b.c.01", 6),))
    assert (lowered.status, lowered.terms.quantity, told) == ("FILLED", Decimal(6), ["order_quantity"])


def test_the_stop_of_a_trailing_order_moves_without_a_question_and_its_trail_does_not() -> None:
    trailing = working(terms=terms(**TRAILING))
    moved = after(trailing, ev.Reported("Submitted", 900, Decimal(0), terms(**TRAILING | {"stop": 143.0})))
    assert (moved.terms.stop, moved.question, happened(trailing, moved)) == (143.0, "", "trailed")
    untold = after(trailing, ev.Reported("Submitted", 900, Decimal(0), terms(**TRAILING | {"trail": None})))
    assert (untold.terms.trail, untold.question) == (2.0, "")
    other = order_report("Submitted", terms=terms(**TRAILING | {"trail": 3.0, "stop": 144.0}))
    assert after(trailing, ev.reported(other)).question
    state, told = cut(trailing, other)
    assert (state.terms.trail, state.terms.stop, told) == (3.0, 144.0, ["order_price"])
    assert cut(trailing, order_report("Submitted", terms=terms(**TRAILING | {"stop": 145.0})))[1] == []


@pytest.mark.parametrize("group", [{"parent_id": 4}, {"oca_group": "g", "oca_type": 2}])
def test_the_broker_lowers_a_member_of_a_group_without_a_question_but_raises_none(group: dict[str, Any]) -> None:
    member = working(terms=terms(**group))
    for quantity, news in ((6, False), (14, True)):
        listed = order_report("Submitted", terms=terms(quantity=Decimal(quantity), **group))
        assert bool(after(member, ev.reported(listed)).question) == news
        assert (cut(member, listed)[1] == ["order_quantity"]) == news
        assert cut(member, listed)[0].terms.quantity == quantity


def test_what_was_left_of_an_order_whose_modify_nobody_confirmed_is_no_difference() -> None:
    asked = after(working(), ev.ModifyAsked(terms(quantity=Decimal(20))))
    listed = completed_report("Cancelled", terms=terms(quantity=Decimal(16)), filled=Decimal(4))
    state, told = cut(asked, listed, executions=(execution_report("a.b.c.01", 4),))
    assert (state.status, state.terms.quantity, told) == ("CANCELLED", Decimal(20), ["order_status"])


def test_a_refused_modify_that_the_list_shows_in_force_is_no_difference() -> None:
    asked = after(working(), ev.ModifyAsked(terms(limit=151.0)), ev.Noticed(105, "no"))
    state, told = cut(asked, order_report("Submitted", terms=terms(limit=151.0)))
    assert (state.terms.limit, state.dropped, told) == (151.0, None, [])


def test_the_terms_of_an_external_order_are_the_brokers() -> None:
    theirs = terms(limit=99.0)
    assert after(working(external=True), ev.Reported("Submitted", 900, Decimal(0), theirs)).terms == theirs


# --- what ends it ---------------------------------------------------------------------------------------------


def test_a_cancel_that_came_too_late_for_a_cancelled_order_is_its_end_once_the_lists_lack_it() -> None:
    told = after(working(), ev.CancelSent(), ev.Noticed(10148, "OrderId 5 cannot be cancelled, state: Cancelled."))
    assert (told.terminal, bool(told.question)) == (False, True)
    assert cut(told)[0].status == "CANCELLED"
    filled = after(working(), ev.CancelSent(), ev.Noticed(10148, "OrderId 5 cannot be cancelled, state: Filled."))
    assert cut(filled)[0].status == "UNKNOWN"


def test_a_code_that_says_cancelled_asks_until_the_status_says_so_too() -> None:
    said = after(working(), ev.Noticed(202, "Order Canceled - reason:"))
    assert (said.status, bool(said.question)) == ("SUBMITTED", True)
    told = after(said, ev.Reported("Cancelled", 900, Decimal(0)))
    assert (told.status, told.question, told.view().reason) == ("CANCELLED", "", "Order Canceled - reason: (code 202)")


@pytest.mark.parametrize("state", [working(modified=True), working(perm_ids=(900, 901))])
def test_cancelled_of_a_modified_order_or_of_one_permid_of_two_needs_a_second_word(state: OrderState) -> None:
    shown = after(state, ev.Reported("Cancelled", 900, Decimal(0)))
    assert (shown.status, bool(shown.question)) == ("SUBMITTED", True)
    said = after(shown, ev.Noticed(202, "Order Canceled - reason:"))
    assert (said.status, said.question) == ("CANCELLED", "")
    assert cut(shown, order_report("Submitted"))[0].status == "SUBMITTED"
    assert cut(shown)[0].status == "CANCELLED"


def test_inactive_that_traded_is_cancelled_not_rejected() -> None:
    held = after(working(), ev.Reported("Inactive", 900, Decimal(0)))
    fill = execution_report("a.b.c.01", 4)
    listed = completed_report("Inactive", filled=Decimal(4), warning="Fill or kill: cannot be filled at once")
    assert cut(held, listed, executions=(fill,))[0].status == "CANCELLED"
    dead = cut(held, listed)[0]
    assert (dead.status, dead.view().reason) == ("REJECTED", "Fill or kill: cannot be filled at once")


def test_a_refusal_with_its_inactive_status_is_a_rejection_without_a_question_in_either_order() -> None:
    words = (ev.Reported("Inactive", 900, Decimal(0)), ev.Noticed(201, "no margin"))
    for events in (words, tuple(reversed(words))):
        told = after(order(reported="SENT"), *events)
        assert (told.status, told.question) == ("REJECTED", "")


def test_an_order_that_is_filled_under_one_permid_and_cancelled_under_the_other_was_filled() -> None:
    twice = working(perm_ids=(900, 901))
    reports = (completed_report("Cancelled"), completed_report("Filled", perm_id=901, filled=Decimal(10)))
    state, _ = cut(twice, *reports)
    assert state.question == "the broker counts 10 filled, its executions so far 0"
    assert after(state, ev.Executed(Totals(Decimal(10), 150.0))).status == "FILLED"


def test_filled_without_a_figure_is_all_of_it() -> None:
    listed = completed_report("Filled", terms=terms(quantity=Decimal(0)))
    state, _ = cut(working(), listed)
    assert (state.terms.quantity, state.told, state.status) == (Decimal(10), Decimal(10), "SUBMITTED")


def test_open_with_a_status_that_we_do_not_know_is_open() -> None:
    lost = order(reported="UNKNOWN", reason="died")
    state, _ = cut(lost, order_report("Strange"))
    assert (state.status, state.question, state.reason) == ("PENDING", "", "open, with the status Strange")
    listed = order_report("Filled")
    assert cut(lost, listed)[0].question == "the outcome is unknown"


def test_what_the_broker_said_of_an_order_that_never_came_is_kept_with_the_decision() -> None:
    odd = after(order(reported="SENT"), ev.Noticed(320, "cannot read the message"))
    first, _ = cut(odd)
    second, _ = cut(first, asked=200.0)
    assert (first.status, second.status) == ("UNKNOWN", "NOT_PLACED")
    assert second.reason.endswith("never reached the broker; cannot read the message (code 320)")


def test_a_doubt_that_is_newer_than_the_cut_outlives_it() -> None:
    told = apply(working(), ev.Reported("PreSubmitted", 900, Decimal(0)), 101.0, later(101))
    assert told.heard == 0.0
    assert cut(told, order_report("Submitted"), asked=100.0)[0].question
    assert cut(told, order_report("Submitted"), asked=102.0)[0].question == ""


# --- corrections ------------------------------------------------------------------------------------------------


def test_a_filled_order_that_is_corrected_downwards_is_filled_with_less_and_needs_nobody() -> None:
    state = after(working(), ev.Reported("Filled", 900, Decimal(10)))
    book = OrderBook([state])
    for report in (execution_report("a.b.c.01", 10), execution_report("a.b.c.02", 6)):
        book.ledger.record(book.execution(report))
        state = after(state, ev.Executed(book.totals(state), 900))
    assert (state.status, state.told, bool(state.question)) == ("SUBMITTED", 6, True)
    listed = completed_report("Filled", terms=terms(quantity=Decimal(6)), filled=Decimal(6))
    assert cut(state, listed, executions=(execution_report("a.b.c.02", 6),))[0].status == "FILLED"


def test_a_correction_that_is_heard_before_what_it_corrects_asks() -> None:
    assert after(working(), ev.Executed(Totals(Decimal(9), 150.0, corrected=True))).question


def test_a_status_from_before_a_correction_that_was_never_heard_is_explained_by_it() -> None:
    state = after(working(), ev.Reported("Submitted", 900, Decimal(5)))
    state, _ = cut(state, order_report("Submitted"), executions=(execution_report("a.b.c.02", 4),))
    state, told = cut(state, order_report("Submitted"), executions=(execution_report("a.b.c.02", 4),), asked=200.0)
    assert (state.status, state.question, state.held, told) == ("SUBMITTED", "", False, [])


# --- what a person decides --------------------------------------------------------------------------------------


def test_only_what_evidence_cannot_decide_is_settled_and_never_as_not_placed_when_the_broker_spoke_of_it() -> None:
    assert "is SUBMITTED" in not_settleable(working(), "cancelled")
    assert "reached the broker" in not_settleable(working(held=True), "not_placed")
    assert not_settleable(working(held=True), "cancelled") == ""
    assert not_settleable(order(reported="UNKNOWN"), "not_placed") == ""


def test_a_decision_ends_the_question_and_yields_to_what_the_broker_shows_later() -> None:
    short = working(reported="UNKNOWN", held=True, told=Decimal(10))
    decided = after(short, ev.Settled("cancelled", "not in TWS", "ada"))
    assert (decided.status, decided.open, decided.view().reason) == (
        "CANCELLED",
        False,
        "settled as cancelled by ada: not in TWS",
    )
    assert cut(decided, completed_report("Filled", filled=Decimal(10)))[0].question == ""  # known when it was decided
    lives = cut(decided, order_report("Submitted"))[0]
    assert (lives.status, lives.settled, lives.view().reason) == ("SUBMITTED", "", "")
    state, _ = cut(decided, executions=(execution_report("a.b.c.01", 4),))
    assert (state.totals.filled, bool(state.question)) == (4, True)
    assert after(order(reported="UNKNOWN"), ev.Settled("not_placed", "r", "ada")).status == "NOT_PLACED"


def echoed(state: OrderState, report: OrderReport) -> tuple[OrderState, list[str]]:
    """After a cut asked at 100 that lists what the broker said at 50, and says again as it lists it."""
    for now in (50.0, 100.5):
        state = apply(state, ev.reported(report), now, later(now))
    return cut(state, report)


@pytest.mark.parametrize(
    ("state", "report", "kind"),
    [
        (
            after(order(reported="UNKNOWN"), ev.Settled("cancelled", "not in TWS", "ada")),
            order_report("Submitted"),
            "order_status",
        ),
        (working(), order_report("Submitted", terms=terms(limit=140.0)), "order_price"),  # modified in TWS
        (working(reported="PENDING_CANCEL", cancelling=True), order_report("Submitted"), "order_status"),  # lost cancel
    ],
)
def test_an_open_order_is_as_the_list_says_though_the_list_itself_doubts_it_anew(
    state: OrderState, report: OrderReport, kind: str
) -> None:
    lives, told = echoed(state, report)
    assert (lives.status, lives.terms, told) == ("SUBMITTED", report.terms, [kind])
    assert lives.question  # its doubt may be of news after the list: asked once more
    agreed, told = cut(apply(lives, ev.reported(report), 200.5, later(200.5)), report, asked=200.0)
    assert (agreed.question, told) == ("", [])


def test_what_ended_after_a_list_was_asked_for_is_not_brought_back_by_it() -> None:
    ended = apply(working(), ev.reported(order_report("Cancelled")), 100.5, later(100.5))
    assert cut(ended, order_report("Submitted"))[0].status == "CANCELLED"
