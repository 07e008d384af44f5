"""Whatever happens in whatever order, the supervisor keeps its promises."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from supervision.actions import Action, Added, Booted, Changed, Fell, GiveUp, Halted, Kill, Parked, Removed, Start, Stop
from supervision.backoff import Backoff
from supervision.errors import Rejected, SpecError
from supervision.exits import Ending
from supervision.nodes import Fate, Leaf
from supervision.spec import ChildSpec, SupervisorSpec
from supervision.tree import KILL_GRACE, Tree
from tests.supervision.play import child, group

NAMES = ["kilo", "bravo", "zulu", "alpha", "mike", "echo", "lima", "golf", "tango", "hotel"]
STRATEGIES = st.sampled_from(["one_for_one", "rest_for_one", "one_for_all"])
RESTARTS = st.sampled_from(["permanent", "permanent", "permanent", "transient", "temporary"])
ENDINGS = st.sampled_from([*[Ending.ABNORMAL] * 12, *[Ending.NORMAL] * 5, Ending.CONFIGURATION, Ending.REFUSED])
PERIOD = 4000.0


@st.composite
def leaves(draw: st.DrawFn, name: str) -> ChildSpec:
    return child(
        name,
        restart=draw(RESTARTS),
        stop_limit=draw(st.sampled_from([0.0, 1.0, 1.0])),
        parked=draw(st.integers(0, 7)) == 0,
        kwargs={"version": draw(st.integers(0, 1))},
    )


@st.composite
def specs(draw: st.DrawFn) -> SupervisorSpec:
    """A tree of three levels with a parking supervisor somewhere in it."""
    names = iter(NAMES)

    def some() -> list[ChildSpec]:
        return [draw(leaves(next(names))) for _ in range(draw(st.integers(1, 2)))]

    def supervisor(name: str, *children: ChildSpec | SupervisorSpec, **options: object) -> SupervisorSpec:
        backoff = Backoff(base=0.5, factor=2.0, ceiling=2.0, jitter=0.1)
        return group(name, *children, intensity=draw(st.integers(0, 3)), period=PERIOD, backoff=backoff, **options)

    low = supervisor("low", *some(), strategy=draw(STRATEGIES))
    middle = supervisor("middle", *some(), low, strategy=draw(STRATEGIES))
    parking = supervisor("parking", *some(), exhausted="park")
    return supervisor("root", *some(), middle, parking, strategy=draw(STRATEGIES))


@st.composite
def changes(draw: st.DrawFn, spec: SupervisorSpec, spare: list[str]) -> SupervisorSpec:
    """The specification with children changed, removed, added and parked here and there."""
    children: list[ChildSpec | SupervisorSpec] = []
    for one in spec.children:
        if isinstance(one, SupervisorSpec):
            children.append(draw(changes(one, spare)))
            continue
        what = draw(st.sampled_from(["keep", "keep", "change", "remove", "park"]))
        if what == "change":
            children.append(draw(leaves(one.name)))
        elif what == "park":
            children.append(replace(one, parked=not one.parked))
        elif what == "keep":
            children.append(one)
    if spare and draw(st.integers(0, 3)) == 0:
        children.insert(draw(st.integers(0, len(children))), draw(leaves(spare.pop())))
    return replace(spec, children=tuple(children), intensity=draw(st.integers(0, 3)))


class Supervision(RuleBasedStateMachine):
    """Processes that report, die, hang and ignore orders at any time, and people who intervene."""

    @initialize(spec=specs(), kind=st.sampled_from([True, True, True, False]))
    def boot(self, spec: SupervisorSpec, kind: bool) -> None:
        self.tree = Tree(spec, lambda: 0.5)
        self.adopt(spec)
        self.spare = NAMES[len(self.order) :]
        self.now = 0.0
        self.live: dict[str, int] = {}
        self.up: set[str] = set()
        self.came_up: set[str] = set()
        self.born: dict[str, int] = {}
        self.dead: list[tuple[str, int]] = []
        self.told_to_stop: dict[str, float] = {}
        self.meant: set[str] = set()
        """Children whose process goes because a person, or another specification, wants it so."""
        self.failures: list[tuple[str, bool]] = []
        """Who died unasked, and whether before it had reported."""
        self.booted = self.stopping = self.fast = False
        self.halted: int | None = None
        self.held = {leaf.name for leaf in spec.leaves() if leaf.parked}
        """Parked children, which only a person or another specification may set free."""
        self.perform(self.tree.boot(self.now))
        if kind:
            self.be_kind()

    def adopt(self, spec: SupervisorSpec) -> None:
        self.spec = spec
        self.order = [leaf.name for leaf in spec.leaves()]
        self.supervisors = {one.name: one for one in spec.supervisors()}
        homes = {one.name: above.name for above in spec.supervisors() for one in above.children}
        self.homes = {**getattr(self, "homes", {}), **homes}
        """Under which supervisor each child and supervisor is, or was when it was removed."""

    # --- what must hold of each action ----------------------------------------------------------

    def perform(self, actions: list[Action]) -> None:
        for action in actions:
            assert self.halted is None, f"{action} after the end"
            match action:
                case Start(name, incarnation):
                    self.check_start(name, incarnation)
                    self.live[name] = self.born[name] = incarnation
                    self.meant.discard(name)
                case Stop(name, limit):
                    assert limit > 0
                    self.check_turn(name)
                    self.told_to_stop[name] = self.now + limit + KILL_GRACE
                case Kill(name):
                    if name not in self.told_to_stop and not self.fast:
                        assert self.leaf(name).spec.stop_limit == 0, "killed, but never asked"
                        self.check_turn(name)
                    assert self.fast or self.now >= self.told_to_stop.get(name, 0.0)
                    self.told_to_stop[name] = self.now
                case Parked(name):
                    self.held.add(name)
                case Booted():
                    assert not self.booted
                    self.booted = True
                case GiveUp(code):
                    assert not self.stopping
                    assert code in (10, 70, 78)
                    self.stopping = True
                case Halted(code):
                    assert self.stopping
                    assert not self.live
                    self.halted = code
                case Added(name) | Removed(name):
                    assert name not in self.live
                case Changed(name) | Fell(name):
                    assert name in self.homes

    def check_start(self, name: str, incarnation: int) -> None:
        assert not self.stopping, "born after a stop began"
        assert name not in self.live, "two live incarnations"
        assert name not in self.held, "parked"
        assert incarnation == self.born.get(name, 0) + 1
        home = self.homes[name]
        alone = self.supervisors[home].strategy == "one_for_one"
        for other in self.order[: self.order.index(name)]:
            down = self.leaf(other).state in ("parked", "stopped", "stopping")
            if self.homes[other] == home and not alone:
                assert other in self.up or down, f"{name} before {other} was up"
            elif not self.booted and name not in self.born:
                assert other in self.came_up or down, f"{name} before {other} had come up"

    def check_turn(self, name: str) -> None:
        """The child may be told to go: it is its turn, and there is a reason."""
        assert name in self.live
        assert name not in self.told_to_stop, "told twice"
        if self.stopping and name in self.order:
            later = self.order[self.order.index(name) + 1 :]
            assert not any(other in self.live for other in later), "not in reverse order"
        elif not self.stopping and name not in self.meant:
            assert any(self.reaches(failed, at_start, name) for failed, at_start in self.failures), "a bystander"

    def reaches(self, failed: str, at_start: bool, name: str) -> bool:
        """Whether the end of `failed` can be why `name` has to go: by a strategy, or because a supervisor fell."""
        node = failed
        while node in self.homes:
            home = self.supervisors[self.homes[node]]
            nodes = [one.name for one in home.children]
            first = nodes.index(node) if node in nodes else 0
            scope = {"one_for_one": [node], "rest_for_one": nodes[first:], "one_for_all": nodes}[home.strategy]
            if any(one in scope for one in self.above(name)) and name != failed:
                return True
            falls = at_start or sum(home.name in self.above(one) for one, _ in self.failures) > home.intensity
            if home.exhausted == "park" or not falls:
                return False
            if home.name in self.above(name):
                return True
            node = home.name
        return False

    def above(self, name: str) -> list[str]:
        """The child itself and the supervisors it belongs to."""
        found = [name]
        while found[-1] in self.homes:
            found.append(self.homes[found[-1]])
        return found

    def leaf(self, name: str) -> Leaf:
        return next(leaf for leaf in self.tree.leaves() if leaf.spec.name == name)

    # --- what can happen ------------------------------------------------------------------------

    @precondition(lambda self: set(self.live) - self.up)
    @rule(data=st.data())
    def a_child_reports_itself_started(self, data: st.DataObject) -> None:
        self.reports(data.draw(st.sampled_from(sorted(set(self.live) - self.up))))

    def reports(self, name: str) -> None:
        self.up.add(name)
        self.came_up.add(name)
        self.perform(self.tree.started(name, self.live[name], self.now))

    @precondition(lambda self: self.live)
    @rule(data=st.data(), ending=ENDINGS)
    def a_child_ends(self, data: st.DataObject, ending: Ending) -> None:
        self.ends(data.draw(st.sampled_from(sorted(self.live))), ending)

    def ends(self, name: str, ending: Ending) -> None:
        incarnation = self.live.pop(name)
        self.dead.append((name, incarnation))
        if self.told_to_stop.pop(name, None) is None:
            self.failures.append((name, name not in self.up))
        self.up.discard(name)
        self.perform(self.tree.exited(name, incarnation, ending, "crash", self.now))

    @precondition(lambda self: self.dead)
    @rule(data=st.data(), ending=ENDINGS)
    def an_event_comes_late_or_twice(self, data: st.DataObject, ending: Ending) -> None:
        name, incarnation = data.draw(st.sampled_from(self.dead))
        assert self.tree.exited(name, incarnation, ending, "again", self.now) == []
        assert self.tree.started(name, incarnation, self.now) == []

    @precondition(lambda self: self.up)
    @rule(data=st.data())
    def a_child_reports_twice(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.up)))
        assert self.tree.started(name, self.live[name], self.now) == []

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 5.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.perform(self.tree.tick(self.now))

    @precondition(lambda self: self.order)
    @rule(data=st.data(), start=st.booleans())
    def a_person_starts_or_stops_a_child(self, data: st.DataObject, start: bool) -> None:
        name = data.draw(st.sampled_from(self.order))
        with contextlib.suppress(Rejected):
            actions = (self.tree.start_child if start else self.tree.stop_child)(name, self.now)
            self.meant.add(name)
            (self.held.discard if start else self.held.add)(name)
            self.perform(actions)

    @rule(data=st.data())
    def the_specification_changes(self, data: st.DataObject) -> None:
        spare = list(self.spare)
        spec = data.draw(changes(self.spec, spare))
        before = {leaf.name: leaf for leaf in self.spec.leaves()}
        try:
            actions = self.tree.change(spec, self.now)
        except Rejected:
            assert self.stopping or not self.booted
            return
        except SpecError:  # a child returns under another supervisor before its last process is gone
            return
        assert self.booted
        self.spare = spare
        after = {leaf.name: leaf for leaf in spec.leaves()}
        self.spare += [name for name in before if name not in after]
        self.meant |= {name for name in before if after.get(name) != before[name]}
        self.held = {leaf.spec.name for leaf in self.tree.leaves() if leaf.fate is Fate.PARK}
        self.adopt(spec)
        self.perform(actions)

    @precondition(lambda self: self.booted)
    @rule(fast=st.sampled_from([False, True]))
    def a_stop_is_asked_for(self, fast: bool) -> None:
        self.stopping = True
        self.fast = self.fast or fast
        self.perform((self.tree.stop_fast if fast else self.tree.stop)(self.now))

    # --- what must hold at any time -------------------------------------------------------------

    @invariant()
    def counts_are_exact(self) -> None:
        for leaf in self.tree.leaves():
            assert leaf.live == (leaf.spec.name in self.live)
            assert leaf.incarnation == self.born.get(leaf.spec.name, 0)
            assert leaf.restarts <= max(0, leaf.incarnation - 1)
        assert set(self.live) <= {leaf.spec.name for leaf in self.tree.leaves()}

    @invariant()
    def a_deadline_lies_ahead(self) -> None:
        due = self.tree.next_deadline()
        assert due is None or due > self.now

    def teardown(self) -> None:
        """Nobody is forgotten: in a kind world all who shall run do, and then a stop ends."""
        self.be_kind()
        if self.halted is None:
            for leaf in self.tree.leaves():
                ended = leaf.spec.restart != "permanent" and leaf.state == "stopped"
                assert leaf.state == "running" or ended or (leaf.state == "parked" and leaf.spec.name in self.held)
            self.stopping = True
            self.perform(self.tree.stop(self.now))
            self.be_kind()
        assert self.halted is not None

    def be_kind(self) -> None:
        """Everybody starts and stops as told, and time passes, until nothing is left to happen."""
        for _ in range(1000):
            if self.halted is not None:
                return
            starting = sorted(set(self.live) - self.up - set(self.told_to_stop))
            due = self.tree.next_deadline()
            if self.told_to_stop:
                self.ends(min(self.told_to_stop), Ending.NORMAL)
            elif starting:
                self.reports(starting[0])
            elif due is not None:
                self.now = due
                self.perform(self.tree.tick(self.now))
            else:
                return
        raise AssertionError("it never comes to rest")


Supervision.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestSupervision = Supervision.TestCase
