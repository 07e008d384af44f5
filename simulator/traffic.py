"""Every message that truly left for a client or came from one: counted, and logged if there is a log.

Counted by client, direction and message, outgoing ones when they are queued for their socket, though it may be cut
before they are written. What a rule dropped is not counted, what it sent twice counts twice. Requests that no protocol
knows count as one kind, or a client could invent kinds without end. The counts gather in memory; the ledger gets them
once a second and at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from simulator.clock import Clock
from simulator.wire.names import INCOMING, OUTGOING, Direction
from simulator.wire_log import WireLog

NOBODY: Final = -1
"""The client id of who has not said it."""
UNKNOWN: Final = 0
"""The id that requests of any unknown id are counted under."""


class Tally(NamedTuple):
    """So many messages of a kind since the last time that was asked; times in calendar seconds."""

    client_id: int
    direction: Direction
    message_id: int
    name: str
    messages: int
    first: float
    last: float


class _Kind:
    __slots__ = ("count", "first", "last")

    def __init__(self, first: float) -> None:
        self.count = 0
        self.first = self.last = first


class Traffic:
    """The messages of one gateway."""

    def __init__(self, clock: Clock, log: WireLog | None) -> None:
        self._clock = clock
        self.log = log
        self._kinds: dict[tuple[int | None, Direction, int], _Kind] = {}

    def sent(self, client_id: int | None, counts: Mapping[int, int]) -> None:
        """So many messages of each id leave for a client. Only for those that need not be logged."""
        now = self._clock.now()
        for message_id, number in counts.items():
            self._add(client_id, "out", message_id, number, now)

    def reply(self, client_id: int | None, version: int, message_id: int, payload: bytes) -> None:
        """A message leaves for a client."""
        self._add(client_id, "out", message_id, 1, self._clock.now())
        if self.log is not None:
            fields = payload[:-1].decode("utf-8", "replace").split("\0")
            self.log.write("s2c", client_id, version, message_id, OUTGOING.get(message_id, ""), fields)

    def request(self, client_id: int | None, version: int, message_id: int, fields: list[str]) -> None:
        """A message came from a client."""
        self._add(client_id, "in", message_id if message_id in INCOMING else UNKNOWN, 1, self._clock.now())
        if self.log is not None:
            self.log.write("c2s", client_id, version, message_id, INCOMING.get(message_id, ""), fields)

    def greeting(self, version: int, payload: bytes) -> None:
        """The reply to a client's hello, which has no message id."""
        if self.log is not None:
            self.log.write("handshake", None, version, None, "HANDSHAKE_REPLY", payload[:-1].decode().split("\0"))

    def take(self) -> list[Tally]:
        """What was counted since the last time."""
        kinds, self._kinds = self._kinds, {}
        return [_tally(*key, kind) for key, kind in kinds.items()]

    def _add(self, client_id: int | None, direction: Direction, message_id: int, number: int, now: float) -> None:
        key = client_id, direction, message_id
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind(now)
        kind.count += number
        kind.last = now


def _tally(client_id: int | None, direction: Direction, message_id: int, kind: _Kind) -> Tally:
    name = (OUTGOING if direction == "out" else INCOMING).get(message_id, "")
    client = NOBODY if client_id is None else client_id
    return Tally(client, direction, message_id, name, kind.count, kind.first, kind.last)
