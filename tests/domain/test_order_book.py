"""Whose report is it, what a cut says, and ids that never come down."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.domain.fills import Commission, Totals
from actors.domain.order_book import FIRST_REQUEST_ID, OrderBook
from actors.domain.order_cut import judge
from actors.domain.order_state import OrderState, after_restart
from actors.messages.broker import ExecutionList, OpenOrders, OrderReport
from actors.messages.broker_account import PositionList
from actors.messages.orders import GateView
from actors.messages.state import ApplyCut, Difference
from tests.domain.order_builders import (
    START,
    completed_report,
    execution_report,
    later,
    order,
    order_report,
    status_report,
    terms,
)


def working(**changes: object) -> OrderState:
    return order(**({"reported": "SUBMITTED", "acknowledged": True, "perm_ids": (900,)} | changes))


def cut(
    orders: tuple[OrderReport, ...] | None = (), completed: tuple[OrderReport, ...] = (), asked: float = 100.0
) -> ApplyCut:
    listed = None if orders is None else OpenOrders(orders)
    return ApplyCut(1, 1, listed, OpenOrders(completed), ExecutionList((), ()), PositionList(()), asked)


def judged(
    book: OrderBook, picture: ApplyCut, readable: Callable[[OrderReport], bool] = lambda _: True
) -> list[Difference]:
    differences = []
    for verdict in judge(book, picture, 200.0, later(200), readable):
        book.put(verdict.after)
        if verdict.difference is not None:
            differences.append(verdict.difference)
    return differences


def status(book: OrderBook, key: str = "k1") -> str:
    found = book.get(key)
    assert found is not None
    return found.status


@pytest.mark.parametrize(
    ("report", "ours"),
    [
        (order_report("Submitted", order_id=0, client_id=0), True),  # by permId, wherever it comes from
        (order_report("Submitted", perm_id=0), True),  # by our id and client
        (order_report("Submitted", order_id=99, perm_id=901), True),  # by our key and client: a second permId
        (order_report("Submitted", client_id=3, perm_id=901), False),  # another client counts its own ids
        (order_report("Submitted", perm_id=901, terms=terms(key="other")), False),  # our id, another's key
        (order_report("Submitted", order_id=0, client_id=0, perm_id=901), False),  # by hand, under our key
        (completed_report("Filled"), True),
        (completed_report("Filled", perm_id=901), False),
        (status_report("Submitted"), True),
        (status_report("Submitted", client_id=3, perm_id=901), False),
        (execution_report("a.b.c.01", 1, perm_id=0), True),
        (execution_report("a.b.c.01", 1, client_id=3, perm_id=901), False),
    ],
)
def test_a_report_is_about_our_order_only_when_its_identity_says_so(report: OrderReport, ours: bool) -> None:
    assert (OrderBook([working()]).match(report) is not None) == ours


def test_a_completed_order_is_found_by_its_key_while_no_permid_is_known() -> None:
    assert OrderBook([order(reported="UNKNOWN")]).match(completed_report("Cancelled")) is not None


def test_an_external_order_never_takes_the_place_of_ours_even_under_the_same_key() -> None:
    book = OrderBook([working()])
    stranger = book.adopt(order_report("Submitted", client_id=3, perm_id=901), 0.0, START)
    assert (stranger.key, stranger.external) == ("ext:901", True)
    book.put(stranger)
    assert book.match(status_report("Filled", client_id=3, perm_id=901)) == stranger
    assert book.find("5") == book.get("k1")


def test_a_status_without_permid_finds_an_external_order_by_its_clients_id() -> None:
    book = OrderBook()
    book.put(book.adopt(order_report("Submitted", client_id=3), 0.0, START))
    assert book.match(status_report("Filled", client_id=3, perm_id=0)) == book.get("k1")


def test_an_execution_moves_to_its_order_when_a_correction_says_whose_it_is() -> None:
    book = OrderBook([working()])
    book.ledger.record(book.execution(execution_report("a.b.c.01", 4, order_id=0, client_id=0, perm_id=77, key="")))
    assert book.taken("ext:77")
    book.ledger.record(book.execution(execution_report("a.b.c.02", 4)))
    assert (book.taken("ext:77"), book.ledger.totals("k1").filled) == (False, 4)


@example([FIRST_REQUEST_ID - 1, "next"])
@given(st.lists(st.one_of(st.just("next"), st.integers(-5, FIRST_REQUEST_ID + 5)), max_size=30))
def test_ids_rise_whatever_is_seen_and_stay_below_request_ids(steps: list[str | int]) -> None:
    book = OrderBook(floor=7)
    given_out = [7]
    for step in steps:
        if isinstance(step, int):
            book.raise_floor(step)
        else:
            order_id = book.next_id()
            if order_id is None:
                assert book.floor == FIRST_REQUEST_ID - 1
            else:
                assert FIRST_REQUEST_ID > order_id > max(given_out)
                given_out.append(order_id)


def test_a_failed_part_proves_no_absence() -> None:
    book = OrderBook([working()])
    assert judged(book, cut(None)) == []
    assert status(book) == "SUBMITTED"


def test_an_order_still_on_its_way_out_is_not_absent() -> None:
    book = OrderBook([order(reported="SENDING")])
    assert judged(book, cut()) == []
    assert status(book) == "SENDING"


def test_fills_that_a_status_counted_and_no_execution_explains_are_held_for_a_person() -> None:
    book = OrderBook([working()])
    filled = completed_report("Filled", filled=Decimal(10))
    assert judged(book, cut(completed=(filled,))) == []  # the executions may lag a little
    (difference,) = judged(book, cut(completed=(filled,), asked=300.0))
    assert (difference.kind, difference.repaired) == ("execution_missed", False)
    assert status(book) == "UNKNOWN"
    (again,) = judged(book, cut(completed=(filled,), asked=400.0))
    assert again.kind == "execution_missed"


def test_a_cancelled_order_that_is_listed_as_open_works_again() -> None:
    book = OrderBook([working(reported="CANCELLED")])
    (difference,) = judged(book, cut((order_report("Submitted"),)))
    assert (difference.kind, difference.ours, status(book)) == ("order_status", "CANCELLED", "SUBMITTED")


def test_a_cancel_heard_after_the_cut_was_asked_is_not_undone_by_it() -> None:
    book = OrderBook([working(reported="CANCELLED", heard=101.0)])
    assert judged(book, cut((order_report("Submitted"),))) == []
    assert status(book) == "CANCELLED"


def test_the_terms_of_our_own_modify_are_no_difference_and_others_are() -> None:
    book = OrderBook([working(pending=terms(limit=151.0), modified=True)])
    assert judged(book, cut((order_report("Submitted", terms=terms(limit=151.0)),))) == []
    (difference,) = judged(book, cut((order_report("Submitted", terms=terms(limit=152.0)),), asked=300.0))
    assert (difference.kind, difference.ours, difference.theirs) == (
        "order_price",
        "BUY 10 LMT limit 151",
        "BUY 10 LMT limit 152",
    )


def test_an_external_order_that_ended_unseen_needs_nobody() -> None:
    book = OrderBook()
    book.put(book.adopt(order_report("Submitted", client_id=3), 0.0, START))
    (difference,) = judged(book, cut())
    assert (difference.kind, difference.repaired) == ("order_missing", True)
    assert judged(book, cut(asked=300.0)) == []


def test_an_order_in_both_lists_has_completed_unless_another_permid_of_it_still_works() -> None:
    book = OrderBook([working()])
    judged(book, cut((order_report("Submitted"),), (completed_report("Cancelled"),)))
    assert status(book) == "CANCELLED"
    book = OrderBook([working()])
    judged(book, cut((order_report("Submitted", perm_id=901),), (completed_report("Cancelled"),)))
    assert status(book) == "SUBMITTED"


def test_a_clock_that_was_set_back_keeps_no_order_from_being_judged() -> None:
    book = OrderBook([working(heard=90.0, updated=later(3600))])
    judged(book, cut(asked=100.0))
    assert status(book) == "UNKNOWN"


def test_what_another_run_of_the_machine_stored_is_judged_by_cuts_asked_after_the_restart() -> None:
    stored = working(reported="UNKNOWN", acknowledged=False, heard=9e6, absent_since=9e6)
    book = OrderBook([after_restart(stored, 50.0)])
    judged(book, cut(asked=49.0))
    assert status(book) == "UNKNOWN"
    judged(book, cut(asked=60.0))
    assert status(book) == "NOT_PLACED"


def test_a_report_that_is_left_out_says_nothing_and_then_absence_proves_nothing_either() -> None:
    book = OrderBook([working(), working(key="k2", order_id=6, perm_ids=(902,))])
    poison = order_report("Cancelled")
    assert judged(book, cut((poison,)), readable=lambda report: report is not poison) == []
    assert (status(book), status(book, "k2")) == ("SUBMITTED", "SUBMITTED")


def test_a_book_read_back_counts_what_was_stored() -> None:
    execution = OrderBook([working()]).execution(execution_report("a.b.c.01", 10))
    paid = Commission("a.b.c.01", Decimal("0.35"), "USD", None)
    others = [order(key="k2", order_id=6, reported="REJECTED"), working(key="k3", order_id=7, strategy="")]
    stored = [working(totals=Totals(Decimal(10), 150.0)), *others, working(key="ext:1", order_id=9, external=True)]
    book = OrderBook(stored, [execution], [paid], floor=8)
    gate = GateView("open", (), 1, START)
    seen = book.overview(gate, ())
    assert (seen.working, seen.filled, seen.rejected, seen.total, seen.working_of) == (1, 1, 1, 3, {})
    assert (book.totals(stored[0]).commission, [each.key for each in book]) == (
        Decimal("0.35"),
        ["k1", "k2", "k3", "ext:1"],
    )
    assert (book.next_id(), book.find("7"), book.find("x")) == (10, others[1], None)


def test_an_order_with_a_negative_id_is_known_by_its_permid_alone() -> None:
    book = OrderBook()
    book.put(book.adopt(order_report("Submitted", order_id=-3, client_id=0, terms=terms(key="")), 0.0, START))
    assert book.match(status_report("Filled", order_id=-3, client_id=0)) == book.get("ext:900")
    assert book.match(status_report("Filled", order_id=-3, client_id=0, perm_id=0)) is None


def test_a_completed_order_with_our_key_that_says_something_else_is_somebody_elses() -> None:
    book = OrderBook([order(reported="UNKNOWN", reason="died")])
    other = completed_report("Filled", terms=terms(side="SELL"))
    assert book.match(other) is None
    kinds = {difference.kind for difference in judged(book, cut(completed=(other,)))}
    assert "order_ownership" in kinds
    assert status(book, "ext:900") == "SUBMITTED"


def test_an_order_of_ours_in_another_account_is_told() -> None:
    (difference,) = judged(OrderBook([working()]), cut((order_report("Submitted", terms=terms(account="DU9")),)))
    assert (difference.kind, difference.repaired) == ("order_ownership", False)


def test_an_order_that_nobody_here_placed_is_adopted_and_told_once() -> None:
    book, strange = OrderBook(), order_report("Submitted", client_id=3)
    assert [difference.kind for difference in judged(book, cut((strange,)))] == ["order_orphan"]
    assert judged(book, cut((strange,), asked=300.0)) == []


def test_what_is_over_for_days_is_forgotten_and_its_ids_with_it_whoever_placed_it() -> None:
    ours = order(reported="CANCELLED", perm_ids=(900,))
    theirs = order(key="ext:7", order_id=3, client_id=3, external=True, reported="CANCELLED", perm_ids=(7,))
    alive = working(key="k2", order_id=6, perm_ids=(901,))
    book = OrderBook([ours, theirs, alive])
    book.forget(START)
    assert len([*book]) == 3
    book.forget(later(1.0))
    assert [each.key for each in book] == ["k2"]
    assert (book.by_id(5), book.counts["CANCELLED"]) == (None, 0)
    assert book.match(status_report("Cancelled", order_id=3, client_id=3, perm_id=7)) is None
    assert book.match(status_report("Cancelled", order_id=3, client_id=3, perm_id=0)) is None
