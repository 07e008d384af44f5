"""Working orders kept order by order say what all of them say at once, whatever happens to them in which order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.fills import Totals
from actors.domain.order_state import OrderState
from actors.domain.risk.working import Instead, Pending, pending
from actors.domain.risk.working_orders import WorkingOrders
from actors.messages.market import ComboLeg, Contract
from tests.domain.order_builders import AAPL, order, terms

SPREAD = Contract("AAPL", sec_type="BAG", legs=(ComboLeg(1, 1, "BUY"), ComboLeg(AAPL.con_id, 2, "SELL")))
ENTRY, EXITS = "e", ("e/profit", "e/stop")


def made(key: str, side: str, quantity: int, filled: int, status: str, contract: Contract = AAPL) -> OrderState:
    exit_ = key in EXITS
    group = ENTRY if exit_ else ("g" if key in ("a", "b") else "")
    return order(
        key=key, contract=contract, reported=status, parent=ENTRY if exit_ else "", strategy="s" if key < "d" else "t",
        terms=terms(key=key, side=side, quantity=Decimal(quantity), oca_group=group), acknowledged=True,
        totals=Totals(Decimal(min(filled, quantity))), external=key == "x",
    )  # fmt: skip


steps = st.lists(
    st.builds(
        made,
        st.sampled_from(("a", "b", "c", "x", ENTRY, *EXITS)),
        st.sampled_from(("BUY", "SELL")),
        st.integers(1, 9),
        st.integers(0, 9),
        st.sampled_from(("SUBMITTED", "UNKNOWN", "CANCELLED", "REJECTED")),
        st.sampled_from((AAPL, SPREAD)),
    ),
    max_size=12,
)


@given(steps=steps)
def test_kept_order_by_order_it_is_what_all_orders_say_together(steps: list[OrderState]) -> None:
    book: dict[str, OrderState] = {}
    working = WorkingOrders(book.get)
    for one in steps:
        book[one.key] = one
        working.heard(one)
        told = pending(book.values(), book.get)
        for con_id in (AAPL.con_id, 1):
            assert working.pending(("DU1", con_id)) == told.get(con_id, Pending())
        assert working.contracts("DU1") == set(told)
        ours = [each for each in book.values() if not each.external and not each.terminal]
        assert working.open("s") == (len(ours), sum(each.strategy == "s" for each in ours))


def test_an_order_that_is_changed_does_not_count_beside_itself_and_a_strategy_can_be_asked_for_alone() -> None:
    book = {key: made(key, "BUY", quantity, 0, "SUBMITTED") for key, quantity in (("c", 5), ("d", 7))}
    working = WorkingOrders(book.get, book.values())
    assert working.pending(("DU1", AAPL.con_id)).buying == 12
    assert working.pending(("DU1", AAPL.con_id), Instead("c", "BUY", Decimal(50))).buying == 7
    assert working.pending(("DU1", AAPL.con_id), strategy="s").buying == 5
    assert working.pending(("DU2", AAPL.con_id)) == Pending()


@pytest.mark.parametrize(("quantity", "left"), [(5, 4), (9, 0), (12, 0)])
def test_of_the_group_of_an_order_that_is_changed_only_what_is_more_than_its_new_quantity_comes_on_top(
    quantity: int, left: int
) -> None:
    book = {key: made(key, "SELL", of, 0, "SUBMITTED") for key, of in (("a", 9), ("b", 9), ("c", 2))}
    working = WorkingOrders(book.get, book.values())
    assert working.pending(("DU1", AAPL.con_id)).selling == 11
    changed = Instead("a", "SELL", Decimal(quantity))
    assert working.pending(("DU1", AAPL.con_id), changed).selling == left + 2


def test_a_single_order_whose_key_is_the_name_of_a_group_counts_beside_it() -> None:
    book = {"a": made("a", "BUY", 5, 0, "SUBMITTED"), "g": made("g", "BUY", 7, 0, "SUBMITTED")}
    assert book["a"].terms.oca_group == "g"
    assert pending(book.values(), book.get)[AAPL.con_id].buying == 12
    assert WorkingOrders(book.get, book.values()).pending(("DU1", AAPL.con_id)).buying == 12
