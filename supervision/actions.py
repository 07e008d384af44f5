"""What the supervisor's brain tells the shell to do or to report. Facts only, nothing happens here."""

from __future__ import annotations

from dataclasses import dataclass

from supervision.lifecycle import ChildState


@dataclass(frozen=True, slots=True)
class Start:
    """Start this incarnation in a new process; its predecessor has been reaped."""

    name: str
    incarnation: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask the process to drain and leave within `limit` seconds."""

    name: str
    limit: float


@dataclass(frozen=True, slots=True)
class Kill:
    """End the process now: its limit is over, or there is no time."""

    name: str


@dataclass(frozen=True, slots=True)
class Added:
    """The tree has a child more, which was not started yet."""

    name: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The tree has a child less; its last process was reaped."""

    name: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A child is in another state than reported before."""

    name: str
    state: ChildState


@dataclass(frozen=True, slots=True)
class Parked:
    """A child was set aside until it is started by hand, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Booted:
    """Every child has started, ended or been parked once: the tree is up."""


@dataclass(frozen=True, slots=True)
class Fell:
    """The supervisor `name` fails: its children are stopped, then its own supervisor decides; and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The tree cannot go on; what runs is being stopped, and `Halted` will follow with the same code."""

    code: int
    why: str


@dataclass(frozen=True, slots=True)
class Halted:
    """Nothing runs any more and nothing will be started: leave with `code`."""

    code: int


Action = Start | Stop | Kill | Added | Removed | Changed | Parked | Fell | Booted | GiveUp | Halted
