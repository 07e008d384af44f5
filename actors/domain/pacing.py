"""What leaves for the gateway, and when: one bucket of tokens, five priorities. Time is passed in.

A token comes back a full window after it was taken, not bit by bit: so there are never more than
`burst` messages in any window of `burst / rate` seconds, which is how the gateway counts. Cancels go
first, then orders, account, market data, history; within a priority first come, first served. Nothing
is reordered within one order: a cancel takes out what still waits for its order, and when the gateway
cannot know that order yet, the cancel itself need not leave either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


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

    def wait(self, now: float) -> float:
        """Seconds until a token is there; 0 when one is."""
        while self._taken and self._taken[0] + self._window <= now:
            self._taken.popleft()
        return 0.0 if len(self._taken) < self._burst else self._taken[0] + self._window - now

    def take(self, now: float) -> None:
        """Use a token. `wait` must have said 0."""
        self._taken.append(now)


class PacingQueue(Generic[T]):
    """Messages that wait for a token, best first."""

    def __init__(self, rate: float, burst: int) -> None:
        self._bucket = TokenBucket(rate, burst)
        self._lanes: tuple[deque[tuple[int | None, T]], ...] = tuple(deque() for _ in Priority)
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

    def put(self, priority: Priority, item: T, *, order_id: int | None = None) -> None:
        """Queue a message; `order_id` for orders and their modifications."""
        self._lanes[priority].append((order_id, item))

    def cancel(self, order_id: int, item: T) -> tuple[list[T], bool]:
        """Queue a cancel. Returns what waited for that order, now taken out, and whether the cancel is
        queued: it is not when the order itself was among what waited and the gateway cannot know it.
        """
        lane = self._lanes[Priority.ORDER]
        removed = [waiting for known, waiting in lane if known == order_id]
        if removed:
            kept = [entry for entry in lane if entry[0] != order_id]
            lane.clear()
            lane.extend(kept)
            if order_id >= self._floor and order_id not in self._known:
                return removed, False
        self._lanes[Priority.CANCEL].append((order_id, item))
        return removed, True

    def wait(self, now: float) -> float | None:
        """Seconds until `take` gives something; None when nothing waits."""
        return self._bucket.wait(now) if len(self) else None

    def take(self, now: float) -> T | None:
        """The next message, if there is one and a token for it."""
        if self._bucket.wait(now) > 0:
            return None
        for lane in self._lanes:
            if lane:
                order_id, item = lane.popleft()
                if order_id is not None:
                    self._known.add(order_id)
                self._bucket.take(now)
                return item
        return None

    def discard(self, unwanted: Callable[[T], bool]) -> list[T]:
        """Take out what nobody wants any more, without using a token for it."""
        removed: list[T] = []
        for lane in self._lanes:
            kept = [entry for entry in lane if not unwanted(entry[1])]
            if len(kept) < len(lane):
                removed += [item for _, item in lane if unwanted(item)]
                lane.clear()
                lane.extend(kept)
        return removed

    def clear(self) -> list[T]:
        """Take out everything, best first; the tokens used stay used."""
        items = [item for lane in self._lanes for _, item in lane]
        for lane in self._lanes:
            lane.clear()
        return items
