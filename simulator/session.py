"""One client's session, sans-IO: greeting, start-up, and the bytes that wait for its socket.

Stages: greeting -> (version agreed, silent) -> started. Until startApi arrives nothing but the greeting is
sent. `output` belongs to the server, which writes and empties it; when it grows past `CONGESTED` quotes are
withheld, past `OVERFLOW` the session ends: a slow reader hurts itself alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from simulator.wire import general
from simulator.wire.fields import BadField, Fields
from simulator.wire.framing import BrokenStream, FrameReader, choose_version, frame

CONGESTED = 256 * 1024
OVERFLOW = 16 * 1024 * 1024
_START_API = 71


class Session:
    """State of one connection."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._reader = FrameReader()
        self.version = 0
        self.client_id: int | None = None
        self.output = bytearray()
        self.over = ""
        self.busiest = 0
        """The most requests that came within one second; IB cuts a client off at more than 50."""
        self._arrivals: deque[float] = deque()

    @property
    def congested(self) -> bool:
        """Whether the client reads more slowly than it is sent."""
        return len(self.output) > CONGESTED

    def send(self, *payloads: bytes) -> None:
        """Queue messages, unless the session is over."""
        if self.over:
            return
        for payload in payloads:
            self.output += frame(payload)
        if len(self.output) > OVERFLOW:
            self.end("the client does not read")

    def send_frames(self, data: bytes) -> None:
        """Queue messages that are framed already."""
        if not self.over:
            self.output += data

    def error(self, request_id: int, code: int, text: str) -> None:
        """Queue an error message."""
        self.send(general.error(self.version, request_id, code, text, self._clock()))

    def end(self, reason: str) -> None:
        """Nothing more is read or queued; the server writes what waits and closes."""
        self.over = self.over or reason

    def receive(self, data: bytes, *, mute: bool = False) -> Iterator[Fields]:
        """Take in bytes; yields the requests after startApi's own, which sets `client_id`. `mute`: never greet."""
        if self.over:
            return
        self._reader.feed(data)
        try:
            if not self.version and not (not mute and self._greet()):
                return
            for values in self._reader.messages():
                self._count()
                if (request := self._read(values)) is not None:
                    yield request
                if self.over:
                    return
        except BrokenStream as error:
            self.end(str(error))

    def _count(self) -> None:
        now = self._clock()
        self._arrivals.append(now)
        while self._arrivals[0] < now - 1.0:
            self._arrivals.popleft()
        self.busiest = max(self.busiest, len(self._arrivals))

    def _greet(self) -> bool:
        offered = self._reader.hello()
        if offered is None:
            return False
        version = choose_version(*offered)
        if version is None:
            raise BrokenStream(f"no server version for v{offered[0]}..{offered[1]}")
        self.version = version
        self.send(general.greeting(version, self._clock()))
        return True

    def _read(self, values: list[str]) -> Fields | None:
        try:
            fields = Fields(values)
        except BadField as error:
            self.end(f"no message id: {error}")
            return None
        if self.client_id is None:
            self._start(fields)
        return fields

    def _start(self, fields: Fields) -> None:
        if fields.message_id != _START_API:
            raise BrokenStream(f"message {fields.message_id} before startApi")
        try:
            fields.skip()
            self.client_id = fields.integer("clientId") if fields.left else 0
        except BadField as error:
            raise BrokenStream(f"startApi: {error}") from error
