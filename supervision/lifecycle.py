"""Messages about processes themselves: between supervisor and host, and from the supervisor to anyone.

The control channel carries the first group (a socketpair per child, nobody else can write to it);
the supervisor's own address, "supervisor", answers the second group.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from supervision.message import Ask, Delivery, Done, Message
from supervision.tally import Tally

# --- control channel, child to supervisor -------------------------------------------------------


class Started(Message, frozen=True):
    """`on_start` returned: the actor answers messages."""


class Pong(Message, frozen=True):
    """Answer to a ping that went through the mailbox, so it proves progress."""

    sequence: int
    handled: int
    depth: int
    overloaded: bool
    tally: Tally


class Watch(Message, frozen=True):
    """The child wants ActorDown and ActorUp of `name` from now on."""

    name: str


class Failed(Message, frozen=True):
    """The child is about to leave because of an unexpected exception; `error` is one line."""

    error: str


# --- control channel, supervisor to child -------------------------------------------------------


class Ping(Message, frozen=True):
    """Sent every ping interval; goes through the mailbox's control lane."""

    sequence: int


class Stop(Message, frozen=True):
    """Drain and leave with exit code 0 within `seconds`."""

    seconds: float


class ActorDown(Message, frozen=True):
    """An incarnation ended; sent once for each, also when it was dead at registration."""

    name: str
    incarnation: int
    reason: str


class ActorUp(Message, frozen=True):
    """An incarnation reported itself started."""

    name: str
    incarnation: int


# --- asked of "supervisor" ----------------------------------------------------------------------

ChildState = Literal["starting", "running", "overloaded", "stopping", "backing_off", "stopped", "parked"]


class ChildView(Message, frozen=True):
    """One child as the supervisor sees it; `mailbox` and the counts of `tally` are those of the last pong.

    `quarantined` names the messages that killed two incarnations in a row and are left out since.
    """

    name: str
    parent: str
    pid: int | None
    incarnation: int
    restarts: int
    state: ChildState
    mailbox: int
    handled: int
    shed: int
    since: datetime
    last_death: str = ""
    dead_letters: int = 0
    expired: int = 0
    late_replies: int = 0
    skipped: int = 0
    quarantined: tuple[str, ...] = ()


class DeathRecord(Message, frozen=True):
    """Why one incarnation ended, and what it had in hand; exactly one for each.

    `pid` and `exit_code` are None for one that could not be born, `exit_code` is negative for a signal. `stacks`
    are those of its threads when it was ended for hanging, or died of a fault in C code.
    """

    name: str
    incarnation: int
    at: datetime
    reason: str
    in_hand: str
    uptime: float
    pid: int | None = None
    exit_code: int | None = None
    handled: int = 0
    stacks: str = ""


class TreeView(Message, frozen=True):
    """The whole tree at one instant. `phase` is `starting`, `running` or `stopping`."""

    pid: int
    phase: str
    started: datetime
    children: tuple[ChildView, ...]
    deaths: tuple[DeathRecord, ...]


class GetTree(Ask[TreeView], frozen=True):
    """The state of every supervised child."""


class StartChild(Ask[Done], frozen=True):
    """Start a parked or stopped child again, with a fresh restart history."""

    name: str


class StopChild(Ask[Done], frozen=True):
    """Stop a child and keep it parked until it is started by hand."""

    name: str


class Reloaded(Message, frozen=True):
    """The configuration was read anew: children that are new, have other settings, or are no more."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


class Reload(Ask[Reloaded], frozen=True):
    """Read the configuration anew; refused with everything that is wrong with it, and then nothing has changed."""


# --- any actor that publishes -------------------------------------------------------------------


class Attach(Ask[Done], frozen=True):
    """Send me, over this connection, what you publish under `topics`; replaces an earlier attach."""

    topics: tuple[str, ...]


class TreeChanged(Message, frozen=True):
    """Topic `system` of the supervisor: some child changed state."""

    delivery = Delivery.SHED

    child: ChildView


LIFECYCLE: tuple[type[Message], ...] = (
    Started,
    Pong,
    Watch,
    Failed,
    Ping,
    Stop,
    ActorDown,
    ActorUp,
    ChildView,
    DeathRecord,
    TreeView,
    GetTree,
    StartChild,
    StopChild,
    Reloaded,
    Reload,
    Attach,
    TreeChanged,
    Done,
)
