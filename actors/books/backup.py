"""A backup of one service: copies of both databases, and of the small files that a restored service needs beside them.

Taken while the service works or not. State's database is copied first, so that the order journal has every row that
the copied audit trail followed. The copies are verified before the directory gets its name: it is there whole and
sound, or not at all. What is acknowledged for live trading is not copied: whoever restores acknowledges again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from actors.books.files import ORDERS, STATE, opened
from actors.books.verification import Verification, Verified
from actors.copies import copy, sync
from actors.orders.halt_file import NAME as HALT_FILE

BESIDE: Final = ("connection.json", HALT_FILE)
"""The last session epoch, which must never fall, and a kill switch that was thrown by file."""


class DamagedBackup(Exception):
    """The copies were made, and are not sound; `verified` tells why."""

    def __init__(self, verified: Verified) -> None:
        super().__init__("the databases are damaged")
        self.verified = verified


def back_up(directory: Path, target: Path, progress: Callable[[int, int], None]) -> Verified:
    """Copy the databases in `directory` to a new directory. Raises Unreadable, OSError, DamagedBackup."""
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))  # mode 0700
    try:
        for name in (STATE, ORDERS):
            with opened(directory / name) as db:
                copy(db, draft / name)
        for name in BESIDE:
            _copy_beside(directory / name, draft / name)
        sync(draft)
        verified = _verified(draft, progress)
        draft.rename(target)  # refused by the system when there is something in the way, but an empty directory
        sync(target.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return verified


def _verified(draft: Path, progress: Callable[[int, int], None]) -> Verified:
    verified = Verification(draft, None, progress).run()
    if verified.found:
        raise DamagedBackup(verified)
    return verified


def _copy_beside(source: Path, target: Path) -> None:
    try:
        content = source.read_bytes()
    except FileNotFoundError:
        return
    target.touch(mode=0o600)
    target.write_bytes(content)
    sync(target)
