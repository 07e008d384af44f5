"""Every way a session can begin badly, and end: a clear reason within its deadline, nothing hangs."""

from __future__ import annotations

import select
import socket
import struct
import time

import pytest

from actors.ib.transport import Parcel
from tests.ib.scripted import ACCOUNTS, GREETING, NEXT_ID, Conversation, exactly, read_frame
from tests.support.frames import text_frame

HELLO_BYTES = 17
TICK = text_frame(1, 6, 1_000_000_000, 4, "189.25", 300, 1)


def test_a_session_greets_starts_and_is_up_when_accounts_and_order_id_have_come() -> None:
    with Conversation() as talk:
        server = talk.dial()
        talk.reactor.poll(1.0)
        assert exactly(server, HELLO_BYTES) == b"API\0" + b"\0\0\0\x09v100..200"
        server.sendall(GREETING + ACCOUNTS)
        talk.reactor.poll(1.0)
        assert read_frame(server) == ("71", "2", "17", "")
        assert talk.owner.up is None
        server.sendall(NEXT_ID)
        talk.until(lambda: talk.owner.up)
        assert talk.owner.up == (("DU1234567",), 530, 176)


def test_a_refused_connection_names_host_port_and_cause() -> None:
    with Conversation() as talk:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        talk.gateway.dial("127.0.0.1", port)
        talk.until(lambda: talk.owner.ended_with)
        assert talk.owner.ended_with == f"127.0.0.1:{port}: connection refused"


def test_the_next_address_of_a_host_is_tried_when_the_first_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with Conversation() as talk:
        with socket.create_server(("127.0.0.1", 0)) as gone:
            refusing = gone.getsockname()
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", at) for at in (refusing, ("127.0.0.1", talk.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        talk.gateway.dial("a.host", 4002)
        talk._listener.setblocking(False)
        talk.until(lambda: select.select([talk._listener], [], [], 0)[0])
        talk.server, _ = talk._listener.accept()
        assert talk.gateway.open


def test_a_host_that_does_not_accept_is_given_up_at_the_deadline() -> None:
    with socket.socket() as full, Conversation(connect_timeout=0.2) as talk:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        crowd = [socket.socket() for _ in range(4)]
        for sock in crowd:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        talk.gateway.dial("127.0.0.1", port)
        talk.until(lambda: talk.owner.ended_with)
        for sock in crowd:
            sock.close()
        assert talk.owner.ended_with == f"127.0.0.1:{port} did not accept a connection within 0.2 s"
        assert time.monotonic() - started < 1.0


def test_an_unknown_host_is_an_end_with_a_reason() -> None:
    with Conversation() as talk:
        talk.gateway.dial("nowhere.invalid", 4002)
        assert talk.owner.ended_with is not None
        assert "nowhere.invalid:4002: the host name cannot be resolved" in talk.owner.ended_with


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", "the gateway accepted the connection but did not answer the hello within 0.2 s"),
        (b"\0\0\0\x20half a", "the gateway accepted the connection but did not answer the hello within 0.2 s"),
        (GREETING, "the gateway said hello but sent no account and order id within 0.2 s"),
        (GREETING + ACCOUNTS, "the gateway said hello but sent no account and order id within 0.2 s"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "the gateway does not speak the TWS protocol"),
        (text_frame("hello", "world"), "the gateway answered the hello with something else: 'hello|world'"),
        (text_frame(176), "the gateway answered the hello with something else"),
        (text_frame(157, "20261120 12:00:00 EST"), "the gateway chose version 157, this client speaks 176 to 200"),
        (text_frame(225, "20261120 12:00:00 EST"), "the gateway chose version 225, this client speaks 176 to 200"),
    ],
)
def test_a_start_that_goes_wrong_ends_in_time_with_a_reason(said: bytes, reason: str) -> None:
    with Conversation(connect_timeout=0.2) as talk:
        server = talk.dial()
        server.sendall(said)
        talk.until(lambda: talk.owner.ended_with, timeout=1.0)
        assert talk.owner.ended_with is not None
        assert talk.owner.ended_with.startswith(reason)
        assert talk.owner.up is None


def test_a_taken_client_id_is_told_in_the_gateways_words() -> None:
    with Conversation() as talk:
        server = talk.dial()
        server.sendall(
            GREETING + text_frame(4, 2, -1, 326, "Unable to connect as the client id is already in use.", "")
        )
        server.close()
        talk.until(lambda: talk.owner.ended_with)
        assert talk.owner.ended_with == (
            "the gateway said: Unable to connect as the client id is already in use. (code 326); "
            "the gateway closed the connection"
        )


def test_a_gateway_that_closes_in_the_handshake_is_told_so() -> None:
    with Conversation() as talk:
        server = talk.dial()
        talk.reactor.poll(1.0)
        exactly(server, HELLO_BYTES)
        server.close()
        talk.until(lambda: talk.owner.ended_with)
        assert talk.owner.ended_with == "the gateway closed the connection"


def test_garbage_in_the_framing_ends_the_session_after_the_good_frames() -> None:
    with Conversation() as talk:
        server = talk.start()
        server.sendall(TICK + b"\xff\xff\xff\xff garbage")
        talk.until(lambda: talk.owner.ended_with)
        assert talk.owner.ended_with is not None
        assert talk.owner.ended_with.startswith("the gateway does not speak the TWS protocol: a frame of 4294967295")
        assert [batch.prices for batch in talk.owner.of("ticks")] == [[189.25]]


@pytest.mark.parametrize(
    "frame",
    [
        text_frame(1, 6, 1_000_000_000, 4, "18x.25", 300, 1),
        text_frame(3, 1, "Submitted", "0"),
        text_frame(17, 1_000_000_001, "a", "b", 3, "20240318", "16.0"),
        text_frame(62),
        text_frame(9999, 1),
        text_frame("nonsense"),
        text_frame(11, 1, "not a number"),
        struct.pack(">I", 5) + b"49\x001\x00",
        struct.pack(">I", 0),
        struct.pack(">I", 3) + b"\xff\xfe\xfd",
    ],
)
def test_one_bad_frame_is_counted_and_survived(frame: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with Conversation() as talk:
        server = talk.start()
        server.sendall(frame + TICK)
        talk.sentinel()
        assert talk.gateway.bad_frames == 1
        assert talk.gateway.open
        assert [batch.prices for batch in talk.owner.of("ticks")] == [[189.25]]
        assert "frame dropped" in caplog.text


def test_a_callback_that_fails_costs_its_frame_and_not_the_session(caplog: pytest.LogCaptureFixture) -> None:
    with Conversation() as talk:
        server = talk.start()
        talk.owner.fail_on = "error"
        server.sendall(text_frame(4, 2, 5, 201, "Order rejected for DU1234567", "") + TICK)
        talk.sentinel()
        assert talk.gateway.bad_frames == 1
        assert "RuntimeError" in caplog.text
        assert "DU***" in caplog.text
        assert "DU1234567" not in caplog.text


def test_ticks_and_other_frames_keep_their_order() -> None:
    with Conversation() as talk:
        server = talk.start()
        server.sendall(TICK + TICK + text_frame(58, 1, 1_000_000_000, 3) + TICK)
        talk.sentinel()
        kinds = [kind for kind, _ in talk.owner.heard]
        assert kinds == ["ticks", "data_type", "ticks", "current_time"]
        assert [len(batch.fields) for batch in talk.owner.of("ticks")] == [2, 1]


def test_a_gateway_that_stops_reading_is_dropped_and_each_send_knows_how_far_it_came() -> None:
    with Conversation(send_timeout=0.2) as talk:
        server = talk.start()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        verdicts: list[Parcel] = []
        first = text_frame("x" * 200_000)
        while not talk.gateway.blocked:
            talk.gateway.send(first, verdicts.append)
        whole = len(verdicts)
        talk.gateway.send(text_frame("never begun"), verdicts.append)
        started = time.monotonic()
        talk.until(lambda: talk.owner.ended_with)
        assert time.monotonic() - started < 1.0
        assert talk.owner.ended_with == ("the gateway has not taken what was sent for 0.2 s: it stopped reading")
        assert all(parcel.whole for parcel in verdicts[:whole])
        stuck, untouched = verdicts[whole:]
        assert 0 < stuck.written < len(stuck.data)
        assert untouched.written == 0


def test_what_the_kernel_takes_late_still_arrives_whole_and_in_order() -> None:
    with Conversation() as talk:
        server = talk.start()
        exactly(server, HELLO_BYTES)
        read_frame(server)
        verdicts: list[Parcel] = []
        while not talk.gateway.blocked:
            talk.gateway.send(text_frame(len(verdicts), "x" * 100_000), verdicts.append)
        talk.gateway.send(text_frame("last"), verdicts.append)
        sent = 0
        server.setblocking(False)
        received = bytearray()
        while not received.endswith(text_frame("last")):
            try:
                received += server.recv(1 << 20)
            except BlockingIOError:
                talk.reactor.poll(0.05)
            sent += 1
        assert talk.owner.of("writable")
        assert all(parcel.whole for parcel in verdicts)
        assert bytes(received) == b"".join(parcel.data for parcel in verdicts)


def test_a_closed_session_hears_nothing_more() -> None:
    with Conversation() as talk:
        server = talk.start()
        server.sendall(TICK)
        talk.gateway.close("enough")
        assert talk.owner.ended_with == "enough"
        talk.reactor.poll(0.05)
        assert talk.owner.heard == []
