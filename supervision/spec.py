"""The supervision tree as data: what to run, in which order, and what a failure means.

A specification is validated once, when it is made; SpecError names field, value and rule. A tree that
could restart a child for ever without ever escalating is refused: the waits of a back-off must fit into
the period in which the restarts are counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from supervision.backoff import Backoff
from supervision.errors import SpecError

Restart = Literal["permanent", "transient", "temporary"]
Strategy = Literal["one_for_one", "rest_for_one", "one_for_all"]
Exhausted = Literal["escalate", "park"]

SUPERVISOR: Final = "supervisor"
"""The supervisor's own address, which no child may have."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_TARGET: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """One actor in a process of its own."""

    name: str
    target: str
    """Its class as "module:Class", imported by the child alone."""
    kwargs: Mapping[str, object] = field(default_factory=dict)
    """Picklable keyword arguments of the class."""
    restart: Restart = "permanent"
    """permanent: always restarted; transient: after an abnormal end; temporary: never."""
    stop_limit: float = 5.0
    """Seconds it may take to drain and leave; 0: it is killed without being asked."""
    hang_limit: float = 10.0
    """Seconds one message may take before the process counts as hung."""
    mailbox_limit: int = 10_000
    parked: bool = False
    """Set aside from the beginning, until it is started by hand."""

    def same_process(self, other: ChildSpec) -> bool:
        """Whether a process of this specification may go on running under the other one."""
        ours = (self.target, self.kwargs, self.hang_limit, self.mailbox_limit)
        return ours == (other.target, other.kwargs, other.hang_limit, other.mailbox_limit)

    def __post_init__(self) -> None:
        _check_name(self.name)
        _require(bool(_TARGET.fullmatch(self.target)), f"{self.name}.target", self.target, 'must be "module:Class"')
        _one_of(f"{self.name}.restart", self.restart, get_args(Restart))
        _at_least(f"{self.name}.stop_limit", self.stop_limit, 0)
        _above(f"{self.name}.hang_limit", self.hang_limit, 0)
        _count(f"{self.name}.mailbox_limit", self.mailbox_limit, 1)


@dataclass(frozen=True, slots=True)
class SupervisorSpec:
    """Children that start in order, stop in reverse and share a restart strategy."""

    name: str
    children: tuple[ChildSpec | SupervisorSpec, ...]
    strategy: Strategy = "one_for_one"
    intensity: int = 5
    """Restarts allowed within `period` seconds; one more gives up."""
    period: float = 300.0
    backoff: Backoff = field(default_factory=Backoff)
    exhausted: Exhausted = "escalate"
    """escalate: giving up is a failure of this supervisor. park: the child that cannot run, alone, is set
    aside until it is started by hand; restarts are then counted for each child by itself."""

    def __post_init__(self) -> None:
        _check_name(self.name)
        _one_of(f"{self.name}.strategy", self.strategy, get_args(Strategy))
        _one_of(f"{self.name}.exhausted", self.exhausted, get_args(Exhausted))
        _count(f"{self.name}.intensity", self.intensity, 0)
        _above(f"{self.name}.period", self.period, 0)
        _check_backoff(self.name, self.backoff)
        self._check_names()
        self._check_parking()
        needed = self.backoff.worst_total(self.intensity + 1) + self.intensity * self._slowest_child()
        _require(
            needed < self.period,
            f"{self.name}.period",
            self.period,
            f"can never escalate: {self.intensity + 1} restarts may take {needed:.1f} s in waits alone; "
            "lengthen period, or lower intensity or backoff",
        )

    def leaves(self) -> Iterator[ChildSpec]:
        """Every actor below, in the order of their start."""
        for child in self.children:
            if isinstance(child, ChildSpec):
                yield child
            else:
                yield from child.leaves()

    def supervisors(self) -> Iterator[SupervisorSpec]:
        """The supervisor itself and those below it, each before what is below it."""
        yield self
        for child in self.children:
            if isinstance(child, SupervisorSpec):
                yield from child.supervisors()

    def names(self) -> Iterator[str]:
        """The names of this supervisor and of everything below it."""
        yield self.name
        for group in self.supervisors():
            yield from (child.name for child in group.children)

    def time_to_give_up(self) -> float:
        """The longest that children which fail at once can keep this supervisor from giving up, in seconds."""
        failures = self.intensity + 1
        return self.backoff.worst_total(failures) + failures * self._slowest_child()

    def _slowest_child(self) -> float:
        return max((c.time_to_give_up() for c in self.children if isinstance(c, SupervisorSpec)), default=0.0)

    def _check_names(self) -> None:
        seen = set()
        for name in self.names():
            # file systems of macOS do not tell upper from lower case
            _require(name.lower() not in seen, f"{self.name}.children", name, "occurs more than once in the tree")
            seen.add(name.lower())

    def _check_parking(self) -> None:
        if self.exhausted == "park":
            plain = all(isinstance(child, ChildSpec) for child in self.children)
            rule = "needs strategy one_for_one and children that are no supervisors"
            _require(self.strategy == "one_for_one" and plain, f"{self.name}.exhausted", self.exhausted, rule)


def _check_name(name: str) -> None:
    rule = "must be 1 to 40 letters, digits, - or _, and not begin with - or _"
    _require(bool(_NAME.fullmatch(name)), "name", name, rule)
    _require(name.lower() != SUPERVISOR, "name", name, "is the supervisor's own address")


def _check_backoff(owner: str, backoff: Backoff) -> None:
    _at_least(f"{owner}.backoff.base", backoff.base, 0)
    _at_least(f"{owner}.backoff.factor", backoff.factor, 1)
    _at_least(f"{owner}.backoff.ceiling", backoff.ceiling, backoff.base)
    _at_least(f"{owner}.backoff.jitter", backoff.jitter, 0)


def _require(holds: bool, field_name: str, value: object, rule: str) -> None:
    if not holds:
        raise SpecError(field_name, value, rule)


def _one_of(field_name: str, value: str, allowed: tuple[str, ...]) -> None:
    _require(value in allowed, field_name, value, f"must be one of {', '.join(allowed)}")


def _at_least(field_name: str, value: float, least: float) -> None:
    _require(_finite(value) and value >= least, field_name, value, f"must be a number, at least {least:g}")


def _above(field_name: str, value: float, bound: float) -> None:
    _require(_finite(value) and value > bound, field_name, value, f"must be a number, more than {bound:g}")


def _count(field_name: str, value: int, least: int) -> None:
    _require(isinstance(value, int) and value >= least, field_name, value, f"must be a whole number, at least {least}")


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
