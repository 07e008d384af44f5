"""The order machine, case by case: what the broker is known to do, and what that means here."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actors.domain import order_events as ev
from actors.domain.order_book import OrderBook
from actors.domain.order_machine import apply
from actors.domain.order_state import OrderState
from actors.domain.order_tables import BROKER_STATUS, STATUS
from tests.domain.order_builders import execution_report, later, order, terms


def status(name: str, filled: int = 0) -> ev.Reported:
    return ev.Reported(name, 900, Decimal(filled))


def after(*events: ev.Event, state: OrderState | None = None) -> OrderState:
    state = state or order()
    for event in events:
        state = apply(state, event, 1.0, later(1))
    return state


def sent(*events: ev.Event) -> OrderState:
    return after(ev.Handed(), ev.Transmitted(), *events)


def executed(filled: int) -> ev.Executed:
    ledger = OrderBook().ledger
    book = OrderBook([order()])
    if filled:
        book.ledger.record(book.execution(execution_report("a.b.c.01", filled)))
        ledger = book.ledger
    return ev.Executed(ledger.totals("k1"), 900)


# --- fills -----------------------------------------------------------------------------------------


def test_a_filled_status_without_executions_fills_nothing_and_asks_for_them() -> None:
    told = sent(status("Filled", 10))
    assert (told.status, told.totals.filled) == ("SUBMITTED", 0)
    assert "executions so far 0" in told.question
    complete = after(executed(10), state=told)
    assert (complete.status, complete.question) == ("FILLED", "")


def test_executions_fill_an_order_that_never_got_a_status() -> None:
    assert sent(executed(4)).status == "SUBMITTED"
    assert sent(executed(10)).status == "FILLED"


@pytest.mark.parametrize("filled", [4, 10])
def test_a_late_execution_after_a_cancel_is_counted(filled: int) -> None:
    told = sent(status("Submitted"), ev.CancelSent(), status("Cancelled"), executed(filled))
    assert told.totals.filled == filled
    assert told.status == ("FILLED" if filled == 10 else "CANCELLED")


def test_while_our_cancel_is_under_way_a_working_status_is_older_news_and_asks() -> None:
    told = sent(status("Submitted"), ev.CancelSent(), status("Submitted"))
    assert (told.status, bool(told.question)) == ("PENDING_CANCEL", True)


def test_a_pending_cancel_may_fill() -> None:
    assert sent(status("Submitted"), ev.CancelSent(), executed(10), status("Filled", 10)).status == "FILLED"


def test_a_correction_that_takes_quantity_back_reopens_the_question() -> None:
    told = sent(status("Submitted"), executed(10), status("Filled", 10), executed(6))
    assert (told.status, told.totals.filled) == ("SUBMITTED", 6)
    assert told.question


# --- refusals, Inactive, and ends that were not -------------------------------------------------------


def test_a_refusal_keeps_the_brokers_words() -> None:
    view = sent(ev.Noticed(201, "Order rejected - reason: no margin")).view()
    assert (view.status, view.reason) == ("REJECTED", "Order rejected - reason: no margin (code 201)")


def test_inactive_with_the_brokers_reason_is_a_rejection_and_a_remark_is_kept() -> None:
    refused = sent(ev.Reported("Inactive", 900, Decimal(0), refusal="no margin"))
    assert (refused.status, refused.view().reason) == ("REJECTED", "no margin")
    held = sent(ev.Reported("PreSubmitted", 900, Decimal(0), remark="held: locate"))
    assert (held.status, held.view().reason) == ("PRESUBMITTED", "held: locate")
    assert [after(status(name), state=held).view().reason for name in ("Submitted", "Cancelled")] == ["", ""]
    assert after(status("Submitted"), executed(10), state=held).view().reason == ""


def test_a_refusal_that_the_open_orders_contradict_is_forgotten_and_one_they_confirm_ends_the_order() -> None:
    told = sent(status("Submitted"), ev.Noticed(201, "no margin"))
    assert (told.status, bool(told.question)) == ("SUBMITTED", True)
    lives = after(ev.FoundOpen(ev.Reported("Submitted", 900, Decimal(0), terms())), state=told)
    assert (lives.status, lives.rejection) == ("SUBMITTED", "")
    assert after(ev.Absent(2.0, 3.0), state=told).status == "REJECTED"


def test_an_end_in_doubt_is_confirmed_by_absence_from_the_open_orders() -> None:
    told = sent(status("Cancelled"), status("Submitted"))
    assert (told.status, bool(told.question)) == ("CANCELLED", True)
    assert after(ev.Absent(2.0, 3.0), state=told).question == ""


def test_evidence_with_a_status_we_do_not_know_decides_nothing() -> None:
    odd = ev.Reported("Strange", 900, Decimal(0), terms())
    assert sent(status("Submitted"), ev.FoundOpen(odd)).status == "SUBMITTED"
    completed = sent(status("Submitted"), ev.FoundCompleted(odd))
    assert (completed.status, "Strange" in completed.question) == ("SUBMITTED", True)


def test_inactive_alone_is_no_end_and_may_work_again() -> None:
    held = sent(status("PreSubmitted"), status("Inactive"))
    assert (held.status, bool(held.question)) == ("INACTIVE", True)
    works = after(status("Submitted"), state=held)
    assert (works.status, bool(works.question)) == ("SUBMITTED", True)  # or the word is older than the refusal


def test_a_cancel_that_a_failed_modify_caused_is_contradicted_by_the_open_orders() -> None:
    told = sent(status("Submitted"), ev.ModifyAsked(terms(limit=151.0)), status("Cancelled"))
    assert told.question == "cancelled after a modify"
    revived = after(ev.FoundOpen(ev.Reported("Submitted", 900, Decimal(0), terms())), state=told)
    assert (revived.status, revived.question) == ("SUBMITTED", "")


def test_a_status_of_a_name_we_do_not_know_is_a_question() -> None:
    told = sent(status("Submitted"), status("Strange"))
    assert told.status == "SUBMITTED"
    assert "Strange" in told.question


# --- modify --------------------------------------------------------------------------------------------


def test_a_modify_holds_when_the_broker_repeats_its_terms() -> None:
    wanted = terms(limit=151.0, quantity=Decimal(20))
    asked = sent(status("Submitted"), ev.ModifyAsked(wanted))
    assert asked.view().limit == 150.0
    told = after(ev.Reported("PreSubmitted", 900, Decimal(0), wanted), state=asked)
    assert (told.view().limit, told.view().quantity, told.pending) == (151.0, 20, None)
    assert told.status == "PRESUBMITTED"


@pytest.mark.parametrize("code", [104, 105, 110, 201, 321])
def test_a_refused_modify_leaves_the_order_live_and_asks(code: int) -> None:
    told = sent(status("Submitted"), ev.ModifyAsked(terms(limit=151.0)), ev.Noticed(code, "no"))
    assert (told.status, told.pending, told.view().limit) == ("SUBMITTED", None, 150.0)
    assert told.question


def test_while_more_was_asked_for_the_old_quantity_does_not_complete_the_order() -> None:
    told = sent(status("Submitted"), ev.ModifyAsked(terms(quantity=Decimal(20))), executed(10))
    assert told.status == "SUBMITTED"
    refused = after(ev.Noticed(104, "cannot modify a filled order"), state=told)
    assert (refused.status, bool(refused.question)) == ("SUBMITTED", True)  # the code may be of another modify
    report = ev.Reported("Filled", 900, Decimal(10), terms())
    assert after(ev.FoundCompleted(report), state=refused).status == "FILLED"


def test_a_modify_that_nobody_confirmed_is_confirmed_by_what_was_filled_beyond_the_old_quantity() -> None:
    told = sent(status("Submitted"), ev.ModifyAsked(terms(quantity=Decimal(20))), executed(20))
    assert (told.status, told.terms.quantity, told.pending) == ("FILLED", 20, None)


def test_an_order_that_ended_before_its_modify_was_confirmed_is_not_filled_by_the_old_quantity() -> None:
    more = sent(status("Submitted"), ev.ModifyAsked(terms(quantity=Decimal(12))), ev.Noticed(202, "cancelled"))
    told = after(status("Cancelled", 10), executed(10), state=more)
    assert (told.status, told.totals.filled, told.question) == ("CANCELLED", 10, "")


def test_terms_that_nobody_asked_for_are_a_question_until_a_cut_confirms_them() -> None:
    told = sent(ev.Reported("Submitted", 900, Decimal(0), terms(limit=149.0)))
    assert (told.view().limit, bool(told.question)) == (150.0, True)
    confirmed = after(ev.FoundOpen(ev.Reported("Submitted", 900, Decimal(0), terms(limit=149.0))), state=told)
    assert (confirmed.view().limit, confirmed.question) == (149.0, "")


def test_a_modify_of_which_no_byte_was_sent_leaves_the_order_as_it_was() -> None:
    told = sent(status("Submitted"), ev.ModifyAsked(terms(limit=151.0)), ev.ModifyUnsent("session down"))
    assert (told.status, told.pending, told.reason) == ("SUBMITTED", None, "session down")


# --- unknown outcomes ------------------------------------------------------------------------------------


def test_an_order_of_which_no_byte_was_sent_is_rejected_with_words() -> None:
    view = after(ev.Handed(), ev.Unsent("no session")).view()
    assert (view.status, view.reason) == ("REJECTED", "no session")


def test_no_byte_sent_is_not_believed_of_an_order_that_the_broker_has_acknowledged() -> None:
    assert after(ev.Handed(), status("Submitted"), ev.Unsent("session down")).status == "SUBMITTED"
    assert after(ev.Handed(), ev.Noticed(999, "odd"), ev.Unsent("session down")).status == "REJECTED"


@pytest.mark.parametrize("steps", [(), (ev.Handed(),), (ev.Handed(), ev.Transmitted())])
def test_an_answer_that_will_not_come_leaves_the_order_unknown_and_asked_about(steps: tuple[ev.Event, ...]) -> None:
    told = after(*steps, ev.Lost("connection died"))
    assert (told.status, told.question) == ("UNKNOWN", "connection died")


def test_losing_the_answer_of_an_acknowledged_order_only_raises_a_question() -> None:
    told = sent(status("Submitted"), ev.Lost("no answer to the cancel"))
    assert (told.status, told.question) == ("SUBMITTED", "no answer to the cancel")


def test_unknown_becomes_not_placed_in_the_second_of_two_cuts_well_apart() -> None:
    told = after(ev.Handed(), ev.Lost("connection died"), ev.Absent(2.0, 3.0))
    assert told.status == "UNKNOWN"
    too_soon = after(ev.Absent(3.5, 4.0), state=told)
    assert too_soon.status == "UNKNOWN"
    assert after(ev.Absent(4.0, 5.0), state=too_soon).status == "NOT_PLACED"


def test_a_sign_of_life_between_two_cuts_starts_the_count_anew() -> None:
    told = after(ev.Handed(), ev.Lost("x"), ev.Absent(2.0, 3.0), status("Submitted"))
    assert (told.status, told.absent_since, told.reason) == ("SUBMITTED", None, "")


def test_not_placed_is_taken_back_when_the_broker_speaks_of_it_after_all() -> None:
    gone = after(ev.Handed(), ev.Lost("x"), ev.Absent(2.0, 3.0), ev.Absent(5.0, 6.0))
    assert after(status("Submitted"), state=gone).status == "SUBMITTED"
    assert after(executed(3), state=gone).status == "SUBMITTED"


def test_an_acknowledged_order_that_is_gone_is_held_for_a_person_never_called_not_placed() -> None:
    told = sent(status("Submitted"), ev.Absent(2.0, 3.0))
    assert (told.status, bool(told.question)) == ("UNKNOWN", True)
    held = after(ev.Absent(5.0, 6.0), state=told)
    assert (held.status, held.held, held.question) == ("UNKNOWN", True, "")


def test_inactive_and_absent_in_two_cuts_is_a_rejection() -> None:
    told = sent(status("Inactive"), ev.Absent(2.0, 3.0))
    assert told.status == "INACTIVE"
    assert after(ev.Absent(5.0, 6.0), state=told).status == "REJECTED"


def test_a_second_permid_of_one_order_is_kept_beside_the_first() -> None:
    told = sent(status("Submitted"), ev.Reported("Submitted", 901, Decimal(0)))
    assert told.perm_ids == (900, 901)


def test_a_repeated_status_changes_nothing_not_even_the_time() -> None:
    told = apply(sent(status("Submitted")), status("Submitted"), 60.0, later(60))
    assert (told.heard, told.updated) == (1.0, later(1))


def test_every_status_has_a_row_in_the_table() -> None:
    assert set(STATUS) >= set(BROKER_STATUS.values()) | {"INTENT", "SENDING", "SENT", "UNKNOWN", "NOT_PLACED"}
