"""Instants of regular jobs: on a grid, in UTC, whatever the local clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.schedule import next_due

moments = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(moments, moments, st.integers(1, 100_000))
def test_the_next_instant_lies_on_the_grid_and_is_the_first_after_now(
    now: datetime, anchor: datetime, seconds: int
) -> None:
    every = timedelta(seconds=seconds)
    due = next_due(now, every, anchor)

    assert now < due <= now + every
    assert (due - anchor) % every == timedelta(0)
    assert due.tzinfo is UTC


NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    "night",
    [datetime(2027, 3, 14, tzinfo=NEW_YORK), datetime(2026, 11, 1, tzinfo=NEW_YORK)],
    ids=["spring", "autumn"],
)
def test_an_hourly_job_runs_once_an_hour_over_a_clock_change_in_new_york(night: datetime) -> None:
    now = night.astimezone(UTC)
    runs = []
    for _ in range(30):
        now = next_due(now, timedelta(hours=1))
        runs.append(now)

    assert {later - earlier for earlier, later in pairwise(runs)} == {timedelta(hours=1)}


def test_a_local_time_asked_with_its_zone_gives_the_same_instant() -> None:
    noon = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)
    berlin = noon.astimezone(ZoneInfo("Europe/Berlin"))

    assert next_due(berlin, timedelta(minutes=5)) == next_due(noon, timedelta(minutes=5))
