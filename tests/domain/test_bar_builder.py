"""Bars from ticks: each trade in exactly one bar, at its own time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.bar_builder import SECOND_NS, BarBuilder

LAST, VOLUME, BID = 4, 8, 1
START = 1_700_000_000 * SECOND_NS
trades = st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 50), st.integers(1, 9)), max_size=60)


@given(trades, st.sampled_from([0.5, 1, 5, 60]))
def test_every_trade_is_in_the_one_bar_of_its_period(steps: list[tuple[int, int, int]], seconds: float) -> None:
    builder, bars, now = BarBuilder(seconds), [], START
    by_period: dict[int, list[tuple[float, float]]] = {}
    length = int(seconds * SECOND_NS)
    for milliseconds, price, size in steps:
        now += milliseconds * 1_000_000
        bars += builder.add(LAST, price, size, now)
        bars += builder.add(BID, 1_000_000.0, 1, now)
        by_period.setdefault(now // length, []).append((price, size))
    bars += builder.close(now + length)
    assert [round(bar.time.timestamp() * SECOND_NS) // length for bar in bars] == sorted(by_period)
    for bar, traded in zip(bars, (by_period[period] for period in sorted(by_period)), strict=True):
        prices = [price for price, _ in traded]
        assert (bar.open, bar.high, bar.low, bar.close) == (prices[0], max(prices), min(prices), prices[-1])
        assert (bar.count, bar.volume) == (len(traded), sum(size for _, size in traded))
        assert min(prices) <= bar.wap <= max(prices) + 1e-9


def test_volume_is_the_growth_of_the_days_volume_when_it_is_told() -> None:
    builder = BarBuilder(1.0)
    bars = []
    for offset, field, price, size in (
        (0.1, VOLUME, -1.0, 1_000.0),
        (0.2, LAST, 10.0, 5.0),
        (0.3, VOLUME, -1.0, 1_040.0),
        (1.2, LAST, 11.0, 1.0),
        (1.3, VOLUME, -1.0, 1_041.0),
    ):
        bars += builder.add(field, price, size, START + int(offset * SECOND_NS))
    bars += builder.close(START + 2 * SECOND_NS)
    assert [(bar.volume, bar.count) for bar in bars] == [(40.0, 1), (1.0, 1)]


def test_a_period_without_a_trade_makes_no_bar_and_a_price_of_minus_one_is_no_trade() -> None:
    builder = BarBuilder(1.0)
    assert list(builder.add(LAST, -1.0, 0.0, START)) == []
    assert list(builder.close(START + 9 * SECOND_NS)) == []


def test_a_clock_set_back_ends_the_bar_so_that_no_trade_moves_into_another_time() -> None:
    builder, hour = BarBuilder(60.0), 3600 * SECOND_NS
    assert list(builder.add(LAST, 10.0, 1.0, START)) == []
    (ended,) = builder.add(LAST, 11.0, 1.0, START - hour)
    assert (ended.close, ended.count, ended.time.timestamp()) == (10.0, 1, START // SECOND_NS // 60 * 60)
    (after,) = builder.close(START - hour + 60 * SECOND_NS)
    assert (after.open, after.count, ended.time.timestamp() - after.time.timestamp()) == (11.0, 1, 3600)
