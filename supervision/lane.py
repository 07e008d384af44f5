"""A bounded first-in-first-out queue of messages that keeps its promises when it is full.

Conflating messages take the place of their predecessor, sheddable ones are dropped and counted
beyond `shed_limit`, kept ones are refused beyond `limit` and the owner decides what that means. Used
for what waits to be written to a peer and for what waits in a mailbox. Not thread-safe.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import Generic, TypeVar

from supervision.message import Delivery, Message
from supervision.tally import Tally

T = TypeVar("T")


class Lane(Generic[T]):
    """Items of type `T`, each travelling for the message that decides its fate."""

    def __init__(self, limit: int, shed_limit: int, tally: Tally) -> None:
        self.limit = limit
        self.shed_limit = shed_limit
        self.tally = tally
        self.conflated = 0
        self._items: OrderedDict[object, T] = OrderedDict()
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """Whether a kept message would be refused."""
        return len(self._items) >= self.limit

    def add(self, item: T, message: Message | None, source: int = 0) -> bool:
        """Queue an item for `message` (None: always kept). False when it was kept back for lack of room.

        Messages conflate only with others of the same `source`. Shedding counts as done: True.
        """
        if message is not None and message.delivery is not Delivery.KEEP:
            if message.delivery is Delivery.CONFLATE:
                key: object = (source, type(message), message.conflation_key())
                if key in self._items:
                    self.conflated += 1
                self._items[key] = item
                return True
            if len(self._items) >= self.shed_limit:
                self.tally.shed += 1
                return True
        if len(self._items) >= self.limit:
            return False
        self._items[next(self._numbers)] = item
        return True

    def pop(self) -> T:
        """Remove and return the oldest. Raises KeyError when empty."""
        return self._items.popitem(last=False)[1]

    def drain(self) -> list[T]:
        """Remove and return all, oldest first."""
        items = list(self._items.values())
        self._items.clear()
        return items
