"""Rows of the order journal or the audit trail as text for other programs: JSON lines, or csv.

A row's facts leave as they are stored, to the byte: in csv as text, in JSON as the object they are. What is no JSON
there leaves as a string. Rows come in their order.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, TextIO

import orjson

Format = Literal["jsonl", "csv"]
Book = Literal["journal", "audit"]
COLUMNS: Final[dict[Book, tuple[str, ...]]] = {
    "journal": ("sequence", "at", "kind", "key", "data"),
    "audit": ("sequence", "journal_sequence", "at", "kind", "key", "data", "previous_hash", "hash"),
}


class Wanted(NamedTuple):
    """Which rows: from `since` until before `until`, of these kinds (all when there are none), about this key."""

    since: datetime | None = None
    until: datetime | None = None
    kinds: tuple[str, ...] = ()
    key: str | None = None


def rows(db: sqlite3.Connection, book: Book, wanted: Wanted) -> Generator[tuple[Any, ...], None, None]:
    """The rows wanted, column by column as in COLUMNS."""
    conditions, values = ["1"], []
    for moment, comparison in ((wanted.since, ">="), (wanted.until, "<")):
        if moment is not None:
            conditions.append(f"at {comparison} ?")
            values.append(moment.astimezone(UTC).isoformat())  # the form that is stored, so that text compares as time
    if wanted.kinds:
        conditions.append(f"kind IN ({', '.join('?' * len(wanted.kinds))})")
        values.extend(wanted.kinds)
    if wanted.key is not None:
        conditions.append("key = ?")
        values.append(wanted.key)
    columns, where = ", ".join(COLUMNS[book]), " AND ".join(conditions)
    yield from db.execute(f"SELECT {columns} FROM {book} WHERE {where} ORDER BY sequence", values)


def write(found: Iterator[tuple[Any, ...]], book: Book, form: Format, out: TextIO) -> int:
    """Write the rows; how many there were."""
    names, count = COLUMNS[book], 0
    table = csv.writer(out)
    if form == "csv":
        table.writerow(names)
    for row in found:
        count += 1
        if form == "csv":
            table.writerow(row)
        else:
            out.write(_line(dict(zip(names, row, strict=True))))
    return count


def _line(row: dict[str, Any]) -> str:
    try:
        orjson.loads(row["data"])
    except orjson.JSONDecodeError:
        facts = row["data"]
    else:
        facts = orjson.Fragment(row["data"])
    return orjson.dumps({**row, "data": facts}, option=orjson.OPT_APPEND_NEWLINE).decode()
