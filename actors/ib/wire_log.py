"""The raw conversation with the gateway in a file of its own, when somebody needs to see it.

One JSON object a line: time, direction, fields; account numbers are shortened. It rotates, so that
a forgotten switch cannot fill the disk.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
from pathlib import Path

import orjson

from actors.ib.redaction import readable
from supervision import clock

_FILE_BYTES, _OLD_FILES = 20_000_000, 4


class WireLog:
    """Writes frames to `path`."""

    def __init__(self, path: Path) -> None:
        self._handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=_FILE_BYTES, backupCount=_OLD_FILES, encoding="utf-8"
        )
        self._logger = logging.Logger("wire")  # not in the tree of loggers: nobody else shall get these lines
        self._logger.addHandler(self._handler)

    def write(self, direction: str, payload: bytes) -> None:
        """One frame; direction is `in` or `out`."""
        line = {"at": clock.now(), "direction": direction, "frame": readable(payload)}
        self._logger.info("%s", orjson.dumps(line).decode())

    def close(self) -> None:
        """Release the file."""
        with contextlib.suppress(OSError):  # a full disk does not take the last lines
            self._handler.close()
