"""OTP's supervisor_SUITE, its cases of children handled by hand and of faulty specifications."""

from __future__ import annotations

import pytest

from supervision.errors import Rejected, SpecError
from supervision.spec import ChildSpec, SupervisorSpec
from tests.supervision.play import Play, child, group


def test_child_adm() -> None:
    """A child is stopped and started by hand; orders that do not fit its state are refused and do nothing."""
    play = Play(group("root", child("mike")))
    for order in (play.start_child, play.stop_child):
        with pytest.raises(Rejected, match="there is no child 'hej'; the children are mike"):
            order("hej")
    with pytest.raises(Rejected, match="mike is running; only a parked or stopped child can be started"):
        play.start_child("mike")
    assert play.live == {"mike": 1}
    play.stop_child("mike")
    assert (play.live, play.children()) == ({}, {"mike": "parked"})
    with pytest.raises(Rejected, match="mike is parked already"):
        play.stop_child("mike")
    play.start_child("mike")
    assert (play.live, play.children()) == ({"mike": 2}, {"mike": "running"})
    assert play.restarts("mike") == 0


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"target": "mfa"}, "child.target"),
        ({"restart": "prmanent"}, "child.restart"),
        ({"stop_limit": -10}, "child.stop_limit"),
        ({"stop_limit": float("nan")}, "child.stop_limit"),
        ({"stop_limit": float("inf")}, "child.stop_limit"),
        ({"stop_limit": "brutal_kill"}, "child.stop_limit"),
        ({"hang_limit": 0}, "child.hang_limit"),
        ({"mailbox_limit": 0}, "child.mailbox_limit"),
        ({"mailbox_limit": 1.5}, "child.mailbox_limit"),
        ({"name": "ch/ild"}, "name"),
    ],
)
def test_child_specs(options: dict[str, object], field: str) -> None:
    """A child that cannot be as specified is refused, naming field, value and rule."""
    with pytest.raises(SpecError) as caught:
        ChildSpec(**{"name": "child", "target": "m:F", **options})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert str(caught.value) == f"{field} = {next(iter(options.values()))!r}: {caught.value.rule}"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"strategy": "none_for_one"}, "root.strategy"),
        ({"intensity": float("inf")}, "root.intensity"),
        ({"intensity": -1}, "root.intensity"),
        ({"intensity": "2"}, "root.intensity"),
        ({"period": 0}, "root.period"),
        ({"period": float("inf")}, "root.period"),
        ({"period": float("nan")}, "root.period"),
        ({"exhausted": "ignore"}, "root.exhausted"),
    ],
)
def test_sup_flags(options: dict[str, object], field: str) -> None:
    """A supervisor that cannot be as specified is refused, naming field, value and rule."""
    with pytest.raises(SpecError) as caught:
        SupervisorSpec(**{"name": "root", "children": (child("mike"),), **options})  # type: ignore[arg-type]
    assert caught.value.field == field
    assert str(caught.value) == f"{field} = {next(iter(options.values()))!r}: {caught.value.rule}"


def test_which_children() -> None:
    """Every child of the specification is listed in its order, whatever becomes of it."""
    children = (child("mike"), child("alpha", restart="transient"), child("zulu"), child("echo", restart="temporary"))
    play = Play(group("root", *children), slow=["zulu"])
    assert play.children() == {"mike": "running", "alpha": "running", "zulu": "starting", "echo": "stopped"}
    play.started("zulu")
    play.exits("alpha", 0)
    play.exits("echo", 70)
    play.stop_child("zulu")
    assert play.children() == {"mike": "running", "alpha": "stopped", "zulu": "stopping", "echo": "stopped"}


def test_count_children() -> None:
    """Specified children and those that run are counted apart, at every level."""
    inner = group("inner", child("alpha"), child("zulu", restart="temporary"))
    play = Play(group("root", child("mike"), inner))
    assert (len(play.children()), len(play.live)) == (3, 3)
    play.exits("zulu", 70)
    assert (len(play.children()), len(play.live)) == (3, 2)
    assert [leaf.parent.spec.name for leaf in play.tree.leaves() if leaf.parent] == ["root", "inner", "inner"]


def test_count_restarting_children() -> None:
    """A child that waits for its restart is counted as one that does not run, until it does."""
    play = Play(group("root", child("mike"), child("alpha"), intensity=9), slow=["mike", "alpha"])
    play.started("mike")
    play.started("alpha")
    for name in ("mike", "alpha"):
        play.dies(name)
        play.dies(name)
    assert (play.live, play.children()) == ({}, {"mike": "backing_off", "alpha": "backing_off"})
    play.passes(1.0)
    assert play.children() == {"mike": "starting", "alpha": "starting"}
    play.started("alpha")
    play.dies("mike")
    assert (play.live, play.children()) == ({"alpha": 3}, {"mike": "backing_off", "alpha": "running"})
