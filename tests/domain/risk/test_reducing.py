"""Whether an order only makes a position smaller, and what working orders may still do to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.fills import Totals
from actors.domain.order_state import OrderState
from actors.domain.risk.reducing import reduces, reducing
from actors.domain.risk.working import Pending, pending
from actors.messages.market import ComboLeg, Contract
from tests.domain.order_builders import AAPL, order, terms
from tests.domain.risk.builders import facts, held

SIZES = st.integers(0, 50).map(Decimal)
SIGNED = st.integers(-50, 50).map(Decimal)


@pytest.mark.parametrize(
    ("side", "quantity", "position", "exits", "expected"),
    [
        ("SELL", 10, 10, 0, True),
        ("SELL", 11, 10, 0, False),
        ("BUY", 10, 10, 0, False),
        ("BUY", 10, -10, 0, True),
        ("BUY", 11, -10, 0, False),
        ("SELL", 4, 10, 6, True),
        ("SELL", 5, 10, 6, False),
        ("SELL", 1, 0, 0, False),
        ("SELL", 0, 10, 0, False),
    ],
)
def test_an_order_reduces_when_it_takes_off_no_more_than_is_left(
    side: str, quantity: int, position: int, exits: int, *, expected: bool
) -> None:
    assert reduces(side, Decimal(quantity), Decimal(position), Decimal(exits)) is expected


@given(st.sampled_from(("BUY", "SELL")), SIZES, SIGNED, SIZES)
def test_what_reduces_leaves_a_smaller_position_on_the_same_side(
    side: str, quantity: Decimal, position: Decimal, exits: Decimal
) -> None:
    sign = 1 if side == "BUY" else -1
    after = position + sign * (quantity + exits)
    smaller = abs(after) < abs(position) and after * position >= 0
    assert reduces(side, quantity, position, exits) == (quantity > 0 and smaller)


@pytest.mark.parametrize(
    ("holding", "expected"),
    [
        (held(10), True),
        (held(10, told=Decimal(10)), True),
        (held(10, told=Decimal(9)), False),
        (held(9, told=Decimal(10)), False),
        (held(10, told=Decimal(-10)), False),
        (held(10, told=Decimal(0), lagging=True), True),
        (held(10, selling=Decimal(1)), False),
        (held(10, buying=Decimal(99)), True),
    ],
)
def test_only_what_both_counts_agree_on_can_be_reduced(holding: Any, *, expected: bool) -> None:
    assert reducing(facts(terms(side="SELL"), holding)) is expected


# --- working orders -----------------------------------------------------------------------------------


def working(key: str, side: str = "BUY", quantity: int = 10, filled: int = 0, **changes: Any) -> OrderState:
    group = changes.pop("oca_group", "")
    return order(
        key=key,
        reported="SUBMITTED",
        terms=terms(key=key, side=side, quantity=Decimal(quantity), oca_group=group),
        totals=Totals(filled=Decimal(filled)),
        **changes,
    )


def of_aapl(*orders: OrderState) -> Pending:
    known = {each.key: each for each in orders}
    return pending(orders, known.get).get(AAPL.con_id, Pending())


def test_working_orders_count_with_what_is_left_of_them_and_ended_ones_do_not() -> None:
    found = of_aapl(
        working("a"),
        working("b", quantity=30, filled=10),
        working("c", "SELL", 5),
        order(key="d", reported="CANCELLED"),
        order(key="e", reported="UNKNOWN"),
    )
    assert found == Pending(Decimal(40), Decimal(5))


def test_a_change_that_nobody_confirmed_counts_with_the_greater_of_both() -> None:
    asked = terms(quantity=Decimal(40))
    assert of_aapl(working("a", pending=asked)).buying == 40
    assert of_aapl(working("a", quantity=50, pending=asked)).buying == 50
    assert of_aapl(working("a", dropped=asked)).buying == 40


def test_of_orders_that_cancel_or_reduce_each_other_the_greatest_counts_once() -> None:
    found = of_aapl(
        working("a", "SELL", 10, oca_group="g"), working("b", "SELL", 7, oca_group="g"), working("c", "SELL", 1)
    )
    assert found.selling == 11


@pytest.mark.parametrize(("entry", "expected"), [(0, 0), (4, 4), (10, 10)])
def test_exits_of_a_bracket_work_for_as_much_as_their_entry_has_filled(entry: int, expected: int) -> None:
    found = of_aapl(
        working("e", filled=entry),
        working("e/profit", "SELL", parent="e", oca_group="e"),
        working("e/stop", "SELL", parent="e", oca_group="e"),
    )
    assert found == Pending(Decimal(10 - entry), Decimal(expected))


def test_exits_of_an_entry_that_ended_work_for_all_they_say() -> None:
    entry = order(key="e", reported="CANCELLED", totals=Totals(filled=Decimal(4)))
    assert of_aapl(entry, working("e/stop", "SELL", 6, parent="e")).selling == 6
    assert of_aapl(working("e/stop", "SELL", 6, parent="e")).selling == 6


def test_a_combo_counts_leg_by_leg_and_sold_the_other_way_round() -> None:
    combo = Contract("X", "BAG", legs=(ComboLeg(1, 1, "BUY"), ComboLeg(2, 2, "SELL")))
    bought = pending([working("a", contract=combo)], lambda _: None)
    assert bought == {1: Pending(buying=Decimal(10)), 2: Pending(selling=Decimal(20))}
    sold = pending([working("a", "SELL", contract=combo)], lambda _: None)
    assert sold == {1: Pending(selling=Decimal(10)), 2: Pending(buying=Decimal(20))}
