"""A link whose owner comes to what arrived later than it arrives, as an actor with a backlog does."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervision import uplink
from supervision.boot import socket_path
from supervision.errors import ActorDied, ActorUnavailable, AskTimeout, DeliveryError, Rejected
from supervision.peer import Peer
from supervision.reactor import Reactor
from supervision.uplink import Arriving, Uplink
from supervision.wire import Codec, FrameBuffer, Reply, Request, Tell, Welcome
from tests.supervision.words import WORDS, Echo, Say

CODEC = Codec(WORDS)


class Stage:
    """A link to `parrot`, whose part the test plays, and what became of the asks over it."""

    def __init__(self, run_dir: Path) -> None:
        self.address = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.address.bind(str(socket_path(run_dir, "parrot")))
        self.address.listen(8)
        self.reactor = Reactor()
        self.dirty: set[Peer] = set()
        self.arrived: list[Arriving] = []
        self.replies: list[object] = []
        self.errors: list[DeliveryError | Rejected] = []
        self.link = Uplink(
            "parrot",
            reactor=self.reactor,
            codec=CODEC,
            run_dir=run_dir,
            sender=("me", 1),
            dirty=self.dirty,
            deliver=lambda _, envelope: self.arrived.append(envelope),
        )

    def ask(self, text: str, timeout: float = 5.0) -> None:
        self.link.ask(Say(text), timeout=timeout, on_reply=self.replies.append, on_error=self.errors.append)

    def turn(self, until: Callable[[], bool]) -> None:
        """Let the link work until something is so."""
        for _ in range(200):
            while self.dirty:
                self.dirty.pop().flush()
            if until():
                return
            self.reactor.poll(0.05)
        raise AssertionError("it did not happen")

    def settle(self) -> None:
        """The owner comes to what has arrived."""
        while self.arrived:
            event = self.arrived.pop(0)
            assert not isinstance(event, Tell)
            self.link.settle(event)

    def welcome(self) -> socket.socket:
        """Welcome the caller as incarnation 1."""
        caller = self.greet(CODEC.fingerprint)
        self.turn(lambda: self.link.up)
        return caller

    def greet(self, fingerprint: int) -> socket.socket:
        """Answer the next caller's hello."""
        self.turn(lambda: readable(self.address))
        caller, _ = self.address.accept()
        caller.sendall(CODEC.encode(Welcome("parrot", 1, fingerprint)))
        return caller

    def request(self, caller: socket.socket) -> Request[object]:
        """The next request the caller sends."""
        frames = FrameBuffer()
        while True:
            self.turn(lambda: readable(caller))
            for payload in frames.feed(caller.recv(4096)):
                envelope = CODEC.decode_envelope(payload)
                if isinstance(envelope, Request):
                    return envelope

    def close(self) -> None:
        self.link.close()
        self.reactor.close()
        self.address.close()


def readable(sock: socket.socket) -> bool:
    return bool(select.select([sock], [], [], 0)[0])


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def test_an_ask_over_a_new_connection_outlives_the_end_of_the_old_one_to_the_same_incarnation(stage: Stage) -> None:
    with stage.welcome() as first:
        stage.ask("lost")
        assert stage.request(first).body == Say("lost")
    stage.turn(lambda: not stage.link.up)
    with stage.welcome() as second:
        stage.ask("answered")
        stage.settle()
        assert [type(error) for error in stage.errors] == [ActorDied]
        second.sendall(CODEC.encode(Reply(stage.request(second).id, Echo("answered"))))
        stage.turn(lambda: bool(stage.arrived))
        stage.settle()
    assert stage.replies == [Echo("answered")]
    assert len(stage.errors) == 1


def test_a_reply_that_comes_after_the_deadline_is_counted_and_never_taken_for_anothers(stage: Stage) -> None:
    with stage.welcome() as caller:
        stage.ask("late", timeout=0.05)
        late = stage.request(caller)
        stage.turn(lambda: bool(stage.errors))
        assert [type(error) for error in stage.errors] == [AskTimeout]
        stage.ask("next")
        following = stage.request(caller)
        for request in (late, following, late):
            caller.sendall(CODEC.encode(Reply(request.id, Echo(f"to {request.id}"))))
        stage.turn(lambda: len([one for one in stage.arrived if isinstance(one, Reply)]) == 3)
        stage.settle()
    assert stage.replies == [Echo(f"to {following.id}")]
    assert len(stage.errors) == 1
    assert stage.link.tally.late_replies == 2


def test_a_tell_over_a_link_that_is_down_is_a_dead_letter_and_counted(stage: Stage) -> None:
    stage.link.tell(Echo("to nobody"))
    assert stage.link.tally.dead_letters == 1
    with stage.welcome():
        stage.link.tell(Echo("to somebody"))
        assert stage.link.tally.dead_letters == 1


def test_what_is_flushed_leaves_before_the_owner_waits_again(stage: Stage) -> None:
    with stage.welcome() as caller:
        stage.ask("in a hurry")
        stage.link.flush()
        assert readable(caller)
        assert stage.request(caller).body == Say("in a hurry")


def test_a_flush_while_nobody_is_there_is_harmless(stage: Stage) -> None:
    stage.ask("later")
    stage.link.flush()
    with stage.welcome() as caller:
        assert stage.request(caller).body == Say("later")


def test_an_actor_of_another_program_is_told_of_once_and_to_all_who_ask_until_it_is_ours(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(uplink, "ESTRANGED_SECONDS", 0.1)
    for number in (1, 2, 3):
        stage.ask("anybody there")
        with stage.greet(CODEC.fingerprint + 1):
            stage.turn(lambda number=number: len(stage.errors) == number)
    assert {str(error) for error in stage.errors} == {str(ActorUnavailable("parrot", uplink.OTHER_VERSION))}
    assert [record.message for record in caplog.records] == [f"hanging up on parrot: {uplink.OTHER_VERSION}"]
    stage.ask("and now")
    with stage.welcome() as caller:
        assert stage.request(caller).body == Say("and now")
