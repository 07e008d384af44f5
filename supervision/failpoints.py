"""Failpoints: named instants in the code at which a drill may have a process die, stand still or meet an error.

`failpoint(name, detail)` does nothing unless NIGHTDESK_FAILPOINTS was set when the service started. Its value is
checked whole before anything starts; each child then arms what is meant for its own incarnation. A package declares
its names, each with a line of meaning, in one mapping; `nightdesk drill --list` shows them, a test keeps them true.

    NAME[DETAIL]=ACTION@NTH/INCARNATION, NAME=ACTION, ...

[DETAIL] only where the code says exactly that (an order's key, a message's type); @NTH the how manyeth time it is
reached (1; `*` each time); /INCARNATION in which incarnation of the actor (1; `*` in each). The actions: `kill`
(SIGKILL), `crash` (an exception), `hang` (never returns), `spin` (computes for ever and never lets go of the
interpreter), `sleep:SECONDS`, `exit:CODE`, `enospc` and `eio` (OSError); `stamp` breaks nothing, it appends the time
to the file that NIGHTDESK_STAMPS names, which is how a benchmark sees where the time goes.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from supervision.errors import SpecError

VARIABLE: Final = "NIGHTDESK_FAILPOINTS"
STAMPS: Final = "NIGHTDESK_STAMPS"
"""Names the file of `stamp`: a line each, monotonic nanoseconds, name and detail."""

SUPERVISION: Final[Mapping[str, str]] = {
    "actor.start": "an actor is constructed, its on_start not yet called; detail: the actor's name",
    "actor.handle": "a message is taken in hand, its handler not yet called; detail: the message's type",
    "actor.hand": "a message that comes again after restarts is in hand; detail: its name, `OrderReport perm 12345`",
}
"""What this package declares itself."""

_GRAMMAR: Final = "must read NAME[DETAIL]=ACTION@NTH/INCARNATION"
_ITEM: Final = re.compile(
    r"(?P<name>[a-z][a-z0-9_.]*)(\[(?P<detail>[^\[\],]+)\])?=(?P<action>[a-z]+)(:(?P<value>[0-9.]+))?"
    r"(@(?P<nth>[1-9][0-9]*|\*))?(/(?P<incarnation>[1-9][0-9]*|\*))?",
    re.ASCII,
)
_PLAIN: Final = ("kill", "crash", "hang", "spin", "enospc", "eio", "stamp")

log = logging.getLogger("failpoints")


class FailpointCrash(Exception):
    """What the action `crash` raises. Nothing of ours expects it."""


@dataclass(frozen=True, slots=True)
class Failpoint:
    """One item of the variable. `nth` and `incarnation` None are every one; `detail` empty is any."""

    name: str
    action: str
    value: str = ""
    """Seconds of `sleep`, code of `exit`, as written."""
    detail: str = ""
    nth: int | None = 1
    incarnation: int | None = 1

    def __str__(self) -> str:
        detail = f"[{self.detail}]" if self.detail else ""
        value = f":{self.value}" if self.value else ""
        return f"{self.name}{detail}={self.action}{value}@{self.nth or '*'}/{self.incarnation or '*'}"


def parse(text: str) -> tuple[Failpoint, ...]:
    """The items of the variable's value. Raises SpecError naming the item and the rule it breaks."""
    return tuple(_item(item.strip()) for item in text.split(",")) if text.strip() else ()


def check_names(points: Iterable[Failpoint], declared: Collection[str]) -> None:
    """Raise SpecError for a name that nobody declares."""
    for point in points:
        if point.name not in declared:
            raise SpecError(VARIABLE, point.name, "is no failpoint; `nightdesk drill --list` shows their names")


def _item(item: str) -> Failpoint:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise SpecError(VARIABLE, item, _GRAMMAR)
    action, value = match["action"], match["value"] or ""
    _check_action(item, action, value)
    return Failpoint(
        name=match["name"],
        action=action,
        value=value,
        detail=match["detail"] or "",
        nth=_number(match["nth"]),
        incarnation=_number(match["incarnation"]),
    )


def _check_action(item: str, action: str, value: str) -> None:
    if action in _PLAIN:
        if value:
            raise SpecError(VARIABLE, item, f"{action} takes no value")
        if action == "stamp" and not os.environ.get(STAMPS):
            raise SpecError(VARIABLE, item, f"stamp needs {STAMPS}, the file to append to")
    elif action == "sleep":
        if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value) is None:
            raise SpecError(VARIABLE, item, "sleep takes seconds, for example sleep:0.5")
    elif action == "exit":
        if not value.isdecimal() or int(value) > 255:
            raise SpecError(VARIABLE, item, "exit takes a code from 0 to 255, for example exit:70")
    else:
        raise SpecError(VARIABLE, item, f"the actions are {', '.join(_PLAIN)}, sleep:SECONDS and exit:CODE")


def _number(text: str | None) -> int | None:
    return 1 if text is None else None if text == "*" else int(text)


def announce() -> None:
    """Say in the service's log that it is going to break, and where."""
    text = os.environ.get(VARIABLE, "")
    if text:
        log.warning("%s is set, this service breaks on purpose: %s", VARIABLE, ", ".join(map(str, parse(text))))


# --- in a child ----------------------------------------------------------------------------------


class _Armed:
    """A failpoint of this process, with how often it was reached."""

    def __init__(self, point: Failpoint) -> None:
        self.point = point
        self.reached = 0

    def reach(self, detail: str) -> bool:
        """Whether it acts now."""
        if self.point.detail and self.point.detail != detail:
            return False
        self.reached += 1
        return self.point.nth in (None, self.reached)


_armed: dict[str, list[_Armed]] = {}


def arm(text: str, incarnation: int) -> None:
    """Switch on what of the variable's value is meant for this incarnation, and off what was on before."""
    _armed.clear()
    for point in parse(text):
        if point.incarnation in (None, incarnation):
            _armed.setdefault(point.name, []).append(_Armed(point))


def failpoint(name: str, detail: object = "") -> None:
    """Name an instant, declared with its meaning by the package that calls. Free when nothing is armed."""
    if _armed:
        _reached(name, str(detail))


def _reached(name: str, detail: str) -> None:
    for armed in _armed.get(name, ()):
        if not armed.reach(detail):
            continue
        if armed.point.action == "stamp":
            _stamp(name, detail)
        else:
            log.warning("failpoint %s acts, reached with %r", armed.point, detail)
            _ACTIONS[armed.point.action](armed.point)


def _stamp(name: str, detail: str) -> None:
    line = f"{time.monotonic_ns()} {name} {detail}\n".encode()
    descriptor = os.open(os.environ[STAMPS], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, line)
    os.close(descriptor)


def _kill(_: Failpoint) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _crash(point: Failpoint) -> None:
    raise FailpointCrash(str(point))


def _hang(_: Failpoint) -> None:
    while True:
        time.sleep(3600)


def _spin(_: Failpoint) -> None:
    deque(repeat(None), maxlen=0)  # a loop in C that never looks up: no other thread gets its turn


def _sleep(point: Failpoint) -> None:
    time.sleep(float(point.value))


def _exit(point: Failpoint) -> None:
    os._exit(int(point.value))


def _disk(number: int) -> Callable[[Failpoint], None]:
    def fail(_: Failpoint) -> None:
        raise OSError(number, os.strerror(number))

    return fail


_ACTIONS: Final[Mapping[str, Callable[[Failpoint], None]]] = {
    "kill": _kill,
    "crash": _crash,
    "hang": _hang,
    "spin": _spin,
    "sleep": _sleep,
    "exit": _exit,
    "enospc": _disk(errno.ENOSPC),
    "eio": _disk(errno.EIO),
}
