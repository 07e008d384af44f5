"""Orders leave when nothing speaks against it, and only then."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.last_check import Standing, why_not
from actors.domain.order_book import FIRST_REQUEST_ID
from actors.messages.broker import GateStands, Sending, Transmit
from tests.domain.order_builders import AAPL, terms

OPEN = Standing(epoch=3, session_reason="", link_lost="", gate=GateStands(7, "all", ""), receipt=40, burst=3)


def asked(*orders: tuple[int, int], epoch: int = 3, gate: int = 7, reducing: bool = False) -> Transmit:
    """Orders by id and receipt."""
    frames = tuple(Sending(order_id, AAPL, terms(), receipt) for order_id, receipt in orders)
    return Transmit(epoch, gate, frames, reducing)


def test_what_nothing_speaks_against_may_leave() -> None:
    assert why_not(OPEN, asked((1, 41))) is None
    assert why_not(OPEN, asked((1, 41), (2, 42), (FIRST_REQUEST_ID - 1, 50))) is None


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({"epoch": None, "session_reason": "socket closed"}, "session_down", "socket closed"),
        ({"epoch": 4}, "session_down", "epoch 3 is over, 4 is up"),
        ({"gate": None}, "gate", "has not told where its gate stands"),
        ({"gate": GateStands(8, "none", "halted: by me")}, "gate", "halted: by me"),
        ({"gate": GateStands(9, "all", "")}, "gate", r"has changed since \(version 7, now 9\)"),
        ({"gate": GateStands(7, "reducing", "reducing: loss")}, "gate", "reducing: loss"),
        ({"link_lost": "code 1100"}, "gate", "code 1100"),
        ({"halt_file": "the file is there"}, "gate", "the file is there"),
        ({"halt_file": "there", "gate": GateStands(7, "all", "", flattens=True)}, "gate", "there"),
        ({"receipt": 41}, "invalid", "receipt = 41 must be above 41"),
        ({"burst": 0}, "invalid", "pacing.burst lets 0"),
    ],
)
def test_each_fact_against_it_is_told_in_words_and_says_that_nothing_was_sent_or_may_be(
    changes: dict[str, object], kind: str, reason: str
) -> None:
    refused = why_not(msgspec.structs.replace(OPEN, **changes), asked((1, 41)))
    assert refused is not None
    assert refused.kind == kind
    with pytest.raises(type(refused), match=reason):
        raise refused


def test_what_reduces_passes_a_gate_that_lets_only_that_through_and_with_the_halt_file_only_what_flattens() -> None:
    reducing = asked((1, 41), reducing=True)
    for gate, file, leaves in (
        (GateStands(7, "reducing", "loss"), "", True),
        (GateStands(7, "reducing", "loss"), "there", False),  # Order has not seen the file yet
        (GateStands(7, "reducing", "halted", flattens=True), "there", True),
        (GateStands(7, "none", "halted"), "there", False),
    ):
        standing = msgspec.structs.replace(OPEN, gate=gate, halt_file=file)
        assert (why_not(standing, reducing) is None) == leaves, (gate, file)


def test_everything_that_is_wrong_with_orders_is_told_at_once() -> None:
    refused = why_not(OPEN, asked((0, 39), (5, 41), (5, 41), (FIRST_REQUEST_ID, 42)))
    assert refused is not None
    told = "\n".join(refused.reasons)
    for part in ("4 orders", "order_id = 0", "receipt = 39", "order_id = 5: it is there twice", "receipt = 41",
                 f"order_id = {FIRST_REQUEST_ID}"):  # fmt: skip
        assert part in told
    assert len(refused.reasons) == 6
    nothing = why_not(OPEN, asked())
    assert nothing is not None
    assert "at least one" in nothing.reasons[0]


passes = st.sampled_from(["all", "reducing", "none"])
gates = st.none() | st.builds(GateStands, st.integers(6, 8), passes, st.just("why"), st.booleans())
standings = st.builds(
    Standing,
    epoch=st.sampled_from([None, 2, 3]),
    session_reason=st.just("why"),
    link_lost=st.sampled_from(["", "1100"]),
    gate=gates,
    receipt=st.integers(0, 5),
    burst=st.integers(1, 3),
    halt_file=st.sampled_from(["", "there"]),
)
orders = st.lists(
    st.tuples(st.sampled_from([-1, 0, 1, 2, FIRST_REQUEST_ID]), st.integers(-1, 8)), min_size=0, max_size=4
)


@given(standings, orders, st.booleans())
def test_nothing_leaves_unless_every_single_fact_allows_it(
    standing: Standing, pairs: list[tuple[int, int]], reducing: bool
) -> None:
    ids, receipts = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    rising = [standing.receipt, *receipts]
    allowed = (
        standing.epoch == 3
        and not standing.link_lost
        and standing.gate is not None
        and standing.gate.passes in (("all", "reducing") if reducing else ("all",))
        and standing.gate.version == 7
        and (not standing.halt_file or (reducing and standing.gate.flattens))
        and 0 < len(pairs) <= standing.burst
        and len(set(ids)) == len(ids)
        and all(0 < one < FIRST_REQUEST_ID for one in ids)
        and all(before < after for before, after in itertools.pairwise(rising))
    )
    assert (why_not(standing, asked(*pairs, reducing=reducing)) is None) == allowed


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 12)), max_size=20))
def test_no_receipt_leaves_twice_however_often_it_is_handed_over(pairs: list[tuple[int, int]]) -> None:
    left: list[int] = []
    for order_id, receipt in pairs:
        standing = msgspec.structs.replace(OPEN, receipt=left[-1] if left else 0)
        if why_not(standing, asked((order_id, receipt))) is None:
            left.append(receipt)
    assert left == sorted(set(left))
