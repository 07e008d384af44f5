"""What leaves for the gateway, and when: one bucket of tokens, five priorities. Time is passed in.

A token comes back a full window after it was taken, not bit by bit: so there are never more than
`burst` messages in any window of `burst / rate` seconds, which is how the gateway counts. Cancels go
first, then orders, account, market data, history; within a priority first come, first served. Nothing
is reordered within one order: a cancel takes out what still waits for its order, and when the gateway
cannot know that order yet, the cancel itself need not leave either. Orders that belong together are one
item with a token for each of them: they leave together, and the cancel of one takes out all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Priority(IntEnum):
    """Lower goes first."""

    CANCEL = 0
    ORDER = 1
    ACCOUNT = 2
    MARKET_DATA = 3
    HISTORY = 4


class TokenBucket:
    """At most `burst` messages within any `burst / rate` seconds."""

    def __init__(self, rate: float, burst: int) -> None:
        self._window = burst / rate
        self._burst = burst
        self._taken: deque[float] = deque()

    def wait(self, now: float, tokens: int = 1) -> float:
        """Seconds until so many tokens are there, at most `burst`; 0 when they are."""
        while self._taken and self._taken[0] + self._window <= now:
            self._taken.popleft()
        missing = len(self._taken) + tokens - self._burst
        return 0.0 if missing <= 0 else self._taken[missing - 1] + self._window - now

    def take(self, now: float, tokens: int = 1) -> None:
        """Use tokens. `wait` must have said 0."""
        self._taken.extend([now] * tokens)


class PacingQueue(Generic[T]):
    """Messages that wait for a token, best first."""

    def __init__(self, rate: float, burst: int) -> None:
        self._bucket = TokenBucket(rate, burst)
        self._lanes: tuple[deque[tuple[tuple[int, ...], T]], ...] = tuple(deque() for _ in Priority)
        self._floor = 0
        self._known: set[int] = set()

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes)

    def begin(self, next_order_id: int) -> None:
        """A session starts; the gateway knows of no order of ours with an id from `next_order_id` on."""
        self._floor = next_order_id
        self._known.clear()

    def known(self, order_id: int) -> None:
        """The gateway has spoken of this order."""
        self._known.add(order_id)

    def put(self, priority: Priority, item: T, *, order_ids: tuple[int, ...] = ()) -> None:
        """Queue a message; `order_ids` for orders and their modifications, which take a token each."""
        self._lanes[priority].append((order_ids, item))

    def cancel(self, order_id: int, item: T) -> tuple[list[T], bool]:
        """Queue a cancel. Returns what waited for that order, now taken out, and whether the cancel is
        queued: it is not when the order itself was among what waited and the gateway cannot know it.
        """
        lane = self._lanes[Priority.ORDER]
        removed = [waiting for ids, waiting in lane if order_id in ids]
        if removed:
            kept = [entry for entry in lane if order_id not in entry[0]]
            lane.clear()
            lane.extend(kept)
            if order_id >= self._floor and order_id not in self._known:
                return removed, False
        self._lanes[Priority.CANCEL].append(((order_id,), item))
        return removed, True

    def wait(self, now: float) -> float | None:
        """Seconds until `take` gives something; None when nothing waits."""
        lane = self._best()
        return None if lane is None else self._bucket.wait(now, _tokens(lane[0]))

    def take(self, now: float) -> T | None:
        """The next message, if there is one and tokens for it."""
        lane = self._best()
        if lane is None or self._bucket.wait(now, _tokens(lane[0])) > 0:
            return None
        entry = lane.popleft()
        self._bucket.take(now, _tokens(entry))
        self._known.update(entry[0])
        return entry[1]

    def call_off(self, why: Callable[[T], R | None]) -> list[tuple[T, R]]:
        """Take out what there is a reason against, without using tokens for it; returns it with its reason."""
        found: list[tuple[T, R]] = []
        for lane in self._lanes:
            judged = [(entry, why(entry[1])) for entry in lane]
            found += [(entry[1], reason) for entry, reason in judged if reason is not None]
            lane.clear()
            lane.extend(entry for entry, reason in judged if reason is None)
        return found

    def clear(self) -> list[T]:
        """Take out everything, best first; the tokens used stay used."""
        items = [item for lane in self._lanes for _, item in lane]
        for lane in self._lanes:
            lane.clear()
        return items

    def _best(self) -> deque[tuple[tuple[int, ...], T]] | None:
        return next((lane for lane in self._lanes if lane), None)


def _tokens(entry: tuple[tuple[int, ...], object]) -> int:
    return max(1, len(entry[0]))
