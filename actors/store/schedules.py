"""Regular jobs by APScheduler: each only puts a message into the actor's mailbox.

The scheduler is the one other thread in State's process. Jobs live in memory, so there is no job store
to go stale. A run that comes late still runs, and several missed ones are one.

The scheduler reckons with the calendar, so a clock set back an hour would keep its jobs from running for
that hour. They are meant as intervals: when a clock has jumped, `rearm` keeps what was left of each. What
came due while the machine was suspended runs as soon as that is seen.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers import base
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from supervision import clock
from supervision.message import Message


class _Calendar(datetime):
    """The scheduler reads the calendar itself; this has it read ours, which a drill can shift."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return clock.now().astimezone(tz)


if os.environ.get(clock.VARIABLE):
    base.datetime = _Calendar  # type: ignore[attr-defined]


def rearmed(due: datetime, period: timedelta, jump: clock.Jump, now: datetime) -> datetime:
    """When a job runs next that was due at `due` before the clocks jumped; never later than a period from `now`.

    The calendar was set: the job waits on for as long as it would have. A suspend is time that went by.
    """
    return min(due + timedelta(seconds=jump.calendar), now + period)


class Schedules:
    """Puts messages through `put`, which any thread may call, at their due times."""

    def __init__(self, put: Callable[[Message], None]) -> None:
        self._put = put
        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would tell of every run
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": DebugExecutor()},  # runs a job in the scheduler's own thread: it only puts
            job_defaults={"misfire_grace_time": None, "coalesce": True},
        )
        self._scheduler.start()

    def every(self, period: timedelta, message: Message) -> None:
        """Put `message` once each `period`, first after one; one schedule for each type of message."""
        trigger = IntervalTrigger(seconds=period.total_seconds(), start_date=clock.now() + period, timezone=UTC)
        self._scheduler.add_job(self._put, trigger, args=[message], id=type(message).__name__)

    def due(self, kind: type[Message]) -> datetime | None:
        """When the message of this type comes next."""
        job = self._scheduler.get_job(kind.__name__)
        return None if job is None else job.next_run_time

    def rearm(self, jump: clock.Jump) -> None:
        """The clocks have jumped: every job runs when it should have run."""
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=rearmed(job.next_run_time, job.trigger.interval, jump, clock.now()))

    def stop(self) -> None:
        """No job runs after this; harmless when stopped already."""
        if self._scheduler.running:
            self._scheduler.shutdown()
