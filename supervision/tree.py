"""The supervisor's brain: events in, actions out. No clock, no process, no thread, no randomness of its own.

Rules, after OTP's supervisor:
- start in order, each child after the one before has reported started; stop in reverse, each after the one
  behind is gone; a successor is born only after its predecessor was reaped;
- an event of an older incarnation, or one that came twice, changes nothing;
- a start that fails while the tree boots is not retried; later it is, and every try counts as a restart;
- a group that is restarted together counts once; too many restarts are a failure of the supervisor, which
  its own parent handles in the same way; at the root they end the service with exit code 70;
- a configuration error (exit code 78) ends the service, or parks the child where its supervisor parks;
- nothing is born after a stop began.
Each event is a method; all take `now` (monotonic seconds) and return actions to be performed in order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal

from supervision.actions import Action, Booted, Changed, GiveUp, Halted, Kill, Parked, Start, Stop
from supervision.errors import Rejected
from supervision.exits import CONFIGURATION, CRASH, NORMAL, Ending
from supervision.nodes import Fate, Group, Leaf, Node, Phase, grow
from supervision.spec import SupervisorSpec

KILL_GRACE = 0.5
"""Seconds between the end of a child's stop limit and its kill, so that one who uses all of it can still leave."""


class Tree:
    """One supervision tree. `random` returns numbers in [0, 1) that spread the back-off."""

    def __init__(self, spec: SupervisorSpec, random: Callable[[], float]) -> None:
        self._root = grow(spec)
        self._leaves = {leaf.spec.name: leaf for leaf in self._root.leaves()}
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
        leaf = self._leaves[name]
        if leaf.incarnation == incarnation and leaf.phase is Phase.STARTING:
            leaf.phase = Phase.UP
            leaf.healthy_since = now
            leaf.cleared = True
        return self._settle(now)

    def exited(self, name: str, incarnation: int, ending: Ending, why: str, now: float) -> list[Action]:
        """The incarnation was reaped, or could not be born; `why` is for the report when this has consequences."""
        leaf = self._leaves[name]
        if leaf.incarnation == incarnation and leaf.live:
            failed_boot = self._phase == "starting" and leaf.phase is Phase.STARTING and not leaf.cleared
            leaf.phase = Phase.DOWN
            leaf.kill_at = None
            if leaf.stays:
                self._ended(leaf, ending, f"{name}: {why}", now, failed_boot=failed_boot)
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
                leaf.phase = Phase.STOPPING
                leaf.kill_at = None
                self._out.append(Kill(leaf.spec.name))
        return self._settle(now)

    def start_child(self, name: str, now: float) -> list[Action]:
        """Start a parked or ended child again, with a fresh history. Raises Rejected."""
        leaf = self._child_by_hand(name)
        if leaf.live or leaf.fate is Fate.RUN:
            raise Rejected(f"{name} is {leaf.state}; only a parked or stopped child can be started")
        leaf.fate = Fate.RUN
        leaf.fresh = True
        leaf.due = now
        leaf.forget()
        return self._settle(now)

    def stop_child(self, name: str, now: float) -> list[Action]:
        """Stop a child and keep it parked until `start_child`. Raises Rejected."""
        leaf = self._child_by_hand(name)
        if leaf.fate is Fate.PARK:
            raise Rejected(f"{name} is {leaf.state} already")
        leaf.fate = Fate.PARK
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

    def _ended(self, leaf: Leaf, ending: Ending, why: str, now: float, *, failed_boot: bool) -> None:
        """A child that should live is dead: what follows from its restart type and the way it ended."""
        parks = leaf.parent is not None and leaf.parent.parks
        restart = leaf.spec.restart
        if ending is Ending.CONFIGURATION or (failed_boot and ending is not Ending.NORMAL):
            if parks:
                self._park(leaf, why)
            else:
                self._give_up(CONFIGURATION if ending is Ending.CONFIGURATION else CRASH, why)
        elif restart == "temporary" or (restart == "transient" and ending is Ending.NORMAL):
            leaf.fate = Fate.END
        elif failed_boot and parks:
            self._park(leaf, why)
        elif failed_boot:
            self._give_up(CRASH, why)
        else:
            self._failed(leaf, why, now)

    def _failed(self, node: Node, why: str, now: float) -> None:
        """Restart a child or supervisor as its parent's strategy says, or fail the parent in turn."""
        group = node.parent
        if group is None:
            self._give_up(CRASH, why)
            return
        history = node if group.parks else group
        if not history.window.add(now):
            why = f"{why}; more than {group.spec.intensity} restarts in {group.spec.period:g} s under {group.spec.name}"
            if isinstance(node, Leaf) and group.parks:
                self._park(node, why)
            else:
                self._failed(group, why, now)
            return
        backoff = group.spec.backoff
        if now - node.healthy_since >= backoff.healthy_after:
            node.attempts = 0
        due = now + backoff.delay(node.attempts, self._random())
        node.attempts += 1
        self._restart(node, group, due)

    def _restart(self, failed: Node, group: Group, due: float) -> None:
        """Take down `failed` and whatever shares its lot, to be started again in order at `due`."""
        nodes = group.restarted_with(failed)
        cohort = tuple(leaf for node in nodes for leaf in node.leaves() if leaf.fate in (Fate.RUN, Fate.END))
        for leaf in cohort:
            leaf.cohort = cohort
            leaf.due = due
            bystander = leaf.parent is group and leaf is not failed
            leaf.fate = Fate.END if bystander and leaf.spec.restart == "temporary" else Fate.RUN
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
        for leaf in self._leaves.values():
            if leaf.fate is not Fate.PARK:
                leaf.fate = Fate.HALT

    # --- towards what shall be ------------------------------------------------------------------

    def _settle(self, now: float) -> list[Action]:
        """Do what can be done now, report what changed, and hand out the actions."""
        for leaf in reversed(self._leaves.values()):
            self._stop_if_asked(leaf, now)
        for leaf in self._leaves.values():
            if leaf.cohort and not any(member.live for member in leaf.cohort):
                for member in leaf.cohort:
                    member.cohort = ()
        self._clear(self._root, now)
        for leaf in self._leaves.values():
            if not leaf.live and self._may_start(leaf) and leaf.due <= now:
                self._start(leaf)
        self._report()
        out, self._out = self._out, []
        return out

    def _stop_if_asked(self, leaf: Leaf, now: float) -> None:
        if leaf.stays or not leaf.live:
            return
        if leaf.phase is not Phase.STOPPING:
            if not any(sibling.leaving for node, group in leaf.path() for sibling in group.after(node)):
                leaf.phase = Phase.STOPPING
                leaf.kill_at = now + leaf.spec.stop_limit + KILL_GRACE
                self._out.append(Stop(leaf.spec.name, leaf.spec.stop_limit))
        elif leaf.kill_at is not None and leaf.kill_at <= now:
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
        leaf.fresh = False
        self._out.append(Start(leaf.spec.name, leaf.incarnation))

    def _clear(self, group: Group, now: float) -> None:
        """Note which supervisors have come up with everything below them."""
        for child in group.children:
            if isinstance(child, Group):
                self._clear(child, now)
        if group.healthy_since == math.inf and all(child.passed for child in group.children):
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
        if self._phase == "stopping" and not any(leaf.live for leaf in self._leaves.values()):
            self._phase = "halted"
            self._out.append(Halted(self._code))

    def _child_by_hand(self, name: str) -> Leaf:
        if self._phase != "running":
            raise Rejected(f"the service is {self._phase}; children are started and stopped by hand while it runs")
        if name not in self._leaves:
            raise Rejected(f"there is no child {name!r}; the children are {', '.join(self._leaves)}")
        return self._leaves[name]
