"""When an account comes near a margin call."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.domain.margin import MarginWatch, cushion
from actors.messages.risk import RiskFigures

KNOWN = RiskFigures("DU1", "USD", True, Decimal(1000), None, Decimal(500), None, {}, (), None)


def of(excess: int | None, net: int | None = 1000, *, live: bool = True) -> RiskFigures:
    amounts = [None if one is None else Decimal(one) for one in (net, excess)]
    return msgspec.structs.replace(KNOWN, net_liquidation=amounts[0], excess_liquidity=amounts[1], live=live)


def told(watch: MarginWatch, *figures: RiskFigures) -> list[tuple[float, bool] | None]:
    judged = [watch.judge(one) for one in figures]
    return [None if one is None else (one.cushion, one.low) for one in judged]


def test_low_is_told_once_and_the_end_of_it_a_tenth_above_the_limit() -> None:
    steps = [of(100), of(99), of(10), of(109), of(111), of(200), of(-5)]
    assert told(MarginWatch(0.1), *steps) == [None, (0.099, True), None, None, (0.111, False), None, (-0.005, True)]


@pytest.mark.parametrize("figures", [of(None), of(5, None), of(5, 0), of(5, live=False)])
def test_what_is_not_known_or_not_live_changes_nothing(figures: RiskFigures) -> None:
    assert told(MarginWatch(0.1), figures, of(5), figures, of(6)) == [None, (0.005, True), None, None]


def test_without_a_limit_nothing_is_watched() -> None:
    assert told(MarginWatch(None), of(-500)) == [None]


def test_an_account_that_owes_more_than_it_has_is_below_its_margin() -> None:
    assert cushion(of(-300, -100)) == -3.0


def test_accounts_are_watched_apart() -> None:
    watch = MarginWatch(0.1)
    other = msgspec.structs.replace(of(5), account="DU2")
    assert told(watch, of(5), other, of(5)) == [(0.005, True), (0.005, True), None]
