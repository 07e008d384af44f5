"""How many orders there are, how fast they come, and the same one twice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.domain.risk.facts import Counts, Twin
from actors.domain.risk.flow_rules import fingerprint
from actors.domain.risk.limits import StrategyLimits
from tests.domain.order_builders import AAPL, terms
from tests.domain.risk.builders import facts, held, limits, refusals

ROWS = [
    ("max_open_orders", "open", {"max_open_orders": 50}, 50),
    ("orders_per_minute", "minute", {"orders_per_minute": 60}, 60),
    ("orders_per_minute_each", "minute_own", {"orders_per_minute_each": 20}, 20),
    ("orders_per_day", "day", {"orders_per_day": 500}, 500),
    ("max_open_orders of s", "open_own", {"own": StrategyLimits(max_open_orders=5)}, 5),
    ("orders_per_minute of s", "minute_own", {"own": StrategyLimits(orders_per_minute=5)}, 5),
    ("orders_per_day of s", "day_own", {"own": StrategyLimits(orders_per_day=5)}, 5),
]


@pytest.mark.parametrize(("rule", "count", "limit", "most"), ROWS, ids=[row[0] for row in ROWS])
def test_the_last_order_that_fits_passes_and_the_next_is_refused(
    rule: str, count: str, limit: dict[str, Any], most: int
) -> None:
    kept = limits(**limit)
    assert not refusals(facts(counts=Counts(**{count: most - 1})), kept)
    (text,) = refusals(facts(counts=Counts(**{count: most})), kept).values()
    assert f"it would be order {most + 1} " in text
    assert f"which is above {rule} (accepted: up to {most})" in text


@pytest.mark.parametrize(("rule", "count", "limit", "most"), ROWS, ids=[row[0] for row in ROWS])
def test_orders_that_go_together_count_together_also_when_they_reduce_and_a_change_does_not(
    rule: str, count: str, limit: dict[str, Any], most: int
) -> None:
    kept = limits(**limit)
    assert not refusals(facts(counts=Counts(**{count: most - 3}), together=3), kept)
    closing = facts(terms(side="SELL"), held(10), counts=Counts(**{count: most - 2}), together=3)
    assert list(refusals(closing, kept)) == [rule]
    assert not refusals(facts(counts=Counts(**{count: most}), change=True), kept)


def test_the_same_order_is_refused_within_the_window_naming_the_first_and_passes_after_it() -> None:
    kept = limits(duplicate_window=1.0)
    assert not refusals(facts(), kept)
    assert not refusals(facts(twin=Twin("first", 1.0)), kept)
    assert refusals(facts(twin=Twin("first", 0.999)), kept) == {
        "duplicate_window": "the same order was placed 0.999 s ago as first: duplicate_window"
        " (accepted: 1 s or more after the same order, or other terms)"
    }
    assert "duplicate_window" in refusals(facts(terms(side="SELL"), held(10), twin=Twin("first", 0.5)), kept)


def test_without_a_window_and_for_a_change_nothing_is_a_duplicate() -> None:
    assert not refusals(facts(twin=Twin("first", 0.0)), limits(duplicate_window=0.0))
    assert not refusals(facts(twin=Twin("first", 0.0), change=True), limits(duplicate_window=1.0))


@pytest.mark.parametrize(
    "words",
    [
        {"account": "DU2"},
        {"side": "SELL"},
        {"quantity": Decimal(11)},
        {"order_type": "LOC"},
        {"limit": 150.01},
        {"stop": 1.0},
        {"trail": 1.0},
        {"trail_percent": 1.0},
        {"limit_offset": 1.0},
    ],
)
def test_two_orders_are_the_same_only_if_they_say_the_same(words: dict[str, Any]) -> None:
    same = fingerprint(AAPL, terms(key="other", tif="GTC"), "s")
    assert fingerprint(AAPL, terms(), "s") == same
    assert fingerprint(AAPL, terms(**words), "s") != same
    assert hash(same) is not None


def test_orders_of_other_strategies_and_for_other_contracts_are_others() -> None:
    same = fingerprint(AAPL, terms(), "s")
    assert fingerprint(AAPL, terms(), "t") != same
    assert fingerprint(msgspec.structs.replace(AAPL, con_id=1), terms(), "s") != same
