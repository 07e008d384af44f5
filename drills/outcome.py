"""How one drill ended, as plain data: what travels from its process, is printed, and is written as JSON."""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["held", "broken", "skipped"]


class RestartTime(msgspec.Struct, frozen=True):
    """One recovery, in seconds."""

    name: str
    seconds: float
    cause: str


class Result(msgspec.Struct, frozen=True):
    """One drill's end. `history` is the merged event log, kept when something broke."""

    number: int
    name: str
    title: str
    seed: int
    verdict: Verdict
    seconds: float
    broken: tuple[str, ...]
    restarts: tuple[RestartTime, ...]
    operations: int
    figures: dict[str, str]
    history: tuple[str, ...]
    home: str
    """Where the state directory was kept, when something broke."""


class Progress(msgspec.Struct, frozen=True, tag=True):
    """How far a running drill is, from 0 to 1."""

    part: float
    text: str


class Ended(msgspec.Struct, frozen=True, tag=True):
    """The last word of a drill's process."""

    result: Result


Line = Progress | Ended
