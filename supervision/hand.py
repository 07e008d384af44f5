"""What the actor has in hand: written where the supervisor finds it after a death, left alone when it is poison.

A name is the type of a message, with its identity where it has one: "OrderReport perm 12345". What had the
same name with an identity in hand in two consecutive deaths is quarantined until the service restarts: it is
not handled, the log names it once, and the rest goes on. Messages without an identity pay nothing for this.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import TypeVar

from supervision.failpoints import failpoint
from supervision.message import Message
from supervision.slot import TEXT_LIMIT, Slot
from supervision.tally import Tally

M = TypeVar("M", bound=Message)


def name_of(message: Message) -> str:
    """The name under which a message is noted and recognised, no longer than the slot takes."""
    identity = message.identity()
    if not identity:
        return type(message).__name__
    # cut where the slot would cut it, in bytes, or else what is read there would never be recognised
    return f"{type(message).__name__} {identity}".encode()[:TEXT_LIMIT].decode(errors="ignore")


def has_identity(name: str) -> bool:
    """Whether a name tells which message of its type it was."""
    return " " in name


class Hand:
    """The hand of one actor; `quarantined` holds the names of what must not get into it again."""

    def __init__(self, slot: Slot, quarantined: tuple[str, ...], tally: Tally, log: logging.Logger) -> None:
        self.quarantined = quarantined
        self._tally = tally
        self._slot = slot
        self._log = log
        self._named: set[str] = set()
        self._tags: dict[type[object], bytes] = {}

    def take(self, message: Message) -> bool:
        """Note that `message` is in hand from now on; False when it is quarantined and must not be handled."""
        tag = self._tags.get(type(message))
        if tag is not None:
            self._slot.handle(tag)
            return True
        name = name_of(message)
        if name in self.quarantined:
            self._skip(name)
            return False
        self._slot.handle(name.encode())
        if type(message).identity is Message.identity:
            self._tags[type(message)] = name.encode()
        else:
            failpoint("actor.hand", name)
        return True

    def note(self, name: str) -> None:
        """Note something that is no message of its own, such as a reply."""
        self._slot.handle(name.encode())

    def each(self, batch: Message, items: Iterable[M]) -> Iterator[M]:
        """Work through the items of a `batch` with each of them in hand in turn, without the quarantined."""
        for item in items:
            if self.take(item):
                yield item
        self.take(batch)

    def _skip(self, name: str) -> None:
        self._tally.skipped += 1
        if name not in self._named:
            self._named.add(name)
            self._log.error(
                "%s is quarantined: it was in hand in two deaths in a row; it is left out until the service restarts",
                name,
            )
