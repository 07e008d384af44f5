"""The supervisor's brain, played through without a process or a clock: what OTP's suite (test_otp_*) does not ask.

Back-off, stopping fast, stale events, and how a failure climbs from supervisor to supervisor.
"""

from __future__ import annotations

import pytest

from supervision.actions import Booted, Changed, Fell, GiveUp, Halted, Start, Stop
from supervision.exits import Ending
from supervision.tree import Tree
from tests.supervision.play import QUICK, Play, child, group

# names are deliberately not in the order of the alphabet
ABC = (child("mike"), child("alpha"), child("zulu"))


def test_children_start_in_order_each_after_the_one_before_reported() -> None:
    play = Play(group("root", *ABC), slow=["mike", "alpha"])
    assert play.since() == "+mike"
    play.started("mike")
    assert play.since() == "+alpha"
    assert Booted() not in play.reports
    play.started("alpha")
    assert play.since() == "+zulu"
    assert play.reports == [Booted()]


def test_children_stop_in_reverse_each_after_the_one_behind_is_gone() -> None:
    play = Play(group("root", child("first"), group("inner", *ABC), child("last")), slow=["zulu", "alpha"])
    play.started("alpha")
    play.started("zulu")
    play.since()
    play.stop()
    assert play.since() == "-last xlast -zulu"
    play.dies("zulu", Ending.NORMAL)
    assert play.since() == "xzulu -alpha"
    play.dies("alpha", Ending.NORMAL)
    assert play.since() == "xalpha -mike xmike -first xfirst"
    assert play.halted == 0


def test_a_second_order_to_stop_kills_everything_at_once() -> None:
    play = Play(group("root", *ABC), slow=["zulu", "mike"])
    play.started("mike")
    play.started("zulu")
    play.stop()
    play.since()
    play.stop_fast()
    assert play.since() == "!mike xmike !alpha xalpha !zulu xzulu"
    assert play.halted == 0


def test_a_stop_that_is_fast_from_the_beginning_kills_everything_at_once() -> None:
    play = Play(group("root", *ABC), slow=["zulu"])
    play.since()
    play.stop_fast()
    assert play.since() == "!mike xmike !alpha xalpha !zulu xzulu"
    assert play.halted == 0


def test_no_child_of_a_group_restart_starts_before_all_victims_are_gone() -> None:
    play = Play(group("root", *ABC, strategy="one_for_all"), slow=["zulu"])
    play.started("zulu")
    play.since()
    play.dies("mike")
    assert play.since() == "xmike -zulu"
    play.dies("zulu")
    assert play.since() == "xzulu -alpha xalpha +mike +alpha +zulu"


def test_the_first_restart_is_immediate_then_the_waits_grow_and_health_resets_them() -> None:
    play = Play(group("root", child("mike"), intensity=9, period=1000.0))
    for wait in (0.0, 1.0, 2.0, 4.0, 8.0, 8.0):
        play.dies("mike")
        if wait:
            assert play.state("mike") == "backing_off"
            play.passes(wait - 0.01)
            assert "mike" not in play.live
            play.passes(0.01)
        assert "mike" in play.live
    play.passes(4.4)
    play.dies("mike")
    assert "mike" not in play.live
    play.passes(8.0 + 4.5)
    play.dies("mike")
    assert "mike" in play.live


def test_restarts_that_fail_to_start_are_not_taken_for_health() -> None:
    play = Play(group("root", child("mike"), intensity=9, period=1000.0), slow=["mike"])
    play.started("mike")
    play.passes(500.0)
    play.dies("mike")
    play.dies("mike")
    assert "mike" not in play.live


def test_nothing_is_born_after_a_stop_began_not_even_what_waits_in_its_back_off() -> None:
    play = Play(group("root", *ABC, strategy="rest_for_one"), slow=["zulu"])
    play.started("zulu")
    play.dies("alpha")
    play.since()
    play.stop()
    play.dies("zulu")
    play.passes(60.0)
    assert play.since() == "xzulu -mike xmike"
    assert play.halted == 0


def test_a_stop_during_boot_starts_no_further_child() -> None:
    play = Play(group("root", *ABC), slow=["mike"])
    play.stop()
    play.started("mike")  # it was faster than the order
    assert play.since() == "+mike -mike"
    play.dies("mike", Ending.NORMAL)
    assert play.since() == "xmike"
    assert play.halted == 0


def test_events_of_an_older_incarnation_and_repeated_ones_change_nothing() -> None:
    play = Play(group("root", child("mike")), slow=["mike"])
    play.started("mike")
    play.dies("mike")
    assert play.live == {"mike": 2}
    play.started("mike", incarnation=1)
    assert play.state("mike") == "starting"
    assert play.tree.exited("mike", 1, Ending.ABNORMAL, "late", play.now) == []
    play.started("mike")
    assert play.tree.started("mike", 2, play.now) == []
    assert play.restarts("mike") == 1


def test_a_temporary_child_that_cannot_start_keeps_its_supervisor_from_starting_as_any_other_does() -> None:
    play = Play(group("root", child("mike"), child("alpha", restart="temporary")), slow=["alpha"])
    play.dies("alpha")
    assert (play.live, play.halted) == ({}, 70)


@pytest.mark.parametrize(("ending", "code"), [(Ending.CONFIGURATION, 78), (Ending.REFUSED, 10)])
def test_an_end_that_no_restart_could_better_halts_the_service_with_its_code(ending: Ending, code: int) -> None:
    play = Play(group("root", child("mike"), group("inner", child("alpha"))))
    play.since()
    play.dies("alpha", ending)
    assert play.since() == "xalpha -mike xmike"
    assert play.halted == code


def test_siblings_of_one_for_one_restart_independently_of_one_another() -> None:
    play = Play(group("root", *ABC), slow=["mike"])
    play.started("mike")
    play.since()
    play.dies("mike")  # its successor takes its time
    play.dies("zulu")
    assert play.since() == "xmike +mike xzulu +zulu"


def test_a_transient_child_that_has_ended_returns_when_its_supervisor_restarts_the_others() -> None:
    children = (child("mike"), child("alpha", restart="transient"), child("zulu", restart="temporary"))
    play = Play(group("root", *children, strategy="one_for_all"))
    play.dies("alpha", Ending.NORMAL)
    play.dies("zulu", Ending.NORMAL)
    play.dies("mike")
    assert play.children() == {"mike": "running", "alpha": "running", "zulu": "stopped"}


def test_a_child_that_restarts_alone_waits_for_nobody_who_starts_by_hand() -> None:
    play = Play(group("root", child("mike", parked=True), child("alpha")), slow=["mike"])
    play.start_child("mike")
    play.dies("alpha")
    assert play.children() == {"mike": "starting", "alpha": "running"}


# --- a supervisor that fails ------------------------------------------------------------------------


def nested(strategy: str = "one_for_one", **options: object) -> Play:
    inner = group("inner", child("mike"), child("alpha"), intensity=1)
    return Play(group("root", child("first"), inner, child("last"), strategy=strategy, intensity=1), **options)  # type: ignore[arg-type]


def test_a_child_that_came_up_and_dies_while_a_later_one_still_starts_is_restarted_not_held_against_the_start() -> None:
    play = Play(group("root", *ABC[:2]), slow=["alpha"])
    play.dies("mike")
    assert (play.live, play.halted) == ({"alpha": 1, "mike": 2}, None)
    parking = Play(group("root", *ABC[:2], exhausted="park"), slow=["alpha"])
    parking.dies("mike")
    assert parking.children() == {"mike": "running", "alpha": "starting"}


def test_a_child_that_cannot_start_again_with_the_others_counts_it_does_not_bring_its_supervisor_down_at_once() -> None:
    play = Play(group("root", *ABC[:2], strategy="one_for_all", intensity=3), slow=["alpha"])
    play.started("alpha")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    play.dies("alpha")
    assert play.halted is None
    play.passes(1)
    assert play.live == {"mike": 3, "alpha": 3}


def test_a_supervisor_that_gives_up_stops_its_children_is_restarted_and_counts_in_a_new_window() -> None:
    play = nested()
    play.dies("alpha")
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha -mike xmike +mike +alpha"
    assert play.reports[-1] == Fell("inner", "alpha: crash; more than 1 restarts in 300 s under inner")
    play.dies("alpha")
    assert play.since() == "xalpha +alpha"
    play.dies("mike")
    assert play.since() == "xmike -alpha xalpha -last xlast -first xfirst"
    reason = "mike: crash; more than 1 restarts in 300 s under inner; more than 1 restarts in 300 s under root"
    assert (play.halted, play.reports[-1]) == (70, GiveUp(70, reason))


def test_the_siblings_of_a_supervisor_that_gives_up_go_after_its_children_and_return_with_them() -> None:
    play = nested("one_for_all")
    play.dies("alpha")
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha -mike xmike -last xlast -first xfirst +first +mike +alpha +last"


def test_a_supervisor_that_cannot_start_again_falls_at_once_and_every_try_counts_with_its_own_supervisor() -> None:
    play = Play(
        group("root", child("first"), group("inner", child("mike"), child("alpha"), intensity=1), intensity=3),
        slow=["alpha"],
    )
    play.started("alpha")
    play.dies("mike")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    play.since()
    play.dies("alpha")
    assert play.since() == "xalpha -mike xmike"
    play.passes(1.0)
    assert play.since() == "+mike +alpha"
    play.dies("alpha")
    play.passes(2.0)
    play.started("alpha")
    assert play.halted is None
    play.dies("mike")
    play.dies("mike")
    play.dies("alpha", Ending.NORMAL)
    assert play.halted == 70


def test_a_supervisor_that_lived_long_enough_is_restarted_at_once_again() -> None:
    play = Play(group("root", group("inner", child("mike"), intensity=0), intensity=9), slow=["mike"])
    play.started("mike")
    play.dies("mike")
    play.started("mike")
    play.dies("mike")
    play.passes(1.0)
    play.started("mike")
    play.passes(4.5)
    play.dies("mike")
    assert play.children() == {"mike": "starting"}


def test_the_health_of_a_supervisor_counts_from_its_start_whatever_happens_beside_it() -> None:
    inner = group("inner", child("mike"), intensity=0)
    play = Play(group("root", child("alpha"), inner))
    play.dies("mike")
    play.passes(QUICK.healthy_after)
    play.dies("alpha")
    play.dies("mike")
    assert play.live == {"alpha": 2, "mike": 3}


def test_a_fall_is_forgotten_when_the_supervisor_above_restarts_everything_meanwhile() -> None:
    play = nested("one_for_all", slow=["mike"])
    play.started("mike")
    play.dies("alpha")
    play.dies("alpha")  # mike, behind whose back nothing can go on, takes its time
    play.dies("first")
    play.since()
    play.dies("mike", Ending.NORMAL)
    play.started("mike")
    assert play.since() == "xmike +first +mike +alpha +last"
    assert play.halted is None  # one restart, not two
    play.dies("last")
    play.dies("mike", Ending.NORMAL)
    assert play.halted == 70


def test_a_stop_while_a_supervisor_falls_ends_in_peace() -> None:
    inner = group("inner", child("mike"), child("alpha"), intensity=0)
    play = Play(group("root", child("first"), inner, child("last"), intensity=0), slow=["mike"])
    play.started("mike")
    play.dies("alpha")
    play.since()
    play.stop()
    play.dies("mike", Ending.NORMAL)  # not one restart too many for the root
    assert play.since() == "-last xlast xmike -first xfirst"
    assert play.halted == 0


def test_a_fall_that_brings_down_the_supervisor_above_with_it_climbs_on_at_once() -> None:
    low = group("low", child("mike"), intensity=0)
    play = Play(group("root", child("first"), group("middle", low, intensity=0), intensity=1))
    play.since()
    play.dies("mike")
    assert play.since() == "xmike +mike"
    play.dies("mike")
    assert (play.since(), play.halted) == ("xmike -first xfirst", 70)


def test_everything_below_a_supervisor_that_is_restarted_has_a_clean_history() -> None:
    low = group("low", child("mike"), intensity=1)
    play = Play(group("root", group("middle", low, child("alpha"), intensity=0), child("last")))
    play.dies("mike")
    play.dies("alpha")
    play.since()
    play.dies("mike")
    assert play.since() == "xmike +mike"


def test_each_new_state_of_a_child_is_told_once() -> None:
    tree = Tree(group("root", child("mike")), lambda: 0.0)
    assert tree.boot(0.0) == [Start("mike", 1), Changed("mike", "starting")]
    assert tree.started("mike", 1, 1.0) == [Changed("mike", "running"), Booted()]
    assert tree.tick(2.0) == []
    assert tree.stop(3.0) == [Stop("mike", 5.0), Changed("mike", "stopping")]
    assert tree.exited("mike", 1, Ending.NORMAL, "shutdown", 4.0) == [Changed("mike", "stopped"), Halted(0)]


def test_a_temporary_child_returns_when_its_supervisor_as_a_whole_is_restarted() -> None:
    inner = group("inner", child("mike", restart="temporary"), child("alpha"), intensity=0)
    play = Play(group("root", inner, strategy="one_for_all"))
    play.dies("alpha")
    assert play.live == {"mike": 2, "alpha": 2}


def test_a_child_parked_by_hand_stays_so_when_its_supervisor_is_restarted() -> None:
    play = nested()
    play.stop_child("mike")
    for _ in range(2):
        play.dies("alpha")
    assert play.children() == {"first": "running", "mike": "parked", "alpha": "running", "last": "running"}
