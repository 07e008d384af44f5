"""One client's session, sans-IO: greeting, start-up, and the bytes that wait for its socket.

Stages: greeting -> (version agreed, silent) -> startApi received -> started. Until startApi arrives nothing but the
greeting is sent and hardly anything is kept. `output` belongs to whoever moves the bytes, who writes and empties it;
when it grows past `CONGESTED` quotes are withheld, past `OVERFLOW` it is dropped and the session ends: a slow reader
hurts itself alone.
Every message passes the fault rules, if there are any; what leaves and what arrives is counted, and logged on request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.agenda import Agenda
from simulator.clock import Clock
from simulator.faults.rules import Rules, Verdict, corrupted
from simulator.faults.tampering import Tampering
from simulator.pacing import STRIKES, Pacing, RequestPace
from simulator.traffic import Traffic
from simulator.wire import general
from simulator.wire.fields import BadField, Fields
from simulator.wire.framing import MAX_FRAME, BrokenStream, FrameReader, choose_version, frame, kinds, payloads

CONGESTED = 256 * 1024
OVERFLOW = 16 * 1024 * 1024
_START_API = 71


@dataclass(frozen=True)
class Surroundings:
    """What all sessions of a gateway share."""

    clock: Clock
    agenda: Agenda
    rules: Rules
    traffic: Traffic
    pacing: Pacing


class Session:
    """State of one connection; `serve` is called with each request, the one for the start first."""

    def __init__(self, around: Surroundings, serve: Callable[[Session, Fields], None]) -> None:
        self._clock = around.clock
        self._traffic = around.traffic
        self._pacing = around.pacing
        self._serve = serve
        self._reader = FrameReader()
        self._sending = Tampering[bytes](around.rules, around.agenda, "out", self._emit, _corrupted_payload)
        self._taking = Tampering[list[str]](around.rules, around.agenda, "in", self._deliver, corrupted)
        self._left: int | None = None
        self._unheard = False
        self.connected = around.clock.monotonic()
        self.pace = RequestPace()
        self.version = 0
        self.client_id: int | None = None
        """What startApi said; None until it came."""
        self.started = False
        """Whether startApi was carried out."""
        self.output = bytearray()
        self.source: Callable[[], None] | None = None
        """Adds more to `output` once that has drained, whoever moves the bytes asks it; None: there is no more."""
        self.over = ""
        """Why nothing more is read or queued; empty as long as the session lives."""
        self.reset = False
        """Whether the connection is to end with a reset instead of in order."""
        self.unattended = False
        """Whether the socket is neither read nor written to for the time being."""

    @property
    def congested(self) -> bool:
        """Whether the client reads more slowly than it is sent."""
        return len(self.output) > CONGESTED

    def send(self, *messages: bytes) -> None:
        """Queue messages, unless the session is over."""
        if self.over:
            return
        if self._sending.idle:
            for payload in messages:
                self._emit(payload)
            return
        for payload in messages:
            self._tamper(payload)

    def send_frames(self, data: bytes, counts: Mapping[int, int] | None = None) -> None:
        """Queue messages that are framed already; `counts`, by message id, spares looking for them in `data`."""
        if self.over:
            return
        if not self._sending.idle:
            for payload in payloads(data):
                self._tamper(payload)
        elif self._traffic.log is not None:
            for payload in payloads(data):
                self._emit(payload)
        else:
            self._traffic.sent(self.client_id, kinds(data) if counts is None else counts)
            self._queue(data)

    def send_bytes(self, data: bytes) -> None:
        """Queue what is no message, past rules and counts."""
        if not self.over:
            self._queue(data)

    def error(self, request_id: int, code: int, text: str) -> None:
        """Queue an error message."""
        self.send(general.error(self.version, request_id, code, text, self._clock.now()))

    def end(self, reason: str) -> None:
        """Nothing more is read or queued; what waits is written before the connection closes."""
        self.over = self.over or reason

    def cut(self, after_bytes: int = 0) -> None:
        """End with a reset, once the client was sent so many bytes more."""
        if len(self.output) < after_bytes:
            self._left = after_bytes - len(self.output)
            return
        del self.output[after_bytes:]
        self.reset = True
        self.end("cut by a fault")

    def receive(self, data: bytes, *, deaf: bool = False) -> None:
        """Take in bytes and serve what is complete; who speaks first to a `deaf` gateway is never heard."""
        self._unheard = self._unheard or (deaf and not self.version)
        if self.over or self._unheard:
            return
        self._reader.feed(data)
        try:
            if not self.version and not self._greet():
                return
            for values in self._reader.messages():
                self._take(values)
                if self.over:
                    return
        except BrokenStream as error:
            self.end(str(error))

    def _tamper(self, payload: bytes) -> None:
        self._sending.put(payload, _message_id(payload), self.client_id, self._clock.monotonic())

    def _emit(self, payload: bytes) -> None:
        """The message leaves."""
        if self.over:
            return
        self._traffic.reply(self.client_id, self.version, _message_id(payload), payload)
        self._queue(frame(payload))
        if len(self.output) > OVERFLOW:
            self.end("the client does not read")
            self.cut()

    def _queue(self, data: bytes) -> None:
        self.output += data
        if self._left is not None:
            self._left -= len(data)
            if self._left <= 0:
                self.cut(len(self.output) + self._left)

    def _greet(self) -> bool:
        offered = self._reader.hello()
        if offered is None:
            return False
        version = choose_version(*offered)
        if version is None:
            raise BrokenStream(f"no server version for v{offered[0]}..{offered[1]}")
        self.version = version
        greeting = general.greeting(version, self._clock.now())
        self._traffic.greeting(version, greeting)
        self._queue(frame(greeting))
        return True

    def _take(self, values: list[str]) -> None:
        """A message arrived: count it, hold it against the pace, and pass it on."""
        now = self._clock.monotonic()
        message_id = _read(values).message_id
        if self.client_id is None:
            self.client_id = _client_id(values)
            self._reader.longest = MAX_FRAME
        self._traffic.request(self.client_id, self.version, message_id, values)
        if not self.pace.arrived(now) and self._pacing.on:
            self.error(-1, 100, self.pace.strike())
            if self.pace.strikes >= STRIKES:
                self.end("the client exceeded the rate of requests too often")
        elif self._taking.idle:
            self._deliver(values)
        else:
            self._taking.put(values, message_id, self.client_id, now)

    def _deliver(self, values: list[str]) -> None:
        if not self.over:
            self._serve(self, _read(values))


def _read(values: list[str]) -> Fields:
    try:
        return Fields(values)
    except BadField as error:
        raise BrokenStream(f"no message id: {error}") from error


def _client_id(values: list[str]) -> int:
    """The client id in the first message, which has to be startApi; 0 when it has none."""
    fields = _read(values)
    if fields.message_id != _START_API:
        raise BrokenStream(f"message {fields.message_id} before startApi")
    try:
        fields.skip()
        return fields.integer("clientId") if fields.left else 0
    except BadField as error:
        raise BrokenStream(f"startApi: {error}") from error


def _message_id(payload: bytes) -> int:
    """The id of a message; 0 for one that a rule has spoilt."""
    text = payload[: payload.index(0)]
    return int(text) if text.isdigit() else 0


def _corrupted_payload(payload: bytes, verdict: Verdict) -> bytes:
    fields = payload[:-1].decode().split("\0")
    return ("\0".join(corrupted(fields, verdict)) + "\0").encode()
