"""Logging and error reports of every process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReportingSettings:
    """How a process logs and reports; the same for every process of the service."""

    level: str = "INFO"
    json: bool = False
    """One JSON object a line; otherwise readable text, coloured when standard error is a terminal."""
    file: Path | None = None
    """Appended to instead of writing on standard error."""
    sentry_dsn: str | None = None
    """Without one, the Sentry client is never imported."""
    sentry_environment: str = "development"
    quiet_loggers: Mapping[str, str] = field(default_factory=dict)
    """Logger name -> the lowest level it may log at, for libraries that talk too much."""
