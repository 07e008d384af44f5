"""Regular jobs by APScheduler: each only puts a message into the actor's mailbox.

The scheduler is the one other thread in State's process. Jobs live in memory, so there is no job store
to go stale, and run at fixed intervals in UTC, which no clock change touches: cron in local time skips
or doubles around them. A run that comes late still runs, and several missed ones are one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from supervision.message import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def grid(period: timedelta, anchor: datetime = EPOCH) -> IntervalTrigger:
    """Instants a whole number of periods after `anchor`; from the epoch, an hour's are the full hours in UTC."""
    return IntervalTrigger(seconds=period.total_seconds(), start_date=anchor, timezone=UTC)


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

    def every(self, trigger: IntervalTrigger, message: Message) -> None:
        """Put `message` at the trigger's instants; one schedule for each type of message."""
        self._scheduler.add_job(self._put, trigger, args=[message], id=type(message).__name__)

    def due(self, kind: type[Message]) -> datetime | None:
        """When the message of this type comes next."""
        job = self._scheduler.get_job(kind.__name__)
        return None if job is None else job.next_run_time

    def stop(self) -> None:
        """No job runs after this; harmless when stopped already."""
        if self._scheduler.running:
            self._scheduler.shutdown()
