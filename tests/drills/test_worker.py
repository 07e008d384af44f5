"""A drill's result says what happened: held, broken with where and with the history, skipped, or stuck."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from drills.catalogue import UnknownDrill, chosen, drills
from drills.drill import REGISTERED, Drill, drill
from drills.errors import CannotRun, expect
from drills.ground import Ground
from drills.outcome import Result
from drills.record import Restart
from drills.report import restart_times, summary
from drills.worker import perform


def run(act: Callable[[Ground], None], limit: float = 30.0) -> Result:
    one = Drill(999, "toy", "a toy", "I1", act, quick=False, limit=limit)
    return perform(one, 5, 1, lambda _part, _text: None)


def test_a_drill_that_holds_leaves_nothing_and_keeps_its_figures() -> None:
    homes: list[Path] = []

    def act(ground: Ground) -> None:
        homes.append(ground.home)
        ground.record.figures["seen"] = "5 ms"
        ground.record.restarts.append(Restart("order", 0.02, 1.0, "SIGKILL"))

    result = run(act)
    assert (result.verdict, result.broken, result.figures, result.seed) == ("held", (), {"seen": "5 ms"}, 5)
    assert restart_times([result])["order"] == {"kills": 1, "p50": 0.02, "p99": 0.02, "max": 0.02}
    assert not homes[0].exists()


def test_a_broken_expectation_is_reported_with_its_line_its_history_and_its_state_directory() -> None:
    def act(ground: Ground) -> None:
        ground.record.note("drill", "something was done")
        (ground.home / "service.log").write_text('{"time": "2026-03-02T15:00:00+00:00", "level": "INFO", '
                                                 '"logger": "order", "message": "hello"}\nno record\n')  # fmt: skip
        expect(False, "two and two are five")

    result = run(act)
    shutil.rmtree(result.home)
    assert result.verdict == "broken"
    assert "two and two are five" in result.broken[0]
    assert "test_worker.py" in result.broken[0]
    assert any("something was done" in line for line in result.history)
    assert any("log: INFO order: hello" in line for line in result.history)
    assert any("log: no record" in line for line in result.history)
    told = msgspec.json.decode(msgspec.json.encode(summary([result], 1.0)))
    assert (told["verdict"], told["drills"][0]["name"]) == ("broken", "toy")


def test_a_violation_found_on_the_way_breaks_a_drill_that_went_through() -> None:
    result = run(lambda ground: ground.record.violations.append("I9: something was left"))
    shutil.rmtree(result.home)
    assert (result.verdict, result.broken) == ("broken", ("I9: something was left",))


def test_a_fault_of_the_drill_itself_is_no_pass() -> None:
    def act(_: Ground) -> None:
        raise KeyError("nothing here")

    result = run(act)
    shutil.rmtree(result.home)
    assert result.verdict == "broken"
    assert "KeyError" in result.broken[0]


def test_what_the_machine_cannot_do_is_skipped_and_says_why() -> None:
    def act(_: Ground) -> None:
        raise CannotRun("no prlimit here")

    result = run(act)
    assert (result.verdict, result.broken) == ("skipped", ("no prlimit here",))
    assert summary([result], 1.0)["verdict"] == "held", "as the exit code says: nothing is broken"


def test_a_drill_that_is_stuck_is_ended() -> None:
    result = run(lambda _: threading.Event().wait(), limit=1.0)
    shutil.rmtree(result.home)
    assert result.verdict == "broken"
    assert "stuck" in result.broken[0]


def test_drills_are_chosen_by_name_or_number_and_an_unknown_one_names_those_there_are() -> None:
    everything = drills()
    assert [one.number for one in everything] == sorted({one.number for one in everything})
    assert [one.name for one in chosen(("random", "1"))] == ["kill-each", "random"]
    assert chosen(()) == everything
    with pytest.raises(UnknownDrill, match=r"'nosuch'.*kill-each"):
        chosen(("nosuch",))


def test_two_drills_cannot_have_one_number() -> None:
    drills()
    with pytest.raises(ValueError, match="taken by 1 'kill-each'"):
        drill(1, "another", "", about="")(lambda _: None)
    assert "another" not in REGISTERED


def test_a_drill_that_is_called_off_leaves_nothing() -> None:
    homes: list[Path] = []

    def act(ground: Ground) -> None:
        homes.append(ground.home)
        raise SystemExit(1)

    with pytest.raises(SystemExit):
        run(act)
    assert not homes[0].exists()
