"""What docs/database.md promises to people with a shell holds, and what docs/risk.md asks the order journal runs."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from actors.orders.journal import Journal
from actors.store.audit import AuditTrail
from actors.store.database import Database

DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT = (DOCS / "database.md").read_text(encoding="utf-8")
SQL = re.compile(r"```sql\n(.*?)```", re.DOTALL)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def queries() -> list[tuple[str, str]]:
    """Each block of SQL with the file it is for: the one that its section's heading names, or else state.db."""
    found = [("orders.db", block) for block in SQL.findall((DOCS / "risk.md").read_text(encoding="utf-8"))]
    assert found
    for section in re.split(r"^## ", DOCUMENT, flags=re.MULTILINE):
        file = "orders.db" if "`orders.db`" in section.partition("\n")[0] else "state.db"
        found += [(file, block) for block in SQL.findall(section)]
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = Database(tmp_path / "state.db")
    trail = AuditTrail(database)
    with database.transaction():
        trail.append(datetime.now(UTC), "session_up", "", '{"epoch":1}')
        trail.append(datetime.now(UTC), "intent", "schlüssel-1", '{"status":"INTENT"}', journal_sequence=1)
        trail.append(datetime.now(UTC), "execution", "schlüssel-1", "{}", journal_sequence=2)
    database.close()
    Journal(tmp_path / "orders.db").close()
    return tmp_path / "state.db"


@pytest.mark.parametrize(("file", "block"), queries())
def test_every_query_runs(path: Path, file: str, block: str) -> None:
    reader = sqlite3.connect(path.with_name(file))
    for statement in block.split(";\n"):
        reader.execute(statement).fetchall()
    reader.close()


@pytest.mark.parametrize("file", ["state.db", "orders.db"])
def test_every_table_is_explained(path: Path, file: str) -> None:
    reader = sqlite3.connect(path.with_name(file))
    tables = [name for (name,) in reader.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")]
    reader.close()

    assert tables
    own = [name for name in tables if not name.startswith("sqlite_")]
    assert [name for name in own if f"`{name}`" not in DOCUMENT] == []


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
