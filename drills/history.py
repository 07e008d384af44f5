"""The merged event log of a drill: its own history and the service's log, in the order of time."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import orjson

from drills.record import Record

KEPT = 400


def merged(record: Record, log: Path) -> tuple[str, ...]:
    """The last lines, oldest first, each with the seconds since the drill began."""
    offset = time.time() - time.monotonic()
    lines = [(event.at - record.began, f"{event.who}: {event.text}") for event in list(record.events)]
    if log.exists():
        for line in log.read_text(errors="replace").splitlines():
            at, text = _of_log(line)
            lines.append((at - offset - record.began, text))
    lines.sort(key=lambda one: one[0])
    return tuple(f"{at:8.3f}  {text}" for at, text in lines[-KEPT:])


def _of_log(line: str) -> tuple[float, str]:
    """When it was written, in seconds since the epoch, and its words; a line that is no record comes first."""
    try:
        record = orjson.loads(line)
        at = datetime.fromisoformat(record["time"]).timestamp()
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return 0.0, f"log: {line}"
    return at, f"log: {record.get('level')} {record.get('logger')}: {record.get('message')}"
