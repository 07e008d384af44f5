"""What a halt says, from an ask or a file, and what several of them add up to."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.halting import MODES, HaltState, as_file, from_file, from_settings, named
from actors.messages.orders import Halt

halts = st.builds(
    Halt,
    reason=st.text(max_size=20),
    cancel=st.sampled_from(MODES),
    by=st.text(max_size=5),
    flatten=st.booleans(),
    id=st.from_regex(r"[A-Za-z0-9-]{1,28}", fullmatch=True),
)


@given(st.lists(halts, min_size=1, max_size=4))
def test_one_more_halt_never_makes_it_milder_and_it_is_on_whatever_they_say(several: list[Halt]) -> None:
    state = HaltState()
    for halt in several:
        after = state.with_halt(halt)
        assert MODES.index(after.cancel) >= max(MODES.index(state.cancel), MODES.index(halt.cancel))
        assert after.flatten == (state.flatten or halt.flatten)
        assert after.text
        assert not after.flatten or after.cancel in ("own", "all")
        state = after


@given(halts)
def test_a_switch_is_read_back_from_the_journal_as_it_was(halt: Halt) -> None:
    state = HaltState().with_halt(halt)
    assert from_settings(state.settings()) == state
    assert from_settings(HaltState().settings()) == HaltState()


def test_a_journal_of_a_service_before_this_one_is_understood() -> None:
    assert from_settings({"halt": "fire", "halt_cancels": "yes"}) == HaltState("fire", "own")
    assert from_settings({"halt": "fire", "halt_cancels": ""}) == HaltState("fire", "none")


@given(halts)
def test_a_halt_is_read_back_from_its_file_as_it_was(halt: Halt) -> None:
    assert from_file(as_file(halt), "file-1") == halt


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file HALT is there"),
        (b" fat finger\n", "fat finger"),
        (b'{"reason": "fire"}', "fire"),
        (b"{", "what it says is wrong"),
        (b'{"reason": 3}', "what it says is wrong"),
        (b'{"reason": "fire", "cancel": "everything"}', "what it says is wrong"),
        (b'{"raeson": "fire"}', "raeson: accepted are reason, cancel"),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_file_made_by_hand_halts_whatever_it_says_and_cancels_our_orders(content: bytes, reason: str) -> None:
    halt = from_file(content, "file-1")
    assert reason in halt.reason
    assert (halt.cancel, halt.flatten, halt.id) == ("own", False, "file-1")


def test_an_id_that_no_key_can_have_is_replaced() -> None:
    halt = Halt("fire", id="x" * 29)
    assert named(halt, "other") == msgspec.structs.replace(halt, id="other")
    assert named(Halt("fire", id="a/b"), "other").id == "other"
    assert named(Halt("fire", id="ab-1"), "other").id == "ab-1"


def test_whatever_a_file_says_is_shown_as_words_of_bounded_length() -> None:
    halt = from_file(b"\x1b[2Jfire\x00\n" + b"!" * 5000, "x")
    assert HaltState().with_halt(halt).text == f"[2Jfire  {'!' * 490} (by file HALT)"
    assert HaltState().with_halt(Halt("\x00", by="a\nb" * 900)).text.startswith("no reason given (by a ba b")
