"""Specifications: an impossible one is refused in words, a possible one can always escalate."""

from __future__ import annotations

import pytest

from supervision.backoff import Backoff
from supervision.errors import SpecError
from supervision.spec import ChildSpec, SupervisorSpec
from tests.supervision.play import Play, child, group


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        ({"name": "a/b"}, "name", "a/b"),
        ({"name": ""}, "name", ""),
        ({"name": "Supervisor"}, "name", "Supervisor"),
        ({"target": "actors.order"}, "order.target", "actors.order"),
        ({"target": "actors.order:Order:Actor"}, "order.target", "actors.order:Order:Actor"),
        ({"restart": "always"}, "order.restart", "always"),
        ({"stop_limit": -1.0}, "order.stop_limit", -1.0),
        ({"hang_limit": 0.0}, "order.hang_limit", 0.0),
        ({"hang_limit": float("inf")}, "order.hang_limit", float("inf")),
        ({"mailbox_limit": 0}, "order.mailbox_limit", 0),
    ],
)
def test_an_impossible_child_is_refused_naming_field_and_value(
    options: dict[str, object], field: str, value: object
) -> None:
    with pytest.raises(SpecError) as caught:
        ChildSpec(**{"name": "order", "target": "actors.order:Order", **options})  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.value) == (field, value)
    assert caught.value.rule


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"strategy": "some_for_one"}, "root.strategy"),
        ({"exhausted": "ignore"}, "root.exhausted"),
        ({"intensity": -1}, "root.intensity"),
        ({"period": 0.0}, "root.period"),
        ({"backoff": Backoff(base=-1.0)}, "root.backoff.base"),
        ({"backoff": Backoff(factor=0.5)}, "root.backoff.factor"),
        ({"backoff": Backoff(base=2.0, ceiling=1.0)}, "root.backoff.ceiling"),
        ({"backoff": Backoff(jitter=-0.1)}, "root.backoff.jitter"),
        ({"children": (child("a"), child("A"))}, "root.children"),
        ({"children": (child("a"), SupervisorSpec("b", (child("root"),)))}, "root.children"),
        ({"exhausted": "park", "strategy": "one_for_all"}, "root.exhausted"),
        ({"exhausted": "park", "children": (child("a"), group("inner", child("b")))}, "root.exhausted"),
        ({"backoff": Backoff(base=1.0, ceiling=30.0, jitter=0.0), "intensity": 5, "period": 31.0}, "root.period"),
        ({"children": (group("inner", child("a"), intensity=4),), "intensity": 3, "period": 45.0}, "root.period"),
    ],
)
def test_an_impossible_supervisor_is_refused_naming_the_field(options: dict[str, object], field: str) -> None:
    with pytest.raises(SpecError) as caught:
        SupervisorSpec(**{"name": "root", "children": (child("a"),), **options})  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("intensity", [0, 1, 4])
def test_whatever_passes_validation_does_escalate_through_every_level_at_the_longest_waits(intensity: int) -> None:
    backoff = Backoff(base=1.0, factor=2.0, ceiling=8.0, jitter=0.5)
    inner_time = backoff.worst_total(intensity + 1)
    inner = group("inner", child("a"), intensity=intensity, period=inner_time + 0.1, backoff=backoff)
    needed = backoff.worst_total(intensity + 1) + intensity * inner.time_to_give_up()
    play = Play(group("root", inner, intensity=intensity, period=needed + 0.1, backoff=backoff), random=lambda: 1.0)
    for _ in range((intensity + 1) ** 2 - 1):
        play.dies("a")
        play.passes((play.tree.next_deadline() or play.now) - play.now)
    assert play.halted is None
    play.dies("a")
    assert play.halted == 70
