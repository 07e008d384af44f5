"""From an older order journal to the present one: a step for each version, all of them in one transaction.

A killed process, or a full disk, leaves the old file, whole; an older program refuses the new one. A step that has
been released is never edited. The `journal` table is the history and is never touched: what a new column says of old
rows is read from it, or stays empty.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from actors.orders.schema import VERSION, VIEWS

# To the version that is the key, from the one before.
_STEPS: Final[dict[int, str]] = {
    2: """
    ALTER TABLE orders ADD COLUMN trail REAL;
    ALTER TABLE orders ADD COLUMN trail_percent REAL;
    ALTER TABLE orders ADD COLUMN limit_offset REAL;
    ALTER TABLE orders ADD COLUMN good_till TEXT;
    ALTER TABLE orders ADD COLUMN parent TEXT NOT NULL DEFAULT '';
    ALTER TABLE orders ADD COLUMN oca_group TEXT NOT NULL DEFAULT '';
    ALTER TABLE orders ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
    UPDATE orders SET held = coalesce(state ->> 'held', 0);
    CREATE INDEX orders_by_parent ON orders (parent) WHERE parent <> '';
    CREATE INDEX orders_by_group ON orders (oca_group) WHERE oca_group <> '';
    ALTER TABLE executions ADD COLUMN sec_type TEXT NOT NULL DEFAULT '';
    UPDATE executions SET sec_type = told.sec_type FROM (
        SELECT data ->> 'exec_id' AS exec_id, data ->> 'sec_type' AS sec_type FROM journal WHERE kind = 'execution'
    ) AS told WHERE told.exec_id = executions.exec_id AND told.sec_type IS NOT NULL;
    """,
    3: VIEWS,  # as they are in version 3: when one changes, this text stays here and the change is a step of its own
}


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring a file of this older version to VERSION, or leave it as it is and raise what SQLite raises."""
    steps = " ".join(_STEPS[number] for number in range(version + 1, VERSION + 1))
    db.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {VERSION}; COMMIT;")
