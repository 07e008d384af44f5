"""What a day's loss means: just inside nothing, at the limit something, and what is not known never nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.loss import DayLoss, Fired, LossLimits, brokers_day, judge

LIMITS = LossLimits(Decimal(1000), Decimal(2000), 30.0)
DAY = date(2026, 11, 20)
money = st.decimals(-10_000, 10_000, places=2)


def told(daily: str | None) -> DayLoss:
    return DayLoss("DU1").told(None if daily is None else Decimal(daily), "USD", 5.0)


@pytest.mark.parametrize(
    ("daily", "outcome"),
    [
        ("500", "fine"),
        ("-999.99", "fine"),
        ("-1000", "reduce"),
        ("-1999.99", "reduce"),
        ("-2000", "halt"),
        (None, "unknown"),
        ("NaN", "unknown"),
        ("-Infinity", "unknown"),
    ],
)
def test_just_inside_passes_and_at_the_limit_it_does_not(daily: str | None, outcome: str) -> None:
    assert judge(told(daily), LIMITS, DAY, 5.0).outcome == outcome


def test_what_ceased_to_be_known_counts_as_it_was_for_a_while_and_then_blinds() -> None:
    loss = told("-1500").told(None, "", 10.0).told(None, "", 20.0)
    assert judge(loss, LIMITS, DAY, 39.9).outcome == "reduce"
    assert judge(loss, LIMITS, DAY, 40.0).outcome == "blind"
    assert judge(loss.told(Decimal(0), "USD", 41.0), LIMITS, DAY, 41.0).outcome == "fine"


def test_without_limits_nothing_need_be_known_and_with_one_it_must() -> None:
    assert judge(told(None), LossLimits(None, None, 30.0), DAY, 5.0).outcome == "fine"
    assert judge(told(None), LossLimits(None, Decimal(1), 30.0), DAY, 5.0).outcome == "unknown"
    assert judge(told("-5"), LossLimits(None, Decimal(6), 30.0), DAY, 5.0).outcome == "fine"
    assert judge(told("-5"), LossLimits(Decimal(5), None, 30.0), DAY, 5.0).outcome == "reduce"


def test_a_day_begins_at_midnight_in_new_york() -> None:
    assert brokers_day(datetime(2026, 11, 21, 4, 59, tzinfo=UTC)) == DAY
    assert brokers_day(datetime(2026, 11, 21, 5, 0, tzinfo=UTC)) == DAY + timedelta(days=1)


@given(st.lists(money, min_size=1, max_size=8))
def test_each_multiple_of_halt_at_halts_once_a_day_and_none_is_missed(several: list[Decimal]) -> None:
    loss, halts = DayLoss("DU1"), 0
    for daily in several:
        loss = loss.told(daily, "USD", 5.0)
        verdict = judge(loss, LIMITS, DAY, 5.0)
        if verdict.fired is not None:
            assert verdict.fired.steps > loss.fired.steps or loss.fired.day != DAY.isoformat()
            loss = msgspec.structs.replace(loss, fired=verdict.fired)
            halts += 1
        assert judge(loss, LIMITS, DAY, 5.0).outcome != "halt"
    worst = max(0, int(-min(several) // 2000))
    assert (halts > 0) == (worst > 0)
    assert loss.fired.steps == worst


@given(money, money, st.decimals(1, 5000, places=2), st.decimals(1, 5000, places=2))
def test_a_tighter_limit_or_a_greater_loss_never_lets_more_through(
    one: Decimal, other: Decimal, tight: Decimal, loose: Decimal
) -> None:
    order = ("fine", "reduce", "halt")
    tight, loose = min(tight, loose), max(tight, loose)
    worse, better = DayLoss("DU1").told(min(one, other), "", 0.0), DayLoss("DU1").told(max(one, other), "", 0.0)
    strict, mild = LossLimits(tight, tight * 2, 1.0), LossLimits(loose, loose * 2, 1.0)
    for limits in (strict, mild):
        assert order.index(judge(worse, limits, DAY, 0.0).outcome) >= order.index(
            judge(better, limits, DAY, 0.0).outcome
        )
    for loss in (worse, better):
        assert order.index(judge(loss, strict, DAY, 0.0).outcome) >= order.index(judge(loss, mild, DAY, 0.0).outcome)


def test_yesterdays_halt_accepts_nothing_today() -> None:
    loss = msgspec.structs.replace(told("-2500"), fired=Fired("2026-11-19", 1))
    assert judge(loss, LIMITS, DAY, 5.0).fired == Fired("2026-11-20", 1)
    today = msgspec.structs.replace(loss, fired=Fired("2026-11-20", 1))
    assert judge(today, LIMITS, DAY, 5.0).outcome == "reduce"
