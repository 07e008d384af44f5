"""A write-ahead log of SQLite whose end is torn off, and what must be left of the audit trail then.

The log is a header of 32 bytes and frames; a frame with a database size other than zero ends a transaction. It is cut
somewhere inside the last one, so that SQLite must go back to the one before. What that one holds is read from a copy
cut exactly at its end.
"""

from __future__ import annotations

import random
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from actors.store.audit import AuditTrail
from actors.store.database import Database
from drills.errors import Broken
from drills.stage import rows

_HEADER, _FRAME_HEADER = 32, 24


@dataclass(frozen=True, slots=True)
class Head:
    """Where the audit trail ends after the tearing, and what was torn off, in words."""

    row: int
    hash: str
    words: str


def tear(database: Path, copy: Path, rng: random.Random) -> Head:
    """Cut the log of a database that nobody has open inside its last transaction. Raises Broken without a log."""
    log = _log_of(database)
    ends, size = _transactions(log), log.stat().st_size
    if len(ends) < 2:
        raise Broken(f"{log.name} was to hold transactions, it holds {len(ends)}")
    whole, last = ends[-2:]
    cut = rng.randrange(whole + 1, last)
    copy.mkdir()
    beside = copy / database.name
    shutil.copy(database, beside)
    _log_of(beside).write_bytes(log.read_bytes()[:whole])
    row, hash_ = rows(beside, "select sequence, hash from audit order by sequence desc limit 1")[0]
    with log.open("r+b") as file:
        file.truncate(cut)
    return Head(row, hash_, f"{size - cut} bytes of {size}")


def wrong_after(database: Path, head: Head) -> str:
    """What is wrong with the audit trail of a database that nobody has open: it must go on from the head, unbroken."""
    opened = Database(database)
    try:
        damage = AuditTrail(opened).verify()
        kept = opened.query("select hash from audit where sequence = ?", (head.row,))
    finally:
        opened.close()
    if damage is not None:
        return f"row {damage.sequence} is damaged: {damage.reason}"
    return "" if kept == [(head.hash,)] else f"row {head.row} is another one"


def followed(directory: Path) -> bool:
    """Whether every row of the order journal is in the audit trail, once and as it is."""
    journal = rows(directory / "orders.db", "select sequence, kind, key, data from journal order by sequence")
    audit = rows(
        directory / "state.db",
        "select journal_sequence, kind, key, data from audit where journal_sequence is not null order by 1",
    )
    return journal == audit


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def _transactions(log: Path) -> list[int]:
    """Where each transaction of the log ends. The log must never have been begun anew."""
    data = log.read_bytes()
    (page,) = struct.unpack_from(">I", data, 8)
    salts = data[16:24]
    ends = []
    for at in range(_HEADER, len(data) - _FRAME_HEADER - page + 1, _FRAME_HEADER + page):
        _, size = struct.unpack_from(">II", data, at)
        if data[at + 8 : at + 16] != salts:
            raise Broken(f"{log.name} was begun anew: it holds frames of before")
        if size:
            ends.append(at + _FRAME_HEADER + page)
    return ends
