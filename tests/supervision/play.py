"""A stage for the supervisor's brain: processes are entries in a dict, time is a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from supervision import exits
from supervision.actions import Action, Added, Booted, Changed, Fell, GiveUp, Halted, Kill, Parked, Removed, Start, Stop
from supervision.backoff import Backoff
from supervision.exits import Ending
from supervision.spec import ChildSpec, SupervisorSpec
from supervision.tree import Tree

QUICK = Backoff(base=1.0, factor=2.0, ceiling=8.0, jitter=0.0)


def child(name: str, **options: object) -> ChildSpec:
    """A child whose target is never loaded."""
    return ChildSpec(name, "nowhere:Nothing", **options)  # type: ignore[arg-type]


def group(name: str, *children: ChildSpec | SupervisorSpec, **options: object) -> SupervisorSpec:
    """A supervisor with a back-off of 0, 1, 2, 4, 8 seconds."""
    return SupervisorSpec(name, children, **{"backoff": QUICK, **options})  # type: ignore[arg-type]


class Play:
    """Performs the actions of a tree at once, unless told otherwise, and keeps a trace of what happened."""

    def __init__(
        self, spec: SupervisorSpec, *, slow: Iterable[str] = (), random: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.tree = Tree(spec, random)
        self.now = 100.0
        self.slow = set(slow)
        """Children that start, and stop, only when the test says so."""
        self.live: dict[str, int] = {}
        self.trace: list[str] = []
        self.reports: list[Action] = []
        self.halted: int | None = None
        self._perform(self.tree.boot(self.now))

    def started(self, name: str, incarnation: int | None = None) -> None:
        """A slow child reports."""
        self._perform(self.tree.started(name, incarnation or self.live[name], self.now))

    def dies(self, name: str, ending: Ending = Ending.ABNORMAL) -> None:
        """A live child ends and is reaped."""
        incarnation = self.live.pop(name)
        self.trace.append(f"x{name}")
        self._perform(self.tree.exited(name, incarnation, ending, "crash", self.now))

    def exits(self, name: str, code: int) -> None:
        """A live child ends with this exit code."""
        self.dies(name, exits.ending(code))

    def passes(self, seconds: float) -> None:
        """Time goes by, ticking whenever the tree asks for it."""
        end = self.now + seconds
        while (due := self.tree.next_deadline()) is not None and due <= end:
            assert due > self.now, "the tree asks for a tick but does nothing in it"
            self.now = due
            self._perform(self.tree.tick(self.now))
        self.now = end

    def stop(self) -> None:
        self._perform(self.tree.stop(self.now))

    def stop_fast(self) -> None:
        self._perform(self.tree.stop_fast(self.now))

    def start_child(self, name: str) -> None:
        self._perform(self.tree.start_child(name, self.now))

    def stop_child(self, name: str) -> None:
        self._perform(self.tree.stop_child(name, self.now))

    def change(self, spec: SupervisorSpec) -> None:
        self._perform(self.tree.change(spec, self.now))

    def since(self) -> str:
        """The trace since the last call: +name started, -name told to stop, x name gone, !name killed."""
        text, self.trace = " ".join(self.trace), []
        return text

    def restarts(self, name: str) -> int:
        return next(leaf.restarts for leaf in self.tree.leaves() if leaf.spec.name == name)

    def children(self) -> dict[str, str]:
        """The state of each child, in the order of their start."""
        return {leaf.spec.name: leaf.state for leaf in self.tree.leaves()}

    def state(self, name: str) -> str:
        return self.children()[name]

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Start(name, incarnation):
                    assert name not in self.live, f"a second incarnation of {name}"
                    self.live[name] = incarnation
                    self.trace.append(f"+{name}")
                    if name not in self.slow:
                        self._perform(self.tree.started(name, incarnation, self.now))
                case Stop(name):
                    self.trace.append(f"-{name}")
                    if name not in self.slow:
                        self.dies(name, Ending.NORMAL)
                case Kill(name):
                    self.trace.append(f"!{name}")
                    self.dies(name)
                case Halted(code):
                    assert not self.live
                    self.halted = code
                case Changed():
                    pass
                case Booted() | Fell() | GiveUp() | Parked() | Added() | Removed():
                    self.reports.append(action)
