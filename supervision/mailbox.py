"""An actor's inbox: two bounded lanes, filled from sockets, timers and other threads by `get` itself.

pykka calls `get` in the actor's thread. It writes what the last handler sent, then hands out the
control lane, then the data lane, and only waits, on the actor's reactor, when both are empty. So no
other thread touches a socket. One connection has at most a batch of messages here; then it rests until these
are handled, so that nobody waits behind a flood. A full data lane stops the reading of all: the kernel's buffers
fill and the senders' outboxes decide. While a callback or handler runs, the slot says since when.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from typing import Any

from pykka._envelope import Envelope as PykkaEnvelope

from supervision.errors import MailboxFull
from supervision.lane import Lane
from supervision.message import Message
from supervision.peer import Peer
from supervision.reactor import Callback, Reactor
from supervision.slot import Slot
from supervision.tally import Tally
from supervision.uplink import Arriving, Uplink
from supervision.wire import Request, Tell

POLL_EVERY = 64  # messages handled from a backlog before sockets and timers get a turn
SHED_LIMIT = 256  # messages that wait before sheddable ones are dropped; more than one flood can bring
OVERLOADED_SECONDS = 2.0  # without the queue having been empty once


class Arrival:
    """Something that came over a connection, with where it came from."""

    __slots__ = ("envelope", "origin")

    def __init__(self, origin: Peer | Uplink, envelope: Arriving | Request[Any]) -> None:
        self.origin = origin
        self.envelope = envelope


class BatchEnd:
    """Behind the last message of a batch: when its turn comes, its peer may go on."""

    __slots__ = ("peer",)

    def __init__(self, peer: Peer) -> None:
        self.peer = peer


class Escaped:
    """An exception that left a reactor callback; handling it ends the actor like any other."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Mailbox:
    """The inbox of one actor; `limit` bounds its data lane."""

    def __init__(self, name: str, slot: Slot, *, limit: int) -> None:
        self.reactor = Reactor()
        self.dirty: set[Peer] = set()
        self.tally = Tally()
        # The lane itself is unbounded: at `limit` the reading stops, and one read is bounded.
        self.data: Lane[object] = Lane(sys.maxsize, min(SHED_LIMIT, limit), self.tally)
        self.limit = limit
        self._name = name
        self._slot = slot
        self._control: deque[object] = deque()
        self._outside: deque[Message] = deque()
        self._outside_lock = threading.Lock()
        self._since_poll = 0
        self._was_empty = time.monotonic()

    # --- from any thread ----------------------------------------------------------------------

    def put(self, item: object) -> None:
        """Queue a message of this process behind what waits. Raises MailboxFull.

        pykka's own envelopes (its stop message) go to the control lane.
        """
        if isinstance(item, PykkaEnvelope):
            self._control.append(item.message)
        elif isinstance(item, Message):
            with self._outside_lock:
                if len(self._outside) >= self.limit:
                    raise MailboxFull(self._name, self.limit)
                self._outside.append(item)
        else:
            raise TypeError(f"a mailbox takes messages, not {type(item).__name__}")
        self.reactor.wake()

    def put_control(self, message: Message) -> None:
        """Queue a message that never waits behind data."""
        self._control.append(message)
        self.reactor.wake()

    # --- in the actor's thread ------------------------------------------------------------------

    def arrive(self, origin: Peer | Uplink, envelope: Arriving | Request[Any]) -> None:
        """Queue what came over a connection; only sheddable messages can be dropped here."""
        self.data.add(Arrival(origin, envelope), envelope.body if isinstance(envelope, Tell) else None, id(origin))

    def batch(self, peer: Peer) -> None:
        """`peer` has handed over a batch and rests until that is handled."""
        self.data.add(BatchEnd(peer), None)

    def get(self) -> PykkaEnvelope[object]:
        """The next item, waiting for one if need be."""
        try:
            return PykkaEnvelope(self._next())
        except BaseException as error:  # noqa: BLE001 - raised again by the actor, where failures are handled
            return PykkaEnvelope(Escaped(error))

    def empty(self) -> bool:
        """Whether nothing waits in the lanes."""
        return not (self._control or self._outside or len(self.data))

    @property
    def overloaded(self) -> bool:
        """Whether something has waited all the time for a while: more comes in than is handled."""
        return len(self.data) > 0 and time.monotonic() - self._was_empty > OVERLOADED_SECONDS

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return len(self._control) + len(self._outside) + len(self.data)

    def _next(self) -> object:
        if self.dirty:
            self._flush()
        while True:
            if self._control:
                return self._control.popleft()
            waiting = len(self.data)
            if waiting and self._since_poll < POLL_EVERY:
                self._since_poll += 1
                item = self.data.pop()
                if type(item) is not BatchEnd:
                    return item
                item.peer.go_on()
            elif waiting >= self.limit:
                self._since_poll = 0
                self._run(self.reactor.due())
            else:
                self._poll(0.0 if waiting or self._outside else None)

    def _poll(self, timeout: float | None) -> None:
        self._since_poll = 0
        if timeout is None:
            self._slot.idle()
        ready: list[Callback] = self.reactor.select(timeout)
        now = time.monotonic()
        self._slot.busy(now)
        if timeout is None:
            self._was_empty = now
        self._run(ready)
        self._run(self.reactor.due())
        if self._outside:
            with self._outside_lock:
                while self._outside:
                    message = self._outside.popleft()
                    self.data.add(message, message)
        if self.dirty:
            self._flush()

    def _run(self, callbacks: list[Callback]) -> None:
        for callback in callbacks:
            callback()

    def _flush(self) -> None:
        if not self.dirty:
            return
        while self.dirty:
            self.dirty.pop().flush()
        os.sched_yield()  # whom this woke may wait for this very core: they go first, this actor has told its news
