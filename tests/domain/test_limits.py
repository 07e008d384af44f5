"""Limits on one order, and the checks against its contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.domain.contract_terms import check_against_contract
from actors.domain.limits import Limits, check
from actors.domain.order_terms import check_account, check_key, new_terms
from actors.messages.market import ComboLeg, Contract
from actors.messages.orders import PlaceOrder
from tests.domain.order_builders import START, details, quote, terms

LIMITS = Limits(max_quantity=Decimal(1000), max_value=Decimal(25000))
MARKET = {"order_type": "MKT", "limit": None}


@given(st.integers(1, 2000), st.integers(1, 50_000))
@example(1000, 2500)
@example(1001, 2498)
def test_an_order_passes_exactly_when_quantity_and_value_are_within_the_limits(quantity: int, cents: int) -> None:
    price = cents / 100
    problems = check(terms(quantity=Decimal(quantity), limit=price), details(), None, LIMITS)
    within = quantity <= 1000, quantity * Decimal(cents) / 100 <= 25000
    assert len(problems) == within.count(False)


@pytest.mark.parametrize(("side", "value"), [("BUY", "1501.00"), ("SELL", "1499.00")])
def test_a_market_order_is_valued_at_the_side_it_would_trade_against(side: str, value: str) -> None:
    (problem,) = check(terms(side=side, **MARKET), details(), quote(), Limits(Decimal(1000), Decimal(1)))
    assert f"value {value} USD" in problem


def test_without_that_side_the_last_trade_counts_and_without_any_price_it_is_refused() -> None:
    assert not check(terms(**MARKET), details(), quote(ask=None), LIMITS)
    for unpriced in (None, quote(ask=None, last=None), quote(state="waiting", age=None), quote(state="gap")):
        assert len(check(terms(**MARKET), details(), unpriced, LIMITS)) == 1


def test_a_stop_to_sell_is_valued_at_its_stop_and_a_multiplier_counts() -> None:
    future = details(contract=Contract("ES", sec_type="FUT", multiplier="50"))
    stop = terms(side="SELL", order_type="STP", limit=None, stop=5000.0, quantity=Decimal(1))
    (problem,) = check(stop, future, None, LIMITS)
    assert "value 250000.00" in problem


def test_a_combo_is_valued_at_its_net_price_and_its_quantity_is_that_of_its_greatest_leg() -> None:
    legs = (ComboLeg(265598, 100, "BUY"), ComboLeg(701, 1, "SELL"))
    covered = details(contract=Contract("AAPL", "BAG", multiplier="100", legs=legs))
    many = terms(quantity=Decimal(11), limit=-30.0)
    assert check(many, covered, None, LIMITS) == (
        "quantity 11 makes 1100 of a leg, which is above max_order_quantity (accepted: up to 10)",
        "value 33000.00 USD (11 at 30) is above max_order_value (accepted: up to 25000 USD)",
    )
    assert not check(terms(quantity=Decimal(10), limit=-25.0), covered, None, LIMITS)


@pytest.mark.parametrize(
    ("order", "value"),
    [
        ({"order_type": "STP", "stop": 1.0}, "1501.00"),  # below the market: it would trade at once
        ({"order_type": "STP", "stop": 160.0}, "1600.00"),
        ({"order_type": "TRAIL", "trail": 1.0}, "1501.00"),
        ({"order_type": "TRAIL", "trail_percent": 1.0, "stop": 160.0}, "1600.00"),
        ({"order_type": "TRAIL LIMIT", "trail": 1.0, "limit_offset": 0.1}, "1501.00"),
        ({"order_type": "MOC"}, "1501.00"),
    ],
)
def test_what_may_trade_above_any_price_it_names_is_valued_at_the_quote_too(order: dict[str, Any], value: str) -> None:
    unbounded = terms(limit=None, **order)
    (problem,) = check(unbounded, details(), quote(), Limits(Decimal(1000), Decimal(1)))
    assert f"value {value} USD" in problem
    (unpriced,) = check(unbounded, details(), quote(state="stale"), LIMITS)
    assert "stale" in unpriced


def test_a_size_increment_below_one_allows_fractions_and_one_of_a_hundred_does_not() -> None:
    crypto = details(size_increment=0.0001, min_size=0.0001)
    assert not check_against_contract(terms(quantity=Decimal("0.0123")), crypto)
    lots = details(size_increment=100.0, min_size=100.0)
    assert check_against_contract(terms(quantity=Decimal(150)), lots) == (
        "quantity 150 is not a multiple of 100 (accepted: 100 or 200)",
    )
    assert "least size" in check_against_contract(terms(quantity=Decimal(50)), lots)[0]


@given(st.integers(1, 10**7))
def test_every_price_on_the_tick_is_accepted_however_it_is_written_as_a_float(ticks: int) -> None:
    for tick in (0.01, 0.05, 0.00005, 0.25):
        price = float(Decimal(repr(tick)) * ticks)
        assert not check_against_contract(terms(limit=price), details(min_tick=tick))


def test_a_refused_price_is_repeated_to_its_last_digit() -> None:
    (problem,) = check_against_contract(terms(limit=12345.678), details(min_tick=0.01))
    assert problem == "limit 12345.678 is not on the tick of 0.01 (accepted: 12345.67 or 12345.68)"


def test_a_negative_price_is_a_price_for_futures_only() -> None:
    assert check_against_contract(terms(limit=-1.0), details())
    assert not check_against_contract(terms(limit=-1.0), details(contract=Contract("CL", sec_type="FUT")))


@given(st.decimals(allow_nan=True, allow_infinity=True), st.one_of(st.none(), st.floats()), st.text(max_size=70))
def test_no_input_whatever_ends_in_an_exception(quantity: Decimal, price: float | None, text: str) -> None:
    asked = PlaceOrder("AAPL", "BUY", quantity, limit=price, type=text or None, tif=text or None)
    for order in (asked, msgspec.structs.replace(asked, type=None, tif=None)):
        made, problems = new_terms(order, key="k", account="DU1", default_tif="DAY", now=START)
        assert (made is None) == bool(problems)
        if made is not None:
            check_against_contract(made, details())
            check(made, details(), quote(), LIMITS)
    check_key(text)
    check_account(text, ("DU1", "DU2"))
