"""Answers that come in parts: who asked, what has come, and when it is complete. Pure; time is passed in.

A query with a request id stands alone. One that IB answers without an id (open orders, positions) is
known by name, and only one of a name may be on its way: later askers share the next one. When such a
query was given up, its end marker may still come and must not end its successor: it is waited for, for
a while. If it never comes, its successor's own end is mistaken for it, and only a new session helps. A
failed query is never an empty answer, and one with a part missing is a failed one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

O = TypeVar("O")  # noqa: E741 - the owner of a question
Query = int | str

LATE_END = 60.0  # seconds for which the end marker of a query that was given up is still expected


@dataclass
class Finished(Generic[O]):
    """A query is over. `again`: others wait for the same name, so it must be sent once more.
    `spoiled`: some of the answer is missing. `mistaken`: an end came that was taken for a late one of before.
    """

    query: Query
    owners: list[O]
    items: list[object]
    again: bool = False
    spoiled: bool = False
    mistaken: bool = False


@dataclass
class _Open(Generic[O]):
    owners: list[O]
    timeout: float
    deadline: float | None = None
    items: dict[Hashable, object] = field(default_factory=dict)
    spoiled: bool = False
    mistaken: bool = False


class Collector(Generic[O]):
    """Every query that is on its way or waits its turn."""

    def __init__(self) -> None:
        self._open: dict[Query, _Open[O]] = {}
        self._next: dict[str, _Open[O]] = {}
        self._late: dict[str, deque[float]] = {}

    def __contains__(self, query: object) -> bool:
        return query in self._open

    def ask(self, query: Query, owner: O, timeout: float) -> bool:
        """Note the question. True when its request must be sent now, False when its turn comes later."""
        if query not in self._open:
            self._open[query] = _Open([owner], timeout)
            return True
        assert isinstance(query, str), f"request id {query} is in use"
        self._next.setdefault(query, _Open([], timeout)).owners.append(owner)
        return False

    def owners(self, query: Query) -> list[O]:
        """Who waits for the answer that is on its way or about to be asked for."""
        return self._open[query].owners if query in self._open else []

    def sent(self, query: Query, now: float) -> None:
        """The request is on its way: the time for its answer runs."""
        if query in self._open:
            entry = self._open[query]
            entry.deadline = now + entry.timeout

    def item(self, query: Query, item: object, identity: Hashable = None) -> bool:
        """One part of an answer; a later one of the same identity replaces it. False: nobody asked."""
        entry = self._open.get(query)
        if entry is None or entry.deadline is None:
            return False
        entry.items[len(entry.items) if identity is None else identity] = item
        return True

    def spoil(self, concerned: Callable[[O], bool]) -> None:
        """Something was said that cannot be read: the answers of these owners that are under way lack it."""
        for entry in self._open.values():
            if entry.deadline is not None and any(map(concerned, entry.owners)):
                entry.spoiled = True

    def end(self, query: Query, now: float) -> Finished[O] | None:
        """The end marker came. None when it belongs to nothing that is awaited."""
        if isinstance(query, str) and self._is_late(query, now):
            if query in self._open:
                successor = self._open[query]
                successor.items.clear()
                successor.spoiled, successor.mistaken = False, True
            return None
        entry = self._open.get(query)
        return None if entry is None or entry.deadline is None else self._finish(query, list(entry.items.values()))

    def fail(self, query: Query) -> Finished[O] | None:
        """The broker refused it. None when nobody asked."""
        return self._finish(query, []) if query in self._open else None

    def expire(self, now: float) -> list[Finished[O]]:
        """Give up what is overdue."""
        overdue = [query for query, entry in self._open.items() if entry.deadline is not None and entry.deadline <= now]
        for query in overdue:
            if isinstance(query, str):
                self._late.setdefault(query, deque()).append(now + LATE_END)
        return [self._finish(query, []) for query in overdue]

    def next_deadline(self) -> float | None:
        """When `expire` has something to do; None when nothing is on its way."""
        return min((entry.deadline for entry in self._open.values() if entry.deadline is not None), default=None)

    def clear(self) -> list[O]:
        """The session is over: everyone who waits."""
        owners = [owner for entries in (self._open, self._next) for entry in entries.values() for owner in entry.owners]
        self._open.clear()
        self._next.clear()
        self._late.clear()
        return owners

    def _finish(self, query: Query, items: list[object]) -> Finished[O]:
        entry = self._open.pop(query)
        waiting = self._next.pop(query, None) if isinstance(query, str) else None
        if waiting is not None:
            self._open[query] = waiting
        return Finished(
            query, entry.owners, items, again=waiting is not None, spoiled=entry.spoiled, mistaken=entry.mistaken
        )

    def _is_late(self, query: str, now: float) -> bool:
        late = self._late.get(query)
        while late:
            if late.popleft() > now:
                return True
        return False
