"""Whatever comes over an actor's socket, it costs the one who sent it his connection and nobody else anything."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import select
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from supervision import listener
from supervision.boot import socket_path
from supervision.errors import ActorUnavailable
from supervision.lifecycle import Attach
from supervision.reactor import Callback
from supervision.wire import MAX_FRAME, Hello, Refusal, Reply, Request, Tell, Welcome
from tests.supervision.toy_run import eventually
from tests.supervision.words import WORDS, Block, Echo, Note, Parrot, Say
from tests.support.local import LocalActor, LocalService


class House:
    """A parrot, a friend who talks to it, and callers of all kinds."""

    def __init__(self, service: LocalService) -> None:
        self.service = service
        self.parrot: LocalActor = service.start("parrot", Parrot)
        self.ref = service.ref("parrot")
        self.codec = service.codec
        self.hello = bytes(self.codec.encode(Hello("caller", 1, self.codec.fingerprint)))

    @contextlib.contextmanager
    def caller(self) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(5)
            sock.connect(str(socket_path(self.service.run_dir, "parrot")))
            yield sock

    def friend_is_served(self) -> None:
        assert self.ref.ask(Say("alive"), timeout=5) == Echo("alive")
        assert self.parrot.host.error is None

    def look(self) -> tuple[int, int]:
        """How many strangers and how many peers the parrot has."""
        ear = self.parrot.actor._listener
        return self.parrot.call(lambda: (len(ear._strangers), len(ear.peers)))


@pytest.fixture
def house() -> Iterator[House]:
    with LocalService(WORDS) as service:
        yield House(service)


def is_hung_up(sock: socket.socket) -> bool:
    """Whether the other side ends the connection, whatever it says before."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def framed(payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + payload


ENVELOPES = st.one_of(
    st.builds(Hello, st.text(max_size=5), st.integers(0, 9), st.integers(0, 9)),
    st.builds(Welcome, st.text(max_size=5), st.integers(0, 9), st.integers(0, 9)),
    st.builds(Tell, st.builds(Note, st.text(max_size=9))),
    st.builds(Request, st.integers(0, 9), st.just(0.0), st.builds(Say, st.sampled_from(["a", "no", "never"]))),
    st.builds(Reply, st.integers(0, 9), st.builds(Echo, st.text(max_size=5))),
    st.builds(Refusal, st.integers(0, 9), st.text(max_size=5), st.tuples(st.text(max_size=5))),
)
NESTED = st.builds(lambda depth, tag: bytes([0x92, tag]) + b"\x91" * depth, st.integers(1, 5000), st.integers(0, 9))
LENGTHS = st.sampled_from([b"\xdd", b"\xdf", b"\xdb", b"\xc6", b"\xc9"])
HUGE = st.builds(lambda head, kind: head + kind + b"\xff\xff\xff\xff", st.binary(max_size=6), LENGTHS)


@st.composite
def bad_streams(draw: st.DrawFn) -> tuple[bool, list[object]]:
    """A hello or none, then envelopes, some damaged, some nonsense, some with lengths that lie."""
    parts: list[object] = draw(
        st.lists(
            st.one_of(
                ENVELOPES,
                st.tuples(ENVELOPES, st.integers(0, 60), st.integers(0, 255)),
                st.one_of(st.binary(max_size=40), NESTED, HUGE).map(framed),
                st.binary(min_size=1, max_size=12),
                st.integers(MAX_FRAME + 1, 2**32 - 1).map(lambda size: struct.pack(">I", size)),
            ),
            max_size=6,
        )
    )
    return draw(st.booleans()), parts


def as_bytes(house: House, part: object) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, tuple):
        frame = house.codec.encode(part[0])
        frame[part[1] % len(frame)] = part[2]
        return bytes(frame)
    return bytes(house.codec.encode(part))  # type: ignore[arg-type]


def test_no_bytes_of_one_caller_keep_the_actor_from_another(house: House) -> None:
    @settings(max_examples=150)
    @given(bad_streams())
    def try_one(stream: tuple[bool, list[object]]) -> None:
        introduced, parts = stream
        with house.caller() as caller:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                caller.sendall(house.hello * introduced + b"".join(as_bytes(house, part) for part in parts))
            house.friend_is_served()

    try_one()
    house.friend_is_served()
    eventually(lambda: True if house.look() == (0, 1) else None)  # only the friend is left


@pytest.mark.parametrize(
    ("why", "frames"),
    [
        ("the first frame is no hello", lambda house: house.codec.encode(Tell(Note("x")))),
        ("the limit is 1024", lambda house: house.codec.encode(Hello("x" * 2000, 1, house.codec.fingerprint))[:4]),
        ("the limit is 16777216", lambda house: (house.hello, struct.pack(">I", MAX_FRAME + 1))),
        ("a Hello from a caller", lambda house: (house.hello, house.hello)),
        ("a Reply from a caller", lambda house: (house.hello, house.codec.encode(Reply(1, Echo("x"))))),
        ("another version", lambda house: house.codec.encode(Hello("caller", 1, 0))),
        (
            "not an envelope",
            lambda house: (house.hello, framed(b"\x95\x01\xa1x\x01\x01" + b"\x91" * 100_000 + b"\x01")),
        ),
        ("not an envelope", lambda house: (house.hello, framed(b"\x92\x03\x92\xa4Note\xdb\xff\xff\xff\xff"))),
        ("not an envelope", lambda house: (house.hello, framed(b"\x92\x03\x92\xa8NoSuch42\x01"))),
    ],
)
def test_a_bad_caller_is_hung_up_on_and_named(
    house: House, caplog: pytest.LogCaptureFixture, why: str, frames: object
) -> None:
    sent = frames(house)  # type: ignore[operator]
    first, *rest = sent if isinstance(sent, tuple) else (sent,)
    with house.caller() as caller:
        caller.sendall(first)
        if rest:
            caller.recv(65536)  # the welcome
            caller.sendall(rest[0])
        assert is_hung_up(caller)
    house.friend_is_served()
    (record,) = [record.getMessage() for record in caplog.records if "hanging up" in record.getMessage()]
    assert why in record
    assert f"(process {os.getpid()})" in record
    assert ("on caller " if rest or why == "another version" else "on a stranger ") in record


def test_who_does_not_say_hello_in_time_is_hung_up_on_even_if_something_drips(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "HELLO_SECONDS", 0.4)
    with house.caller() as silent, house.caller() as dripping:
        began = time.monotonic()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for byte in itertools.islice(house.hello, len(house.hello) - 1):
                dripping.sendall(bytes([byte]))
                if select.select([dripping], [], [], 0.05)[0]:
                    break
        assert is_hung_up(dripping)
        assert is_hung_up(silent)
        assert time.monotonic() - began < 3.0
    house.friend_is_served()


def test_a_crowd_at_the_door_does_not_keep_out_who_introduces_himself(house: House) -> None:
    with contextlib.ExitStack() as crowd:
        strangers = [crowd.enter_context(house.caller()) for _ in range(listener.STRANGERS + 40)]
        house.friend_is_served()
        house.service.ref("parrot").ask(Say("a new friend"))
        assert house.look()[0] <= listener.STRANGERS
        assert is_hung_up(strangers[0]), "the one that came first is sent away"


def test_one_process_has_its_share_of_connections_and_no_more(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.friend_is_served()
    monkeypatch.setattr(listener, "PEERS_PER_PROCESS", 8)
    with contextlib.ExitStack() as crowd:
        for _ in range(20):
            caller = crowd.enter_context(house.caller())
            caller.sendall(house.hello)
        assert is_hung_up(caller)
        assert house.look()[1] <= 8
        house.friend_is_served()
        with pytest.raises(ActorUnavailable):
            house.service.ref("parrot").ask(Say("one of the same process"))


def test_who_never_reads_loses_his_connection_and_the_actor_no_memory(house: House) -> None:
    house.friend_is_served()
    with house.caller() as deaf:
        deaf.sendall(house.hello)
        deaf.sendall(house.codec.encode(Request(1, 0.0, Attach(("news",)))))
        deaf.recv(4096)
        deadline = time.monotonic() + 20
        while house.look()[1] > 1 and time.monotonic() < deadline:
            house.parrot.call(lambda: [house.parrot.actor.publish("news", Note("x" * 50)) for _ in range(5000)])
        assert house.look()[1] == 1, "only the friend is left"
        house.friend_is_served()


def test_out_of_descriptors_an_actor_serves_whom_it_knows_and_does_not_spin(house: House) -> None:
    house.friend_is_served()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reactor = house.parrot.actor.reactor
    turns, select_ = itertools.count(), reactor.select

    def counting(timeout: float | None) -> list[Callback]:
        next(turns)
        return select_(timeout)  # type: ignore[no-any-return]

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as newcomer:
        newcomer.settimeout(5)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            newcomer.connect(str(socket_path(house.service.run_dir, "parrot")))
            newcomer.sendall(house.hello)
            reactor.select = counting
            for _ in range(5):
                house.friend_is_served()
                time.sleep(0.1)
            assert next(turns) < 100
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert newcomer.recv(4096), "welcomed as soon as there is room"


def test_who_leaves_before_he_is_welcomed_is_no_peer(house: House) -> None:
    house.friend_is_served()
    blocked = house.ref.ask_future(Block(), timeout=5)
    assert house.parrot.actor.blocked.wait(5)
    with house.caller() as caller:
        caller.sendall(house.hello)
    house.parrot.actor.release.set()
    blocked.result(5)
    eventually(lambda: True if house.look()[0] == 0 else None)
    assert {peer.open for peer in house.parrot.actor._listener.peers} == {True}
