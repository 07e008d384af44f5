"""From settings to the limits of one order."""

from __future__ import annotations

from decimal import Decimal

from actors.domain.risk.limits import RiskLimits, StrategyLimits
from actors.orders.risk_limits import LimitBook
from config.settings import RiskSettings, StrategyRisk

RISK = RiskSettings(max_open_orders=7, restricted=("GME",), price_collar=None)
OWN = StrategyRisk(max_order_value=Decimal(9), orders_per_day=3, allowed=("AAPL",))


def test_a_strategy_has_the_limits_of_all_and_its_own_and_others_only_those_of_all() -> None:
    book = LimitBook(RISK, {"a": OWN}, 12.0)
    kept = book.of("a")
    assert (kept.max_open_orders, kept.restricted, kept.price_collar, kept.quote_age) == (7, ("GME",), None, 12.0)
    assert kept.own == StrategyLimits(max_order_value=Decimal(9), orders_per_day=3, allowed=("AAPL",))
    for name in ("", "b"):
        other = book.of(name)
        assert other.own == StrategyLimits()
        assert other.max_open_orders == 7


def test_every_limit_of_an_order_has_a_setting_and_its_value() -> None:
    shared = set(RiskLimits.__struct_fields__) - {"own", "quote_age"}
    kept = LimitBook(RISK, {}, 12.0).of("")
    assert {name: getattr(kept, name) for name in shared} == {name: getattr(RISK, name) for name in shared}
    assert set(StrategyLimits.__struct_fields__) == set(StrategyRisk.model_fields) - {"protect"}
    elsewhere = {"daily_loss", "margin_cushion", "protection_grace"}  # judged by the gate, Account and protection
    assert shared == set(RiskSettings.model_fields) - elsewhere
