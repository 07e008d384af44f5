"""Logging and error reports of a process: configured once after its birth, the same way in every process.

Without a Sentry DSN the client is not even imported. Log and reports are redacted in one place, `redaction`.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from supervision import sentry
from supervision.allowance import Allowance
from supervision.logs import JsonFormatter, StreamHandler, TextFormatter


@dataclass(frozen=True, slots=True)
class ReportingSettings:
    """How a process logs and reports."""

    level: str = "INFO"
    """At debug, processes may log without limit."""
    json: bool | None = None
    """One JSON object a line, or text for a person; None: text on a terminal, JSON elsewhere."""
    file: Path | None = None
    """Appended to; None: standard error."""
    sentry_dsn: str | None = None
    sentry_environment: str = "development"
    quiet_loggers: Mapping[str, str] = field(default_factory=dict)
    """Logger name -> the lowest level it may log at, for libraries that talk too much."""


class _Reports:
    """Whether Sentry is on in this process, and what it was sent lately."""

    def __init__(self) -> None:
        self.on = False
        self.limiter = sentry.Limiter()


_reports = _Reports()


def configure(settings: ReportingSettings, process: str) -> None:
    """Set up log, stack dumps and Sentry of this process, called `process` in all of them. Raises OSError."""
    descriptor = _open(settings.file)
    on_terminal = os.isatty(descriptor)
    debugging = settings.level.upper() == "DEBUG"
    handler = StreamHandler(descriptor, None if debugging else Allowance(time.monotonic()))
    as_json = not on_terminal if settings.json is None else settings.json
    handler.setFormatter(JsonFormatter(process) if as_json else TextFormatter(process, colour=on_terminal))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    logging.captureWarnings(capture=True)
    for name, level in settings.quiet_loggers.items():
        logging.getLogger(name).setLevel(level.upper())
    faulthandler.enable(file=descriptor, all_threads=True)
    if settings.sentry_dsn:
        sentry.initialise(settings.sentry_dsn, settings.sentry_environment, process)
        _reports.on = True


def capture(error: BaseException) -> None:
    """Send an unexpected exception to Sentry, if that is on and the same one was not sent just now."""
    if _reports.on and _reports.limiter.allows(sentry.fingerprint(error), time.monotonic()):
        import sentry_sdk

        sentry_sdk.capture_exception(error)


def flush(seconds: float) -> None:
    """Wait until reports have left, at most so long; needed before `os._exit`."""
    if _reports.on:
        import sentry_sdk

        sentry_sdk.flush(timeout=seconds)


def _open(file: Path | None) -> int:
    """A descriptor that lives as long as the process; appending keeps the lines of several processes whole."""
    if file is None:
        return sys.__stderr__.fileno() if sys.__stderr__ is not None else os.open(os.devnull, os.O_WRONLY)
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
