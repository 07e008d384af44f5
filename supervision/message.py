"""The base of every message: an immutable msgspec Struct, tagged with its class name.

`delivery` tells an outbox what to do when a reader is slow: a kept message is never dropped (the
peer is declared lost instead), a conflating one replaces its predecessor with the same key, a
sheddable one is dropped and counted. An `Ask[R]` is answered by an `R`, and typed so for callers.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar, Generic, TypeVar

import msgspec

R = TypeVar("R")


class Delivery(Enum):
    """What an outbox may do with a message that cannot be written at once."""

    KEEP = "keep"
    CONFLATE = "conflate"
    SHED = "shed"


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True, tag_field="$", gc=False):
    """Base of all messages between processes."""

    delivery: ClassVar[Delivery] = Delivery.KEEP

    def conflation_key(self) -> object:
        """The identity under which a CONFLATE message replaces an older one."""
        return type(self)

    def identity(self) -> str:
        """What the message is about, for those that come again after a restart; short and plain, empty for most.

        A message that was in hand in two consecutive deaths is recognised by it and not handled a third time.
        """
        return ""


class Ask(Message, Generic[R], frozen=True):
    """A message that expects a reply of type `R`."""


class Done(Message, frozen=True):
    """The plain reply: it was done."""
