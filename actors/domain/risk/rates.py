"""How many orders were placed lately, and which was the last of its kind: for rates and duplicates. Pure.

It is fed with every order that was made, also those that a start reads back, so that a restart forgets nothing. What
was refused before it left is taken out again. Times are monotonic seconds, since a calendar may be set; the day is
that of the calendar in UTC.
"""

from __future__ import annotations

from collections import Counter, deque
from datetime import date
from typing import NamedTuple

from actors.domain.order_state import OrderState
from actors.domain.risk.facts import Twin
from actors.domain.risk.flow_rules import fingerprint

MINUTE = 60.0


class Rates(NamedTuple):
    """Orders of the last minute and of the day: of all, and of one strategy."""

    minute: int
    minute_own: int
    day: int
    day_own: int


class _Placed(NamedTuple):
    key: str
    strategy: str
    at: float
    day: date
    like: tuple[object, ...]


class OrderRates:
    """Orders by when they were placed."""

    def __init__(self) -> None:
        self._placed: dict[str, _Placed] = {}
        self._minute: deque[_Placed] = deque()
        self._minute_of: Counter[str] = Counter()
        self._day: date | None = None
        self._day_of: Counter[str] = Counter()
        self._newest: dict[tuple[object, ...], _Placed] = {}

    def placed(self, order: OrderState, at: float) -> None:
        """An order of ours was made at this moment; in order of time. It is of the day that counts, or begins one."""
        like = fingerprint(order.contract, order.terms, order.strategy)
        day = order.created.date()
        self._begin(day)
        one = _Placed(order.key, order.strategy, at, self._day or day, like)
        self._placed[one.key] = self._newest[like] = one
        self._minute.append(one)
        self._minute_of[one.strategy] += 1
        self._day_of[one.strategy] += 1

    def refused(self, key: str) -> None:
        """It never left."""
        one = self._placed.pop(key, None)
        if one is None:
            return
        if one in self._minute:
            self._minute.remove(one)
            self._minute_of[one.strategy] -= 1
        if one.day == self._day:
            self._day_of[one.strategy] -= 1
        if self._newest.get(one.like) is one:
            del self._newest[one.like]

    def counts(self, strategy: str, now: float, today: date) -> Rates:
        """How many there were up to now."""
        self._begin(today)
        while self._minute and now - self._minute[0].at >= MINUTE:
            self._minute_of[self._minute.popleft().strategy] -= 1
        return Rates(len(self._minute), self._minute_of[strategy], self._day_of.total(), self._day_of[strategy])

    def twin(self, like: tuple[object, ...], now: float) -> Twin | None:
        """The newest order that says the same."""
        one = self._newest.get(like)
        return None if one is None else Twin(one.key, max(0.0, now - one.at))

    def _begin(self, day: date) -> None:
        """A later day begins: only the one before it is still of use. A calendar that is set back changes nothing."""
        ended = self._day
        if ended is not None and day <= ended:
            return
        self._day = day
        self._day_of.clear()
        if ended is not None:
            self._placed = {key: one for key, one in self._placed.items() if one.day >= ended}
            self._newest = {like: one for like, one in self._newest.items() if one.day >= ended}
