"""What the broker's codes mean for a quote line."""

from __future__ import annotations

import math

import pytest

from actors.domain.line_notices import retry_delay


@pytest.mark.parametrize(
    ("code", "delay"),
    [
        (0, None),  # only its market data type changed
        (2104, None),  # a farm is fine again
        (10167, None),  # delayed data is shown instead
        (10182, 5.0),  # this stream failed, others did not
        (101, 60.0),  # too many lines: some may be closed
        (10197, 60.0),  # a competing session: it may end
        (354, math.inf),  # not subscribed: waiting does not help
        (200, math.inf),  # no such contract
        (987654, math.inf),  # what nobody knows is not repeated
    ],
)
def test_a_line_lives_or_is_opened_again_when_that_may_help(code: int, delay: float | None) -> None:
    assert retry_delay(code) == delay
