"""Regular jobs run on a grid in UTC, whatever the local clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from queue import Queue
from zoneinfo import ZoneInfo

import pytest

from actors.store.schedules import Schedules, grid
from supervision.message import Message

NEW_YORK = ZoneInfo("America/New_York")


class Tick(Message, frozen=True):
    """What the schedule puts."""


@pytest.mark.parametrize(
    "night",
    [datetime(2027, 3, 14, tzinfo=NEW_YORK), datetime(2026, 11, 1, tzinfo=NEW_YORK)],
    ids=["spring", "autumn"],
)
def test_an_hourly_job_runs_at_each_full_hour_over_a_clock_change(night: datetime) -> None:
    trigger = grid(timedelta(hours=1))
    runs = [trigger.get_next_fire_time(None, night)]
    for _ in range(30):
        runs.append(trigger.get_next_fire_time(runs[-1], runs[-1]))

    assert {later - earlier for earlier, later in pairwise(runs)} == {timedelta(hours=1)}
    assert {run.astimezone(UTC).minute for run in runs} == {0}


def test_messages_are_put_again_and_again_until_the_schedules_stop() -> None:
    put: Queue[Message] = Queue()
    schedules = Schedules(put.put)
    schedules.every(grid(timedelta(milliseconds=20), datetime.now(UTC)), Tick())
    for _ in range(3):
        assert put.get(timeout=5.0) == Tick()
    due = schedules.due(Tick)
    schedules.stop()
    schedules.stop()

    assert due is not None
    assert abs(due - datetime.now(UTC)) < timedelta(seconds=5)
