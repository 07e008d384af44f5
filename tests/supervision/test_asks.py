"""Asks and tells across real sockets: what the sender is told, and what it is told after a death."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from supervision.boot import socket_path
from supervision.errors import ActorDied, ActorUnavailable, AskTimeout, Rejected
from supervision.lifecycle import Attach, GetTree, Ping
from supervision.ref import Ref
from supervision.wire import Hello, Request, Tell, Welcome
from tests.supervision.words import WORDS, Block, Crumb, Echo, Follower, Note, Parrot, Price, Say
from tests.support.local import LocalService


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService(WORDS) as service:
        yield service


def test_an_ask_is_answered_in_each_of_its_forms(service: LocalService) -> None:
    service.start("parrot", Parrot)
    ref = service.ref("parrot")
    assert ref.ask(Say("hello")) == Echo("hello")
    assert ref.ask_future(Say("future")).result(5) == Echo("future")
    assert asyncio.run(ref.ask_async(Say("async"))) == Echo("async")


def test_what_cannot_be_sent_is_refused_in_each_form_and_reaches_nobody(service: LocalService) -> None:
    service.start("parrot", Parrot)
    ref = service.ref("parrot")
    wrong = Say(5)  # type: ignore[arg-type]
    for form in (ref.ask, ref.tell, lambda message: ref.ask_future(message).result(5)):
        with pytest.raises(Rejected, match=r"^text 5 \(accepted: str\)$"):
            form(wrong)


def test_a_tell_is_handled_before_a_later_ask_of_the_same_thread(service: LocalService) -> None:
    parrot = service.start("parrot", Parrot)
    ref = service.ref("parrot")
    ref.tell(Note("first"))
    ref.ask(Say("after"))
    assert parrot.actor.notes == ["first"]


def test_a_refusal_is_a_reply_with_its_reasons_and_the_actor_lives(service: LocalService) -> None:
    service.start("parrot", Parrot)
    ref = service.ref("parrot")
    with pytest.raises(Rejected, match="quantity = -1"):
        ref.ask(Say("no"))
    with pytest.raises(Rejected, match="quantity = -1"):
        ref.ask_future(Say("no")).result(5)
    assert ref.ask(Say("alive")) == Echo("alive")


def test_an_unknown_message_is_refused_by_name(service: LocalService) -> None:
    service.start("parrot", Parrot)
    with pytest.raises(Rejected, match="does not handle GetTree") as refusal:
        service.ref("parrot").ask(GetTree())
    assert refusal.value.kind == "unhandled"


def test_an_ask_without_an_answer_ends_at_its_deadline(service: LocalService) -> None:
    service.start("parrot", Parrot)
    ref = service.ref("parrot")
    began = time.monotonic()
    with pytest.raises(AskTimeout):
        ref.ask(Say("never"), timeout=0.2)
    with pytest.raises(AskTimeout):
        ref.ask_future(Say("never"), timeout=0.2).result(5)
    assert time.monotonic() - began < 2.0
    assert ref.ask(Say("next")) == Echo("next"), "a late or missing answer is never taken for another's"


def test_a_reply_after_the_timeout_is_never_taken_for_the_answer_to_the_next_ask(service: LocalService) -> None:
    parrot = service.start("parrot", Parrot)
    ref = service.ref("parrot")
    ref.ask(Say("connected"))
    with pytest.raises(AskTimeout):
        ref.ask(Block(), timeout=0.1)
    parrot.actor.release.set()
    assert [ref.ask(Say(text)).text for text in "abc"] == ["a", "b", "c"]


def test_an_ask_ends_at_its_deadline_although_the_callee_sends_without_end(service: LocalService) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as address:
        address.bind(str(socket_path(service.run_dir, "chatterbox")))
        address.listen()

        def chatter() -> None:
            caller, _ = address.accept()
            noise = bytes(service.codec.encode(Tell(Note("noise")))) * 500
            with caller, contextlib.suppress(OSError):  # until the caller hangs up
                caller.sendall(service.codec.encode(Welcome("chatterbox", 1, service.codec.fingerprint)))
                while True:
                    caller.sendall(noise)

        thread = threading.Thread(target=chatter, daemon=True)
        thread.start()
        ref = Ref(service.run_dir, "chatterbox", service.codec)
        began = time.monotonic()
        with pytest.raises(AskTimeout):
            ref.ask(Say("anything"), timeout=0.3)
        assert time.monotonic() - began < 1.0
        ref.close()
        thread.join(5)


def test_an_ask_in_flight_fails_as_died_when_the_actor_dies_and_the_same_ref_reaches_the_next(
    service: LocalService,
) -> None:
    parrot = service.start("parrot", Parrot)
    ref = service.ref("parrot")
    future = ref.ask_future(Say("never"), timeout=5)
    ref.ask_future(Say("behind it")).result(5)
    with pytest.raises(ActorDied, match="incarnation 1"):
        ref.ask(Say("boom"))
    assert isinstance(parrot.host.error, ValueError)
    assert parrot.host.in_hand == "Say"
    with pytest.raises(ActorDied):
        future.result(5)
    service.kill("parrot")
    service.start("parrot", Parrot)
    assert ref.ask(Say("again")) == Echo("again")
    assert ref.ask_future(Say("again")).result(5) == Echo("again")


def test_nothing_waits_for_an_actor_that_is_not_there(service: LocalService) -> None:
    service.bind("parrot")
    ref = service.ref("parrot")
    with pytest.raises(ActorUnavailable, match="retrying is safe"):
        ref.ask(Say("stale"), timeout=0.2)
    with pytest.raises(ActorUnavailable):
        ref.ask_future(Say("stale"), timeout=0.2).result(5)
    with pytest.raises(ActorUnavailable):
        Ref(service.run_dir, "nobody", service.codec).ask(Say("x"))
    parrot = service.start("parrot", Parrot)
    ref.ask(Say("fresh"))
    assert parrot.actor.context.slot.handled == 1, "no message from before the start reached it"


def test_an_expired_command_is_dropped_unread(service: LocalService) -> None:
    parrot = service.start("parrot", Parrot)
    ref = service.ref("parrot")
    ref.ask(Say("connected"))
    blocked = ref.ask_future(Block(), timeout=10)
    assert parrot.actor.blocked.wait(5)
    with pytest.raises(AskTimeout):
        ref.ask(Say("late"), timeout=0.1)
    parrot.actor.release.set()
    assert blocked.result(5) == Echo("released")
    ref.ask(Say("now"))
    assert parrot.actor.context.mailbox.tally.expired == 1


def test_control_never_waits_behind_data(service: LocalService) -> None:
    parrot = service.start("parrot", Parrot)
    ref = service.ref("parrot")
    ref.ask(Say("connected"))
    future = ref.ask_future(Block(), timeout=10)
    assert parrot.actor.blocked.wait(5)
    for number in range(150):
        ref.tell(Note(str(number)))
    parrot.actor.context.mailbox.put_control(Ping(7))
    parrot.actor.release.set()
    future.result(5)
    ref.ask(Say("all"), timeout=5)
    (pong,) = parrot.host.pongs
    assert pong.sequence == 7
    assert pong.handled < 10, "the ping was answered before the notes that came earlier"
    assert len(parrot.actor.notes) == 150


def test_a_stranger_or_a_malformed_frame_loses_its_connection_and_nothing_else(
    service: LocalService, caplog: pytest.LogCaptureFixture
) -> None:
    service.start("parrot", Parrot)
    ref = service.ref("parrot")
    codec = service.codec
    bad: list[bytes] = [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(codec.encode(Tell(Note("no hello first")))),
        bytes(codec.encode(Hello("x", 1, codec.fingerprint + 1))),
        bytes(codec.encode(Hello("x", 1, codec.fingerprint))) + b"\0\0\0\x03\xc1\xc1\xc1",
        bytes(codec.encode(Hello("x", 1, codec.fingerprint))) + b"\xff" * 9,
    ]
    for payload in bad:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
            stranger.settimeout(5)
            stranger.connect(str(socket_path(service.run_dir, "parrot")))
            stranger.sendall(payload)
            while stranger.recv(4096):
                pass
        assert ref.ask(Say("alive")) == Echo("alive")
    assert [record.message.partition(" (process")[0] for record in caplog.records] == [
        *["hanging up on a stranger"] * 2,
        *["hanging up on x"] * 2,
        "hanging up on a stranger",
    ]


def drain(records: queue.SimpleQueue[object], until: object) -> list[object]:
    got: list[object] = []
    while not got or got[-1] != until:
        got.append(records.get(timeout=5))
    return got


def test_a_link_attaches_by_itself_to_every_incarnation(service: LocalService) -> None:
    records: queue.SimpleQueue[object] = queue.SimpleQueue()
    service.bind("parrot")
    service.start("follower", Follower, on_record=records.put)
    parrot = service.start("parrot", Parrot)
    assert drain(records, "welcome") == [("up", 1), "welcome"]
    parrot.call(lambda: parrot.actor.publish("news", Note("one")))
    parrot.call(lambda: parrot.actor.publish("other", Note("not for us")))
    assert drain(records, "one") == ["one"]
    service.kill("parrot")
    service.start("parrot", Parrot)
    assert drain(records, "welcome") == ["down", ("up", 2), "welcome"]


def test_a_producer_learns_that_its_consumer_died(service: LocalService) -> None:
    records: queue.SimpleQueue[object] = queue.SimpleQueue()
    parrot = service.start("parrot", Parrot)
    service.start("follower", Follower, on_record=records.put)
    drain(records, "welcome")
    service.kill("follower")
    service.start("follower", Follower, on_record=records.put)
    drain(records, "welcome")
    assert parrot.call(lambda: parrot.actor.lost) == ["follower"]
    assert parrot.actor.attached == [("news",), ("news",)]


def test_a_slow_reader_gets_every_kept_message_the_newest_price_and_few_crumbs(service: LocalService) -> None:
    records: queue.SimpleQueue[object] = queue.SimpleQueue()
    parrot = service.start("parrot", Parrot)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as slow:
        slow.connect(str(socket_path(service.run_dir, "parrot")))
        slow.sendall(service.codec.encode(Hello("slow", 1, service.codec.fingerprint)))
        slow.sendall(service.codec.encode(Request(1, 0.0, Attach(("news",)))))
        service.start("follower", Follower, on_record=records.put)
        drain(records, "welcome")

        def flood() -> None:
            for number in range(20_000):
                parrot.actor.publish("news", Price("AAPL", number))
                parrot.actor.publish("news", Crumb(number))
                if number % 100 == 0:
                    parrot.actor.publish("news", Note(f"note {number}"))
                    for peer in list(parrot.actor.context.mailbox.dirty):
                        peer.flush()
            parrot.actor.publish("news", Note("end"))

        parrot.call(flood, timeout=20)
        got = drain(records, "end")
        assert sum(isinstance(record, str) for record in got) == 201, "the fast reader lost no note"
        (peer,) = [peer for peer in parrot.actor._listener.peers if peer.name == "slow"]
        assert len(peer.outbox) < 2000
        assert peer.outbox.tally.shed > 10_000
        assert peer.outbox.conflated > 10_000
        assert service.ref("parrot").ask(Say("quick"), timeout=1) == Echo("quick")
