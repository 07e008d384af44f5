"""What a contract accepts of an order, and that no words whatever end in an exception."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.contract_terms import check_against_contract
from actors.domain.order_terms import check_account, check_key, new_terms
from actors.domain.risk.decision import decide
from actors.messages.market import Contract
from actors.messages.orders import PlaceOrder
from tests.domain.order_builders import START, details, terms
from tests.domain.risk.builders import WIDE, facts


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
            decide(facts(made), WIDE)
    check_key(text)
    check_account(text, ("DU1", "DU2"))
