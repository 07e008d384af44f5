"""Fine, overloaded or hung: verdicts from observations."""

from __future__ import annotations

import pytest

from supervision.liveness import OVERLOADED_AFTER, START_LIMIT, Verdict, Vitals
from supervision.slot import Progress

IDLE = Progress(0.0, 0, "")


def born(hang_limit: float = 5.0) -> Vitals:
    vitals = Vitals(hang_limit, 100.0)
    vitals.started(100.0)
    return vitals


def test_one_message_that_runs_past_the_limit_is_a_hang() -> None:
    vitals = born()
    assert vitals.judge(Progress(101.0, 0, "Spin"), 106.0, late=False) is Verdict.FINE
    assert vitals.judge(Progress(101.0, 0, "Spin"), 106.1, late=False) is Verdict.HUNG


def test_long_work_that_makes_progress_is_overload_and_never_a_hang() -> None:
    vitals = born()
    vitals.ping(100.0)
    for second in range(1, 60):
        verdict = vitals.judge(Progress(100.5, second // 4, "Slow"), 100.0 + second, late=False)
        assert verdict is (Verdict.OVERLOADED if second > OVERLOADED_AFTER else Verdict.FINE)


def test_a_process_that_neither_works_nor_answers_is_hung() -> None:
    vitals = born()
    vitals.ping(110.0)
    assert vitals.judge(IDLE, 115.0, late=False) is Verdict.OVERLOADED
    assert vitals.judge(IDLE, 115.1, late=False) is Verdict.HUNG


def test_an_idle_child_that_answers_is_fine_for_ever() -> None:
    vitals = born()
    for second in range(100, 200):
        sequence = vitals.ping(float(second))
        assert sequence is not None
        assert vitals.ping(second + 0.1) is None
        vitals.pong(sequence, second + 0.2, overloaded=False)
        assert vitals.judge(IDLE, second + 0.5, late=False) is Verdict.FINE


def test_a_child_is_overloaded_when_it_says_so_until_it_says_otherwise() -> None:
    vitals = born()
    for overloaded in (True, False):
        sequence = vitals.ping(101.0)
        assert sequence is not None
        vitals.pong(sequence - 1, 101.1, overloaded=not overloaded)  # an old answer counts for nothing
        vitals.pong(sequence, 101.1, overloaded=overloaded)
        assert vitals.judge(IDLE, 101.2, late=False) is (Verdict.OVERLOADED if overloaded else Verdict.FINE)


def test_nobody_is_judged_by_a_pass_that_came_late_and_everybody_has_his_whole_time_again() -> None:
    asleep, spinning, answering = born(), born(), born()
    for vitals in (asleep, spinning, answering):
        vitals.ping(101.0)
    spin = Progress(101.0, 0, "Spin")
    assert asleep.judge(IDLE, 200.0, late=True) is Verdict.FINE
    assert spinning.judge(spin, 200.0, late=True) is Verdict.FINE
    assert answering.judge(IDLE, 200.0, late=True) is Verdict.FINE
    answering.pong(1, 200.1, overloaded=False)
    assert asleep.judge(IDLE, 200.3, late=False) is Verdict.FINE, "its ping went unheard because we slept"
    for vitals, progress in ((asleep, IDLE), (spinning, spin)):
        assert vitals.judge(progress, 205.0, late=False) is not Verdict.HUNG
        assert vitals.judge(progress, 205.1, late=False) is Verdict.HUNG, "who does nothing now either, hangs"
    assert answering.judge(IDLE, 205.1, late=False) is Verdict.FINE


def test_a_start_is_given_its_whole_time_again_after_a_late_pass() -> None:
    vitals = Vitals(5.0, 100.0)
    assert vitals.judge(IDLE, 200.0, late=True) is Verdict.FINE
    assert vitals.judge(IDLE, 200.0 + START_LIMIT, late=False) is Verdict.FINE
    assert vitals.judge(IDLE, 200.1 + START_LIMIT, late=False) is Verdict.HUNG


def test_on_start_may_take_no_longer_than_any_message() -> None:
    vitals = Vitals(5.0, 100.0)
    begun = Progress(110.0, 0, "on_start")
    assert vitals.judge(begun, 115.0, late=False) is Verdict.FINE
    assert vitals.judge(begun, 115.1, late=False) is Verdict.HUNG


@pytest.mark.parametrize(("after", "verdict"), [(START_LIMIT, Verdict.FINE), (START_LIMIT + 0.1, Verdict.HUNG)])
def test_a_child_may_take_long_to_import_but_not_for_ever(after: float, verdict: Verdict) -> None:
    vitals = Vitals(1.0, 100.0)
    assert vitals.ping(101.0) is None
    assert vitals.judge(IDLE, 100.0 + after, late=False) is verdict
