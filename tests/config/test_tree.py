"""The shape of the tree, which is a promise of the design."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.load import load
from config.tree import PRELOAD, build
from supervision.spec import ChildSpec, SupervisorSpec

HERE = Path("/nowhere")
PAPER = ("mode=paper", "accounts=[DU1234567]", "gateway.port=4002")


def shape(spec: SupervisorSpec | ChildSpec) -> object:
    return spec.name if isinstance(spec, ChildSpec) else (spec.name, spec.exhausted, [shape(c) for c in spec.children])


def test_the_simulated_tree_starts_its_market_first_and_the_view_last() -> None:
    assert shape(build(load().settings, HERE, log_file=HERE / "log")) == (
        "root",
        "escalate",
        [
            "simulator",
            "state",
            ("broker", "escalate", ["connection", "account", "order", "market_data"]),
            ("strategies", "park", ["sample"]),
            ("services", "park", ["view"]),
        ],
    )


def test_paper_trading_has_no_simulator_no_view_without_a_terminal_and_the_calendar_after_the_others() -> None:
    names = [child.name for child in build(load(assignments=PAPER).settings, HERE).leaves()]
    assert names == ["state", "connection", "account", "order", "market_data", "sample", "calendar"]


def test_a_simulated_market_needs_a_calendar_only_if_it_closes_and_order_is_told_which() -> None:
    for hours, never_closes in (("always", True), ("exchange", False)):
        children = list(build(load(assignments=[f"simulator.hours={hours}"]).settings, HERE).leaves())
        assert ("calendar" not in [child.name for child in children]) == never_closes
        order = next(child for child in children if child.name == "order")
        assert order.kwargs["never_closes"] == never_closes


def test_safe_and_disabled_strategies_are_parked_and_nothing_else_is() -> None:
    disabled = load(assignments=["strategies=[{name: a}, {name: b, enabled: false}]"]).settings
    assert [child.name for child in build(disabled, HERE).leaves() if child.parked] == ["b"]
    assert [child.name for child in build(disabled, HERE, safe=True).leaves() if child.parked] == ["a", "b"]


def test_limits_that_could_never_escalate_are_a_configuration_error() -> None:
    with pytest.raises(SettingsError, match="can never escalate"):
        build(load(assignments=["supervision.period=5"]).settings, HERE)


def test_every_child_can_be_sent_to_its_process_and_finds_its_class_there() -> None:
    for child in build(load(assignments=["simulator.hours=exchange"]).settings, HERE, log_file=HERE / "log").leaves():
        pickle.loads(pickle.dumps(child))
        module, _, name = child.target.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


def test_what_the_fork_server_preloads_exists() -> None:
    for module in PRELOAD:
        importlib.import_module(module)
