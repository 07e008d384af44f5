"""Who watches whom: each end and each start is told exactly once."""

from __future__ import annotations

import pytest

from supervision.lifecycle import ActorDown, ActorUp
from supervision.monitors import Monitors


def test_each_watcher_hears_of_each_end_and_each_start_once() -> None:
    monitors = Monitors(["order", "state", "account"])
    monitors.up("order", 1)
    assert monitors.watch("state", "order") == []
    assert monitors.watch("state", "order") == []  # registered already
    assert monitors.down("order", 1, "crash") == [("state", ActorDown("order", 1, "crash"))]
    assert monitors.up("order", 2) == [("state", ActorUp("order", 2))]


def test_who_registers_for_the_dead_is_told_at_once() -> None:
    monitors = Monitors(["order", "state"])
    monitors.up("order", 1)
    monitors.down("order", 1, "crash")
    assert monitors.watch("state", "order") == [("state", ActorDown("order", 1, "crash"))]
    assert monitors.up("order", 2) == [("state", ActorUp("order", 2))]


def test_a_registration_ends_with_the_incarnation_that_made_it() -> None:
    monitors = Monitors(["order", "state"])
    monitors.up("order", 1)
    monitors.watch("state", "order")
    monitors.down("state", 1, "crash")
    assert monitors.down("order", 1, "crash") == []


def test_a_name_that_is_no_child_cannot_be_watched() -> None:
    with pytest.raises(KeyError):
        Monitors(["order"]).watch("order", "nobody")


def test_a_child_added_later_is_watched_like_the_others_and_one_that_returns_by_those_who_watched_it() -> None:
    monitors = Monitors(["state"])
    monitors.add("order")
    assert monitors.watch("state", "order") == [("state", ActorDown("order", 0, "not started yet"))]
    monitors.up("order", 1)
    monitors.down("order", 1, "shutdown")
    monitors.add("order")
    assert monitors.up("order", 2) == [("state", ActorUp("order", 2))]
