"""Going over to another specification while the tree runs.

Rules: the supervisors stay as they are, apart from how many restarts they allow and how long they wait; children
come, go and change. Whatever has to leave for it leaves in reverse order, and what returns starts in order when
all of that is gone. A child that only its supervisor sees otherwise (its restart type, its time to stop) goes on
running; one that is parked, or has ended, gets its new specification and stays down, unless that says `parked`
no longer. Everything is checked before anything is changed.
"""

from __future__ import annotations

from supervision.errors import SpecError
from supervision.nodes import Fate, Group, Leaf, Node, grow_leaf
from supervision.spec import ChildSpec, SupervisorSpec


def change(root: Group, spec: SupervisorSpec, now: float) -> list[Leaf]:
    """Give the nodes below `root` their new specifications; returns the new ones.

    Raises SpecError for what cannot be done without a full restart.
    """
    _check(root, spec)
    supervisors = {group.spec.name: group for group in root.groups()}
    before = {leaf.spec.name: leaf for leaf in root.leaves()}
    added: list[Leaf] = []
    going: set[str] = set()
    for wanted in spec.supervisors():
        group = supervisors[wanted.name]
        children: list[Node] = []
        for child in wanted.children:
            if isinstance(child, SupervisorSpec):
                children.append(supervisors[child.name])
            elif child.name in before:
                children.append(before[child.name])
                if _update(before[child.name], child, now):
                    going.add(child.name)
            else:
                added.append(_new(child, group, now))
                children.append(added[-1])
        gone = [leaf for leaf in group.children if isinstance(leaf, Leaf) and leaf not in children]
        for leaf in gone:
            leaf.fate = Fate.GONE
            going.add(leaf.spec.name)
        group.children = [*children, *gone]
        group.spec = wanted
    cohort = tuple(leaf for leaf in before.values() if leaf.spec.name in going and not leaf.cohort)
    for leaf in cohort:
        leaf.cohort = cohort
    return added


def _new(spec: ChildSpec, group: Group, now: float) -> Leaf:
    leaf = grow_leaf(spec, group)
    if leaf.fate is Fate.RUN:
        leaf.order(now)
    return leaf


def _update(leaf: Leaf, spec: ChildSpec, now: float) -> bool:
    """Give a child its new specification; whether its present process, if there is one, has to go for it."""
    was, leaf.spec = leaf.spec, spec
    if spec.parked and (leaf.fate is Fate.GONE or not was.parked):
        leaf.fate = Fate.PARK
        return True
    if leaf.fate is Fate.GONE or (leaf.fate is Fate.PARK and was.parked and not spec.parked):
        leaf.order(now)
        return False
    if leaf.fate is not Fate.RUN or leaf.cohort or spec.same_process(was):
        return False
    leaf.forget()
    leaf.fresh = True
    leaf.cleared = False
    leaf.due = now
    return True


def _check(root: Group, new: SupervisorSpec) -> None:
    """Whether the same supervisors have the same places and ways, and no child moves. Raises SpecError."""
    old = root.spec
    if old.name != new.name:
        raise SpecError("name", new.name, f"is {old.name} now; to change it needs a full restart")
    before, after = ({group.name: group for group in spec.supervisors()} for spec in (old, new))
    homes, new_homes = _homes(old), _homes(new)
    for name in before.keys() - after.keys():
        raise SpecError(f"{homes[name]}.children", name, "is a supervisor; to remove it needs a full restart")
    for name in after.keys() - before.keys():
        raise SpecError(f"{new_homes[name]}.children", name, "is a supervisor; to add it needs a full restart")
    # a child that was removed but is not gone yet is still where it was
    homes |= {leaf.spec.name: leaf.parent.spec.name for leaf in root.leaves() if leaf.parent is not None}
    for name, home in new_homes.items():
        if homes.get(name, home) != home:
            raise SpecError(f"{home}.children", name, f"belongs to {homes[name]}; to move it needs a full restart")
    for name, group in before.items():
        for field in ("strategy", "exhausted"):
            was, becomes = getattr(group, field), getattr(after[name], field)
            if was != becomes:
                raise SpecError(f"{name}.{field}", becomes, f"is {was} now; to change it needs a full restart")


def _homes(spec: SupervisorSpec) -> dict[str, str]:
    """To whom each child and each supervisor below this one belongs."""
    return {child.name: group.name for group in spec.supervisors() for child in group.children}
