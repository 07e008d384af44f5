"""A copy of a SQLite file while others read and write it: for backups, and before a migration changes the file.

The copy is one instant of the original (a reader's transaction), and holds nobody up. It is one file, without a
write-ahead log beside it, for its owner alone, and on the disk before it gets its name: under that name there is a
whole copy or none. Failures are SQLite's and the system's own errors.
"""

from __future__ import annotations

import contextlib
import errno
import filecmp
import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from supervision import clock

log = logging.getLogger(__name__)

# What SQLite says of a disk that takes no more; an original, which is only read, never makes it.
_NOT_TAKEN: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC})


def copy(source: sqlite3.Connection, target: Path) -> None:
    """Write a copy of an open database, that has no transaction open, to a new file. OSError when there is no room."""
    check_room(source, target.parent)
    (_, _, original), *_others = source.execute("PRAGMA database_list").fetchall()
    draft = target.with_name(f".{Path(original).name}.part")  # what a kill left is overwritten, whatever the target
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(draft)) as db, _in_words_of(target.parent):
            source.backup(db)
            db.execute("PRAGMA journal_mode = DELETE")  # else a reader of the copy would need to write beside it
        sync(draft)
        draft.replace(target)
        sync(target.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def check_room(source: sqlite3.Connection, directory: Path) -> None:
    """Raise OSError with both figures when a copy would not fit."""
    pages, size = (int(source.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size"))
    disk = os.statvfs(directory)
    needed, free = pages * size, disk.f_bavail * disk.f_frsize
    if needed > free:
        raise OSError(errno.ENOSPC, f"a copy of {needed:,} bytes does not fit into {directory}, {free:,} are free")


@contextmanager
def _in_words_of(directory: Path) -> Iterator[None]:
    """A disk that does not take the copy as OSError, so that nobody thinks that the original cannot be read."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode in _NOT_TAKEN:
            raise OSError(errno.ENOSPC, f"{directory} does not take the copy: {error}") from error
        raise


def sync(path: Path) -> None:
    """Make a file, or the names in a directory, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def kept_before_migration(source: sqlite3.Connection, path: Path, version: int) -> Iterator[None]:
    """Copy a database of an older schema before the block migrates it; what refuses the copy refuses the migration.

    The copy stays beside the file when the migration has worked. When it could not be carried out for now, the file
    itself is still the old one and the copy is removed; one that a killed attempt left is used again. So attempts that
    fail, however often, do not fill the disk.
    """
    target = path.with_name(f"{path.name}.version-{version}.{clock.now():%Y%m%dT%H%M%S%fZ}")
    copy(source, target)
    same = _same(target)
    if same is not None:
        target.unlink()
        target = same
    try:
        yield
    except (sqlite3.OperationalError, OSError):
        if same is None:
            with contextlib.suppress(OSError):
                target.unlink()
        raise
    log.warning("%s had schema version %d and is migrated; what it was is kept in %s", path, version, target)


def _same(copied: Path) -> Path | None:
    """An earlier copy of the same contents."""
    earlier = copied.parent.glob(f"{copied.stem}.*")
    return next((one for one in earlier if one != copied and filecmp.cmp(one, copied, shallow=False)), None)
