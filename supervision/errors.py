"""Every error of the package, each telling the reader what is known and what to do.

Delivery is at most once, and the sender is told: the three delivery errors differ only in what
is known about the outcome, which is what decides whether a retry is safe.
"""

from __future__ import annotations


class SupervisionError(Exception):
    """Base of every error raised by this package."""


class SpecError(SupervisionError):
    """A child or supervisor specification is impossible; names field, value and rule."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field} = {value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class ConfigurationError(SupervisionError):
    """An actor cannot ever run as configured. The host exits 78 and is not restarted."""


class NotAllowed(SupervisionError):
    """What an actor has met must never be worked with. The host exits 10 and is not restarted: a person decides."""


class NotYet(SupervisionError):
    """An actor cannot start for want of something that may come, such as room on the disk. The host exits 75; the
    start is tried again, ever slower, and never counts as a failure.
    """


class WireError(SupervisionError):
    """Bytes on an actor's socket break the framing or the codec: drop that peer, nothing else."""


class DeliveryError(SupervisionError):
    """Base of what an ask can raise when no reply came."""


class ActorUnavailable(DeliveryError):
    """The actor did not answer the hello: nothing was delivered, a retry is safe."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is not available ({reason}); nothing was delivered, retrying is safe")
        self.name = name
        self.reason = reason


class ActorDied(DeliveryError):
    """The actor's process ended after the message was delivered: the outcome is unknown."""

    def __init__(self, name: str, incarnation: int) -> None:
        super().__init__(f"{name} (incarnation {incarnation}) died before it replied; the outcome is unknown")
        self.name = name
        self.incarnation = incarnation


class AskTimeout(DeliveryError):
    """No reply within the deadline: the outcome is unknown."""

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(f"{name} did not reply within {seconds:g} s; the outcome is unknown")
        self.name = name
        self.seconds = seconds


class Rejected(SupervisionError):
    """The actor refused the request and did nothing. This is a reply, not a failure.

    `reasons` is never empty; each says which rule, which value and what would be accepted.
    """

    def __init__(self, *reasons: str, kind: str = "rejected") -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons
        self.kind = kind


class MailboxFull(Rejected):
    """The actor's mailbox is full, so the request was refused before it was looked at."""

    def __init__(self, name: str, limit: int) -> None:
        super().__init__(f"mailbox of {name} holds its limit of {limit} messages; try again later", kind="mailbox_full")
