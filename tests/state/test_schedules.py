"""Regular jobs are intervals: they come in time whatever happens to the clock on the wall."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from queue import Queue

import pytest

from actors.store.schedules import Schedules, rearmed
from supervision import clock
from supervision.message import Message

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = 3600.0
PERIOD = timedelta(minutes=5)


class Tick(Message, frozen=True):
    """What the schedule puts."""


@pytest.fixture
def put() -> Queue[Message]:
    return Queue()


@pytest.fixture
def schedules(put: Queue[Message]) -> Iterator[Schedules]:
    made = Schedules(put.put)
    yield made
    made.stop()
    made.stop()


def test_messages_are_put_again_and_again_until_the_schedules_stop(schedules: Schedules, put: Queue[Message]) -> None:
    schedules.every(timedelta(milliseconds=20), Tick())
    for _ in range(3):
        assert put.get(timeout=5.0) == Tick()
    due = schedules.due(Tick)
    assert due is not None
    assert abs(due - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("jump", "now", "due"),
    [
        (clock.Jump(HOUR, 0.0), NOON + timedelta(hours=1), NOON + timedelta(hours=1, minutes=2)),
        (clock.Jump(-HOUR, 0.0), NOON - timedelta(hours=1), NOON - timedelta(minutes=58)),
        (clock.Jump(0.0, HOUR), NOON + timedelta(hours=1), NOON + timedelta(minutes=2)),  # overdue: it runs at once
    ],
    ids=["set forward", "set back", "suspended"],
)
def test_a_job_waits_as_long_as_it_would_have_and_a_suspend_counts(
    jump: clock.Jump, now: datetime, due: datetime
) -> None:
    assert rearmed(NOON + timedelta(minutes=2), PERIOD, jump, now) == due


def test_a_job_that_ran_early_because_of_the_jump_is_not_put_off_by_it() -> None:
    forward = NOON + timedelta(hours=1)
    assert rearmed(forward + PERIOD, PERIOD, clock.Jump(HOUR, 0.0), forward) == forward + PERIOD


def test_a_job_that_a_clock_set_back_put_an_hour_away_comes_in_time(schedules: Schedules, put: Queue[Message]) -> None:
    schedules.every(timedelta(seconds=3600.2), Tick())
    began = time.monotonic()
    schedules.rearm(clock.Jump(-HOUR, 0.0))
    assert put.get(timeout=5.0) == Tick()
    assert time.monotonic() - began < 2.0
