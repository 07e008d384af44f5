"""A flood of alike faults is a few lines that say how many there were."""

from __future__ import annotations

from supervision.repeats import QUIET_SECONDS, Repeats


def test_the_first_is_told_at_once_and_the_others_together() -> None:
    repeats = Repeats()
    assert repeats.count("Done", 100.0) == 1
    assert [repeats.count("Done", 100.0 + second) for second in range(9)] == [None] * 9
    assert repeats.count("Ping", 105.0) == 1, "another kind has a line of its own"
    assert repeats.count("Done", 100.0 + QUIET_SECONDS) == 10
    assert repeats.count("Done", 500.0) == 1
