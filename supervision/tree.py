"""The supervisor's brain: events in, actions out. No clock, no process, no thread, no randomness of its own.

Rules, after OTP's supervisor:
- start in order, each child after the one before has reported started; stop in reverse, each after the one
  behind is gone; a successor is born only after its predecessor was reaped;
- an event of an older incarnation, or one that came twice, changes nothing;
- a supervisor that starts, at the boot or again, fails with the first child that cannot start; later a start
  that fails is tried again, and every try counts as a restart; one ordered by hand is not tried again;
- what is restarted together counts once; a supervisor with too many restarts stops its children, then its
  own supervisor restarts it and counts that; at the root it ends the service with exit code 70;
- a child that cannot start yet (exit code 75) is tried again, ever slower, at the boot too, and this never counts;
- a configuration error (exit code 78) or a refusal (10) ends the service, or parks the child where its supervisor does;
- nothing is born after a stop began.
Each event is a method; all take `now` (monotonic seconds) and return actions to be performed in order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal

from supervision import reload
from supervision.actions import Action, Added, Booted, Changed, Fell, GiveUp, Halted, Kill, Parked, Removed, Start, Stop
from supervision.errors import Rejected
from supervision.exits import CRASH, FINAL, NORMAL, Ending
from supervision.nodes import Fate, Group, Leaf, Node, Phase, grow
from supervision.spec import SupervisorSpec

KILL_GRACE = 0.5
"""Seconds between the end of a child's stop limit and its kill, so that one who uses all of it can still leave."""


class Tree:
    """One supervision tree. `random` returns numbers in [0, 1) that spread the back-off."""

    def __init__(self, spec: SupervisorSpec, random: Callable[[], float]) -> None:
        self._root = grow(spec)
        self._leaves = {leaf.spec.name: leaf for leaf in self._root.leaves()}
        self._removed: dict[str, int] = {}
        """The last incarnations of children that are no more, so that one of the same name counts on."""
        self._random = random
        self._out: list[Action] = []
        self._phase: Literal["starting", "running", "stopping", "halted"] = "starting"
        self._code = NORMAL

    # --- events ---------------------------------------------------------------------------------

    def boot(self, now: float) -> list[Action]:
        """Begin to start the children; the first event of all."""
        return self._settle(now)

    def started(self, name: str, incarnation: int, now: float) -> list[Action]:
        """The incarnation answers messages."""
        leaf = self._leaves.get(name)
        if leaf is not None and leaf.incarnation == incarnation and leaf.phase is Phase.STARTING:
            leaf.phase = Phase.UP
            leaf.healthy_since = now
            leaf.cleared = True
            leaf.on_trial = False
        return self._settle(now)

    def exited(self, name: str, incarnation: int, ending: Ending, why: str, now: float) -> list[Action]:
        """The incarnation was reaped, or could not be born; `why` is for the report when this has consequences."""
        leaf = self._leaves.get(name)
        if leaf is not None and leaf.incarnation == incarnation and leaf.live:
            came_up = leaf.phase is not Phase.STARTING
            leaf.phase = Phase.DOWN
            leaf.kill_at = None
            if leaf.stays:
                self._ended(leaf, ending, f"{name}: {why}" if came_up else f"{name} failed to start: {why}", now)
        return self._settle(now)

    def tick(self, now: float) -> list[Action]:
        """Time has passed; due at the latest at `next_deadline`."""
        return self._settle(now)

    def stop(self, now: float) -> list[Action]:
        """Stop everything in reverse order and halt with code 0."""
        self._begin_stop()
        return self._settle(now)

    def stop_fast(self, now: float) -> list[Action]:
        """Kill everything at once, without its order, and halt."""
        self._begin_stop()
        for leaf in self._leaves.values():
            if leaf.live:
                self._kill(leaf)
        return self._settle(now)

    def start_child(self, name: str, now: float) -> list[Action]:
        """Start a parked or ended child again, with a fresh history. Raises Rejected."""
        leaf = self._child_by_hand(name)
        if leaf.live or leaf.fate is Fate.RUN:
            raise Rejected(f"{name} is {leaf.state}; only a parked or stopped child can be started")
        leaf.order(now)
        return self._settle(now)

    def stop_child(self, name: str, now: float) -> list[Action]:
        """Stop a child and keep it parked until `start_child`. Raises Rejected."""
        leaf = self._child_by_hand(name)
        if leaf.fate in (Fate.PARK, Fate.GONE):
            raise Rejected(f"{name} is {leaf.state} already")
        leaf.fate = Fate.PARK
        return self._settle(now)

    def change(self, spec: SupervisorSpec, now: float) -> list[Action]:
        """Go over to another specification of the same supervisors; what did not change in it is not touched.

        Children that are new are started, those that are missing stopped and forgotten, changed ones stopped and then
        started. Raises Rejected while the tree does not run, SpecError for what needs a full restart; then nothing
        has changed.
        """
        if self._phase != "running":
            raise Rejected(f"the service is {self._phase}; its configuration can change only while it runs")
        for leaf in reload.change(self._root, spec, now):
            leaf.incarnation = self._removed.pop(leaf.spec.name, 0)
            self._out.append(Added(leaf.spec.name))
        self._leaves = {leaf.spec.name: leaf for leaf in self._root.leaves()}
        return self._settle(now)

    # --- questions ------------------------------------------------------------------------------

    @property
    def phase(self) -> Literal["starting", "running", "stopping", "halted"]:
        """What the tree as a whole is doing."""
        return self._phase

    def leaves(self) -> Iterator[Leaf]:
        """Every child in the order of their start, to look at."""
        return iter(self._leaves.values())

    def next_deadline(self) -> float | None:
        """When `tick` is due; None: not before another event."""
        times = [leaf.kill_at for leaf in self._leaves.values() if leaf.kill_at is not None]
        times += [leaf.due for leaf in self._leaves.values() if not leaf.live and self._may_start(leaf)]
        return min(times, default=None)

    # --- failures -------------------------------------------------------------------------------

    def _ended(self, leaf: Leaf, ending: Ending, why: str, now: float) -> None:
        """A child that should live is dead: what follows from its restart type and the way it ended."""
        group = leaf.parent
        assert group is not None
        with_its_supervisor = group.starting and not leaf.cleared
        if ending in FINAL and not group.parks:
            self._give_up(FINAL[ending], why)
        elif ending is Ending.NOT_YET:
            self._forgive(leaf, group, now)
            self._again(leaf, group, now)
        elif ending is Ending.NORMAL and leaf.spec.restart != "permanent":
            leaf.fate = Fate.END
        elif ending in FINAL or leaf.on_trial or (with_its_supervisor and group.parks):
            self._park(leaf, why)
        elif leaf.spec.restart == "temporary" and not with_its_supervisor:
            leaf.fate = Fate.END
        else:
            self._forgive(leaf, group, now)
            self._failed(leaf, why, now)

    def _failed(self, node: Node, why: str, now: float) -> None:
        """Restart a child or supervisor as its own supervisor's strategy says, or let that one fail in turn."""
        group = node.parent
        assert group is not None  # the root does not fail, it gives up
        if group.starting and not node.cleared:
            self._fall(group, why, now)
        elif (node if group.parks else group).window.add(now, intensity=group.spec.intensity, period=group.spec.period):
            self._again(node, group, now)
        else:
            why = f"{why}; more than {group.spec.intensity} restarts in {group.spec.period:g} s under {group.spec.name}"
            if isinstance(node, Leaf) and group.parks:
                self._park(node, why)
            else:
                self._fall(group, why, now)

    def _again(self, node: Node, group: Group, now: float) -> None:
        due = now + group.spec.backoff.delay(node.attempts, self._random())
        node.attempts += 1
        self._restart(node, group, due)

    def _forgive(self, node: Node, group: Group, now: float) -> None:
        if now - node.healthy_since >= group.spec.backoff.healthy_after:
            node.attempts = 0

    def _fall(self, group: Group, why: str, now: float) -> None:
        """A supervisor fails: its children are stopped first, then its own supervisor decides."""
        if group.parent is None:
            self._give_up(CRASH, why)
            return
        self._forgive(group, group.parent, now)
        for below in group.groups():
            below.falling = None
        group.falling = why
        self._out.append(Fell(group.spec.name, why))
        cohort = tuple(group.leaves())
        for leaf in cohort:
            leaf.cohort = cohort

    def _restart(self, failed: Node, group: Group, due: float) -> None:
        """Take down `failed` and whatever shares its lot, to be started again in order at `due`."""
        nodes = group.restarted_with(failed)
        cohort = tuple(leaf for node in nodes for leaf in node.leaves() if leaf.fate in (Fate.RUN, Fate.END))
        for leaf in cohort:
            leaf.cohort = cohort
            leaf.due = due
            leaf.fresh = leaf.incarnation == 0
            leaf.on_trial = False
            removed = leaf.parent is group and leaf.spec.restart == "temporary"
            leaf.fate = Fate.END if removed else Fate.RUN
        for node in nodes:
            # alone in a one_for_one, it comes back without regard to the others
            if group.spec.strategy != "one_for_one":
                node.cleared = False
            if isinstance(node, Group):
                node.begin_anew()

    def _park(self, leaf: Leaf, why: str) -> None:
        leaf.fate = Fate.PARK
        self._out.append(Parked(leaf.spec.name, why))

    def _give_up(self, code: int, why: str) -> None:
        self._begin_stop()
        self._code = code
        self._out.append(GiveUp(code, why))

    def _begin_stop(self) -> None:
        if self._phase != "halted":
            self._phase = "stopping"
        for group in self._root.groups():
            group.falling = None
        cohort = tuple(self._root.leaves())
        for leaf in cohort:
            leaf.cohort = cohort
            if leaf.fate is not Fate.PARK:
                leaf.fate = Fate.HALT

    # --- towards what shall be ------------------------------------------------------------------

    def _settle(self, now: float) -> list[Action]:
        """Do what can be done now, report what changed, and hand out the actions."""
        # what is below first: one that is gone may let the one above fail
        for group in reversed([*self._root.groups()]):
            if group.falling is not None and not any(leaf.live for leaf in group.leaves()):
                why, group.falling = group.falling, None
                self._failed(group, why, now)
        for leaf in self._leaves.values():
            if leaf.leaving:
                self._take_down(leaf, now)
        for leaf in self._leaves.values():
            if not any(member.leaving for member in leaf.cohort):
                leaf.cohort = ()
        self._clear(now)
        for leaf in self._leaves.values():
            if not leaf.live and self._may_start(leaf) and leaf.due <= now:
                self._start(leaf)
        self._report()
        out, self._out = self._out, []
        return out

    def _take_down(self, leaf: Leaf, now: float) -> None:
        """Ask a child to leave when its turn has come, and kill it when its time is over."""
        if leaf.phase is not Phase.STOPPING:
            if any(member.leaving for member in leaf.behind()):
                return
            if leaf.spec.stop_limit == 0:
                self._kill(leaf)
                return
            leaf.phase = Phase.STOPPING
            leaf.kill_at = now + leaf.spec.stop_limit + KILL_GRACE
            self._out.append(Stop(leaf.spec.name, leaf.spec.stop_limit))
        elif leaf.kill_at is not None and leaf.kill_at <= now:
            self._kill(leaf)

    def _kill(self, leaf: Leaf) -> None:
        leaf.phase = Phase.STOPPING
        leaf.kill_at = None
        self._out.append(Kill(leaf.spec.name))

    def _may_start(self, leaf: Leaf) -> bool:
        """Whether nothing but time stands between a child that is down and its start."""
        if not leaf.stays:
            return False
        for node, group in leaf.path():
            if node.cleared:
                return True
            if not all(sibling.passed for sibling in group.before(node)):
                return False
        return True

    def _start(self, leaf: Leaf) -> None:
        leaf.phase = Phase.STARTING
        leaf.healthy_since = math.inf
        leaf.incarnation += 1
        leaf.restarts += not leaf.fresh
        self._out.append(Start(leaf.spec.name, leaf.incarnation))

    def _clear(self, now: float) -> None:
        """Note which supervisors have come up with everything below them."""
        for group in reversed([*self._root.groups()]):
            if group.starting and group.falling is None and all(child.passed for child in group.children):
                group.cleared = True
                group.healthy_since = now

    def _report(self) -> None:
        for leaf in self._leaves.values():
            if leaf.state != leaf.reported:
                leaf.reported = leaf.state
                self._out.append(Changed(leaf.spec.name, leaf.state))
        if self._phase == "starting" and self._root.cleared:
            self._phase = "running"
            self._out.append(Booted())
        for leaf in [leaf for leaf in self._leaves.values() if leaf.fate is Fate.GONE and not leaf.live]:
            self._forget(leaf)
        if self._phase == "stopping" and not any(leaf.live for leaf in self._leaves.values()):
            self._phase = "halted"
            self._out.append(Halted(self._code))

    def _forget(self, leaf: Leaf) -> None:
        assert leaf.parent is not None
        leaf.parent.children.remove(leaf)
        del self._leaves[leaf.spec.name]
        self._removed[leaf.spec.name] = leaf.incarnation
        self._out.append(Removed(leaf.spec.name))

    def _child_by_hand(self, name: str) -> Leaf:
        if self._phase != "running":
            raise Rejected(f"the service is {self._phase}; children are started and stopped by hand while it runs")
        if name not in self._leaves:
            raise Rejected(f"there is no child {name!r}; the children are {', '.join(self._leaves)}")
        return self._leaves[name]
