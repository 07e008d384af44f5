"""What is due later: at a calendar instant, after so many true seconds, or at a time of day again and again.

Pure but for the clock it is given. What is due runs in the order of its instants, all of it before `run_due`
returns. A calendar that is set forward makes what was jumped over due at once, what repeats only once; set back,
what repeats is due again. A time that a day has twice is the first, one that it does not have is as much later as
the clocks went forward.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, time, timedelta, tzinfo

from simulator.clock import Clock

EVERY_DAY = frozenset(range(7))
Act = Callable[[], None]


class Entry:
    """One act that is due at `due`, on the calendar or on the monotonic clock."""

    __slots__ = ("act", "cancelled", "due")

    def __init__(self, due: float, act: Act) -> None:
        self.due = due
        self.act = act
        self.cancelled = False

    def cancel(self) -> None:
        """Never act; harmless when it already did."""
        self.cancelled = True


class Daily:
    """An act at a time of day on some weekdays, until it is cancelled."""

    def __init__(self, at: time, zone: tzinfo, weekdays: Collection[int], act: Act) -> None:
        if not weekdays:
            raise ValueError("weekdays: expected at least one")
        self.at, self.zone, self.weekdays = at, zone, weekdays
        self.act = act
        self.upcoming: Entry | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """Never act again."""
        self.cancelled = True
        if self.upcoming is not None:
            self.upcoming.cancel()

    def after(self, moment: float) -> float:
        """The first occurrence later than an instant."""
        return next(one for one in occurrences(moment, self.at, self.zone, self.weekdays) if one > moment)


class Agenda:
    """Everything that waits for its time in one simulator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calendar: list[tuple[float, int, Entry]] = []
        self._monotonic: list[tuple[float, int, Entry]] = []
        self._order = itertools.count()
        self._dailies: list[Daily] = []
        self._seen = clock.now()
        self.changed: Act = lambda: None
        """Called when something was added that may be due before everything else."""

    def at(self, moment: float, act: Act) -> Entry:
        """Act when the calendar shows `moment`, seconds since the epoch."""
        return self._add(self._calendar, Entry(moment, act))

    def after(self, seconds: float, act: Act) -> Entry:
        """Act when so many true seconds have passed, whatever the calendar does."""
        return self._add(self._monotonic, Entry(self._clock.monotonic() + seconds, act))

    def daily(self, at: time, zone: tzinfo, weekdays: Collection[int], act: Act) -> Daily:
        """Act at a time of day in a zone, on these weekdays (Monday is 0), from now on."""
        daily = Daily(at, zone, weekdays, act)
        self._dailies.append(daily)
        self._schedule(daily)
        return daily

    def run_due(self) -> None:
        """Do what is due, in the order of its instants, and what becomes due by that."""
        while (heap := self._next()) is not None and self._delay(heap) <= 0:
            heapq.heappop(heap)[2].act()

    def next_in(self) -> float | None:
        """True seconds until something is due; None when nothing is, as long as the clock goes on as now."""
        heap = self._next()
        delay = math.inf if heap is None else self._delay(heap)
        return None if delay == math.inf else max(0.0, delay)

    def _add(self, heap: list[tuple[float, int, Entry]], entry: Entry) -> Entry:
        heapq.heappush(heap, (entry.due, next(self._order), entry))
        if heap[0][2] is entry:
            self.changed()
        return entry

    def _schedule(self, daily: Daily) -> None:
        def act() -> None:
            self._schedule(daily)
            daily.act()

        daily.upcoming = self.at(daily.after(self._clock.now()), act)

    def _next(self) -> list[tuple[float, int, Entry]] | None:
        """The heap whose head is due first."""
        self._notice_a_calendar_set_back()
        heaps = (self._calendar, self._monotonic)
        for heap in heaps:
            while heap and heap[0][2].cancelled:
                heapq.heappop(heap)
        return min((heap for heap in heaps if heap), key=self._delay, default=None)

    def _delay(self, heap: list[tuple[float, int, Entry]]) -> float:
        """True seconds until the head of a heap is due; negative when it is late."""
        if heap is self._monotonic:
            return heap[0][0] - self._clock.monotonic()
        ahead = heap[0][0] - self._clock.now()
        if self._clock.rate:
            return ahead / self._clock.rate
        return ahead if ahead <= 0 else math.inf

    def _notice_a_calendar_set_back(self) -> None:
        now = self._clock.now()
        if now < self._seen:
            self._dailies = [daily for daily in self._dailies if not daily.cancelled]
            for daily in self._dailies:
                if daily.upcoming is not None:
                    daily.upcoming.cancel()
                self._schedule(daily)
        self._seen = now


def occurrences(since: float, at: time, zone: tzinfo, weekdays: Collection[int] = EVERY_DAY) -> Iterator[float]:
    """The instants, from `since` on, at which the clocks of a zone show a time of day on these weekdays."""
    day = datetime.fromtimestamp(since, zone).date()
    while True:
        moment = datetime.combine(day, at, zone).timestamp()
        if moment >= since and day.weekday() in weekdays:
            yield moment
        day += timedelta(1)
