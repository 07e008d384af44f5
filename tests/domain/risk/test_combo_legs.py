"""A combo moves the position of each of its legs, which counts with its own price, whatever the combo costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.domain.risk.facts import Move
from actors.messages.market import ComboLeg, Contract, Reference
from tests.domain.order_builders import details, quote, terms
from tests.domain.risk.builders import CLOSED, facts, figures, held, limits, refusals

SPREAD = details(
    contract=Contract("AAPL", "BAG", multiplier="100", legs=(ComboLeg(1, 1, "BUY"), ComboLeg(2, 1, "SELL")))
)

UNMARKED = held(con_id=1, symbol="C1", unit=None), held(con_id=2, symbol="C2", unit=None)
HUGE = Decimal(10**9)


def leg(con_id: int, bid: float | None, ask: float | None, **changes: Any) -> Reference:
    """An option of the spread as the market tells it."""
    told = details(contract=Contract(f"C{con_id}", "OPT", multiplier="100", con_id=con_id))
    return Reference(told, quote(symbol=f"C{con_id}", con_id=con_id, bid=bid, ask=ask, **changes))


def spread(
    buys: Any, sells: Any, told: tuple[Reference | None, Reference | None] = (None, None), **changes: Any
) -> Any:
    moves = (Move("BUY", Decimal(10), buys, leg=told[0]), Move("SELL", Decimal(10), sells, leg=told[1]))
    return facts(terms(limit=4.0), details=SPREAD, quote=quote(bid=3.9, ask=4.0), moves=moves, **changes)


def test_a_combo_moves_the_position_of_each_leg_at_its_own_mark() -> None:
    marks = held(con_id=1, unit=Decimal(900), marked=True), held(con_id=2, unit=Decimal(500), marked=True)
    about = spread(*marks, (leg(1, 20.0, 21.0), None))
    assert not refusals(about, limits(max_position_value=Decimal(9000), max_gross_exposure=Decimal(14000)))
    wrong = refusals(about, limits(max_position_value=Decimal(4999), max_gross_exposure=Decimal(13999)))
    assert set(wrong) == {"max_position_value", "max_gross_exposure"}


@pytest.mark.parametrize(
    ("bought", "sold", "worth"),
    [
        (leg(1, 8.9, 9.0), leg(2, 5.0, 5.1), (9000, 5000)),
        (leg(1, 8.9, None, last=8.0), leg(2, None, 5.1, last=4.5), (8000, 4500)),
    ],
)
def test_a_leg_without_a_mark_counts_with_the_side_of_its_own_quote_it_trades_against(
    bought: Reference, sold: Reference, worth: tuple[int, int]
) -> None:
    about, gross = spread(*UNMARKED, (bought, sold)), Decimal(sum(worth))
    assert not refusals(about, limits(max_position_value=Decimal(worth[0]), max_gross_exposure=gross))
    wrong = refusals(about, limits(max_position_value=Decimal(worth[0] - 1), max_gross_exposure=gross - 1))
    assert wrong == {
        "max_position_value": f"position in C1 worth {worth[0]}.00 USD is above max_position_value"
        f" (accepted: up to {worth[0] - 1} USD)",
        "max_gross_exposure": f"gross exposure {gross}.00 USD is above max_gross_exposure"
        f" (accepted: up to {gross - 1} USD)",
    }


def test_what_orders_pay_for_a_leg_counts_where_it_is_more_than_its_quote_and_never_instead_of_it() -> None:
    told = leg(1, 8.9, 9.0), leg(2, 5.0, 5.1)
    dear = spread(held(con_id=1, unit=Decimal(1000)), UNMARKED[1], told)
    assert "10000.00" in refusals(dear, limits(max_position_value=Decimal(9999)))["max_position_value"]
    cheap = spread(held(con_id=1, unit=Decimal(1)), UNMARKED[1], told)
    assert "9000.00" in refusals(cheap, limits(max_position_value=Decimal(8999)))["max_position_value"]
    blind = spread(held(con_id=1, symbol="C1", unit=Decimal(1)), UNMARKED[1], (None, told[1]))
    assert "no price of the leg C1 is known" in refusals(blind, limits(max_position_value=HUGE))["max_position_value"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (None, "no price of the leg C2 is known"),
        (leg(2, 5.0, 5.1, age=31.0), "the quote of C2 is stale (last tick 31 s ago, accepted: less than 30 s)"),
        (leg(2, 5.0, 5.1, state="gap"), "the quote of C2 is gap"),
        (leg(2, None, 5.1, last=None), "C2 has neither a bid nor a last trade"),
        (leg(2, float("nan"), 5.1), "the bid nan of C2 is no price"),
        (leg(2, -5.0, 5.1), "the bid -5 of C2 is no price"),
    ],
)
def test_a_leg_that_nobody_can_value_is_refused_in_words_where_it_counts(told: Reference | None, why: str) -> None:
    both, kept = (leg(1, 8.9, 9.0), told), limits(max_position_value=HUGE, max_gross_exposure=HUGE)
    about = spread(*UNMARKED, both)
    wrong = refusals(about, kept)
    for rule in ("max_position_value", "max_gross_exposure"):
        assert why in wrong[rule]
        assert "accepted: an order that reduces a position, or once each leg has a fresh quote" in wrong[rule]
        assert wrong[rule].endswith(f"{rule} cannot be kept")
    assert not refusals(about)
    marked = held(con_id=2, symbol="C2", unit=Decimal(500), marked=True)
    assert not refusals(spread(UNMARKED[0], marked, both), kept)
    assert not refusals(spread(held(-10, con_id=1, unit=None), held(10, con_id=2, unit=None), both), kept)


def test_the_last_prices_of_legs_count_for_a_combo_that_waits_for_the_market_to_open() -> None:
    old = leg(1, 8.9, 9.0, age=3600.0, state="stale"), leg(2, 5.0, 5.1, age=3600.0, state="stale")
    about = spread(*UNMARKED, old, hours=CLOSED)
    waits = msgspec.structs.replace(about, terms=terms(limit=4.0, tif="GTC"))
    assert "14000.00 USD" in refusals(waits, limits(max_gross_exposure=Decimal(13999)))["max_gross_exposure"]
    assert "C1 is stale" in refusals(about, limits(max_gross_exposure=HUGE))["max_gross_exposure"]


def test_a_combo_takes_funds_by_its_net_price() -> None:
    legs = held(con_id=1, unit=Decimal(900)), held(con_id=2, unit=Decimal(500))
    rich, poor = (figures(available_funds=Decimal(funds)) for funds in (4000, 3999))
    about = spread(*legs)
    assert not refusals(facts(about.terms, details=SPREAD, quote=about.quote, moves=about.moves, figures=rich))
    assert refusals(facts(about.terms, details=SPREAD, quote=about.quote, moves=about.moves, figures=poor))


def test_a_combo_reduces_when_each_of_its_legs_does() -> None:
    kept = limits(max_order_value=Decimal(1))
    assert not refusals(spread(held(-10, con_id=1), held(10, con_id=2)), kept)
    assert refusals(spread(held(-10, con_id=1), held(9, con_id=2)), kept)
