"""The unit file and the service agree about limits and codes; systemd itself is not needed to see that."""

from __future__ import annotations

from pathlib import Path

from cli.exits import CONFIGURATION, REFUSED
from config.load import load
from config.tree import build
from supervision.process import ANSWER_SECONDS, GONE_SECONDS, IMPORT_SECONDS
from supervision.tree import KILL_GRACE

UNIT = Path(__file__).parents[2] / "deploy" / "nightdesk.service"


def unit() -> dict[str, str]:
    lines = (line.partition("=") for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return {key: value for key, _, value in lines}


def test_the_supervisor_is_never_busy_for_as_long_as_the_watchdog_waits() -> None:
    assert float(unit()["WatchdogSec"]) > ANSWER_SECONDS + IMPORT_SECONDS + GONE_SECONDS


def test_the_default_tree_can_drain_within_the_units_limit(tmp_path: Path) -> None:
    leaves = build(load().settings, tmp_path).leaves()
    assert sum(leaf.stop_limit + KILL_GRACE for leaf in leaves) < float(unit()["TimeoutStopSec"])


def test_what_a_restart_cannot_help_is_not_restarted() -> None:
    assert {*unit()["RestartPreventExitStatus"].split()} == {str(CONFIGURATION), str(REFUSED)}
