"""Frames and fields of single clients, without sockets."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.wire.fields import BadField, Fields, escaped, message
from simulator.wire.framing import MAX_FRAME, FrameReader, choose_version, frame
from tests.simulator.rig import World


@pytest.mark.parametrize(
    ("low", "high", "version"),
    [
        (100, 225, 200),
        (157, 178, 178),
        (100, 199, 178),
        (100, 177, 176),
        (176, 176, 176),
        (100, 175, None),
        (201, 225, None),
    ],
)
def test_a_client_gets_the_best_version_in_its_range(low, high, version):
    assert choose_version(low, high) == version


@given(
    st.lists(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1), max_size=5),
    st.integers(1, 40),
)
def test_messages_come_out_whole_however_the_bytes_arrive(messages, cut):
    stream = b"".join(frame(message(*fields)) for fields in messages)
    reader, seen = FrameReader(), []
    for at in range(0, len(stream), cut):
        reader.feed(stream[at : at + cut])
        seen += reader.messages()
    assert seen == messages


@pytest.mark.parametrize(
    "stream",
    [
        struct.pack(">I", 0),
        struct.pack(">I", MAX_FRAME + 1),
        struct.pack(">I", 3) + b"49a",
        struct.pack(">I", 3) + b"\xff\xfe\0",
    ],
    ids=["empty", "giant", "unterminated", "not UTF-8"],
)
def test_what_cannot_be_framed_ends_the_session_and_no_other(stream):
    world = World()
    victim, other = world.client(1), world.client(2)
    victim.deliver(stream)
    assert victim.session.over
    assert other.raw(49, 1)[0][0] == "49"


def test_nothing_is_sent_between_greeting_and_start():
    world = World()
    session = world.gateway.connect()
    for piece in (b"A", b"PI\0\0\0\0", b"\x09v100..178"):
        world.gateway.receive(session, piece)
    greeting = bytes(session.output)
    assert greeting[4:].startswith(b"178\x0020261119 12:00:00 US/Eastern\0")
    world.step()
    assert bytes(session.output) == greeting


def test_a_message_before_start_ends_the_session():
    world = World()
    session = world.gateway.connect()
    world.gateway.receive(session, b"API\0" + frame(b"v100..178") + frame(message(61, 1)))
    assert "before startApi" in session.over


def test_a_taken_client_id_is_refused_with_326_and_closed():
    world = World()
    first = world.client(7)
    second = world.gateway.connect()
    world.gateway.receive(second, b"API\0" + frame(b"v100..178") + frame(message(71, 2, 7, "")))
    assert b"\x004\x00" not in bytes(second.output)[:4]
    assert b"\x00326\x00Unable to connect as the client id is already in use" in bytes(second.output)
    assert second.over
    world.gateway.disconnect(first.session)
    assert world.client(7).raw(49, 1)[0][0] == "49"


@pytest.mark.parametrize("text", ["", "2147483647", "1.7976931348623157e+308", "1.7976931348623157E308"])
def test_every_spelling_of_unset_is_nothing(text):
    assert Fields(["1", text]).left == 1
    assert Fields(["1", text]).amount("price") is None


@pytest.mark.parametrize("text", ["nan", "inf", "1e400", "-1e9999999", "1e16", "1e-13", "abc", "1_", "--1"])
def test_absurd_numbers_cost_the_request_not_the_session(text):
    fields = Fields(["1", text])
    with pytest.raises(BadField, match="price"):
        fields.amount("price")


def test_text_that_is_not_ascii_travels_as_escapes():
    assert escaped("Zürich \\ €") == "Z\\xfcrich \\\\ \\u20ac"
    assert escaped("Zürich").encode().decode("unicode-escape") == "Zürich"
