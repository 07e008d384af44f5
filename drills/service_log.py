"""What the supervisor wrote into the service's log of births and deaths, in the order in which they happened.

For what no other record holds: a service that is stopping answers nobody. Pure; takes records as `Stage.log` gives
them. Births are logged at level debug.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

Records = Iterable[dict[str, Any]]

_BORN = re.compile(r"(\S+) \(incarnation \d+\) has process \d+")
_ENDED = re.compile(r"(\S+) \(incarnation \d+\) has ended: .*", re.DOTALL)
_IN_PEACE = re.compile(r"(\S+) \(incarnation \d+\) has ended: shutdown;.*", re.DOTALL)
_PROCESS = re.compile(r"\(incarnation \d+\) has (?:started, )?process (\d+)")


def born(records: Records) -> list[str]:
    """Who got a process, one after the other."""
    return _names(_BORN, records)


def ended(records: Records) -> list[str]:
    """Whose process ended, one after the other."""
    return _names(_ENDED, records)


def left_in_peace(records: Records) -> list[str]:
    """Who left by itself when it was told to stop, one after the other."""
    return _names(_IN_PEACE, records)


def processes(text: str) -> set[int]:
    """The ids of all children that a log names."""
    return {int(pid) for pid in _PROCESS.findall(text)}


def _names(pattern: re.Pattern[str], records: Records) -> list[str]:
    found = (pattern.fullmatch(record.get("message", "")) for record in records)
    return [match[1] for match in found if match is not None]
