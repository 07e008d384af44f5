"""Which incarnation dies at which named instant, drawn before a night begins.

Pure. A service is given its failpoints when it starts, so a night's are planned for the incarnations to come: about
every fourth one of each victim has an instant of its own, the others are left to be killed from outside at any
instant. The instants that were not reached in the nights before come first, so that all are by and by.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from actors.failpoints import FAILPOINTS

GENERAL: Final = "actor"
"""Prefix of the instants that every actor has."""
IN_HAND: Final[Mapping[str, tuple[str, ...]]] = {
    "order": ("PlaceOrder", "ModifyOrder", "CancelOrder", "OrderReport", "ExecutionReport", "ApplyCut"),
    "connection": ("Transmit", "TransmitCancel", "FetchExecutions"),
    "market_data": ("TickBatch",),
    "state": ("JournalRows", "Reconcile"),
}
"""Messages that an actor may die with in its hand."""
PLANNED_PART: Final = 0.25
LATEST: Final = 4
"""An instant is used when it is reached for the first to this time; one that was missed, the first time."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One death: where, of whom, for the how many-th time it gets there, in which incarnation."""

    name: str
    detail: str
    victim: str
    nth: int
    incarnation: int

    def __str__(self) -> str:
        detail = f"[{self.detail}]" if self.detail else ""
        return f"{self.name}{detail}=kill@{self.nth}/{self.incarnation}"


class Plan:
    """The instants of all nights of one storm."""

    def __init__(self, rng: random.Random, victims: tuple[str, ...]) -> None:
        self._rng = rng
        self._victims = victims
        self.missed = set(FAILPOINTS)
        """The instants at which nobody has died yet."""

    def night(self, incarnations: int) -> tuple[Planned, ...]:
        """Deaths for so many incarnations of each victim from the second on, those that were missed first."""
        deaths = [death for victim in self._victims for death in self._of(victim, incarnations)]
        return tuple(sorted(deaths, key=lambda one: (one.incarnation, one.victim)))

    def reached(self, names: Collection[str]) -> None:
        """Somebody died at these instants."""
        self.missed.difference_update(names)

    def _of(self, victim: str, incarnations: int) -> list[Planned]:
        own = sorted(name for name in FAILPOINTS if name.partition(".")[0] in (victim, GENERAL))
        waiting = [name for name in own if name in self.missed]
        self._rng.shuffle(waiting)
        deaths = []
        for incarnation in range(2, incarnations + 2):  # the first one's death before it runs ends the service
            if self._rng.random() < PLANNED_PART:
                first = bool(waiting)
                name = waiting.pop() if first else self._rng.choice(own)
                nth = 1 if first else self._rng.randint(1, LATEST)
                deaths.append(self._death(name, victim, nth, incarnation))
        return deaths

    def _death(self, name: str, victim: str, nth: int, incarnation: int) -> Planned:
        """The general instants are narrowed down, so that no other actor's incarnation of this number dies too."""
        match name:
            case "actor.start":
                return Planned(name, victim, victim, 1, incarnation)  # it starts but once
            case "actor.handle" if victim in IN_HAND:
                return Planned(name, self._rng.choice(IN_HAND[victim]), victim, nth, incarnation)
            case _:
                return Planned(name, "", victim, nth, incarnation)
