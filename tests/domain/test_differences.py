"""Each kind of difference says how far it reaches, what was done, and whether it keeps new orders out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actors.domain.order_book import OrderBook
from actors.domain.order_cut import judge
from actors.domain.order_state import OrderState
from actors.messages.broker import ExecutionList, OpenOrders, OrderReport
from actors.messages.broker_account import PositionList
from actors.messages.state import ApplyCut, Difference
from tests.domain.order_builders import START, completed_report, order, order_report, terms

Told = tuple[str, str, str, bool, bool]


def judged(*orders: OrderState, opened: tuple[OrderReport, ...] = (), ended: tuple[OrderReport, ...] = (),
           asked: float = 100.0) -> list[Difference]:  # fmt: skip
    """The differences of one cut, applied to a book of these orders."""
    book = OrderBook(orders)
    cut = ApplyCut(1, 1, OpenOrders(opened), OpenOrders(ended), ExecutionList((), ()), PositionList(()), asked)
    found = []
    for verdict in judge(book, cut, asked, START, lambda _: True):
        book.put(verdict.after)
        if verdict.difference is not None:
            found.append(verdict.difference)
    return found


def told(one: Difference) -> Told:
    return (one.kind, one.subject, one.scope, one.repaired, one.locks)


def working(**changes: object) -> OrderState:
    return order(**({"reported": "SUBMITTED", "acknowledged": True, "perm_ids": (900,)} | changes))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (judged(opened=(order_report("Submitted"),)), ("order_orphan", "k1", "order k1", True, False)),
        (
            judged(working(), opened=(order_report("Submitted", terms=terms(quantity=Decimal(7))),)),
            ("order_quantity", "k1", "order k1", True, False),
        ),
        (
            judged(working(), opened=(order_report("Submitted", terms=terms(limit=149.0)),)),
            ("order_price", "k1", "order k1", True, False),
        ),
        (
            judged(working(), ended=(completed_report("Cancelled"),)),
            ("order_status", "k1", "order k1", True, False),
        ),
        (
            judged(order(reported="UNKNOWN", rejection="margin")),
            ("order_missing", "k1", "order k1", True, False),
        ),
        (judged(working()), ("order_missing", "k1", "AAPL in DU1", True, True)),
        (judged(working(held=True, reason="gone")), ("order_missing", "k1", "AAPL in DU1", False, True)),
        (
            judged(working(held=True, told=Decimal(10))),
            ("execution_missed", "k1", "AAPL in DU1", False, True),
        ),
        (
            judged(working(), opened=(order_report("Submitted", terms=terms(account="DU2")),)),
            ("order_ownership", "k1", "order k1", False, False),
        ),
    ],
)  # fmt: skip
def test_a_difference_of_each_kind(found: list[Difference], expected: Told) -> None:
    assert [told(one) for one in found] == [expected]


def test_an_order_of_another_client_with_a_key_of_ours_is_not_taken_for_ours_and_is_named() -> None:
    intruder = order_report("Submitted", client_id=9, order_id=1, perm_id=77)
    (found,) = judged(working(), opened=(order_report("Submitted"), intruder))
    assert told(found) == ("order_ownership", "k1", "order k1", True, False)
    assert (found.ours, found.action) == ("client 17", "not ours; adopted as external under ext:77")
    assert "client 9" in found.theirs


def test_an_order_in_another_account_is_told_while_it_works_there_and_not_when_it_has_ended() -> None:
    ended = completed_report("Cancelled", terms=terms(account="DU2"))
    first, second = judged(working(), ended=(ended,))
    assert (first.kind, first.ours, first.theirs, second.kind) == ("order_ownership", "DU1", "DU2", "order_status")
    assert judged(working(reported="CANCELLED"), ended=(ended,)) == []


def test_a_difference_of_terms_shows_every_price_that_an_order_can_have() -> None:
    trailing = terms(order_type="TRAIL LIMIT", limit=None, stop=140.0, trail_percent=2.0, limit_offset=0.5)
    report = order_report("Submitted", terms=trailing, client_id=9, order_id=3, perm_id=78)
    (found,) = judged(opened=(report,))
    assert found.theirs == ("Submitted BUY 10 TRAIL LIMIT stop 140 trail percent 2 limit offset 0.5 AAPL, client 9")
