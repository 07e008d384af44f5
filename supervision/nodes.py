"""The supervisor's memory: one Leaf for each child, one Group for each supervisor of the tree.

Data and questions about it; every decision is in `tree.py`. A leaf knows two things apart: what is (its
`phase`) and what shall be (its `fate`), and the tree works until they agree.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from supervision.backoff import RestartWindow
from supervision.lifecycle import ChildState
from supervision.spec import ChildSpec, SupervisorSpec


class Phase(Enum):
    """What a child's process is doing. DOWN: it was reaped, or never born."""

    DOWN = "down"
    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"


class Fate(Enum):
    """What shall become of a child."""

    RUN = "run"
    END = "end"
    """It ended by itself and is not restarted for its own sake."""
    HALT = "halt"
    """It is stopped for good: the tree stops."""
    PARK = "park"
    """It is set aside until it is started by hand."""
    GONE = "gone"
    """It is no longer part of the tree, which forgets it when it is down."""


@dataclass(eq=False)
class Node(ABC):
    """What children and supervisors have in common: a place in the tree and a history of failures."""

    parent: Group | None
    window: RestartWindow = field(default_factory=RestartWindow)
    """For a supervisor the restarts of its children; for a child of a parking supervisor its own."""
    cleared: bool = False
    """It has come up since the restart that took it down; what comes after it need not wait for it."""
    attempts: int = 0
    """Restarts in a row, without healthy life between them."""
    healthy_since: float = math.inf
    """When it came up; never, while it is not up."""

    def path(self) -> Iterator[tuple[Node, Group]]:
        """Pairs of node and parent, from here up to the root."""
        node, parent = self, self.parent
        while parent is not None:
            yield node, parent
            node, parent = parent, parent.parent

    @abstractmethod
    def leaves(self) -> Iterator[Leaf]:
        """Every child at or below this node, in the order of their start."""

    @property
    def passed(self) -> bool:
        """Whether what starts after this node need not wait for it."""
        return self.cleared

    def forget(self) -> None:
        """Start over with a clean history."""
        self.window.clear()
        self.attempts = 0


@dataclass(eq=False)
class Leaf(Node):
    """One child."""

    spec: ChildSpec = field(kw_only=True)
    phase: Phase = Phase.DOWN
    fate: Fate = Fate.RUN
    incarnation: int = 0
    restarts: int = 0
    fresh: bool = True
    """The present start, or the next, is no restart: the first, ordered by hand, or with another specification."""
    on_trial: bool = False
    """Its present start was ordered by hand or by a new configuration: if it fails, it is parked, not tried again."""
    due: float = 0.0
    """Not to be started before this time."""
    kill_at: float | None = None
    """When its time to stop is over; None when no stop was asked for, or when it was killed already."""
    cohort: tuple[Leaf, ...] = ()
    """The children it goes down with, in the order of their start: each goes after the one behind it is gone, and
    none starts again before all are. Empty: it need not go, or goes alone."""
    reported: ChildState = "stopped"

    def leaves(self) -> Iterator[Leaf]:
        yield self

    @property
    def passed(self) -> bool:
        return self.cleared or self.fate is not Fate.RUN

    @property
    def live(self) -> bool:
        """Whether a process exists."""
        return self.phase is not Phase.DOWN

    @property
    def stays(self) -> bool:
        """Whether its present process, if there is one, shall go on living."""
        return self.fate is Fate.RUN and not self.cohort

    @property
    def leaving(self) -> bool:
        """Whether its present process shall go."""
        return self.live and not self.stays

    def behind(self) -> tuple[Leaf, ...]:
        """Those it goes down with that have to be gone before it."""
        return self.cohort[self.cohort.index(self) + 1 :] if self.cohort else ()

    def order(self, now: float) -> None:
        """Have it start, with a fresh history, as soon as what is left of its last process is gone."""
        self.fate = Fate.RUN
        self.fresh = True
        self.on_trial = True
        self.cleared = False
        self.due = now
        self.forget()
        if self.live:
            self.cohort = (self,)

    @property
    def state(self) -> ChildState:
        """The state in the words of the lifecycle messages."""
        if self.phase is Phase.STARTING:
            return "starting"
        if self.phase is Phase.UP:
            return "running"
        if self.phase is Phase.STOPPING:
            return "stopping"
        if self.fate is Fate.RUN:
            return "backing_off" if self.incarnation else "stopped"
        return "parked" if self.fate is Fate.PARK else "stopped"


@dataclass(eq=False)
class Group(Node):
    """One supervisor of the tree."""

    spec: SupervisorSpec = field(kw_only=True)
    children: list[Node] = field(default_factory=list)
    falling: str | None = None
    """Why it failed; when the last of its children is gone, its own supervisor decides what follows."""

    def leaves(self) -> Iterator[Leaf]:
        for child in self.children:
            yield from child.leaves()

    def groups(self) -> Iterator[Group]:
        """The supervisor itself and those below it, each before what is below it."""
        yield self
        for child in self.children:
            if isinstance(child, Group):
                yield from child.groups()

    @property
    def starting(self) -> bool:
        """Whether it has not yet come up with all its children, at the boot or since its restart."""
        return self.healthy_since == math.inf

    @property
    def parks(self) -> bool:
        """Whether a child that cannot run is set aside instead of bringing this supervisor down."""
        return self.spec.exhausted == "park"

    def before(self, child: Node) -> list[Node]:
        """The siblings that start before `child`."""
        return self.children[: self.children.index(child)]

    def after(self, child: Node) -> list[Node]:
        """The siblings that start after `child`."""
        return self.children[self.children.index(child) + 1 :]

    def restarted_with(self, child: Node) -> list[Node]:
        """What the strategy restarts when `child` fails, in the order of their start."""
        match self.spec.strategy:
            case "one_for_one":
                return [child]
            case "rest_for_one":
                return [child, *self.after(child)]
            case "one_for_all":
                return list(self.children)

    def begin_anew(self) -> None:
        """As after its own restart: the children come up in order, with clean histories."""
        self.window.clear()
        self.healthy_since = math.inf
        self.falling = None
        for child in self.children:
            child.cleared = False
            child.forget()
            if isinstance(child, Group):
                child.begin_anew()


def grow(spec: SupervisorSpec, parent: Group | None = None) -> Group:
    """The nodes of a specification."""
    group = Group(parent, spec=spec)
    for child in spec.children:
        group.children.append(grow(child, group) if isinstance(child, SupervisorSpec) else grow_leaf(child, group))
    return group


def grow_leaf(spec: ChildSpec, parent: Group) -> Leaf:
    """The node of a child, which is not yet in its supervisor's list."""
    return Leaf(parent, spec=spec, fate=Fate.PARK if spec.parked else Fate.RUN)
