"""Another specification for a tree that runs: what changed goes over to it, nothing else is touched."""

from __future__ import annotations

import pytest

from supervision.actions import Added, Removed
from supervision.errors import Rejected, SpecError
from supervision.exits import Ending
from supervision.spec import ChildSpec, SupervisorSpec
from tests.supervision.play import Play, child, group

MIKE, ALPHA, ZULU = child("mike"), child("alpha"), child("zulu")


def other(name: str, **options: object) -> ChildSpec:
    """The child with arguments that it did not have before."""
    return child(name, kwargs={"size": 2}, **options)


def test_what_changed_goes_in_reverse_and_returns_in_order_when_all_of_it_is_gone() -> None:
    inner = group("inner", child("echo"), child("lima"))
    play = Play(group("root", MIKE, ALPHA, ZULU, inner), slow=["echo"])
    play.started("echo")
    play.since()
    play.change(group("root", other("mike"), ALPHA, other("zulu"), group("inner", other("echo"), child("lima"))))
    assert play.since() == "-echo"
    play.dies("echo", Ending.NORMAL)
    assert play.since() == "xecho -zulu xzulu -mike xmike +mike +zulu +echo"
    assert play.live == {"mike": 2, "alpha": 1, "zulu": 2, "echo": 2, "lima": 1}
    assert not any(play.restarts(name) for name in play.live)


def test_a_changed_child_starts_only_after_the_one_before_it_has_reported() -> None:
    play = Play(group("root", MIKE, ALPHA, ZULU), slow=["mike"])
    play.started("mike")
    play.change(group("root", other("mike"), ALPHA, other("zulu")))
    play.dies("mike", Ending.NORMAL)
    assert play.live == {"mike": 2, "alpha": 1}
    play.started("mike")
    assert play.live == {"mike": 2, "alpha": 1, "zulu": 2}


def test_a_changed_child_starts_only_after_its_predecessor_is_gone_killed_if_need_be() -> None:
    play = Play(group("root", MIKE), slow=["mike"])
    play.started("mike")
    play.change(group("root", other("mike")))
    play.passes(5.4)
    assert play.children() == {"mike": "stopping"}
    play.passes(0.1)
    assert play.since() == "+mike -mike !mike xmike +mike"


def test_a_changed_child_that_fails_to_start_is_restarted_as_ever() -> None:
    play = Play(group("root", MIKE, intensity=1), slow=["mike"])
    play.started("mike")
    play.change(group("root", other("mike"), intensity=1))
    play.dies("mike", Ending.NORMAL)
    play.dies("mike")
    assert (play.live, play.restarts("mike")) == ({"mike": 3}, 1)
    play.dies("mike")
    assert play.halted == 70


def test_a_changed_child_that_fails_to_start_is_tried_again_also_where_others_are_parked() -> None:
    play = Play(group("root", MIKE, exhausted="park"), slow=["mike"])
    play.started("mike")
    play.change(group("root", other("mike"), exhausted="park"))
    play.dies("mike", Ending.NORMAL)
    play.dies("mike")
    assert play.children() == {"mike": "starting"}


def test_a_changed_temporary_child_that_fails_to_start_has_ended() -> None:
    play = Play(group("root", child("mike", restart="temporary")), slow=["mike"])
    play.started("mike")
    play.change(group("root", other("mike", restart="temporary")))
    play.dies("mike", Ending.NORMAL)
    play.dies("mike")
    assert play.children() == {"mike": "stopped"}


def test_a_change_ends_a_back_off_and_its_history() -> None:
    play = Play(group("root", MIKE), slow=["mike"])
    play.started("mike")
    play.dies("mike")
    play.dies("mike")
    assert play.children() == {"mike": "backing_off"}
    play.change(group("root", other("mike")))
    assert (play.live, play.restarts("mike")) == ({"mike": 3}, 1)
    play.dies("mike")
    assert play.live == {"mike": 4}


def test_a_child_on_its_way_out_returns_with_its_new_specification_and_is_not_told_twice() -> None:
    play = Play(group("root", MIKE, ALPHA, strategy="one_for_all"), slow=["alpha"])
    play.started("alpha")
    play.dies("mike")
    play.since()
    play.change(group("root", MIKE, other("alpha"), strategy="one_for_all"))
    play.dies("alpha", Ending.NORMAL)
    assert play.since() == "xalpha +mike +alpha"
    assert [leaf.spec.kwargs for leaf in play.tree.leaves()] == [{}, {"size": 2}]
    assert play.restarts("alpha") == 1, "it is restarted for mike's sake, whatever it was changed to meanwhile"


@pytest.mark.parametrize("restart", ["transient", "temporary"])
def test_a_child_that_has_ended_stays_down_with_its_new_specification(restart: str) -> None:
    play = Play(group("root", MIKE, child("alpha", restart=restart)))
    play.dies("alpha", Ending.NORMAL)
    play.change(group("root", MIKE, other("alpha", restart=restart)))
    assert play.children() == {"mike": "running", "alpha": "stopped"}


def test_what_only_the_supervisor_sees_otherwise_holds_from_now_on_and_touches_no_process() -> None:
    play = Play(group("root", MIKE, ALPHA), slow=["mike"])
    play.started("mike")
    play.since()
    play.change(group("root", child("mike", stop_limit=1.0), child("alpha", restart="temporary")))
    assert play.since() == ""
    play.dies("alpha")
    assert play.children() == {"mike": "running", "alpha": "stopped"}
    play.stop_child("mike")
    play.passes(1.5)
    assert play.since() == "xalpha -mike !mike xmike"


@pytest.mark.parametrize("option", [{"hang_limit": 3.0}, {"mailbox_limit": 7}, {"target": "else:Where"}])
def test_what_a_process_is_made_of_takes_a_new_process(option: dict[str, object]) -> None:
    play = Play(group("root", MIKE))
    play.change(group("root", ChildSpec(**{"name": "mike", "target": "nowhere:Nothing", **option})))  # type: ignore[arg-type]
    assert play.live == {"mike": 2}


# --- parked children --------------------------------------------------------------------------------


def test_a_parked_child_stays_parked_unless_the_configuration_parked_it_and_does_so_no_longer() -> None:
    play = Play(group("root", MIKE, child("alpha", parked=True), exhausted="park"))
    play.stop_child("mike")
    play.change(group("root", other("mike"), other("alpha", parked=True), exhausted="park"))
    assert play.children() == {"mike": "parked", "alpha": "parked"}
    play.change(group("root", other("mike"), other("alpha"), exhausted="park"))
    assert play.children() == {"mike": "parked", "alpha": "running"}


def test_a_child_that_the_configuration_parks_is_stopped_and_one_started_by_hand_is_not_asked_twice() -> None:
    play = Play(group("root", MIKE, child("alpha", parked=True), child("zulu", parked=True)))
    play.start_child("alpha")
    play.start_child("zulu")
    play.since()
    play.change(group("root", child("mike", parked=True), ALPHA, other("zulu", parked=True)))
    assert play.since() == "-zulu xzulu -mike xmike +zulu"
    assert play.children() == {"mike": "parked", "alpha": "running", "zulu": "running"}


def test_a_child_parked_a_moment_ago_starts_when_its_last_process_is_gone() -> None:
    play = Play(group("root", MIKE, ALPHA), slow=["alpha"])
    play.started("alpha")
    play.change(group("root", MIKE, child("alpha", parked=True)))
    play.change(group("root", MIKE, ALPHA))
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha +alpha"
    assert play.restarts("alpha") == 0


# --- children that come and go ----------------------------------------------------------------------


def test_an_added_child_is_announced_before_it_starts_and_a_removed_one_after_it_is_gone() -> None:
    play = Play(group("root", MIKE))
    assert play.tree.change(group("root", MIKE, ALPHA), play.now)[0] == Added("alpha")
    play.tree.started("alpha", 1, play.now)
    stop = play.tree.change(group("root", MIKE), play.now)
    assert not any(isinstance(action, Removed) for action in stop)
    assert play.tree.exited("alpha", 1, Ending.NORMAL, "shutdown", play.now)[-1] == Removed("alpha")


def test_a_removed_child_that_is_down_is_gone_at_once_and_its_name_counts_on() -> None:
    play = Play(group("root", MIKE, ALPHA))
    play.stop_child("alpha")
    play.change(group("root", MIKE))
    assert (play.children(), play.reports[-1]) == ({"mike": "running"}, Removed("alpha"))
    assert play.tree.exited("alpha", 1, Ending.ABNORMAL, "late", play.now) == []
    assert play.tree.started("alpha", 1, play.now) == []
    assert play.tree.change(group("root", MIKE), play.now) == []
    play.change(group("root", MIKE, ALPHA))
    assert play.live == {"mike": 1, "alpha": 2}
    assert play.restarts("alpha") == 0


def test_nobody_gives_orders_to_a_child_on_its_way_out_of_the_tree() -> None:
    play = Play(group("root", MIKE, ALPHA), slow=["alpha"])
    play.started("alpha")
    play.change(group("root", MIKE))
    for order in (play.start_child, play.stop_child):
        with pytest.raises(Rejected, match="alpha is stopping"):
            order("alpha")


@pytest.mark.parametrize("was_parked", [False, True])
@pytest.mark.parametrize("parked", [False, True])
def test_a_removed_child_that_returns_before_it_is_gone_stays_in_the_tree(was_parked: bool, parked: bool) -> None:
    play = Play(group("root", MIKE, child("alpha", parked=was_parked)), slow=["alpha"])
    if was_parked:
        play.start_child("alpha")
    play.started("alpha")
    play.change(group("root", MIKE))
    play.change(group("root", MIKE, child("alpha", parked=parked)))
    play.dies("alpha")
    assert play.children() == {"mike": "running", "alpha": "parked" if parked else "starting"}


def test_a_stop_takes_a_removed_child_along() -> None:
    play = Play(group("root", MIKE, ALPHA), slow=["alpha"])
    play.started("alpha")
    play.change(group("root", MIKE))
    play.stop()
    play.dies("alpha")
    assert play.halted == 0


def test_who_waited_for_a_removed_child_goes_on_without_it() -> None:
    play = Play(group("root", MIKE, ALPHA, strategy="rest_for_one"), slow=["mike"])
    play.started("mike")
    play.dies("mike")
    assert play.children() == {"mike": "starting", "alpha": "backing_off"}
    play.change(group("root", ALPHA, strategy="rest_for_one"))
    play.dies("mike")
    assert play.children() == {"alpha": "running"}


def test_the_new_order_holds_for_what_comes_later() -> None:
    play = Play(group("root", MIKE, ALPHA, strategy="rest_for_one"))
    play.change(group("root", ZULU, ALPHA, MIKE, strategy="rest_for_one"))
    play.since()
    play.dies("zulu")
    assert play.since() == "xzulu -mike xmike -alpha xalpha +zulu +alpha +mike"


# --- what is refused --------------------------------------------------------------------------------

INNER = group("inner", ALPHA)


@pytest.mark.parametrize(
    ("spec", "field", "value"),
    [
        (group("other", MIKE, INNER), "name", "other"),
        (group("root", MIKE), "root.children", "inner"),
        (group("root", MIKE, INNER, group("more", ZULU)), "root.children", "more"),
        (group("root", MIKE, group("between", INNER), period=3000.0), "root.children", "between"),
        (group("root", ALPHA, group("inner", MIKE)), "root.children", "alpha"),
        (group("root", MIKE, INNER, strategy="one_for_all"), "root.strategy", "one_for_all"),
        (group("root", MIKE, group("inner", ALPHA, exhausted="park")), "inner.exhausted", "park"),
    ],
)
def test_what_needs_a_full_restart_is_refused_and_nothing_has_changed(
    spec: SupervisorSpec, field: str, value: str
) -> None:
    play = Play(group("root", MIKE, INNER))
    play.since()
    with pytest.raises(SpecError, match="needs a full restart") as caught:
        play.change(spec)
    assert (caught.value.field, caught.value.value) == (field, value)
    assert (play.since(), play.children()) == ("", {"mike": "running", "alpha": "running"})


def test_a_removed_child_returns_under_another_supervisor_only_when_it_is_gone() -> None:
    play = Play(group("root", MIKE, INNER), slow=["mike"])
    play.started("mike")
    play.change(group("root", INNER))
    with pytest.raises(SpecError, match="belongs to root"):
        play.change(group("root", group("inner", ALPHA, MIKE)))
    play.dies("mike", Ending.NORMAL)
    play.change(group("root", group("inner", ALPHA, MIKE)))
    assert play.live == {"alpha": 1, "mike": 2}


def test_a_change_is_refused_before_the_tree_is_up_and_after_its_stop_began() -> None:
    play = Play(group("root", MIKE), slow=["mike"])
    with pytest.raises(Rejected, match="the service is starting"):
        play.change(group("root", other("mike")))
    play.started("mike")
    play.stop()
    with pytest.raises(Rejected, match="the service is stopping"):
        play.change(group("root", other("mike")))
