"""A disk without room for this process, and a database file torn or damaged on it."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = 4096


def log_of(database: Path) -> Path:
    """The write-ahead log beside a database."""
    return database.with_name(f"{database.name}-wal")


@contextmanager
def disk_full(database: Path, room: int = 0) -> Iterator[None]:
    """No file may grow beyond what the database's write-ahead log has now, to which everything is appended.

    `room`: so many bytes more.
    """
    size = log_of(database).stat().st_size + room
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def torn(database: Path, into: Path) -> Iterator[Path]:
    """Copies of an open database whose log ends at one byte after another: at each frame's ends, and within."""
    whole = log_of(database).read_bytes()
    frame = PAGE + 24
    ends = {0, 31, 32, len(whole)}
    for start in range(32, len(whole), frame):
        ends |= {start - 1, start, start + 1, start + 24, start + frame // 2}
    copy = into / database.name
    for end in sorted(end for end in ends if end <= len(whole)):
        for leftover in into.glob(f"{database.name}*"):
            leftover.unlink()
        shutil.copy(database, copy)
        log_of(copy).write_bytes(whole[:end])
        yield copy


def damage(database: Path) -> None:
    """Overwrite everything after the first page of a closed database."""
    size = database.stat().st_size
    assert size > 2 * PAGE
    with database.open("r+b") as file:
        file.seek(PAGE)
        file.write(b"\xa5" * (size - PAGE))
