"""What a kind of order takes, and what a change makes of it: the table of kinds against everything a user may say."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.contract_terms import check_against_contract
from actors.domain.order_kinds import ACCEPTED, KINDS, OPENING
from actors.domain.order_terms import changed_terms, new_terms
from actors.domain.risk.decision import decide
from actors.messages.broker import OrderTerms
from actors.messages.orders import ModifyOrder, PlaceOrder
from tests.domain.order_builders import START, details, terms
from tests.domain.risk.builders import WIDE, facts

UNTIL = datetime(2026, 12, 1, 20, 30, 15, 999, tzinfo=UTC)
PRICES = ("limit", "stop", "trail", "trail_percent", "limit_offset")
ANY_PRICES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(PRICES, st.sampled_from((1.0, 2.0, 150.0, 1.0, float("nan"))))
)


def made(**words: Any) -> OrderTerms | None:
    order = PlaceOrder(**({"contract": "AAPL", "side": "BUY", "quantity": 1} | words))
    return new_terms(order, key="k", account="DU1", default_tif="GTC", now=START).terms


@pytest.mark.parametrize(
    ("words", "order_type", "tif"),
    [
        ({}, "MKT", "GTC"),
        ({"limit": 1.0}, "LMT", "GTC"),
        ({"stop": 1.0}, "STP", "GTC"),
        ({"limit": 1.0, "stop": 2.0}, "STP LMT", "GTC"),
        ({"trail": 1.0}, "TRAIL", "GTC"),
        ({"trail_percent": 1.0, "stop": 2.0}, "TRAIL", "GTC"),
        ({"trail": 1.0, "limit_offset": 0.0}, "TRAIL LIMIT", "GTC"),
        ({"type": "MOC"}, "MOC", "DAY"),
        ({"type": "LOC", "limit": 1.0}, "LOC", "DAY"),
        ({"type": "MOO"}, "MKT", "OPG"),
        ({"type": "LOO", "limit": 1.0}, "LMT", "OPG"),
        ({"limit": 1.0, "good_till": UNTIL}, "LMT", "GTD"),
    ],
)
def test_type_and_time_in_force_follow_from_what_is_said(words: dict[str, Any], order_type: str, tif: str) -> None:
    order = made(**words)
    assert order is not None
    assert (order.order_type, order.tif) == (order_type, tif)


def test_a_good_till_date_is_kept_to_the_second_that_the_wire_has() -> None:
    order = made(good_till=UNTIL)
    assert order is not None
    assert order.good_till == datetime(2026, 12, 1, 20, 30, 15, tzinfo=UTC)


@given(
    st.sampled_from((None, *ACCEPTED)),
    st.none() | st.sampled_from(("DAY", "GTC", "IOC", "FOK", "GTD", "OPG")),
    ANY_PRICES,
    st.none() | st.just(UNTIL),
)
def test_an_order_says_exactly_what_its_kind_takes_or_there_is_none(
    word: str | None, tif: str | None, prices: dict[str, float], until: datetime | None
) -> None:
    order = made(type=word, tif=tif, good_till=until, **prices)
    if order is None:
        return
    kind = KINDS[order.order_type]  # type: ignore[index]
    given_prices = {name for name in PRICES if getattr(order, name) is not None}
    assert set(kind.needs) <= given_prices <= set(kind.takes)
    assert len(given_prices & {"trail", "trail_percent"}) == kind.trailing
    assert order.tif in kind.tifs
    assert (order.tif == "GTD") == (order.good_till is not None)
    assert word not in OPENING or order.tif == "OPG"
    check_against_contract(order, details())
    decide(facts(order), WIDE)


@given(st.sampled_from(sorted(KINDS)), ANY_PRICES, st.none() | st.integers())
def test_a_change_never_makes_another_kind_of_an_order(
    order_type: str, changes: dict[str, float], quantity: int | None
) -> None:
    kind = KINDS[order_type]  # type: ignore[index]
    prices = dict.fromkeys(kind.needs, 1.0) | ({"trail": 1.0} if kind.trailing else {})
    before = terms(order_type=order_type, **({"limit": None, "stop": None} | prices))
    after, problems = changed_terms(before, ModifyOrder("k1", quantity, **changes), Decimal(0))
    assert (after is None) == bool(problems)
    if after is not None:
        again = PlaceOrder("AAPL", "BUY", after.quantity, type=order_type, **{n: getattr(after, n) for n in PRICES})
        assert not new_terms(again, key="k", account="DU1", default_tif="DAY", now=START).problems
        assert (
            msgspec.structs.replace(after, quantity=before.quantity, **{n: getattr(before, n) for n in PRICES})
            == before
        )


@pytest.mark.parametrize(
    ("change", "stop"),
    [
        ({"quantity": 4}, 148.0),
        ({"trail": 2.0, "quantity": 4}, 148.0),
        ({"trail": 3.0}, None),
        ({"trail": 3.0, "stop": 149.0}, 149.0),
    ],
)
def test_a_stop_that_trailed_stays_unless_another_distance_is_asked_for(
    change: dict[str, Any], stop: float | None
) -> None:
    trailing = terms(order_type="TRAIL", limit=None, trail=2.0, stop=148.0)
    after = changed_terms(trailing, ModifyOrder("k1", **change), Decimal(0)).terms
    assert after is not None
    assert after.stop == stop


def test_the_limit_that_the_broker_tells_of_a_trailing_order_is_not_sent_back_to_it() -> None:
    told = terms(order_type="TRAIL LIMIT", limit=147.9, trail=2.0, limit_offset=0.1, stop=148.0)
    after = changed_terms(told, ModifyOrder("k1", quantity=4), Decimal(0)).terms
    assert after is not None
    assert (after.limit, after.stop, after.limit_offset, after.quantity) == (None, 148.0, 0.1, Decimal(4))
    assert not changed_terms(told, ModifyOrder("k1", stop=148.0), Decimal(0)).terms


def test_an_order_of_a_type_that_is_not_placed_here_is_not_changed_here_either() -> None:
    """It was made in TWS, and adopted."""
    theirs = msgspec.structs.replace(terms(), order_type="REL")
    assert changed_terms(theirs, ModifyOrder("k", limit=151.0), Decimal(0)).problems == (
        "an order of type REL cannot be changed here (accepted: MKT, LMT, STP, STP LMT, TRAIL, TRAIL LIMIT, MOC, LOC)",
    )
