"""The kill switch as a file: `HALT` in the service's state directory. That it is there counts, not what it says.

Whoever may write there pulls the switch, whatever else is dead or hung: Connection looks at the last byte of every
order, Order before it takes one. It is written whole or not at all; only a resume takes it away. What cannot be looked
at counts as there, and so does whatever else has its name: a directory, a pipe, a link to nothing.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from actors.domain.halting import as_file, from_file
from actors.messages.orders import Halt
from supervision import clock

NAME: Final = "HALT"
_MOST_READ: Final = 65536


def new_id() -> str:
    """An id for a halt that no other has."""
    return f"{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


class HaltFile:
    """The file of one service."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._seen: tuple[int, ...] = ()
        self._halt: Halt | None = None

    def stands(self) -> str:
        """Why nothing may leave because of it, in words; empty when it is not there. Costs a system call."""
        try:
            self._path.lstat()
        except FileNotFoundError:
            return ""
        except OSError as error:
            return f"whether the kill switch's file {self._path} is there cannot be told: {error.strerror}"
        return f"the kill switch's file {self._path} is there"

    def look(self) -> Halt | None:
        """What it asks for; None when it is not there. It is read again only when it is another than before."""
        try:
            found = self._stat()
        except FileNotFoundError:
            self._seen = ()
            return None
        except OSError:
            return Halt(self.stands(), by="nobody known", id="unreadable")
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen or self._halt is None:
            self._seen, self._halt = seen, self._read(found.st_mtime_ns)
        return self._halt

    def write(self, halt: Halt) -> None:
        """Put it there: in force at once, then made durable. Raises OSError."""
        descriptor, draft = tempfile.mkstemp(prefix=f".{NAME}.", dir=self._path.parent)  # mode 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(as_file(halt))
                file.flush()
                Path(draft).replace(self._path)
                os.fsync(file.fileno())
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        _sync(self._path.parent)

    def remove(self) -> None:
        """Take it away. Raises OSError."""
        self._path.unlink(missing_ok=True)
        _sync(self._path.parent)

    def _stat(self) -> os.stat_result:
        """Of what a link leads to, or of the link when that is nothing. May raise OSError."""
        link = self._path.lstat()
        return self._path.stat() if stat.S_ISLNK(link.st_mode) and self._path.exists() else link

    def _read(self, changed_ns: int) -> Halt:
        day = datetime.fromtimestamp(changed_ns // 10**9, UTC)
        id_by_file = f"file-{day:%Y%m%dT%H%M%S}-{changed_ns % 10**9 // 1000:06d}"
        try:
            with open(self._path, "rb", opener=_at_once) as file:
                content = file.read(_MOST_READ) or b""
        except OSError as error:
            return Halt(f"{self.stands()}, and cannot be read: {error.strerror}", by="file HALT", id=id_by_file)
        return from_file(content, id_by_file)


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for anybody, as a pipe would."""
    return os.open(path, flags | os.O_NONBLOCK)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
