"""Imports run one way; the table in docs/architecture.md, enforced."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("actors", "cli", "config", "simulator", "strategies", "supervision", "benchmarks", "drills")

# Folder or file -> the modules of ours it may import, by prefix. The longest key that fits decides.
ALLOWED: dict[str, tuple[str, ...]] = {
    "supervision": ("supervision",),
    "actors/messages": ("actors.messages", "supervision.message"),
    "actors/domain": ("actors.domain", "actors.messages", "supervision.errors"),
    "actors/ib": ("actors.ib", "actors.domain", "actors.messages", "supervision"),
    "actors": ("actors", "supervision", "config.settings"),
    "config": ("config", *(f"supervision.{name}" for name in ("spec", "backoff", "errors", "clock", "failpoints"))),
    "simulator": ("simulator", "supervision.reactor", "supervision.acceptor", "supervision.errors"),
    "simulator/actor.py": ("simulator", "supervision"),
    "simulator/__main__.py": ("cli.simulator",),
    "strategies": ("strategies", "actors.strategy", "actors.messages", "supervision.errors"),
    "cli": ("cli", "actors", "config", "simulator", "supervision"),
    "cli/drill.py": ("cli", "actors", "drills", "supervision"),
    "drills": ("drills", "actors", "cli.exits", "simulator", "supervision"),
    "run.py": ("cli",),
}
IB_ONLY_BY = "actors/connection.py"


def _sources() -> list[Path]:
    folders = [ROOT / name for name in OURS if name != "benchmarks"]
    return [ROOT / "run.py", *(path for folder in folders for path in sorted(folder.rglob("*.py")))]


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def _under(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    room = max((key for key in ALLOWED if place == key or place.startswith(f"{key}/")), key=len)
    foreign = {name for name in _imports(path) if _under(name, OURS) and not _under(name, ALLOWED[room])}
    assert not foreign, f"{place} may import {ALLOWED[room]}"


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_ibapi_is_imported_by_its_room_alone_and_that_room_by_connection_alone(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    if place.startswith("actors/ib/"):
        return
    names = _imports(path)
    assert not {name for name in names if _under(name, ("ibapi",))}
    if place != IB_ONLY_BY:
        assert not {name for name in names if _under(name, ("actors.ib",))}


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_pandas_comes_with_the_calendars_into_their_process_alone(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() != "actors/calendar.py":
        assert not {name for name in _imports(path) if _under(name, ("pandas", "numpy", "exchange_calendars"))}


def test_the_supervisor_starts_without_anything_heavy() -> None:
    heavy = ("ibapi", "apscheduler", "sentry_sdk", "rich", "pykka", "pydantic")
    code = f"import supervision.loop, sys; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
