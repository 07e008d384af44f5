"""What it means when SQLite refuses, for the order journal and state.db alike.

Full, failing, held by somebody else: may pass, so the owner works on without it, tells so, and tries again.
Damaged: will not pass, and nothing is ever made anew in place of it, because it is the only record: a person decides.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from supervision.errors import ConfigurationError

PROBES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before each next attempt to write; the last one repeats."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


def check_damage(error: sqlite3.Error | OSError, path: Path, advice: str) -> None:
    """Raise ConfigurationError with `advice` if the file is damaged, or no database."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
        raise ConfigurationError(f"{path} is damaged ({error}): {advice}") from error


def probe_pause(failures: int) -> float:
    """Seconds to wait after so many failed attempts in a row."""
    return PROBES[min(failures, len(PROBES)) - 1]
