"""What orders and positions are worth, in the account's base currency, at their worst."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.domain.risk.limits import StrategyLimits
from actors.messages.market import Contract
from tests.domain.order_builders import details, quote, terms
from tests.domain.risk.builders import facts, figures, held, limits, refusals, verdict

MARKET = {"order_type": "MKT", "limit": None}
EURO = details(contract=Contract("SAP", currency="EUR", con_id=7))


def value_of(order: dict[str, Any], **changes: Any) -> str:
    return verdict("max_order_value", facts(terms(**order), **changes)).value


# --- the value of an order ----------------------------------------------------------------------------


def test_an_order_worth_the_limit_passes_and_one_worth_a_cent_more_is_refused() -> None:
    kept = limits(max_order_value=Decimal(25000))
    assert not refusals(facts(terms(quantity=Decimal(1), limit=25000.0), quote=quote(ask=25000.0)), kept)
    over = facts(terms(quantity=Decimal(1), limit=25000.01), quote=quote(ask=25000.0))
    assert refusals(over, kept) == {
        "max_order_value": "value 25000.01 USD is above max_order_value (accepted: up to 25000 USD)"
    }


def test_the_strategys_own_limit_counts_beside_that_of_all() -> None:
    kept = limits(own=StrategyLimits(max_order_value=Decimal(1499)))
    assert "value 1500.00 USD is above max_order_value of s" in refusals(facts(), kept)["max_order_value of s"]


@pytest.mark.parametrize(
    ("order", "value"),
    [
        ({**MARKET}, "1501.00"),
        ({**MARKET, "side": "SELL"}, "1499.00"),
        ({"limit": None, "order_type": "STP", "stop": 160.0}, "1600.00"),
        ({"limit": None, "order_type": "STP", "stop": 1.0}, "1501.00"),  # below the market: it would trade at once
        ({"limit": None, "order_type": "STP", "stop": 140.0, "side": "SELL"}, "1400.00"),
        ({"limit": None, "order_type": "STP", "side": "SELL"}, "1499.00"),  # it names no price at all
        ({"limit": None, "order_type": "TRAIL", "trail": 1.0}, "1501.00"),
        ({"limit": None, "order_type": "TRAIL", "trail_percent": 1.0, "stop": 160.0}, "1600.00"),
        ({"limit": None, "order_type": "TRAIL LIMIT", "trail": 1.0, "limit_offset": 0.1}, "1501.00"),
        ({"limit": None, "order_type": "MOC"}, "1501.00"),
    ],
)
def test_what_may_trade_beyond_any_price_it_names_is_valued_at_the_quote_too(order: dict[str, Any], value: str) -> None:
    assert value_of(order) == f"{value} USD"


def test_multiplier_and_rate_count() -> None:
    future = details(contract=Contract("ES", sec_type="FUT", multiplier="50"))
    assert value_of({"quantity": Decimal(1), "limit": 5000.0}, details=future) == "250000.00 USD"
    assert value_of({"quantity": Decimal(8), "limit": 100.0}, details=EURO) == "1000.00 USD"


@pytest.mark.parametrize("rate", [None, Decimal("NaN"), Decimal(0), Decimal(-1)])
def test_a_currency_without_a_rate_is_refused_in_words(rate: Decimal | None) -> None:
    rates = {} if rate is None else {"EUR": rate}
    wrong = refusals(facts(details=EURO, figures=figures(rates=rates)))
    told = "no rate" if rate is None else f"the rate {rate}"
    assert f"{told} of EUR in USD, the base currency of account DU1, was told" in wrong["max_order_value"]
    assert "max_order_value cannot be kept" in wrong["max_order_value"]
    assert "buying_power" in wrong


def test_before_account_told_anything_nothing_is_opened_and_everything_may_be_closed() -> None:
    wrong = refusals(facts(figures=None))
    assert "nothing is known yet of what account DU1 is worth" in wrong["max_order_value"]
    assert "buying_power" in wrong
    assert not refusals(facts(terms(side="SELL"), held(10), figures=None))


def test_an_order_that_reduces_is_exempt_from_every_limit_on_money() -> None:
    kept = limits(
        max_order_value=Decimal(1),
        max_position_value=Decimal(1),
        max_gross_exposure=Decimal(1),
        own=StrategyLimits(max_order_value=Decimal(1), max_position_value=Decimal(1)),
    )
    poor = figures(available_funds=Decimal(-1))
    assert not refusals(facts(terms(side="SELL"), held(10), figures=poor), kept)
    assert not refusals(facts(terms(), held(-10), figures=poor), kept)
    assert len(refusals(facts(terms(side="SELL"), held(9), figures=poor), kept)) == 6


# --- positions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holding", "most"),
    [
        (held(), "1500"),
        (held(10), "3000"),
        (held(10, buying=Decimal(5)), "3750"),
        (held(10, selling=Decimal(5)), "3000"),  # what sells may not fill
        (held(10, told=Decimal(20)), "4500"),
        (held(20, told=Decimal(10)), "4500"),
        (held(10, told=Decimal(20), lagging=True), "3000"),
        (held(-4), "900"),
        (held(unit=Decimal(200)), "2000"),
        (held(unit=Decimal(100)), "1500"),
        (held(unit=None), "1500"),
    ],
)
def test_a_position_is_judged_at_its_worst_and_at_the_higher_of_mark_and_price(holding: Any, most: str) -> None:
    assert not refusals(facts(holding=holding), limits(max_position_value=Decimal(most)))
    wrong = refusals(facts(holding=holding), limits(max_position_value=Decimal(most) - 1))
    assert f"position in AAPL worth {most}.00 USD is above max_position_value" in wrong["max_position_value"]


def test_a_sale_beyond_what_is_held_is_judged_as_the_short_position_it_makes() -> None:
    order = terms(side="SELL", quantity=Decimal(30))
    about = facts(order, held(20, selling=Decimal(5)))
    assert not refusals(about, limits(max_position_value=Decimal(2250)))
    assert "2250.00" in refusals(about, limits(max_position_value=Decimal(2249)))["max_position_value"]


def test_a_sale_is_judged_by_the_least_that_is_held_and_in_the_base_currency() -> None:
    sale = terms(side="SELL", quantity=Decimal(30))
    about = facts(sale, held(20, told=Decimal(10), currency="EUR"), details=EURO)
    assert not refusals(about, limits(max_position_value=Decimal(3750)))
    assert "3750.00" in refusals(about, limits(max_position_value=Decimal(3749)))["max_position_value"]


def test_a_strategys_limit_is_for_its_own_part_of_the_position() -> None:
    kept = limits(own=StrategyLimits(max_position_value=Decimal(2400)))
    move = {"own": Decimal(4), "own_buying": Decimal(2)}
    assert not refusals(facts(holding=held(500), move=move), kept)
    more = {"own": Decimal(4), "own_buying": Decimal(3)}
    assert list(refusals(facts(holding=held(500), move=more), kept)) == ["max_position_value of s"]


def test_a_change_moves_a_position_by_what_is_not_filled_yet() -> None:
    changed = facts(terms(quantity=Decimal(100)), held(60), move={"quantity": Decimal(40)}, change=True)
    assert not refusals(changed, limits(max_position_value=Decimal(15000)))
    assert refusals(changed, limits(max_position_value=Decimal(14999)))


# --- gross exposure -----------------------------------------------------------------------------------


def test_long_and_short_positions_and_working_orders_add_up_in_the_base_currency() -> None:
    others = (
        held(-10, con_id=1, symbol="MSFT", unit=Decimal(100)),  # 1000
        held(10, con_id=2, symbol="SAP", currency="EUR", unit=Decimal(80), buying=Decimal(10)),  # 2000
        held(con_id=3, symbol="IBM", unit=Decimal(50), selling=Decimal(20)),  # 1000
    )
    about = facts(others=others)
    assert not refusals(about, limits(max_gross_exposure=Decimal(5500)))
    assert refusals(about, limits(max_gross_exposure=Decimal(5499))) == {
        "max_gross_exposure": "gross exposure 5500.00 USD is above max_gross_exposure (accepted: up to 5499 USD)"
    }


@pytest.mark.parametrize("holding", [held(10, told=Decimal(20)), held(-20, told=Decimal(-10))])
def test_of_two_counts_of_a_position_the_worse_is_exposed(holding: Any) -> None:
    others = (msgspec.structs.replace(holding, con_id=1, unit=Decimal(100)),)
    assert not refusals(facts(others=others), limits(max_gross_exposure=Decimal(3500)))
    assert refusals(facts(others=others), limits(max_gross_exposure=Decimal(3499)))


def test_the_order_itself_counts_with_its_own_currency_too() -> None:
    about = facts(holding=held(currency="EUR"), details=EURO)
    assert not refusals(about, limits(max_gross_exposure=Decimal(1875)))
    assert "1875.00 USD" in refusals(about, limits(max_gross_exposure=Decimal(1874)))["max_gross_exposure"]


@pytest.mark.parametrize("unit", [None, Decimal("NaN"), Decimal(-1)])
def test_exposure_that_nobody_can_value_is_refused_by_name(unit: Decimal | None) -> None:
    kept = limits(max_gross_exposure=Decimal(10**9))
    others = (held(5, con_id=1, symbol="XYZ", unit=unit),)
    assert "nobody knows what XYZ is worth" in refusals(facts(others=others), kept)["max_gross_exposure"]
    assert not refusals(facts(others=(held(con_id=1, symbol="XYZ", unit=unit),)), kept)


@pytest.mark.parametrize("wrong", [{"quantity": "NaN"}, {"told": Decimal("NaN")}, {"told": Decimal("Infinity")}])
def test_a_contract_of_which_nobody_knows_how_much_is_held_fails_closed_where_it_counts(wrong: dict[str, Any]) -> None:
    others = (held(**{"quantity": 10, "con_id": 1, "symbol": "XYZ"} | wrong),)
    about = facts(others=others)
    assert (
        "nobody knows how much of XYZ"
        in refusals(about, limits(max_gross_exposure=Decimal(10**6)))["max_gross_exposure"]
    )
    assert "nobody knows how much of XYZ" in refusals(about)["buying_power"]


# --- buying power -------------------------------------------------------------------------------------


def test_funds_must_cover_the_order_to_the_cent() -> None:
    assert not refusals(facts(figures=figures(available_funds=Decimal(1500))))
    wrong = refusals(facts(figures=figures(available_funds=Decimal("1499.99"))))
    assert wrong == {
        "buying_power": "value with all that is on its way 1500.00 USD is above buying_power"
        " (accepted: up to 1499.99 USD)"
    }


@pytest.mark.parametrize(
    ("holding", "needed"),
    [
        (held(buying=Decimal(5)), 2250),
        (held(10, told=Decimal(10)), 1500),  # what is held is paid
        (held(10, told=Decimal(0), lagging=True), 3000),  # bought a moment ago: the funds do not show it yet
        (held(10, told=Decimal(10), selling=Decimal(10)), 1500),
        (held(-4, told=Decimal(-4)), 300),
    ],
)
def test_working_orders_and_fills_that_the_funds_do_not_show_count(holding: Any, needed: int) -> None:
    assert not refusals(facts(holding=holding, figures=figures(available_funds=Decimal(needed))))
    assert list(refusals(facts(holding=holding, figures=figures(available_funds=Decimal(needed - 1))))) == [
        "buying_power"
    ]


def test_working_orders_in_other_contracts_take_funds_and_positions_do_not() -> None:
    others = (held(100, told=Decimal(100), con_id=1), held(con_id=2, unit=Decimal(10), buying=Decimal(50)))
    assert not refusals(facts(others=others, figures=figures(available_funds=Decimal(2000))))
    assert "buying_power" in refusals(facts(others=others, figures=figures(available_funds=Decimal(1999))))


@pytest.mark.parametrize("words", [{"live": False}, {"available_funds": None}, {"available_funds": Decimal("NaN")}])
def test_funds_that_are_not_known_now_refuse(words: dict[str, Any]) -> None:
    wrong = refusals(facts(figures=figures(**words)))
    assert wrong == {
        "buying_power": "the available funds of DU1 are not known now"
        " (accepted: an order that reduces a position, or wait)"
    }
    assert not refusals(facts(figures=figures(**words)), limits(buying_power=False))
    assert not refusals(facts(figures=figures(**words), asks_broker=True))


def test_debts_are_no_funds() -> None:
    wrong = refusals(facts(figures=figures(available_funds=Decimal(-500))))
    assert "accepted: up to 0 USD" in wrong["buying_power"]
