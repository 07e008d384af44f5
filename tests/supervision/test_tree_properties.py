"""Whatever happens in whatever order, the supervisor keeps its promises."""

from __future__ import annotations

import contextlib

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from supervision.actions import Action, Changed, GiveUp, Halted, Kill, Parked, Start, Stop
from supervision.backoff import Backoff
from supervision.errors import Rejected
from supervision.exits import Ending
from supervision.spec import ChildSpec, SupervisorSpec
from supervision.tree import Tree
from tests.supervision.play import child, group

STRATEGIES = st.sampled_from(["one_for_one", "rest_for_one", "one_for_all"])
RESTARTS = st.sampled_from(["permanent", "permanent", "transient", "temporary"])
ENDINGS = st.sampled_from([Ending.ABNORMAL, Ending.ABNORMAL, Ending.NORMAL])


@st.composite
def specs(draw: st.DrawFn) -> SupervisorSpec:
    """A tree of two levels with a parking supervisor somewhere in it."""
    names = iter(["kilo", "bravo", "zulu", "alpha", "mike", "echo", "lima"])

    def leaves() -> list[ChildSpec]:
        return [child(next(names), restart=draw(RESTARTS), stop_limit=1.0) for _ in range(draw(st.integers(1, 2)))]

    def supervisor(name: str, *children: ChildSpec | SupervisorSpec, **options: object) -> SupervisorSpec:
        backoff = Backoff(base=0.5, factor=2.0, ceiling=2.0, jitter=0.1)
        return group(name, *children, intensity=draw(st.integers(0, 3)), period=400.0, backoff=backoff, **options)

    first = supervisor("one", *leaves(), strategy=draw(STRATEGIES))
    second = supervisor("two", *leaves(), exhausted="park")
    return supervisor("root", child(next(names)), first, second, strategy=draw(STRATEGIES))


class Supervision(RuleBasedStateMachine):
    """Processes that report, die, hang and ignore orders at any time."""

    @initialize(spec=specs())
    def boot(self, spec: SupervisorSpec) -> None:
        self.tree = Tree(spec, lambda: 0.5)
        self.order = [leaf.name for leaf in spec.leaves()]
        self.now = 0.0
        self.live: dict[str, int] = {}
        self.up: set[str] = set()
        self.told_to_stop: dict[str, float] = {}
        self.born: dict[str, int] = {}
        self.stopping = False
        self.halted: int | None = None
        self.perform(self.tree.boot(self.now))

    def perform(self, actions: list[Action]) -> None:
        for action in actions:
            assert self.halted is None, f"{action} after the end"
            match action:
                case Start(name, incarnation):
                    assert not self.stopping, "born after a stop began"
                    assert name not in self.live, "two live incarnations"
                    assert incarnation == self.born.get(name, 0) + 1
                    self.live[name] = self.born[name] = incarnation
                case Stop(name, limit):
                    assert name in self.live
                    assert name not in self.told_to_stop, "told twice"
                    if self.stopping:
                        later = self.order[self.order.index(name) + 1 :]
                        assert not any(other in self.live for other in later), "not in reverse order"
                    self.told_to_stop[name] = self.now + limit
                case Kill(name):
                    assert self.now >= self.told_to_stop[name]
                case GiveUp(code):
                    assert code == 70
                    self.stopping = True
                case Halted(code):
                    assert not self.live
                    self.halted = code
                case Changed() | Parked():
                    assert action.name in self.order

    @precondition(lambda self: set(self.live) - self.up)
    @rule(data=st.data())
    def a_child_reports_itself_started(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(set(self.live) - self.up)))
        self.up.add(name)
        self.perform(self.tree.started(name, self.live[name], self.now))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), ending=ENDINGS)
    def a_child_ends(self, data: st.DataObject, ending: Ending) -> None:
        name = data.draw(st.sampled_from(sorted(self.live)))
        incarnation = self.live.pop(name)
        self.up.discard(name)
        self.told_to_stop.pop(name, None)
        self.perform(self.tree.exited(name, incarnation, ending, "crash", self.now))
        assert self.tree.exited(name, incarnation, ending, "again", self.now) == []

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.perform(self.tree.tick(self.now))
        due = self.tree.next_deadline()
        assert due is None or due > self.now

    @precondition(lambda self: not self.stopping)
    @rule(data=st.data(), start=st.booleans())
    def a_person_starts_or_stops_a_child(self, data: st.DataObject, start: bool) -> None:
        name = data.draw(st.sampled_from(self.order))
        with contextlib.suppress(Rejected):
            self.perform((self.tree.start_child if start else self.tree.stop_child)(name, self.now))

    @precondition(lambda self: not self.stopping and len(self.born) == len(self.order))
    @rule()
    def a_stop_is_asked_for(self) -> None:
        self.stopping = True
        self.perform(self.tree.stop(self.now))

    @invariant()
    def counts_are_exact(self) -> None:
        for leaf in self.tree.leaves():
            assert leaf.live == (leaf.spec.name in self.live)
            assert leaf.incarnation == self.born.get(leaf.spec.name, 0)
            assert leaf.restarts <= max(0, leaf.incarnation - 1)

    @invariant()
    def it_never_gets_stuck(self) -> None:
        """What is down and wanted waits for time, for a child that starts or for one that leaves."""
        waiting = [leaf for leaf in self.tree.leaves() if leaf.state == "backing_off"]
        in_motion = self.tree.next_deadline() is not None or self.told_to_stop or set(self.live) - self.up
        assert not waiting or in_motion

    def teardown(self) -> None:
        """From wherever it is, a stop ends: every child is told or killed, in reverse order, and the tree halts."""
        if not self.stopping:
            self.a_stop_is_asked_for()
        for _ in range(len(self.order) + 1):
            for name in sorted(set(self.live) & set(self.told_to_stop)):
                incarnation = self.live.pop(name)
                self.told_to_stop.pop(name)
                self.perform(self.tree.exited(name, incarnation, Ending.NORMAL, "shutdown", self.now))
        assert self.halted is not None


Supervision.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestSupervision = Supervision.TestCase
