"""The clock of this machine beside the gateway's: asked before anything else, judged by every answer, told at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.messages.broker import Snapshot
from actors.messages.session import BrokerNotice, ClockJudged, SessionDown
from supervision import clock
from tests.connection.bench import bench
from tests.connection.script import Script, stage

HOUR = 3600.0


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Sets our calendar, and the time that we were suspended for."""
    shifted = clock.ShiftedClocks(tmp_path / "clock")
    for name in ("now", "now_ns", "elapsed_ns"):
        monkeypatch.setattr(clock, name, getattr(shifted, name))
    return lambda calendar, suspended: clock.set_shift(tmp_path / "clock", calendar=calendar, suspended=suspended)


@pytest.mark.parametrize(("ahead", "words"), [(60.0, "ahead of the gateway's"), (-60.0, "behind the gateway's")])
def test_a_clock_that_is_off_is_told_with_the_first_answer_and_so_is_one_that_is_right_again(
    tmp_path: Path, ahead: float, words: str
) -> None:
    with stage(tmp_path, heartbeat_interval=0.1) as (it, script):
        it.attached()
        script.start(ahead)
        told = it.next(ClockJudged).problem
        assert words in told
        assert it.view().clock_problem == told
        late: list[object] = []
        it.listen(late.append)
        assert it.view(lambda _: bool(late))
        assert isinstance(late[0], Snapshot)
        assert late[0].session.clock_problem == told
        script.tell_time()
        assert it.next(ClockJudged).problem == ""
        assert it.view().clock_problem == ""


def test_a_clock_that_is_a_little_off_is_not_told(tmp_path: Path) -> None:
    with stage(tmp_path, heartbeat_interval=0.1) as (it, script):
        it.attached()
        script.start(4.0)
        script.tell_time(-4.0)
        script.tell_time(60.0)
        assert "ahead of" in it.next(ClockJudged).problem
        assert not [one for one in it._passed if isinstance(one, ClockJudged)]


def test_a_clock_that_was_wrong_stays_wrong_over_a_lost_session_until_the_next_answer(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        it.attached()
        script.start(60.0)
        problem = it.next(ClockJudged).problem
        script.hang_up()
        it.next(SessionDown)
        script.greet()
        assert it.view(lambda view: view.state == "up").clock_problem == problem
        script.tell_time()
        assert it.next(ClockJudged).problem == ""


def test_an_answer_that_took_its_time_accuses_nobody_and_one_that_nobody_asked_for_neither(
    tmp_path: Path, shift: Callable[[float, float], None]
) -> None:
    with stage(tmp_path, heartbeat_interval=300.0) as (it, script):
        it.attached()
        script.greet()
        assert script.read() == ("49", "1")
        shift(HOUR, HOUR)  # the machine was suspended while the answer was on its way
        script.say(49, 1, int(time.time()))
        script.say(49, 1, int(time.time() - 24 * HOUR))  # nobody had asked
        script.tell_time(-HOUR)  # it is asked again because of the suspend
        script.say(4, 2, -1, 2104, "farm is OK", "")
        it.next(BrokerNotice)
        assert it.view().clock_problem == ""
        assert not [one for one in it._passed if isinstance(one, ClockJudged)]


def test_a_clock_that_was_set_is_judged_at_once_and_not_at_the_next_heartbeat(
    tmp_path: Path, shift: Callable[[float, float], None]
) -> None:
    with stage(tmp_path, heartbeat_interval=300.0) as (it, script):
        it.attached()
        script.start()
        it.up()
        shift(-HOUR, 0.0)
        script.tell_time()
        assert "behind the gateway's" in it.next(ClockJudged).problem
        shift(0.0, 0.0)
        script.tell_time()
        assert it.next(ClockJudged).problem == ""


def test_the_calendar_of_a_simulator_says_nothing_about_ours(tmp_path: Path) -> None:
    with Script() as script, bench(tmp_path) as it:
        it.start(mode="simulated", accounts=("DU1234567",), port=script.port)
        script.start(86_400.0)
        assert it.view(lambda view: view.last_heartbeat is not None).clock_problem == ""
