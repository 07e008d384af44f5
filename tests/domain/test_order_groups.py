"""Brackets and groups, from the ask to single orders: pure rules."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.domain.fills import Totals
from actors.domain.order_groups import bracket, check_change, check_exits
from actors.messages.orders import PlaceBracket, PlaceOrder
from tests.domain.order_builders import order, quote, terms


def members(exits: dict[str, Any], **entry: Any) -> Any:
    values: dict[str, Any] = {"contract": "AAPL", "side": "BUY", "quantity": 10, "limit": 150.0, "key": "k1"}
    order = PlaceOrder(**(values | entry))
    return bracket(PlaceBracket(order, **exits), order, "DAY")


@pytest.mark.parametrize(
    ("entry", "exit_tif", "expected"),
    [
        ({}, None, "DAY"),
        ({"tif": "GTC"}, None, "GTC"),
        ({"tif": "GTC"}, "DAY", "DAY"),
        # the entry may fill today, or on a day after exits of today have expired: then no stop would be there
        ({"tif": "IOC"}, None, "GTC"),
        ({"good_till": datetime(2026, 12, 1, tzinfo=UTC)}, None, "GTC"),
        ({"type": "LOO"}, None, "GTC"),
        ({"type": "LOC"}, None, "GTC"),
        ({"type": "nonsense"}, None, "DAY"),
    ],
)
def test_exits_last_at_least_as_long_as_their_entry_may(
    entry: dict[str, Any], exit_tif: str | None, expected: str
) -> None:
    _, profit, stop = members({"take_profit": 155.0, "stop_loss": 145.0, "exit_tif": exit_tif}, **entry)
    assert {profit.order.tif, stop.order.tif} == {expected}


def test_a_bracket_may_have_one_exit_alone_and_its_exits_are_the_entrys_opposite() -> None:
    entry, stop = members({"trail_percent": 2.0}, account="DU2", strategy="dip", outside_rth=True, side="SELL")
    assert (entry.order.side, entry.parent, entry.oca_group) == ("SELL", "", "")
    exit_order = stop.order
    assert (exit_order.side, exit_order.quantity, exit_order.trail_percent, exit_order.limit) == ("BUY", 10, 2.0, None)
    assert (exit_order.account, exit_order.strategy, exit_order.outside_rth) == ("DU2", "dip", True)
    assert (exit_order.key, stop.parent, stop.oca_group, stop.oca_type) == ("k1/stop", "k1", "k1", 2)


PRICES = st.floats(min_value=-50, max_value=50, allow_nan=False)


@given(side=st.sampled_from(["BUY", "SELL"]), entry=PRICES, profit=PRICES, stop=PRICES)
def test_exits_are_accepted_just_when_each_is_on_its_side_of_the_entry_also_below_zero(
    side: Any, entry: float, profit: float, stop: float
) -> None:
    legs = members({"take_profit": profit, "stop_loss": stop}, side=side, limit=entry)
    asked = (
        terms(side=side, limit=entry),
        terms(limit=profit),
        terms(limit=None, stop=stop, order_type="STP"),
    )
    sign = 1 if side == "BUY" else -1
    wrong = [sign * (profit - entry) <= 0, sign * (entry - stop) <= 0]
    assert len(check_exits(legs, asked, None)) == sum(wrong)


@pytest.mark.parametrize(
    ("side", "quoted", "problems"),
    [
        ("BUY", quote(ask=154.0), 0),
        ("BUY", quote(ask=155.0), 1),
        ("SELL", quote(bid=None, last=150.0), 2),
        ("BUY", quote(ask=None, last=None), 0),  # refused for want of a price, by the limits
    ],
)
def test_the_exits_of_a_market_entry_are_judged_by_what_it_would_trade_at(
    side: Any, quoted: Any, problems: int
) -> None:
    legs = members({"take_profit": 155.0, "stop_loss": 145.0}, side=side, limit=None)
    market = terms(side=side, limit=None, order_type="MKT")
    stop = terms(limit=None, stop=145.0, order_type="STP")
    assert len(check_exits(legs, (market, terms(limit=155.0), stop), quoted)) == problems


ENTRY = order(reported="SUBMITTED")
PROFIT = order(key="k1/profit", parent="k1", reported="PRESUBMITTED", terms=terms(key="k1/profit", limit=155.0))
STOP_TERMS = terms(key="k1/stop", order_type="STP", limit=None, stop=145.0)
STOP = order(key="k1/stop", parent="k1", reported="PRESUBMITTED", terms=STOP_TERMS)
FILLED_IN_PART = replace(ENTRY, totals=Totals(Decimal(4), 150.0))


@pytest.mark.parametrize(
    ("changed", "change", "said"),
    [
        ("k1", {"limit": 154.0}, []),
        ("k1", {"limit": 155.0}, ["k1/profit: take_profit 155 must be above the entry's price of 155"]),
        ("k1", {"limit": 145.0}, ["k1/stop: stop_loss 145 must be below the entry's price of 145"]),
        ("k1/profit", {"limit": 150.5}, []),
        ("k1/profit", {"limit": 149.0}, ["k1/profit: take_profit 149 must be above the entry's price of 150"]),
        ("k1/stop", {"stop": 294.0}, ["k1/stop: stop_loss 294 must be below the entry's price of 150"]),
        ("k1/stop", {"stop": 149.0, "quantity": Decimal(11)}, ["quantity 11: its entry is for 10"]),
    ],
)
def test_a_change_keeps_exits_on_their_sides_of_an_entry_that_has_not_begun_to_fill(
    changed: str, change: dict[str, Any], said: list[str]
) -> None:
    book = {each.key: each for each in (ENTRY, PROFIT, STOP)}
    new = replace(book[changed].terms, **change)
    problems = check_change(book[changed], new, book.get)
    assert len(problems) == len(said)
    assert all(problem.startswith(words) for problem, words in zip(problems, said, strict=True))


def test_once_the_entry_fills_its_exits_may_stand_anywhere_so_that_stops_can_be_trailed() -> None:
    book = {each.key: each for each in (FILLED_IN_PART, PROFIT, STOP)}
    assert check_change(STOP, replace(STOP_TERMS, stop=152.0), book.get) == ()
    larger = check_change(STOP, replace(STOP_TERMS, quantity=Decimal(11)), book.get)
    assert larger == ("quantity 11: its entry is for 10 (accepted: up to 10)",)
    book["k1"] = replace(FILLED_IN_PART, reported="CANCELLED")
    assert check_change(STOP, replace(STOP_TERMS, quantity=Decimal(11)), book.get) == ()


def test_an_exit_that_has_ended_keeps_its_entry_from_nothing() -> None:
    book = {each.key: each for each in (ENTRY, PROFIT, replace(STOP, reported="CANCELLED"))}
    assert check_change(ENTRY, replace(ENTRY.terms, limit=145.0), book.get) == ()
