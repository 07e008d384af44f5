"""One session with a gateway: dial, hello, start, then frames both ways. A new object each time.

It is up when both the next order id and the managed accounts have arrived; until then one deadline
after the other runs, and every end names its reason. The hello asks for versions 100 to 200: pure
text, whatever ibapi is installed. Ticks take the fast path, and so does what is said of orders alike
(`AlikeReports`); every other frame goes through the stock decoder. One bad frame or failing callback is
logged, counted, told and survived, while garbage in the framing ends the session. ibapi's Connection,
EReader and EClient.run are not used.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC
from typing import Any, Protocol

from ibapi.decoder import Decoder

from actors.ib.alike import AlikeReports
from actors.ib.framing import FrameSplitter, frame
from actors.ib.redaction import readable
from actors.ib.requests import Requests
from actors.ib.ticks import TickColumns, claims_to_be_a_tick
from actors.ib.times import UnreadableTime, zone
from actors.ib.translate import Inbound, Translator
from actors.ib.transport import Parcel, Transport
from actors.messages.broker import OrderNotice, TickBatch
from supervision import clock
from supervision.reactor import Reactor, Timer

OLDEST_VERSION, NEWEST_VERSION = 176, 200
HELLO = b"API\0" + frame(b"v100..%d" % NEWEST_VERSION)
_FARM_CODES = range(2100, 2200)  # the state of data farms: always part of a start-up
_LOGGED_BAD_FRAMES = 20  # in full; after that only counted, so that a broken gateway cannot fill the disk

logging.getLogger("ibapi").setLevel(logging.ERROR)  # it logs every message at INFO


class BadFrame(ValueError):
    """A frame that cannot be what its id says."""


class SessionOwner(Inbound, Protocol):
    """Who a session reports to, beside what the gateway says."""

    def ready(self, accounts: tuple[str, ...], next_order_id: int, server_version: int) -> None:
        """The session answers."""

    def error(self, request_id: int, code: int, text: str) -> None:
        """A code and text about a request, an order, or (id below 1) nothing in particular."""

    def ticks(self, batch: TickBatch) -> None:
        """What one read brought."""

    def unreadable(self, message_id: int | None) -> None:
        """A frame was dropped: what it said is not known, perhaps (None) not even about what."""

    def writable(self) -> None:
        """The kernel takes bytes again, after it did not."""

    def ended(self, reason: str) -> None:
        """The session is over, once; nothing more will come."""


class WireLog(Protocol):
    """Where raw frames are written when that is wanted."""

    def write(self, direction: str, payload: bytes) -> None:
        """One frame; direction is `in` or `out`."""


class Gateway:
    """The client's side of one session."""

    def __init__(
        self,
        reactor: Reactor,
        owner: SessionOwner,
        *,
        epoch: int,
        client_id: int,
        connect_timeout: float,
        send_timeout: float,
        log: logging.Logger,
        wire_log: WireLog | None = None,
    ) -> None:
        self.bad_frames = 0
        self.requests: Requests | None = None
        self._reactor = reactor
        self._owner = owner
        self._epoch = epoch
        self._client_id = client_id
        self._timeout = connect_timeout
        self._log = log
        self._wire_log = wire_log
        self._splitter = FrameSplitter()
        self._columns = TickColumns(epoch)
        self._translator: Translator | None = None
        self._decoder: Decoder | None = None
        self._server_version = 0
        self._accounts: tuple[str, ...] | None = None
        self._next_order_id: int | None = None
        self._ready = False
        self._last_words = ""
        self._deadline: Timer | None = None
        self._transport = Transport(reactor, self, connect_timeout=connect_timeout, send_timeout=send_timeout)

    # --- for the owner --------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether the session has not ended."""
        return self._transport.open

    @property
    def blocked(self) -> bool:
        """Whether bytes handed over still wait for the kernel: hand over no more."""
        return self._transport.blocked

    def dial(self, host: str, port: int) -> None:
        """Start; `ready` or `ended` follows."""
        self._transport.dial(host, port)

    def send(self, frames: bytes, done: Callable[[Parcel], None] | None = None) -> None:
        """Hand over whole frames; `done` is called once they are in the kernel's hands, or at the end."""
        if self._wire_log is not None:
            for payload in FrameSplitter().feed(frames):
                self._wire_log.write("out", payload)
        self._transport.send(Parcel(frames, done))

    def close(self, reason: str) -> None:
        """End the session."""
        self._transport.close(reason)

    def notice(self, order_id: int, code: int, text: str) -> OrderNotice:
        """A report about an order that the owner makes itself; order id 0 when nobody knows which."""
        assert self._translator is not None
        return OrderNotice(self._epoch, self._translator.next_sequence(), order_id, code, text)

    # --- from the transport ---------------------------------------------------------------------

    def connected(self) -> None:
        self._within("accepted the connection but did not answer the hello")
        self._transport.send(Parcel(HELLO))

    def received(self, data: bytes) -> None:
        payloads = self._splitter.feed(data)
        if self._wire_log is not None:
            for payload in payloads:
                self._wire_log.write("in", payload)
        start = 0
        if self._decoder is None and payloads:
            start = 1
            self._greeted(payloads[0])
        self._deliver(payloads, start)
        if self._splitter.violation and self.open:
            self.close(f"the gateway does not speak the TWS protocol: {self._splitter.violation}")

    def writable(self) -> None:
        self._owner.writable()

    def closed(self, reason: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        if self._last_words and not self._ready:
            reason = f"{self._last_words}; {reason}"
        self._owner.ended(reason)

    # --- start-up -------------------------------------------------------------------------------

    def _within(self, complaint: str) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._reactor.after(
            self._timeout, lambda: self.close(f"the gateway {complaint} within {self._timeout:g} s")
        )

    def _greeted(self, payload: bytes) -> None:
        fields = payload.split(b"\0")
        if len(fields) != 3 or fields[2] or not fields[0].isdigit():
            self.close(f"the gateway answered the hello with something else: {readable(payload)!r}")
            return
        version = int(fields[0])
        if not OLDEST_VERSION <= version <= NEWEST_VERSION:
            self.close(f"the gateway chose version {version}, this client speaks {OLDEST_VERSION} to {NEWEST_VERSION}")
            return
        told = fields[1].decode("utf-8", "backslashreplace")
        try:
            local = zone(told.split(" ", 2)[-1])
        except UnreadableTime as problem:
            self._log.warning("%s in the gateway's greeting; its local times are read as UTC", problem)
            local = UTC
        self._server_version = version
        self._translator = Translator(self._owner, self, epoch=self._epoch, local=local, log=self._log)
        self._decoder = Decoder(self._translator, version)
        self._alike = AlikeReports(self._translator.next_sequence)
        self.requests = Requests(server_version=version, client_id=self._client_id)
        self._within("said hello but sent no account and order id")
        self.send(self.requests.start())

    def next_order_id(self, order_id: int) -> None:
        self._next_order_id = order_id
        self._check_ready()

    def managed_accounts(self, accounts: tuple[str, ...]) -> None:
        if not accounts:
            raise BadFrame("no account in the list of managed accounts")
        if self._ready and accounts != self._accounts:
            self.close("the gateway now tells of other accounts than when the session began")
        self._accounts = accounts
        self._check_ready()

    def error(self, request_id: int, code: int, text: str) -> None:
        if not self._ready and code not in _FARM_CODES:
            self._last_words = f"the gateway said: {text} (code {code})"
        self._owner.error(request_id, code, text)

    def _check_ready(self) -> None:
        if self._ready or self._accounts is None or self._next_order_id is None:
            return
        self._ready = True
        if self._deadline is not None:
            self._deadline.cancel()
        self._owner.ready(self._accounts, self._next_order_id, self._server_version)

    # --- frames ---------------------------------------------------------------------------------

    def _deliver(self, payloads: list[bytes], index: int) -> None:
        consume, count = self._columns.consume, len(payloads)
        while index < count and self.open:
            index = consume(payloads, index)
            if index < count:
                self._flush()
                self._guarded(payloads[index])
                index += 1
        self._flush()

    def _flush(self) -> None:
        batch = self._columns.take(clock.now_ns(), clock.elapsed_ns())
        if batch is not None:
            self._owner.ticks(batch)

    def _guarded(self, payload: bytes) -> None:
        try:
            self._decode(payload)
        except Exception as problem:  # noqa: BLE001 - one frame must not cost the session; it is counted and shown
            self.bad_frames += 1
            head = payload.partition(b"\0")[0]
            self._owner.unreadable(int(head) if head.isdigit() else None)
            if self.bad_frames <= _LOGGED_BAD_FRAMES:
                self._log.exception("frame dropped (%s: %s): %s", type(problem).__name__, problem, readable(payload))

    def _decode(self, payload: bytes) -> None:
        assert self._decoder is not None
        assert self._translator is not None
        alike = self._alike.read(payload)
        if alike is not None:
            self._translator.tell(alike)
            return
        if claims_to_be_a_tick(payload):
            raise BadFrame("a malformed tick")
        head, _, body = payload.partition(b"\0")
        if not head.isdigit() or not payload.endswith(b"\0"):
            raise BadFrame("no message id, or not ended")
        fields = tuple(body.split(b"\0")[:-1])
        handlers: dict[Any, Any] = self._decoder.msgId2handleInfo
        known = handlers.get(int(head))
        if known is None:
            raise BadFrame("an unknown message id")
        # Where ibapi decodes by a callback's signature it only logs a wrong count, and drops the frame.
        if known.wrapperMeth is not None and len(fields) != len(known.wrapperParams):
            raise BadFrame(f"{len(fields)} fields where {len(known.wrapperParams)} belong")
        try:
            self._decoder.interpret(fields, int(head))
        finally:
            told = self._translator.take_told()  # of this frame, never of one that failed before
        self._alike.learn(payload, told)
