"""Frames, envelopes and the queue that keeps its promises when it is full."""

from __future__ import annotations

import contextlib
import struct
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervision.errors import Rejected, WireError
from supervision.lane import Lane
from supervision.message import Message
from supervision.tally import Tally
from supervision.wire import MAX_FRAME, Codec, FrameBuffer, Reply, Request, Tell
from supervision.wrong_values import plain
from tests.supervision.words import WORDS, Crumb, Echo, Note, Price, Say

CODEC = Codec(WORDS)
envelopes = st.one_of(
    st.builds(Tell, st.builds(Note, st.text())),
    st.builds(Request, st.integers(0, 2**40), st.floats(0, 1e9), st.builds(Say, st.text())),
    st.builds(Reply, st.integers(0, 2**40), st.builds(Echo, st.text())),
)


@given(st.lists(envelopes, max_size=8), st.lists(st.integers(1, 40), max_size=30))
def test_what_is_sent_arrives_however_the_bytes_are_cut(sent: list[object], cuts: list[int]) -> None:
    stream = b"".join(CODEC.encode(envelope) for envelope in sent)  # type: ignore[arg-type]
    buffer, received = FrameBuffer(), []
    for cut in [*cuts, len(stream)]:
        piece, stream = stream[:cut], stream[cut:]
        received += [CODEC.decode_envelope(payload) for payload in buffer.feed(piece)]
    received += [CODEC.decode_envelope(payload) for payload in buffer.feed(stream)]
    assert received == sent


@given(st.binary(max_size=60))
def test_bytes_that_are_no_envelope_are_a_wire_error_and_nothing_else(payload: bytes) -> None:
    try:
        CODEC.decode_envelope(payload)
    except WireError:
        return


@given(envelopes, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_damaged_envelope_is_read_or_a_wire_error_and_nothing_else(
    envelope: object, damage: list[tuple[int, int]]
) -> None:
    payload = CODEC.encode(envelope)[4:]  # type: ignore[arg-type]
    for place, value in damage:
        payload[place % len(payload)] = value
    with contextlib.suppress(WireError):
        CODEC.decode_envelope(payload)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\x94\x01\xa2\xff\xfe\x01\x01", id="text that is no UTF-8"),
        pytest.param(b"\x95\x01\xa1x\x01\x01" + b"\x91" * 100_000 + b"\x01", id="a field more, nested deeply"),
    ],
)
def test_what_the_decoder_has_errors_of_its_own_for_is_a_wire_error_too(payload: bytes) -> None:
    with pytest.raises(WireError):
        CODEC.decode_envelope(payload)


def test_a_long_frame_in_small_pieces_is_put_together_once() -> None:
    frame = CODEC.encode(Tell(Note("x" * 2_000_000)))
    buffer, received, began = FrameBuffer(), [], time.process_time()
    for start in range(0, len(frame), 64):
        received += buffer.feed(bytes(frame[start : start + 64]))
    assert [CODEC.decode_envelope(payload) for payload in received] == [Tell(Note("x" * 2_000_000))]
    assert time.process_time() - began < 1.0, "the pieces are copied again and again"


def test_a_frame_longer_than_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(WireError, match=str(MAX_FRAME + 1)):
        FrameBuffer().feed(struct.pack(">I", MAX_FRAME + 1))


def test_a_message_of_another_registry_does_not_decode() -> None:
    with pytest.raises(WireError):
        Codec(()).decode_envelope(CODEC.encode(Tell(Note("x")))[4:])
    assert Codec(()).fingerprint != CODEC.fingerprint


messages = st.one_of(
    st.builds(Price, st.sampled_from("abc"), st.integers(0, 99)),
    st.builds(Crumb, st.integers(0, 99)),
    st.builds(Note, st.text(max_size=3)),
)


@given(st.lists(messages, max_size=60))
def test_a_lane_keeps_the_kept_the_newest_of_the_conflating_and_counts_what_it_sheds(sent: list[Message]) -> None:
    lane: Lane[Message] = Lane(limit=20, shed_limit=5, tally=Tally())
    kept = [message for message in sent if lane.add(message, message) and isinstance(message, Note)]
    held = lane.drain()
    assert [message for message in held if isinstance(message, Note)] == kept
    newest = {message.symbol: message for message in sent if isinstance(message, Price)}
    assert {message.symbol: message for message in held if isinstance(message, Price)} == newest
    crumbs = sum(isinstance(message, Crumb) for message in sent)
    assert crumbs == lane.tally.shed + sum(isinstance(message, Crumb) for message in held)
    assert len(held) <= 20 + len(newest)


def test_a_full_lane_refuses_a_kept_message_instead_of_losing_it() -> None:
    lane: Lane[int] = Lane(limit=2, shed_limit=1, tally=Tally())
    assert lane.add(1, Note("a"))
    assert lane.add(2, Note("b"))
    assert not lane.add(3, Note("c"))
    assert lane.drain() == [1, 2]


class Whole(str):
    """Text of a type that others made."""


@pytest.mark.parametrize(("value", "sent"), [(Whole("a"), "a"), (Fraction(1, 2), 0.5), (Fraction(3), 3.0)])
def test_numbers_and_text_of_types_that_others_made_are_sent_as_what_they_are(value: object, sent: object) -> None:
    assert plain(value) == sent
    assert type(plain(value)) is type(sent)


def test_what_is_neither_number_nor_text_cannot_be_sent() -> None:
    with pytest.raises(Rejected, match="a value of type object cannot be sent"):
        CODEC.check(Note(object()))  # type: ignore[arg-type]
    CODEC.check(Note("well"))
