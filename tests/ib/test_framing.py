from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.ib.framing import MAX_FRAME, FrameSplitter, frame


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(1, 30), min_size=1))
def test_frames_survive_any_chunking(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(frame(payload) for payload in payloads)
    splitter, got, position, turn = FrameSplitter(), [], 0, 0
    while position < len(stream):
        step = cuts[turn % len(cuts)]
        got += splitter.feed(stream[position : position + step])
        position += step
        turn += 1
    assert got == payloads
    assert splitter.held == 0
    assert not splitter.violation


def test_an_impossible_length_ends_the_stream_after_the_frames_before_it() -> None:
    splitter = FrameSplitter()
    assert splitter.feed(frame(b"good\0") + (MAX_FRAME + 1).to_bytes(4, "big") + frame(b"never seen")) == [b"good\0"]
    assert str(MAX_FRAME + 1) in splitter.violation
    assert splitter.feed(frame(b"nor this")) == []


def test_a_frame_of_the_greatest_length_arrives_whole_from_small_chunks() -> None:
    payload = bytes(range(256)) * (MAX_FRAME // 256)
    stream = frame(payload)
    splitter, got = FrameSplitter(), []
    for start in range(0, len(stream), 65_536):
        got += splitter.feed(stream[start : start + 65_536])
    assert got == [payload]
