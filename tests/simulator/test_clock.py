"""The simulator's calendar: set, run faster, stopped; the monotonic clock stays true."""

from __future__ import annotations

import pytest

from simulator.clock import Clock


def test_a_clock_nobody_set_shows_its_base():
    shown = [100.0]
    clock = Clock(lambda: shown[0], lambda: 0.0)
    shown[0] = 7.0
    assert clock.now() == 7.0


def test_a_calendar_that_was_set_goes_on_from_there_at_its_own_pace():
    true = [10.0]
    clock = Clock(lambda: 999.0, lambda: true[0])
    clock.set(5000.0)
    true[0] += 2
    assert clock.now() == 5002.0
    clock.run(400)
    true[0] += 3
    assert (clock.now(), clock.monotonic()) == (5002.0 + 1200, 15.0)
    clock.run(0)
    true[0] += 60
    assert clock.now() == 6202.0


def test_a_clock_does_not_run_backwards():
    with pytest.raises(ValueError, match=r"rate: expected 0 to 100000, got -1"):
        Clock().run(-1)
