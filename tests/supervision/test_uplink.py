"""A link whose owner comes to what arrived later than it arrives, as an actor with a backlog does."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from pathlib import Path

from supervision.boot import socket_path
from supervision.errors import DeliveryError, Rejected
from supervision.peer import Peer
from supervision.reactor import Reactor
from supervision.uplink import Arriving, Uplink
from supervision.wire import Codec, FrameBuffer, Reply, Request, Tell, Welcome
from tests.supervision.words import WORDS, Echo, Say

CODEC = Codec(WORDS)


def _readable(sock: socket.socket) -> bool:
    return bool(select.select([sock], [], [], 0)[0])


def test_an_ask_over_a_new_connection_outlives_the_end_of_the_old_one_to_the_same_incarnation(tmp_path: Path) -> None:
    reactor, dirty = Reactor(), set[Peer]()
    arrived: list[Arriving] = []

    def turn(until: Callable[[], bool]) -> None:
        for _ in range(200):
            while dirty:
                dirty.pop().flush()
            if until():
                return
            reactor.poll(0.05)
        raise AssertionError("it did not happen")

    def welcome() -> socket.socket:
        turn(lambda: _readable(address))
        caller, _ = address.accept()
        caller.sendall(CODEC.encode(Welcome("parrot", 1, CODEC.fingerprint)))
        turn(lambda: link.up)
        return caller

    def settle() -> None:
        while arrived:
            event = arrived.pop(0)
            assert not isinstance(event, Tell)
            link.settle(event)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as address:
        address.bind(str(socket_path(tmp_path, "parrot")))
        address.listen(8)
        link = Uplink(
            "parrot",
            reactor=reactor,
            codec=CODEC,
            run_dir=tmp_path,
            sender=("me", 1),
            dirty=dirty,
            deliver=lambda _, envelope: arrived.append(envelope),
        )
        outcome: list[object] = []
        failed: list[DeliveryError | Rejected] = []
        with welcome() as first:
            link.ask(Say("lost"), timeout=5, on_reply=outcome.append, on_error=failed.append)
            turn(lambda: _readable(first))
        turn(lambda: not link.up)
        with welcome() as second:
            link.ask(Say("answered"), timeout=5, on_reply=outcome.append, on_error=failed.append)
            settle()
            assert [str(error) for error in failed] == [
                "parrot (incarnation 1) died before it replied; the outcome is unknown"
            ]
            frames, request = FrameBuffer(), None
            while not isinstance(request, Request):
                turn(lambda: _readable(second))
                for payload in frames.feed(second.recv(4096)):
                    request = CODEC.decode_envelope(payload)
            second.sendall(CODEC.encode(Reply(request.id, Echo("answered"))))
            turn(lambda: bool(arrived))
            settle()
        link.close()
    reactor.close()
    assert outcome == [Echo("answered")]
