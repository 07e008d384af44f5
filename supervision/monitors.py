"""Who watches whom: every watcher hears of each end and each start of an actor exactly once.

A registration belongs to one incarnation of the watcher and ends with it. Who registers for an actor that is
dead is told at once; who registers for one that runs is told when it ends. Pure: returns what is to be sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from supervision.lifecycle import ActorDown, ActorUp

Notice = tuple[str, ActorDown | ActorUp]
"""A watcher's name, and what to tell it."""


@dataclass(slots=True)
class _Watched:
    incarnation: int = 0
    up: bool = False
    reason: str = "not started yet"


class Monitors:
    """All registrations of one supervisor."""

    def __init__(self, names: list[str]) -> None:
        self._watched = {name: _Watched() for name in names}
        self._watchers: dict[str, set[str]] = {name: set() for name in names}

    def add(self, name: str) -> None:
        """The supervisor has a child more. An earlier one of that name is remembered, and so is who watched it."""
        self._watched.setdefault(name, _Watched())
        self._watchers.setdefault(name, set())

    def watch(self, watcher: str, name: str) -> list[Notice]:
        """`watcher` wants to know; raises KeyError for a name that is no child's."""
        if watcher in self._watchers[name]:
            return []
        self._watchers[name].add(watcher)
        now = self._watched[name]
        return [] if now.up else [(watcher, ActorDown(name, now.incarnation, now.reason))]

    def up(self, name: str, incarnation: int) -> list[Notice]:
        """An incarnation reported itself started."""
        self._watched[name] = _Watched(incarnation, up=True)
        return [(watcher, ActorUp(name, incarnation)) for watcher in sorted(self._watchers[name])]

    def down(self, name: str, incarnation: int, reason: str) -> list[Notice]:
        """An incarnation ended; what it watched itself is forgotten."""
        for watchers in self._watchers.values():
            watchers.discard(name)
        self._watched[name] = _Watched(incarnation, up=False, reason=reason)
        return [(watcher, ActorDown(name, incarnation, reason)) for watcher in sorted(self._watchers[name])]
