"""The gate: open when nothing speaks against it, and only then."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.gate import GateFacts, evaluate

OPEN = GateFacts(epoch=3, session_reason="", reconciled_epoch=3, state_grace=2.0)
WRONG = {
    "halted": ({"halted": "by operator"}, "halted"),
    "no session": ({"epoch": None, "session_reason": "no session: socket closed"}, "closed"),
    "journal": ({"journal_error": "disk full"}, "closed"),
    "stopping": ({"draining": True}, "closed"),
    "link": ({"link_up": False, "link_reason": "code 1100"}, "paused"),
    "clock": ({"clock_problem": "the clock of this machine is 60 s behind"}, "paused"),
    "state": ({"state_away_since": 10.0}, "paused"),
    "other epoch": ({"reconciled_epoch": 2}, "reconciling"),
    "blind": ({"loss_blind": ("the loss of DU1 is unknown",)}, "halted"),
    "not known": ({"loss_unknown": ("the loss of DU1 is not known yet",)}, "closed"),
    "loss": ({"loss_reached": ("the loss of DU1 is 1000",)}, "reducing"),
    "no cut": ({"reconciled_epoch": None, "cut_problem": "no answer about executions"}, "reconciling"),
}
SEVERITY = ("halted", "closed", "paused", "reconciling", "reducing")


def with_wrong(*names: str) -> GateFacts:
    facts = OPEN
    for name in names:
        facts = msgspec.structs.replace(facts, **WRONG[name][0])
    return facts


def test_it_is_open_without_reasons_when_nothing_is_wrong() -> None:
    assert evaluate(OPEN, 12.0) == evaluate(OPEN, 99.0)
    assert (evaluate(OPEN, 12.0).state, evaluate(OPEN, 12.0).reasons) == ("open", ())


@pytest.mark.parametrize("name", WRONG)
def test_each_wrong_fact_closes_it_with_one_reason_in_words(name: str) -> None:
    verdict = evaluate(with_wrong(name), 12.0)
    assert verdict.state == WRONG[name][1]
    assert len(verdict.reasons) == 1
    assert verdict.passes == ("reducing" if name == "loss" else "none")


@given(st.sets(st.sampled_from(sorted(WRONG)), min_size=1))
def test_the_most_severe_state_wins_and_no_fact_is_left_unsaid(names: set[str]) -> None:
    verdict = evaluate(with_wrong(*sorted(names)), 12.0)
    states = {WRONG[name][1] for name in names} - ({"reconciling"} if "no session" in names else set())
    assert verdict.state == min(states, key=SEVERITY.index)
    assert len(verdict.reasons) >= len(states)


@given(st.sets(st.sampled_from(sorted(WRONG))), st.booleans())
def test_only_a_loss_or_a_halt_that_flattens_lets_through_what_reduces(names: set[str], flattening: bool) -> None:
    facts = msgspec.structs.replace(with_wrong(*sorted(names)), flattening=flattening)
    passes = evaluate(facts, 12.0).passes
    shut = names - {"loss", "blind", "not known", "halted"}
    if not names:
        assert passes == "all"
    elif "halted" in names:
        assert passes == ("reducing" if flattening and not shut else "none")
    else:
        assert passes == ("reducing" if names == {"loss"} else "none")


def test_state_may_be_away_as_long_as_its_grace() -> None:
    facts = with_wrong("state")
    assert evaluate(facts, 11.9).state == "open"
    assert evaluate(facts, 12.0).state == "paused"


def test_a_state_that_cannot_store_counts_as_one_that_is_away_and_says_why() -> None:
    facts = msgspec.structs.replace(with_wrong("state"), state_trouble="disk full")
    assert evaluate(facts, 11.9).state == "open"
    assert evaluate(facts, 12.0).reasons == ("state has been unable to store (disk full) for more than 2 s",)
