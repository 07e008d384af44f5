"""What is traded, how much of it, whether it may be, and when."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from actors.domain.risk.contract_rules import waits
from actors.domain.risk.decision import decide
from actors.domain.risk.facts import Move
from actors.domain.risk.limits import StrategyLimits
from actors.messages.market import ComboLeg, Contract
from tests.domain.order_builders import details, terms
from tests.domain.risk.builders import CLOSED, facts, held, limits, refusals, verdict


def test_every_rule_is_told_once_when_nothing_is_wrong() -> None:
    told = decide(facts(), limits())
    assert all(one.passed for one in told)
    rules = [one.rule for one in told]
    assert len(rules) == len(set(rules))
    assert {"contract", "reducing", "max_order_quantity", "allowed", "restricted", "market_hours", "quote"} < {*rules}
    assert {"price_collar", "stop", "max_order_value", "max_position_value", "max_gross_exposure"} < {*rules}
    assert {"buying_power", "max_open_orders", "orders_per_minute", "orders_per_day", "duplicate_window"} < {*rules}


def test_everything_that_is_wrong_is_told_at_once() -> None:
    order = terms(quantity=Decimal(2000), limit=160.001)
    wrong = refusals(facts(order, hours=CLOSED), limits(max_order_quantity=Decimal(1000), restricted=("AAPL",)))
    assert set(wrong) == {"contract", "max_order_quantity", "restricted", "market_hours", "price_collar"}


def test_what_a_contract_does_not_accept_is_told_problem_by_problem() -> None:
    told = decide(facts(terms(quantity=Decimal("1.5"), limit=150.001)), limits())
    problems = [one.text for one in told if one.rule == "contract"]
    assert len(problems) == 2
    assert "quantity 1.5 is not a multiple of 1" in problems[0]
    assert "limit 150.001 is not on the tick of 0.01" in problems[1]


@pytest.mark.parametrize(
    "words",
    [
        {"limit": float("nan")},
        {"limit": float("inf")},
        {"stop": float("nan")},
        {"quantity": Decimal("NaN")},
        {"quantity": Decimal("Infinity")},
        {"quantity": Decimal(0)},
        {"trail": float("nan")},
    ],
)
def test_a_number_that_is_none_is_refused_before_anything_is_measured(words: dict[str, Any]) -> None:
    wrong = refusals(facts(terms(**words)))
    assert list(wrong) == ["contract"]
    assert "not a number" in wrong["contract"]


def test_a_quantity_at_the_limit_passes_and_one_above_is_refused_by_name() -> None:
    kept = limits(max_order_quantity=Decimal(1000))
    assert not refusals(facts(terms(quantity=Decimal(1000))), kept)
    assert refusals(facts(terms(quantity=Decimal(1001))), kept) == {
        "max_order_quantity": "quantity 1001 is above max_order_quantity (accepted: up to 1000)"
    }


def test_a_quantity_is_limited_also_when_it_reduces_and_by_the_strategys_own_limit() -> None:
    closing = facts(terms(side="SELL", quantity=Decimal(11)), held(100))
    kept = limits(max_order_quantity=Decimal(20), own=StrategyLimits(max_order_quantity=Decimal(10)))
    assert refusals(closing, kept) == {
        "max_order_quantity of s": "quantity 11 is above max_order_quantity of s (accepted: up to 10)"
    }


def test_the_quantity_of_a_combo_is_that_of_its_greatest_leg() -> None:
    legs = (ComboLeg(1, 100, "BUY"), ComboLeg(2, 1, "SELL"))
    covered = details(contract=Contract("AAPL", "BAG", multiplier="100", legs=legs))
    moves = (Move("BUY", Decimal(1100), held(con_id=1)), Move("SELL", Decimal(11), held(con_id=2)))
    about = facts(terms(quantity=Decimal(11), limit=149.0), details=covered, moves=moves)
    assert refusals(about, limits(max_order_quantity=Decimal(1000))) == {
        "max_order_quantity": "quantity 11 makes 1100 of a leg, which is above max_order_quantity (accepted: up to 10)"
    }


def test_only_listed_symbols_are_opened_and_what_is_held_of_others_may_be_closed() -> None:
    kept = limits(allowed=("MSFT", "ibm"))
    assert "AAPL is not in the list 'allowed' (accepted: MSFT, ibm" in refusals(facts(), kept)["allowed"]
    assert not refusals(facts(), limits(allowed=("msft", "aapl")))
    assert not refusals(facts(terms(side="SELL"), held(10)), kept)
    assert "allowed" in refusals(facts(terms(side="SELL"), held(9)), kept)


def test_a_restricted_symbol_is_not_opened_and_may_be_closed() -> None:
    kept = limits(restricted=("AAPL",))
    assert "AAPL is restricted (accepted: any but AAPL" in refusals(facts(), kept)["restricted"]
    assert not refusals(facts(terms(side="SELL"), held(10)), kept)
    assert verdict("restricted", facts(terms(side="SELL"), held(10)), kept).value == "AAPL"


def test_a_strategy_trades_what_it_may_and_all_may() -> None:
    own = StrategyLimits(allowed=("MSFT",))
    assert list(refusals(facts(), limits(allowed=("AAPL",), own=own))) == ["allowed of s"]


def test_a_combo_is_refused_when_any_of_its_legs_is_restricted() -> None:
    moves = (Move("BUY", Decimal(10), held(con_id=1)), Move("SELL", Decimal(10), held(con_id=2, symbol="MSFT")))
    assert "MSFT is restricted" in refusals(facts(moves=moves), limits(restricted=("MSFT",)))["restricted"]
    unmet = tuple(Move("BUY", Decimal(10), held(con_id=con_id, symbol="AAPL,MSFT")) for con_id in (1, 2))
    assert refusals(facts(moves=unmet), limits(restricted=("MSFT",)))["restricted"].startswith("MSFT is restricted")


@pytest.mark.parametrize(("tif", "may_wait"), [("DAY", False), ("IOC", False), ("FOK", False), ("GTC", True)])
def test_an_order_that_would_have_to_trade_now_needs_an_open_market(tif: str, may_wait: bool) -> None:
    wrong = refusals(facts(terms(tif=tif), hours=CLOSED))
    assert ("market_hours" not in wrong) == may_wait
    if not may_wait:
        assert f"AAPL does not trade now, closed: an order of type LMT for {tif}" in wrong["market_hours"]
        assert "accepted: GTC, GTD, OPG, LOC and MOC" in wrong["market_hours"]


@pytest.mark.parametrize("words", [{"tif": "GTD"}, {"tif": "OPG"}, {"order_type": "MOC"}, {"order_type": "LOC"}])
def test_orders_for_auctions_and_those_that_last_may_wait(words: dict[str, Any]) -> None:
    assert waits(terms(**words))
    assert "market_hours" not in refusals(facts(terms(**words), hours=CLOSED))


def test_hours_that_nobody_knows_refuse_and_closing_a_position_waits_for_them_too() -> None:
    assert "its hours are not known" in refusals(facts(hours=None))["market_hours"]
    assert "market_hours" in refusals(facts(terms(side="SELL"), held(10), hours=CLOSED))
    assert not refusals(facts(hours=CLOSED), limits(market_hours=False))


def test_an_exit_that_waits_for_its_entry_needs_no_open_market() -> None:
    assert not refusals(facts(terms(side="SELL"), hours=CLOSED, waits_for_entry=True))


def test_while_only_reducing_orders_pass_an_order_says_why_it_does_not() -> None:
    why = "the day's loss of DU1 is 1200 USD"
    assert refusals(facts(only_reducing=why))["reducing"] == (
        f"{why}: the order does not, or not only, reduce a position (BUY 10 AAPL: 0 held, working orders take off 0;"
        " accepted: orders that reduce a position)"
    )
    exits = facts(terms(side="SELL"), held(15, selling=Decimal(6)), only_reducing=why)
    assert "(SELL 10 AAPL: 15 held, working orders take off 6; accepted" in refusals(exits)["reducing"]
    assert not refusals(facts(terms(side="SELL"), held(10), only_reducing=why))
    assert not refusals(facts(terms(side="SELL"), only_reducing=why, waits_for_entry=True))
