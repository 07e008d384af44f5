"""One drill: a function with a number, a name and what it is about. Those of a module register themselves here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drills.ground import Ground

Act = Callable[[Ground], None]


@dataclass(frozen=True, slots=True)
class Drill:
    """`about` names the invariants it aims at (all are checked); `quick` drills run in `make test`.

    `count` is how many faults it makes unless whoever runs it says another number; 0 when they are no matter of number.
    """

    number: int
    name: str
    title: str
    about: str
    act: Act
    quick: bool
    limit: float
    """Seconds after which it counts as stuck."""
    count: int = 0


REGISTERED: dict[str, Drill] = {}


def drill(
    number: int, name: str, title: str, *, about: str, quick: bool = False, limit: float = 120.0, count: int = 0
) -> Callable[[Act], Act]:
    """Register a function as a drill. Raises ValueError for a number or name that is taken."""

    def register(act: Act) -> Act:
        taken = [one for one in REGISTERED.values() if number == one.number or name == one.name]
        if taken:
            raise ValueError(f"drill {number} {name!r}: taken by {taken[0].number} {taken[0].name!r}")
        REGISTERED[name] = Drill(number, name, title, about, act, quick, limit, count)
        return act

    return register
