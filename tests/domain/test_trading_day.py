"""Trading days end at 17:00 in New York, whatever the clocks there do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.trading_day import end_of, trading_day


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 19, 21, 59, 59, tzinfo=UTC), date(2026, 11, 19)),  # Thursday
        (datetime(2026, 11, 19, 22, 0, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 22, 0, tzinfo=UTC), date(2026, 11, 23)),  # Friday's end: Monday
        (datetime(2026, 11, 21, 12, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 7, 1, 20, 59, 59, tzinfo=UTC), date(2026, 7, 1)),  # in summer it is four hours
        (datetime(2026, 7, 1, 21, 0, tzinfo=UTC), date(2026, 7, 2)),
    ],
)
def test_an_instant_belongs_to_the_day_that_runs(instant: datetime, day: date) -> None:
    assert trading_day(instant) == day


@given(st.integers(min_value=0, max_value=6 * 365 * 86_400))
def test_every_day_lasts_until_its_end_and_no_longer(seconds: int) -> None:
    instant = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    day = trading_day(instant)
    assert day.weekday() < 5
    assert instant < end_of(day)
    assert trading_day(end_of(day) - timedelta(microseconds=1)) == day
    assert trading_day(end_of(day)) > day
