"""The calendar is read in one place; jumps of the clocks are told apart; a drill's shift reaches running processes."""

from __future__ import annotations

import ast
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supervision import clock
from supervision.clock import Jump, Look, ShiftedClocks, jump, set_shift

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("actors", "cli", "config", "supervision")
SECOND = 1_000_000_000
HOUR = 3600.0

# What reads the calendar: methods of the date classes, functions of `time`.
READS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
READS |= {("time", "time"), ("time", "time_ns"), ("time", "ctime"), ("time", "gmtime"), ("time", "localtime")}
IN_SQL = ("current_timestamp", "current_date", "current_time", "'now'")


def readings(tree: ast.AST) -> list[str]:
    """Every place of a module that reads the calendar by itself."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            if (name, node.attr) in READS or node.attr == "CLOCK_REALTIME":
                found.append(f"line {node.lineno}: {name}.{node.attr}")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            found += [f"line {node.lineno}: from time import {alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.lower()
            found += [f"line {node.lineno}: {word} in SQL" for word in IN_SQL if word in text and "select" in text]
    return found


@pytest.mark.parametrize(
    "line",
    ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "time.time_ns()", "wall = time.time",
     "from time import time", "time.clock_gettime(time.CLOCK_REALTIME)", "db.execute('SELECT CURRENT_TIMESTAMP')"],
)  # fmt: skip
def test_a_reading_of_the_calendar_is_found_in_each_of_its_forms(line: str) -> None:
    assert readings(ast.parse(line))


def test_the_calendar_is_read_in_one_module_alone() -> None:
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if path != Path(clock.__file__)]
    assert len(paths) > 100
    found = {path.relative_to(ROOT).as_posix(): readings(ast.parse(path.read_text())) for path in paths}
    assert {place: lines for place, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("after", "seen"),
    [
        (Look(70 * SECOND, 20 * SECOND, 30 * SECOND), Jump(0.0, 0.0)),
        (Look(70 * SECOND + SECOND // 2, 20 * SECOND, 30 * SECOND), Jump(0.0, 0.0)),
        (Look(3670 * SECOND, 20 * SECOND, 30 * SECOND), Jump(HOUR, 0.0)),
        (Look(-3530 * SECOND, 20 * SECOND, 30 * SECOND), Jump(-HOUR, 0.0)),
        (Look(3670 * SECOND, 20 * SECOND, 3630 * SECOND), Jump(0.0, HOUR)),
        (Look(70 * SECOND, 20 * SECOND, 3630 * SECOND), Jump(-HOUR, HOUR)),
    ],
    ids=["none", "slewed", "set forward", "set back", "suspended", "suspended, then set back"],
)
def test_a_calendar_that_was_set_is_told_from_a_suspend(after: Look, seen: Jump) -> None:
    assert jump(Look(60 * SECOND, 10 * SECOND, 20 * SECOND), after) == seen


def test_a_shift_reaches_clocks_that_run_already_and_survives_one_more_reader(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clocks = ShiftedClocks(file)
    assert abs(clocks.now() - datetime.now(UTC)) < timedelta(seconds=5)
    set_shift(file, calendar=-HOUR, suspended=7.0)
    ShiftedClocks(file)
    assert abs(clocks.now() + timedelta(hours=1) - datetime.now(UTC)) < timedelta(seconds=5)
    assert abs(clocks.now_ns() / SECOND - clocks.now().timestamp()) < 5.0
    assert abs(clocks.elapsed_ns() / SECOND - clock.elapsed_ns() / SECOND - 7.0) < 5.0


def test_without_the_variable_nothing_stands_between_a_tick_and_the_clock() -> None:
    code = "import time; from supervision import clock; print(clock.now_ns is time.time_ns)"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "True"
