"""How far our clock is off, as far as an answer in whole seconds tells: never more than is certain."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.clock_skew import least_skew, problem

NOW = 1_700_000_000.0


@given(
    off=st.floats(-7200.0, 7200.0),
    there=st.floats(0.0, 10.0),
    back=st.floats(0.0, 10.0),
    fraction=st.floats(0.0, 0.999),
    drops=st.sampled_from([math.floor, round, math.ceil]),
)
def test_a_clock_is_never_said_to_be_further_off_than_it_is(
    off: float, there: float, back: float, fraction: float, drops: object
) -> None:
    asked = NOW + fraction
    theirs = asked + there - off
    skew = least_skew(drops(theirs), asked, asked + there + back)  # type: ignore[operator]
    assert abs(skew) <= abs(off) + 1e-6
    assert skew == 0.0 or (skew > 0) == (off > 0)


@given(off=st.floats(-7200.0, 7200.0), wait=st.floats(0.0, 10.0), fraction=st.floats(0.0, 0.999))
def test_what_is_not_seen_of_it_is_two_seconds_and_the_wait_at_most(off: float, wait: float, fraction: float) -> None:
    asked = NOW + fraction
    skew = least_skew(math.floor(asked - off), asked, asked + wait)
    assert abs(off) - abs(skew) <= 2.0 + wait + 1e-6


@pytest.mark.parametrize("skew", [0.0, 5.0, -5.0])
def test_a_clock_within_the_limit_is_no_problem(skew: float) -> None:
    assert problem(skew, 5.0) == ""


@pytest.mark.parametrize(("skew", "words"), [(5.01, "5 s ahead of"), (-3600.2, "3600 s behind")])
def test_a_clock_beyond_the_limit_is_told_with_direction_limit_and_cure(skew: float, words: str) -> None:
    said = problem(skew, 5.0)
    assert f"the clock of this machine is {words} the gateway's, accepted are 5 s (gateway.max_clock_skew)" in said
    assert "NTP" in said
