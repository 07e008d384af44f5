"""What every supervised actor is built on: pykka's thread and loop, our mailbox, typed handlers.

A handler is a method marked with `@handles(MessageType)`. What it returns is the reply to an ask;
LATER promises one through the Sender. Rejected is a reply, too. ConfigurationError ends the process
for good (78), anything else that escapes a handler, a timer or a socket callback ends it (70) and the
supervisor starts a new one: nothing is caught and carried on with. All methods run in the actor's thread.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeVar, cast, overload

import pykka

from supervision.errors import Rejected
from supervision.failpoints import failpoint
from supervision.hand import Hand, name_of
from supervision.lifecycle import Attach, Ping, Pong, Stop
from supervision.listener import Listener, answer
from supervision.mailbox import Arrival, Escaped, Mailbox
from supervision.message import Done, Message
from supervision.peer import Peer
from supervision.reactor import Reactor
from supervision.repeats import Repeats
from supervision.slot import Slot
from supervision.uplink import Down, Uplink
from supervision.wire import Codec, Refusal, Reply, Request, Tell

M = TypeVar("M", bound=Message)
A = TypeVar("A", bound="Actor")


class _Later:
    """The type of LATER."""


LATER: Final = _Later()


class HostPort(Protocol):
    """What an actor tells the host of its process."""

    def started(self) -> None:
        """`on_start` returned."""

    def pong(self, pong: Pong) -> None:
        """A ping came through the mailbox."""

    def watch(self, name: str) -> None:
        """Deliver ActorDown and ActorUp of `name` from now on."""

    def stopped(self) -> None:
        """Drained and released; ends the process with exit code 0."""

    def crashed(self, error: BaseException, in_hand: str) -> None:
        """An exception escaped; ends the process."""


class Context:
    """Who and where an actor is; made by the host, one for each incarnation."""

    def __init__(
        self,
        *,
        name: str,
        incarnation: int,
        run_dir: Path,
        codec: Codec,
        mailbox: Mailbox,
        slot: Slot,
        host: HostPort,
        listener: socket.socket,
        quarantined: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.incarnation = incarnation
        self.run_dir = run_dir
        self.codec = codec
        self.mailbox = mailbox
        self.slot = slot
        self.host = host
        self.listener = listener
        self.quarantined = quarantined
        self.log = logging.getLogger(name)


class Sender:
    """Who sent the message in hand, and how to answer if it was an ask."""

    __slots__ = ("_answered", "_id", "deadline", "peer")

    def __init__(self, peer: Peer | None, request_id: int | None, deadline: float) -> None:
        self.peer = peer
        self.deadline = deadline
        self._id = request_id
        self._answered = request_id is None

    @property
    def name(self) -> str:
        """The name the sender gave in its hello; empty for messages of this process."""
        return "" if self.peer is None else self.peer.name

    @property
    def waiting(self) -> bool:
        """Whether an answer would still reach anybody."""
        return not self._answered and self.peer is not None and self.peer.open

    def reply(self, message: Message) -> None:
        """Answer the ask. Only the first answer counts; a tell has none."""
        if not self._answered and self.peer is not None and self._id is not None:
            self._answered = True
            answer(self.peer, self._id, message)

    def reject(self, error: Rejected) -> None:
        """Refuse the ask."""
        if not self._answered and self.peer is not None and self._id is not None:
            self._answered = True
            self.peer.post(Refusal(self._id, error.kind, error.reasons), None)


Handler = Callable[[Any, Any, Sender], Message | _Later | None]
_HANDLES = "_handles_message"


@overload
def handles(kind: type[M], /) -> Callable[[Callable[[A, M, Sender], Any]], Callable[[A, M, Sender], Any]]: ...
@overload
def handles(*kinds: type[Message]) -> Callable[[Callable[[A, Any, Sender], Any]], Callable[[A, Any, Sender], Any]]: ...
def handles(*kinds: type[Message]) -> Callable[[Callable[[A, Any, Sender], Any]], Callable[[A, Any, Sender], Any]]:
    """Mark the method that handles messages of exactly these types."""

    def mark(function: Callable[[A, Any, Sender], Any]) -> Callable[[A, Any, Sender], Any]:
        setattr(function, _HANDLES, kinds)
        return function

    return mark


class Actor(pykka.ThreadingActor):
    """Base of all supervised actors."""

    use_daemon_thread = True
    _handlers: ClassVar[dict[type[Message], Handler]] = {}

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        marked = {
            kind: name
            for base in reversed(cls.__mro__)
            for name, function in vars(base).items()
            for kind in getattr(function, _HANDLES, ())
        }
        cls._handlers = {kind: getattr(cls, name) for kind, name in marked.items()}

    def __init__(self, context: Context) -> None:
        self.context = context
        super().__init__()
        mailbox = context.mailbox
        self.reactor: Reactor = mailbox.reactor
        self._unhandled = Repeats()
        self.hand = Hand(context.slot, context.quarantined, mailbox.tally, context.log)
        self._listener = Listener(
            context.listener,
            self.reactor,
            context.codec,
            self,
            mailbox.dirty,
            name=context.name,
            incarnation=context.incarnation,
            tally=mailbox.tally,
            on_batch=mailbox.batch,
        )

    # --- for subclasses -----------------------------------------------------------------------

    def prepare(self) -> None:
        """Before `on_start`; for base classes that leave `on_start` to their users."""

    def on_start(self) -> None:
        """Make ready, within the hang limit: allocate, link, arm timers. Waiting for others is for messages."""

    def drain(self, done: Callable[[], None], seconds: float) -> None:  # noqa: ARG002
        """Asked to stop within `seconds`: finish what must be finished, then call `done`."""
        done()

    def on_stop(self) -> None:
        """Release what the process holds; the last thing before it ends in peace."""

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:
        """`peer` listens to `topics` from now on: the place to send it where things stand."""

    def on_peer_down(self, peer: Peer) -> None:
        """A peer that had introduced itself is gone."""

    def publish(self, topic: str, message: Message) -> None:
        """Send to every peer attached to the topic."""
        self._listener.publish(topic, message)

    def link(
        self,
        name: str,
        *,
        topics: tuple[str, ...] = (),
        on_up: Callable[[Uplink, int], None] | None = None,
        on_down: Callable[[Uplink], None] | None = None,
    ) -> Uplink:
        """A lasting connection to the actor `name`; what it publishes under `topics` reaches our handlers."""
        return Uplink(
            name,
            reactor=self.reactor,
            codec=self.context.codec,
            run_dir=self.context.run_dir,
            sender=(self.context.name, self.context.incarnation),
            dirty=self.context.mailbox.dirty,
            deliver=self.context.mailbox.arrive,
            topics=topics,
            on_up=on_up,
            on_down=on_down,
            tally=self.context.mailbox.tally,
            on_batch=self.context.mailbox.batch,
        )

    # --- the listener's owner -------------------------------------------------------------------

    def peer_arrived(self, peer: Peer, envelope: Tell[Any] | Request[Any]) -> None:
        """A message of a peer: into the mailbox."""
        self.context.mailbox.arrive(peer, envelope)

    def peer_lost(self, peer: Peer) -> None:
        """A peer went away: into the mailbox too, so that what it sent before is handled before."""
        self.context.mailbox.arrive(peer, Down(peer))

    # --- the loop -------------------------------------------------------------------------------

    def _create_actor_inbox(self) -> Mailbox:  # type: ignore[override]
        return self.context.mailbox

    def _actor_loop_setup(self) -> None:
        # pykka logs what on_start raises and lets the actor die unseen; here it ends the process.
        slot = self.context.slot
        slot.busy(time.monotonic())
        self.hand.note("on_start")
        try:
            failpoint("actor.start", self.context.name)
            self.prepare()
            self.on_start()
        except BaseException as error:  # noqa: BLE001 - passed on to the host, which reports it and exits
            self.context.host.crashed(error, "on_start")
            return
        slot.let_go()
        self.context.host.started()

    def on_receive(self, message: object) -> None:
        """Handle one item of the mailbox. Nothing escapes: a failure is the host's to report."""
        slot = self.context.slot
        slot.busy(time.monotonic())
        try:
            self._receive(message)
        except BaseException as error:  # noqa: BLE001 - passed on to the host, which reports it and exits
            self.context.host.crashed(error, slot.read().in_hand)
        slot.done()

    def _receive(self, item: object) -> None:
        if isinstance(item, Arrival):
            self._arrived(item)
        elif isinstance(item, Ping):
            mailbox, handled = self.context.mailbox, self.context.slot.handled
            self.context.host.pong(Pong(item.sequence, handled, mailbox.depth, mailbox.overloaded, mailbox.tally))
        elif isinstance(item, Stop):
            self.drain(self._leave, item.seconds)
        elif isinstance(item, Escaped):
            raise item.error
        else:
            self._run(cast("Message", item), Sender(None, None, 0.0))

    def _arrived(self, arrival: Arrival) -> None:
        origin, envelope = arrival.origin, arrival.envelope
        peer = origin if isinstance(origin, Peer) else None
        if isinstance(envelope, Tell):
            self._run(envelope.body, Sender(peer, None, 0.0))
        elif isinstance(envelope, Request):
            if envelope.deadline and time.monotonic() > envelope.deadline:
                self.context.mailbox.tally.expired += 1
                return
            self._run(envelope.body, Sender(peer, envelope.id, envelope.deadline))
        elif isinstance(origin, Uplink):
            kind = f"Reply:{type(envelope.body).__name__}" if isinstance(envelope, Reply) else type(envelope).__name__
            self.hand.note(kind)
            origin.settle(envelope)
        elif isinstance(envelope, Down):
            self.on_peer_down(origin)

    def _run(self, message: Message, sender: Sender) -> None:
        if not self.hand.take(message):
            sender.reject(Rejected(f"{name_of(message)} is quarantined: it ended two incarnations", kind="quarantined"))
            return
        kind = type(message)
        handler = self._handlers.get(kind)
        if handler is None:
            count = self._unhandled.count(kind, time.monotonic())
            if count is not None:
                whose = sender.name or "this process"
                self.context.log.warning("no handler for %s, %d of them, the last from %s", kind.__name__, count, whose)
            sender.reject(Rejected(f"{self.context.name} does not handle {kind.__name__}", kind="unhandled"))
            return
        failpoint("actor.handle", kind.__name__)
        try:
            result = handler(self, message, sender)
        except Rejected as error:
            sender.reject(error)
            return
        if isinstance(result, Message):
            sender.reply(result)

    def _leave(self) -> None:
        self.on_stop()
        self.context.host.stopped()

    @handles(Attach)
    def _attach(self, message: Attach, sender: Sender) -> Done:
        assert sender.peer is not None
        sender.peer.topics = message.topics
        self.on_attach(sender.peer, message.topics)
        return Done()
