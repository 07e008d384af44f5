"""OTP's supervisor_SUITE, its cases of starting a supervisor (lib/stdlib/test/supervisor_SUITE.erl).

The files test_otp_*.py hold, under OTP's names, each case whose feature is kept: 45 of 93. Not ported:
- simple_one_for_one, children without names started at will: every case with `simple` or `dynamic` in its name,
  do_not_save_*, scale_start_stop_many_children. The children of a service are its configuration.
- significant children and auto_shutdown other than `never`: significant_*. A service ends when it is told to.
- a start that says `ignore`: sup_start_ignore_init, _ignore_child, _ignore_temporary_child_start_child. Whoever has
  nothing to do is not configured; leaving in peace before it reported is an end like any other.
- an `init` callback, its module and what it returns: sup_start_error_return, extra_return, get_callback_module.
- two notations of one specification: child_specs_map, code_change_map.
- processes that others started: already_started_outside_supervisor, external_start_no_progress_log.
- supervisors that are processes, with a count or a global name: count_children_supervisor, simple_global_supervisor.
- OTP's log format: format_log_1, format_log_2.
"""

from __future__ import annotations

import pytest

from supervision.actions import Booted, GiveUp, Parked
from supervision.errors import SpecError
from supervision.exits import Ending
from supervision.spec import ChildSpec, SupervisorSpec
from tests.supervision.play import Play, child, group


def test_sup_start_normal() -> None:
    """A supervisor comes up with its children, and goes in peace when told to."""
    play = Play(group("root", child("mike"), child("alpha"), intensity=2, period=3600.0))
    assert play.since() == "+mike +alpha"
    assert play.reports == [Booted()]
    play.stop()
    assert play.halted == 0


def test_sup_start_ignore_temporary_child() -> None:
    """A temporary child that has nothing to do is removed and holds up nobody."""
    children = (child("mike", restart="temporary"), child("alpha", restart="temporary"))
    play = Play(group("root", *children), slow=["mike"])
    play.dies("mike", Ending.NORMAL)
    assert play.children() == {"mike": "stopped", "alpha": "running"}
    assert play.reports == [Booted()]


def test_sup_start_fail() -> None:
    """A supervisor that cannot start does not try again: it stops what it had started, in reverse, and fails."""
    play = Play(group("root", child("mike"), child("alpha"), child("zulu"), child("echo")), slow=["zulu"])
    play.since()
    play.dies("zulu")
    assert play.since() == "xzulu -alpha xalpha -mike xmike"
    assert (play.halted, play.reports) == (70, [GiveUp(70, "zulu failed to start: crash")])


def test_sup_start_child_returns_error() -> None:
    """A child added to a running supervisor that fails to start is not tried again and concerns nobody else."""
    mike = child("mike")
    play = Play(group("root", mike, strategy="one_for_all"), slow=["alpha"])
    play.change(group("root", mike, child("alpha"), strategy="one_for_all"))
    play.since()
    play.dies("alpha")
    play.passes(1000.0)
    assert play.since() == "xalpha"
    assert play.children() == {"mike": "running", "alpha": "parked"}
    assert play.reports[-1] == Parked("alpha", "alpha failed to start: crash")


def test_sup_start_restart_child_returns_error() -> None:
    """A child started by hand that fails to start is not tried again, nor counted, and concerns nobody else."""
    play = Play(group("root", child("mike"), child("alpha"), strategy="one_for_all", intensity=0), slow=["alpha"])
    play.started("alpha")
    play.stop_child("alpha")
    play.dies("alpha", Ending.NORMAL)
    for _ in range(2):
        play.start_child("alpha")
        play.since()
        play.dies("alpha")
        play.passes(1000.0)
        assert play.since() == "xalpha"
        assert play.children() == {"mike": "running", "alpha": "parked"}


def test_sup_start_map() -> None:
    """What a specification does not say has OTP's defaults: one_for_one; permanent, five seconds to leave."""
    spec = SupervisorSpec("root", (ChildSpec("mike", "nowhere:Nothing"),))
    leaf = next(spec.leaves())
    assert (spec.strategy, leaf.restart, leaf.stop_limit) == ("one_for_one", "permanent", 5.0)
    play = Play(spec)
    play.dies("mike", Ending.NORMAL)
    assert play.live == {"mike": 2}


@pytest.mark.parametrize(
    ("children", "field", "value"),
    [
        ((child("mike"), child("mike")), "root.children", "mike"),
        ((child("mike"), group("alpha", child("root"))), "root.children", "root"),
    ],
)
def test_sup_start_map_faulty_specs(children: tuple[ChildSpec, ...], field: str, value: object) -> None:
    """A faulty list of children is refused in words before anything starts."""
    with pytest.raises(SpecError) as caught:
        SupervisorSpec("root", children)
    assert (caught.value.field, caught.value.value) == (field, value)
