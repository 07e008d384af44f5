"""What reduces a position, what does not, and what would close all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.fills import Totals
from actors.domain.flattening import Closing, Waiting, closings, key_of, opening
from actors.domain.order_state import OrderState
from tests.domain.order_builders import AAPL, order, terms

HERE = ("DU1", AAPL.con_id)


def one(key: str, side: str = "SELL", quantity: int = 10, group: str = "", **changes: Any) -> OrderState:
    made = terms(key=key, side=side, quantity=Decimal(quantity), account="DU1", oca_group=group)
    return order(key=key, terms=made, reported="SUBMITTED", **changes)


def entries(orders: list[OrderState], quantity: int) -> frozenset[str]:
    """What does not reduce while so many are held."""
    by_key = {each.key: each for each in orders}
    return opening(orders, by_key.get, lambda *place: Decimal(quantity if place == HERE else 0))


def test_what_is_on_the_other_side_and_for_no_more_than_is_held_reduces() -> None:
    assert entries([one("s", quantity=10)], 10) == set()
    assert entries([one("s", quantity=11)], 10) == {"s"}
    assert entries([one("b", "BUY", 10)], -10) == set()
    assert entries([one("b", "BUY", 1)], 10) == {"b"}
    assert entries([one("s", quantity=1)], 0) == {"s"}
    assert entries([one("s", quantity=15, totals=Totals(filled=Decimal(5)))], 10) == set()


def test_what_older_orders_reduce_already_is_no_longer_there_but_of_a_group_only_the_largest_counts() -> None:
    assert entries([one("old", quantity=6), one("new", quantity=6)], 10) == {"new"}
    assert entries([one("limit", quantity=10, group="g"), one("stop", quantity=10, group="g")], 10) == set()
    group = [one("limit", quantity=10, group="g"), one("stop", quantity=10, group="g")]
    assert entries([*group, one("more", quantity=1)], 10) == {"more"}


def test_the_exits_of_a_bracket_are_no_entries_even_before_their_entry_fills() -> None:
    entry = one("k", "BUY")
    exits = [one("k/profit", group="k", parent="k"), one("k/stop", group="k", parent="k")]
    assert entries([entry, *exits], 0) == {"k"}
    filled = msgspec.structs.replace(entry, totals=Totals(filled=Decimal(4)))
    assert entries([filled, *exits, one("s", quantity=1)], 4) == {"k", "s"}
    assert entries([filled, *exits], 0) == {"k"}


def test_a_bracket_whose_entry_closes_a_position_is_one_that_opens_as_its_exits_would() -> None:
    entry, out = one("k", "SELL"), one("k/stop", "BUY", group="k", parent="k")
    assert entries([entry, out], 10) == {"k"}


def test_a_position_is_closed_by_one_order_at_a_time_of_no_more_than_an_order_may_have() -> None:
    other = ("DU2", 7)
    assert closings({HERE: Decimal(30), other: Decimal(-4), ("DU1", 9): Decimal(0)}, [], Decimal(20)) == (
        Closing(*HERE, "SELL", Decimal(20)),
        Closing(*other, "BUY", Decimal(4)),
    )
    assert closings({HERE: Decimal(30)}, [one("halt-1")], Decimal(20)) == (Waiting(*HERE, "order halt-1 is SUBMITTED"),)
    (waiting,) = closings({HERE: Decimal(30)}, [one("ext:7", external=True)], Decimal(20))
    assert isinstance(waiting, Waiting)
    assert "of another client or made by hand" in waiting.reason
    (waiting,) = closings({HERE: Decimal(30)}, [one(key_of("a-1", *HERE, 1))], Decimal(20))
    assert isinstance(waiting, Waiting)
    assert waiting.closing


@given(
    st.dictionaries(st.sampled_from([HERE, ("DU2", 7), ("DU2", 8)]), st.integers(-50, 50)),
    st.booleans(),
    st.integers(1, 60),
)
def test_no_closing_order_turns_a_position_round_or_doubles_one_that_works(
    positions: dict[tuple[str, int], int], working: bool, most: int
) -> None:
    orders = [one("halt-1")] if working else []
    found = closings({name: Decimal(size) for name, size in positions.items()}, orders, Decimal(most))
    assert {(each.account, each.con_id) for each in found} == {name for name, size in positions.items() if size}
    for each in found:
        size = positions[each.account, each.con_id]
        if isinstance(each, Closing):
            assert (each.account, each.con_id) != HERE or not working
            assert each.quantity <= min(abs(size), most)
            assert (each.side == "SELL") == (size > 0)
