"""Log records of many processes in one stream, each a single short write so that lines never mix.

A record is one JSON object on a line, or readable text for a person; either way redacted and at most
LINE_LIMIT bytes, below what a pipe takes in one piece (4096). A log that nobody reads (a paused pager, a
stopped terminal) or that nothing can be written to (a full disk) stops nobody: what finds no room is
dropped and counted, and the count is told later. So is what a process writes beyond its allowance.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import time
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from supervision.allowance import RATE, Allowance
from supervision.redaction import redact, scrub

LINE_LIMIT: Final = 3500
PATIENCE_MS: Final = 100
"""How long a record waits for room in a full pipe; once one was dropped the next ones do not wait."""
_CUT: Final = " … cut"
_FIELDS: Final[tuple[str, ...]] = ("time", "level", "process", "pid", "logger", "message", "error")
_COLOURS: Final = {"DEBUG": "2", "INFO": "36", "WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class StreamHandler(logging.Handler):
    """Writes every record to `descriptor` with one system call."""

    def __init__(self, descriptor: int, allowance: Allowance | None = None) -> None:
        """Without an allowance there is no limit to how much may be written."""
        super().__init__()
        self._descriptor = descriptor
        self._allowance = allowance
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self._lost = 0
        self._held_back = 0
        self._torn = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; what goes wrong is shown the way `logging` shows it."""
        try:
            if self._allowance is not None and not self._allowance.take(time.monotonic()):
                self._held_back += 1
                return
            if not self._room.poll(0 if self._lost else PATIENCE_MS):
                self._lost += 1
                return
            if self._lost:
                self._tell(record.name, f"{self._lost} records before this one are lost: the log took nothing")
                self._lost = 0
            if self._held_back:
                limit = f"this process may log {RATE:g} records a second for long"
                self._tell(record.name, f"{self._held_back} records before this one are left out: {limit}")
                self._held_back = 0
            self._write(record)
        except OSError:
            self._lost += 1
        except Exception:  # noqa: BLE001 - a log that cannot be written must not end the process
            self.handleError(record)

    def _tell(self, name: str, text: str) -> None:
        self._write(logging.LogRecord(name, logging.WARNING, __file__, 0, text, None, None))

    def _write(self, record: logging.LogRecord) -> None:
        """One line. Raises OSError when it did not get there whole; the next one then begins on a line of its own."""
        line = self.format(record).encode("utf-8", "replace") + b"\n"
        if self._torn:
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        self._torn = 0 < written < len(line)
        if written < len(line):
            raise OSError(errno.ENOSPC, "the log has room for a part of the record only")


class JsonFormatter(logging.Formatter):
    """One JSON object: time, level, process, logger, message, error, and what `extra` added."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        entry: dict[str, Any] = {
            "time": _when(record).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        entry.update(scrub(extra))
        error = _error(self, record)
        if error:
            entry["error"] = error
        line = _dump(entry)
        return (line if len(line) <= LINE_LIMIT else _shorter(entry)).decode()


class TextFormatter(logging.Formatter):
    """Time, level, process and message for a person to read."""

    def __init__(self, process: str, *, colour: bool) -> None:
        super().__init__()
        self._process = process
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """The line, or lines when there is a stack to show."""
        level = f"{record.levelname:<8}"
        if self._colour:
            level = f"\x1b[{_COLOURS.get(record.levelname, '0')}m{level}\x1b[0m"
        who = self._process if record.name in (self._process, "root") else f"{self._process} {record.name}"
        line = f"{_when(record):%H:%M:%S.%f}"[:12] + f" {level} {who}: {redact(record.getMessage())}"
        error = _error(self, record)
        return _cut(f"{line}\n{error}" if error else line, LINE_LIMIT)


def _when(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _error(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(record.stack_info)
    return redact("\n".join(parts))


def _dump(entry: dict[str, Any]) -> bytes:
    """JSON of anything: what JSON cannot hold (huge numbers, half characters) is written as text."""
    try:
        return orjson.dumps(entry, default=str)
    except TypeError:
        return orjson.dumps({_plain(key): _plain(value) for key, value in entry.items()})


def _plain(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _shorter(entry: dict[str, Any]) -> bytes:
    """The record within the limit: without extras, with the beginning of its message and the end of its stack."""
    kept = {key: entry[key] for key in _FIELDS if key in entry}
    for room in (1500, 700, 250, 80):  # characters; one may take six bytes in JSON
        kept["message"] = entry["message"][:room] + _CUT
        if "error" in entry:
            kept["error"] = f"… {entry['error'][-room:]}"
        line = _dump(kept)
        if len(line) <= LINE_LIMIT:
            break
    return line


def _cut(text: str, limit: int) -> str:
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    return data[: limit - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT
