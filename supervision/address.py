"""The supervisor's own address: the tree, children started and stopped by hand, reload, the topic "system"."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from supervision import clock
from supervision.actions import Action
from supervision.boot import socket_path
from supervision.errors import Rejected
from supervision.lifecycle import (
    Attach,
    DeathRecord,
    GetTree,
    Reload,
    Reloaded,
    StartChild,
    StopChild,
    TreeChanged,
    TreeView,
)
from supervision.listener import Listener, answer
from supervision.message import Done, Message
from supervision.peer import Peer
from supervision.reactor import Reactor
from supervision.seat import Seat, bind
from supervision.spec import SUPERVISOR
from supervision.tree import Tree
from supervision.wire import Codec, Refusal, Request, Tell

TOPIC = "system"


class Address:
    """Answers what is asked of "supervisor"; `perform` carries out what the tree decides about an order, `reload`
    reads the configuration anew.
    """

    def __init__(
        self,
        tree: Tree,
        seats: Mapping[str, Seat],
        deaths: deque[DeathRecord],
        perform: Callable[[list[Action]], None],
        reload: Callable[[], Reloaded],
        run_dir: Path,
        reactor: Reactor,
        codec: Codec,
    ) -> None:
        self._tree = tree
        self._seats = seats
        self._deaths = deaths
        self._perform = perform
        self._reload = reload
        self._path = socket_path(run_dir, SUPERVISOR)
        self._socket = bind(self._path)
        self._dirty: set[Peer] = set()
        self._began = clock.now()
        self._listener = Listener(
            self._socket, reactor, codec, self, self._dirty, name=SUPERVISOR, incarnation=os.getpid()
        )

    def changed(self, seat: Seat) -> None:
        """A child is in another state than before: tell who listens."""
        seat.since = clock.now()
        self._listener.publish(TOPIC, TreeChanged(seat.view()))

    def flush(self) -> None:
        """Write what waits; to be called before waiting."""
        while self._dirty:
            self._dirty.pop().flush()

    def close(self) -> None:
        """Hang up on everybody and give up the address."""
        for peer in tuple(self._listener.peers):
            peer.close()
        self._socket.close()
        self._path.unlink(missing_ok=True)

    # --- the listener's owner -------------------------------------------------------------------

    def peer_arrived(self, peer: Peer, envelope: Tell[Any] | Request[Any]) -> None:
        """A request, or a message that needs no answer."""
        try:
            reply = self._answer(peer, envelope.body)
        except Rejected as error:
            if isinstance(envelope, Request):
                peer.post(Refusal(envelope.id, error.kind, error.reasons), None)
            return
        if isinstance(envelope, Request):
            answer(peer, envelope.id, reply)

    def peer_lost(self, peer: Peer) -> None:
        """Nothing is kept for a peer."""

    def _answer(self, peer: Peer, message: Message) -> Message:
        now = time.monotonic()
        match message:
            case GetTree():
                return self._view()
            case StartChild(name):
                self._perform(self._tree.start_child(name, now))
            case StopChild(name):
                self._perform(self._tree.stop_child(name, now))
            case Reload():
                return self._reload()
            case Attach(topics):
                peer.topics = topics
            case _:
                raise Rejected(f"the supervisor does not handle {type(message).__name__}", kind="unhandled")
        return Done()

    def _view(self) -> TreeView:
        phase = "stopping" if self._tree.phase == "halted" else self._tree.phase
        children = tuple(seat.view() for seat in self._seats.values())
        return TreeView(os.getpid(), phase, self._began, children, tuple(self._deaths))
