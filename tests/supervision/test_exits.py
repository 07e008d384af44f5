"""Exit codes in words and in consequences."""

from __future__ import annotations

import signal

import pytest

from supervision import exits
from supervision.exits import Ending, ending, reason


@pytest.mark.parametrize(
    ("code", "what", "words"),
    [
        (0, Ending.NORMAL, "normal"),
        (10, Ending.REFUSED, "refused"),
        (70, Ending.ABNORMAL, "crash"),
        (71, Ending.ABNORMAL, "wrong parent"),
        (72, Ending.ABNORMAL, "supervisor gone"),
        (75, Ending.NOT_YET, "cannot start yet"),
        (78, Ending.CONFIGURATION, "configuration"),
        (1, Ending.ABNORMAL, "exit code 1"),
        (-signal.SIGKILL, Ending.ABNORMAL, "killed (perhaps out of memory)"),
        (-signal.SIGABRT, Ending.ABNORMAL, "aborted (SIGABRT)"),
        (-signal.SIGSEGV, Ending.ABNORMAL, "died of SIGSEGV"),
        (-signal.SIGTERM, Ending.NORMAL, "died of SIGTERM"),
        (-99, Ending.ABNORMAL, "died of signal 99"),
    ],
)
def test_an_end_that_nobody_ordered(code: int, what: Ending, words: str) -> None:
    assert ending(code) is what
    assert reason(code) == words


def test_a_wrong_end_of_a_child_that_was_told_to_leave_is_told() -> None:
    assert reason(exits.NORMAL, requested=True) == "shutdown"
    assert reason(exits.CRASH, requested=True) == "shutdown, left with crash"
    assert reason(-signal.SIGKILL, requested=True) == "shutdown, left with killed (perhaps out of memory)"


def test_a_child_that_the_supervisor_killed_is_not_said_to_have_run_out_of_memory() -> None:
    late = "it did not stop in time"
    said = "shutdown, killed by the supervisor: it did not stop in time"
    assert reason(-signal.SIGKILL, requested=True, killed=late) == said
    assert reason(exits.CRASH, requested=True, killed=late) == "shutdown, left with crash"  # the kill came too late


def test_a_child_killed_because_it_hung_is_said_to_have_hung_however_it_went() -> None:
    assert reason(-signal.SIGABRT, hung=True) == reason(-signal.SIGKILL, requested=True, hung=True)
    assert reason(-signal.SIGABRT, hung=True) == "hung: killed by the supervisor"
