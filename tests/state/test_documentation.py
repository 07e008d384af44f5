"""What docs/database.md promises to people with a shell holds."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors.store.audit import AuditTrail
from actors.store.database import Database

DOCUMENT = (Path(__file__).parents[2] / "docs" / "database.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = Database(tmp_path / "state.db")
    trail = AuditTrail(database)
    with database.transaction():
        trail.append(datetime.now(UTC), "session_up", "", '{"epoch":1}')
        trail.append(datetime.now(UTC), "intent", "schlüssel-1", '{"status":"INTENT"}', journal_sequence=1)
        trail.append(datetime.now(UTC), "execution", "schlüssel-1", "{}", journal_sequence=2)
    database.close()
    return tmp_path / "state.db"


@pytest.mark.parametrize("block", blocks("sql"))
def test_every_query_runs(path: Path, block: str) -> None:
    reader = sqlite3.connect(path)
    for statement in block.split(";\n"):
        reader.execute(statement).fetchall()
    reader.close()


def test_every_table_is_explained(path: Path) -> None:
    reader = sqlite3.connect(path)
    tables = [name for (name,) in reader.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    reader.close()

    assert tables
    assert [name for name in tables if f"`{name}`" not in DOCUMENT] == []


def test_the_recipe_without_our_code_accepts_our_chain_and_names_a_changed_row(path: Path) -> None:
    (recipe,) = blocks("python")
    command = [sys.executable, "-c", recipe]
    assert subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False).returncode == 0

    editor = sqlite3.connect(path)
    editor.execute("UPDATE audit SET key = 'schlüssel-2' WHERE sequence = 2")
    editor.commit()
    editor.close()
    changed = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    assert "row 2 is damaged" in changed.stderr
