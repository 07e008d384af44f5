"""Regular jobs by APScheduler: each only puts a message into the actor's mailbox.

The scheduler is the one other thread in State's process. Jobs live in memory and are one-shot dates in
UTC that re-arm themselves: no job store to go stale, no cron in local time, and a job that comes late
still runs, once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from actors.domain.schedule import EPOCH, next_due
from supervision.message import Message


class Schedules:
    """Puts messages through `put`, which any thread may call, at their due times."""

    def __init__(self, put: Callable[[Message], None]) -> None:
        self._put = put
        self._due: dict[type[Message], datetime] = {}
        logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it would tell of each arming
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": DebugExecutor()},  # runs a job in the scheduler's own thread: it only puts
            job_defaults={"misfire_grace_time": None, "coalesce": True},
        )

    def start(self) -> None:
        """Begin to run what was and will be armed."""
        self._scheduler.start()

    def every(self, period: timedelta, message: Message, anchor: datetime = EPOCH) -> None:
        """Put `message` at each instant that lies a whole number of periods after `anchor`."""
        due = next_due(datetime.now(UTC), period, anchor)
        self._due[type(message)] = due

        def run() -> None:
            self.every(period, message, anchor)  # first, so that a full mailbox costs one run and not all
            self._put(message)

        # No id of its own: when `run` returns, the scheduler removes the job with the id that just ran.
        self._scheduler.add_job(run, DateTrigger(due))

    def due(self, kind: type[Message]) -> datetime | None:
        """When the message of this type comes next."""
        return self._due.get(kind)

    def stop(self) -> None:
        """No job runs after this; harmless when stopped already."""
        if self._scheduler.running:
            self._scheduler.shutdown()
