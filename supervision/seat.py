"""The place of one child in the running supervisor: what outlives its processes, and the present one."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervision import clock
from supervision.boot import slot_path, socket_path, stacks_path
from supervision.control import ControlChannel
from supervision.lifecycle import ChildView, DeathRecord, Pong
from supervision.liveness import Verdict, Vitals
from supervision.nodes import Leaf
from supervision.poison import PoisonWatch
from supervision.process import Child
from supervision.slot import Slot
from supervision.stacks import collect
from supervision.tally import Tally

BACKLOG: Final = 128
_NO_PONG: Final = Pong(0, 0, 0, overloaded=False, tally=Tally())


@dataclass(eq=False)
class Incarnation:
    """The live process of a seat and what is known of it."""

    number: int
    child: Child
    control: ControlChannel
    vitals: Vitals
    born: float
    """Monotonic."""
    asked_to_stop: bool = False
    killed: str = ""
    """Why we killed it instead of waiting for its stop; empty when we did not."""
    hung: bool = False
    failure: str = ""
    """What it said before it left."""


class Seat:
    """One child's name, address and slot, kept for the life of the supervisor."""

    def __init__(self, leaf: Leaf, run_dir: Path) -> None:
        self.leaf = leaf
        self.name = leaf.spec.name
        self.listener = bind(socket_path(run_dir, self.name))
        self.slot = Slot(slot_path(run_dir, self.name), create=True)
        self.present: Incarnation | None = None
        self.poison = PoisonWatch()
        self.pong = _NO_PONG
        self.verdict = Verdict.FINE
        self.since = clock.now()
        self.last_death = ""
        self._stacks = stacks_path(run_dir, self.name)

    def view(self) -> ChildView:
        """The child as others see it."""
        leaf, pong, tally = self.leaf, self.pong, self.pong.tally
        overloaded = leaf.state == "running" and self.verdict is Verdict.OVERLOADED
        return ChildView(
            name=self.name,
            parent="" if leaf.parent is None else leaf.parent.spec.name,
            pid=None if self.present is None else self.present.child.pid,
            incarnation=leaf.incarnation,
            restarts=leaf.restarts,
            state="overloaded" if overloaded else leaf.state,
            mailbox=pong.depth,
            handled=self.slot.read().handled,
            shed=tally.shed,
            since=self.since,
            last_death=self.last_death,
            dead_letters=tally.dead_letters,
            expired=tally.expired,
            late_replies=tally.late_replies,
            skipped=tally.skipped,
            quarantined=self.poison.quarantined,
        )

    def vacate(self, incarnation: int, reason: str, code: int, uptime: float) -> DeathRecord:
        """What is to be remembered of an incarnation that has ended, or could not be born."""
        progress, present = self.slot.read(), self.present
        if present is not None:
            self.poison.died(progress.in_hand, code, hung=present.hung)
        self.present = None
        self.pong = _NO_PONG
        self.verdict = Verdict.FINE
        self.last_death = reason
        return DeathRecord(
            self.name,
            incarnation,
            clock.now(),
            reason,
            progress.in_hand,
            round(uptime, 3),
            pid=None if present is None else present.child.pid,
            exit_code=None if present is None else code,
            handled=progress.handled,
            stacks=collect(self._stacks),
        )

    def close(self, run_dir: Path) -> None:
        """Give up address and slot."""
        self.listener.close()
        self.slot.close()
        socket_path(run_dir, self.name).unlink(missing_ok=True)
        slot_path(run_dir, self.name).unlink(missing_ok=True)
        self._stacks.unlink(missing_ok=True)


def bind(path: Path) -> socket.socket:
    """A listening socket at `path`, for this user alone; replaces what an earlier service left there."""
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        sock.bind(str(path))
    finally:
        os.umask(mask)
    sock.listen(BACKLOG)
    return sock
