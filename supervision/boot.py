"""What a child process needs to know to become its actor: the one argument of `supervision.host.main`.

Everything is picklable and small; the module named by `target` is imported by the child alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from supervision.reporting import ReportingSettings


@dataclass(frozen=True, slots=True)
class Boot:
    """One incarnation of one actor."""

    name: str
    incarnation: int
    target: str
    """The actor's class as "module:Class"."""
    kwargs: Mapping[str, object]
    run_dir: Path
    messages: str
    """The registry of message types as "module:NAME"."""
    mailbox_limit: int
    reporting: ReportingSettings
    quarantined: tuple[str, ...] = ()
    """What was in hand in two consecutive deaths of this actor and is not to be handled again."""

    @property
    def slot_path(self) -> Path:
        """The progress slot, created by the supervisor before the child starts."""
        return slot_path(self.run_dir, self.name)

    @property
    def stacks_path(self) -> Path:
        """Where this incarnation dumps its stacks if it is aborted."""
        return stacks_path(self.run_dir, self.name)


def slot_path(run_dir: Path, name: str) -> Path:
    """Where the progress slot of `name` is."""
    return run_dir / f"{name}.slot"


def stacks_path(run_dir: Path, name: str) -> Path:
    """Where the present incarnation of `name` dumps its stacks."""
    return run_dir / f"{name}.stacks"


def socket_path(run_dir: Path, name: str) -> Path:
    """The address of `name`."""
    return run_dir / f"{name}.sock"
