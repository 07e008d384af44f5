"""Limits that contradict each other end a start; limits that a reload would loosen are named."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import SettingsError
from config.load import load
from config.settings import (
    LossSettings,
    MarketDataSettings,
    RiskSettings,
    Section,
    Settings,
    StrategyRisk,
    StrategySettings,
)
from config.tightening import LOOSER, Ratchet
from config.tree import build

STRATEGY = "strategies=[{name: a, risk: {%s}}]"
AMOUNT = st.none() | st.integers(1, 5).map(Decimal)


@pytest.mark.parametrize(
    ("assignments", "said"),
    [
        (["risk.max_order_value=50001"], "risk.max_order_value = 50001 (--set risk.max_order_value): is above"),
        (["risk.max_position_value=24999"], "is above max_position_value (24999), which would always refuse first"),
        (["risk.max_gross_exposure=49999"], "risk.max_position_value = 50000 (default"),
        (["risk.max_gross_exposure=49999", "risk.max_position_value=none", "risk.max_order_value=50000"], "(49999)"),
        (["risk.daily_loss.reduce_at=2001"], "is above halt_at (2000)"),
        (["risk.allowed=[AAPL, MSFT]", "risk.restricted=[msft]"], "risk.restricted = 'MSFT'"),
        (["risk.allowed=['AAPL ']"], "risk.allowed = 'AAPL '"),
        (["risk.restricted=['']"], "is no symbol"),
        ([STRATEGY % "max_order_value: 25001"], "max_order_value of strategy a is above risk.max_order_value (25000)"),
        ([STRATEGY % "max_order_quantity: 1001"], "above risk.max_order_quantity (1000)"),
        ([STRATEGY % "max_position_value: 50001"], "above risk.max_position_value (50000)"),
        ([STRATEGY % "max_open_orders: 51"], "above risk.max_open_orders (50)"),
        ([STRATEGY % "orders_per_minute: 21"], "above risk.orders_per_minute_each (20)"),
        ([STRATEGY % "orders_per_day: 501"], "above risk.orders_per_day (500)"),
        (
            [STRATEGY % "max_order_value: 9, max_position_value: 8"],
            "max_order_value of strategy a is above max_position",
        ),
        ([STRATEGY % "allowed: [AAPL]", "risk.allowed=[MSFT]"], "allowed of strategy a and not by risk.allowed"),
        ([STRATEGY % "allowed: [AAPL]", "risk.restricted=[AAPL]"], "'AAPL'"),
    ],
)
def test_limits_that_contradict_each_other_are_refused_by_name(assignments: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(assignments=assignments)
    assert said in str(refused.value)
    assert "Fix: " in str(refused.value)


@pytest.mark.parametrize(
    "assignments",
    [
        ["risk.max_order_value=50000"],
        ["risk.max_position_value=25000"],
        ["risk.max_gross_exposure=50000"],
        ["risk.max_order_value=1000000", "risk.max_position_value=none", "risk.max_gross_exposure=none"],
        ["risk.daily_loss.reduce_at=2000"],
        ["risk.daily_loss.reduce_at=3000", "risk.daily_loss.halt_at=none"],
        ["risk.allowed=[AAPL]", "risk.restricted=[MSFT]", STRATEGY % "allowed: [aapl]"],
        [STRATEGY % "max_order_value: 25000, orders_per_minute: 20, max_open_orders: 50, orders_per_day: 500"],
        [STRATEGY % "orders_per_day: 501", "risk.orders_per_day=none"],
    ],
)
def test_limits_that_only_touch_each_other_are_accepted(assignments: list[str]) -> None:
    load(assignments=assignments)


def test_a_limit_is_ended_with_a_word_and_editors_know_it() -> None:
    assert load(assignments=["risk.price_collar=none"]).settings.risk.price_collar is None
    with pytest.raises(SettingsError):
        load(assignments=["risk.max_order_value=none"])  # this one there always is
    with pytest.raises(SettingsError):
        load(assignments=["risk.price_collar=null"])
    accepted = RiskSettings.model_json_schema()["properties"]["price_collar"]["anyOf"]
    assert accepted == [{"exclusiveMinimum": 0, "maximum": 100, "type": "number"}, {"const": "none"}]


# --- tightened live, loosened by a restart ------------------------------------------------------------


def settings(risk: RiskSettings | None = None, **strategies: StrategyRisk) -> Settings:
    named = tuple(StrategySettings(name=name, risk=own) for name, own in strategies.items())
    return Settings(risk=risk or RiskSettings(), strategies=named)


def loosened(running: Settings, *wanted: Settings) -> list[str]:
    """The keys that the last of these settings would loosen, the others having been taken over."""
    ratchet = Ratchet(running)
    for each in wanted[:-1]:
        ratchet.take(each)
    return [problem.key for problem in ratchet.loosened(wanted[-1])]


CHANGES = [
    ("max_order_value", Decimal(25000), Decimal(24999)),
    ("max_order_quantity", Decimal(1000), Decimal(999)),
    ("max_position_value", None, Decimal(50000)),
    ("max_gross_exposure", Decimal(100000), Decimal(99999)),
    ("max_open_orders", None, 50),
    ("orders_per_minute", 60, 59),
    ("orders_per_minute_each", 20, 19),
    ("orders_per_day", None, 500),
    ("price_collar", None, 5.0),
    ("price_collar", 5.0, 4.9),
    ("duplicate_window", 1.0, 1.1),
    ("buying_power", False, True),
    ("market_hours", False, True),
    ("allowed", (), ("AAPL",)),
    ("allowed", ("AAPL", "MSFT"), ("aapl",)),
    ("restricted", (), ("AAPL",)),
    ("restricted", ("aapl",), ("AAPL", "MSFT")),
    ("daily_loss", LossSettings(reduce_at=None), LossSettings()),
    ("daily_loss", LossSettings(), LossSettings(halt_at=Decimal(1999))),
    ("daily_loss", LossSettings(), LossSettings(unknown_after=29.0)),
    ("margin_cushion", None, 0.1),
    ("margin_cushion", 0.1, 0.2),
    ("protection_grace", 10.0, 9.0),
]


@pytest.mark.parametrize(("name", "loose", "tight"), CHANGES)
def test_each_limit_may_be_tightened_and_not_loosened(name: str, loose: object, tight: object) -> None:
    wide, narrow = (settings(RiskSettings.model_validate({name: value})) for value in (loose, tight))
    assert loosened(wide, narrow) == []
    (key,) = loosened(narrow, wide)
    assert key.startswith(f"risk.{name}")


def test_a_reload_does_not_let_orders_rely_on_older_quotes() -> None:
    young, old = (Settings(market_data=MarketDataSettings(stale_after=seconds)) for seconds in (29.0, 30.0))
    assert loosened(old, young) == []
    assert loosened(young, old) == ["market_data.stale_after"]


def test_a_refusal_names_key_old_and_new_value_and_the_restart_it_needs() -> None:
    (problem,) = Ratchet(settings()).loosened(settings(RiskSettings(max_order_value=Decimal(30000))))
    assert str(problem) == (
        "risk.max_order_value = 30000 (all layers): looser than the limit of the running service, which is 25000."
        " Fix: stop and start the service: limits are tightened live and loosened only by a restart"
    )
    (problem,) = Ratchet(settings(RiskSettings(allowed=("AAPL",)))).loosened(settings())
    assert "risk.allowed = [] (all layers): looser than the limit of the running service, which is [AAPL]" in str(
        problem
    )


def test_lists_with_nothing_in_common_loosen_and_every_limit_that_does_is_named() -> None:
    before = settings(RiskSettings(allowed=("AAPL",), restricted=("MSFT",), max_open_orders=5))
    after = settings(RiskSettings(allowed=("IBM",), restricted=("SAP",), max_open_orders=6))
    assert loosened(before, after) == ["risk.max_open_orders", "risk.allowed", "risk.restricted"]


def test_what_one_reload_tightened_the_next_does_not_loosen_again() -> None:
    tight = settings(RiskSettings(max_open_orders=5))
    assert loosened(settings(), tight, settings()) == ["risk.max_open_orders"]


def test_a_strategys_limits_are_its_own_and_no_detour_without_it_loosens_them() -> None:
    own = settings(a=StrategyRisk(max_open_orders=5, protect=True))
    assert loosened(own, settings(a=StrategyRisk(max_open_orders=4, protect=True), b=StrategyRisk())) == []
    keys = ["strategies (a).risk.max_open_orders", "strategies (a).risk.protect"]
    assert loosened(own, settings(a=StrategyRisk())) == keys
    assert loosened(own, settings(), settings(a=StrategyRisk())) == keys


def test_every_limit_that_can_be_set_is_known_to_be_loosened_in_one_direction() -> None:
    sections: list[type[Section]] = [RiskSettings, LossSettings, StrategyRisk]
    names = {name for section in sections for name in section.model_fields} - {"daily_loss"}
    assert names == set(LOOSER)


@given(*[st.builds(RiskSettings, max_position_value=AMOUNT, max_gross_exposure=AMOUNT)] * 3)
def test_if_neither_of_two_reloads_loosens_anything_both_together_do_not(
    first: RiskSettings, second: RiskSettings, third: RiskSettings
) -> None:
    one, two, three = map(settings, (first, second, third))
    if not loosened(one, two) and not loosened(two, three):
        assert not loosened(one, three)


def test_order_is_told_the_limits_of_those_strategies_that_have_any(tmp_path: Path) -> None:
    own = StrategyRisk(max_open_orders=5)
    tree = build(settings(a=own, b=StrategyRisk()), tmp_path)
    (order,) = (child for child in tree.leaves() if child.name == "order")
    assert order.kwargs["strategies"] == {"a": own}
    assert order.kwargs["quote_age"] == Settings().market_data.stale_after
