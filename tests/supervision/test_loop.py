"""The supervisor with real processes: whatever dies, and however, comes back or is gone for good."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from supervision.backoff import Backoff
from supervision.errors import ActorDied, ActorUnavailable, AskTimeout, Rejected, SpecError
from supervision.lifecycle import StartChild, StopChild
from supervision.loop import run
from supervision.reporting import ReportingSettings
from supervision.spec import SupervisorSpec
from tests.supervision.toy_run import Service, eventually, toy
from tests.supervision.toys import Fail, WhoAreYou


def test_each_way_to_die_ends_in_a_restart_and_the_same_ref_goes_on(service: Service) -> None:
    assert service.start(toy("mike", watches=("alpha",)), toy("alpha"), intensity=9) == "ready"
    mike, alpha = service.who("mike"), service.who("alpha")
    assert not alpha.main_was_imported_again
    os.kill(alpha.pid, signal.SIGKILL)
    killed = service.who("alpha")
    with pytest.raises(ActorDied):
        service.ref("alpha").ask(Fail("raise"))
    broken = service.who("alpha")
    with pytest.raises(ActorDied):
        service.ref("alpha").ask(Fail("exit"))
    left = service.who("alpha")
    assert [killed.incarnation, broken.incarnation, left.incarnation] == [2, 3, 4]
    assert service.deaths() == [
        ("alpha", 1, "killed (perhaps out of memory)", ""),
        ("alpha", 2, "crash: ValueError: the toy is broken", "Fail"),
        ("alpha", 3, "normal", "Fail"),
    ]
    # registered before alpha was born the first time, then once for each end and each start
    expected = ["alpha 0 down", "alpha 1 up"]
    expected += [f"alpha {n + i} {what}" for n in (1, 2, 3) for i, what in ((0, "down"), (1, "up"))]
    deadline = time.monotonic() + 5
    while len((after := service.who("mike")).notices) < len(expected) and time.monotonic() < deadline:
        pass  # the last notice travels from the supervisor while alpha answers us already
    assert after.pid == mike.pid
    assert list(after.notices) == expected
    view = {child.name: child for child in service.tree().children}
    assert (view["alpha"].restarts, view["alpha"].state, view["alpha"].pid) == (3, "running", left.pid)
    assert (view["mike"].restarts, view["mike"].parent) == (0, "root")


def test_sigterm_drains_in_reverse_order_and_leaves_nothing(service: Service) -> None:
    diary = service.directory / "diary"
    inner = SupervisorSpec("inner", (toy("mike", diary=diary), toy("alpha", diary=diary)))
    assert service.start(toy("zulu", diary=diary), inner, toy("kilo", diary=diary)) == "ready"
    assert {path.stat().st_mode & 0o777 for path in service.run_dir.iterdir()} == {0o600}
    assert service.run_dir.stat().st_mode & 0o777 == 0o700
    descriptor = os.open(service.run_dir, os.O_RDONLY)
    with pytest.raises(BlockingIOError):  # held, so that systemd-tmpfiles lets the directory grow old
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(descriptor)
    service.signal(signal.SIGTERM)
    assert service.ends() == 0
    assert diary.read_text().split() == ["kilo", "alpha", "mike", "zulu"]


def test_a_sigterm_to_the_whole_group_drains_in_order_all_the_same(service: Service) -> None:
    diary = service.directory / "diary"
    assert service.start(toy("zulu", diary=diary), toy("alpha", diary=diary)) == "ready"
    assert service.process is not None
    os.killpg(service.process.pid, signal.SIGTERM)
    assert service.ends() == 0
    assert diary.read_text().split() == ["alpha", "zulu"]
    assert service.log().count("has ended: shutdown") == 2


def test_a_child_that_does_not_drain_is_killed_at_its_limit_and_at_once_by_a_second_signal(service: Service) -> None:
    assert (
        service.start(toy("mike", stubborn=True, stop_limit=60.0), toy("alpha", stubborn=True, stop_limit=0.2))
        == "ready"
    )
    service.signal(signal.SIGINT)
    eventually(lambda: "mike" if "alpha (incarnation 1) has ended" in service.log() else None)
    assert service.tree().phase == "stopping"
    service.signal(signal.SIGTERM)
    assert service.ends() == 0
    assert "SIGTERM again" in service.log()
    assert "has ended: shutdown, killed by the supervisor: it did not stop in time" in service.log()


@pytest.mark.parametrize(
    ("trouble", "code", "said"),
    [("misconfigured", 78, "colour = 'loud': must be a colour"), ("broken", 70, "RuntimeError: cannot start")],
)
def test_a_child_that_cannot_start_ends_the_service_with_its_code_and_its_words(
    service: Service, trouble: str, code: int, said: str
) -> None:
    diary = service.directory / "diary"
    assert service.start(toy("mike", diary=diary), toy("alpha", **{trouble: True})) == ""
    assert service.ends() == code
    assert said in service.log()
    assert diary.read_text().split() == ["mike"]


def test_a_child_that_meets_what_it_must_not_work_with_ends_the_service_with_10_and_its_words(service: Service) -> None:
    diary = service.directory / "diary"
    assert service.start(toy("mike", diary=diary), toy("alpha", diary=diary)) == "ready"
    with pytest.raises(ActorDied):
        service.ref("alpha").ask(Fail("meet a stranger"))
    assert service.ends() == 10
    assert "giving up with exit code 10: alpha: refused: the stranger is no toy" in service.log()
    assert "alpha (incarnation 2)" not in service.log()
    assert diary.read_text().split() == ["mike"]


def test_a_run_directory_that_was_removed_is_named_when_a_child_cannot_come_back(service: Service) -> None:
    children = (toy("mike"), toy("alpha"))
    limits: Any = {"intensity": 3, "backoff": Backoff(base=0.2, ceiling=0.2)}
    assert service.start(*children, **limits) == "ready"
    alpha = service.who("alpha")
    shutil.rmtree(service.run_dir)
    began = time.monotonic()
    os.kill(alpha.pid, signal.SIGKILL)
    assert service.ends() == 70
    computed = SupervisorSpec("root", children, **limits).time_to_give_up()
    assert 0.4 < time.monotonic() - began < computed + 5 * 0.5  # five deaths, each of its own time
    assert "crash: FileNotFoundError" in service.log()
    assert "alpha.slot" in service.log()


def test_restarts_beyond_the_intensity_end_the_service_with_70_in_reverse_order(service: Service) -> None:
    diary = service.directory / "diary"
    assert service.start(toy("mike", diary=diary), toy("alpha"), toy("zulu", diary=diary), intensity=1) == "ready"
    for _ in range(2):
        os.kill(service.who("alpha").pid, signal.SIGKILL)
    assert service.ends() == 70
    assert diary.read_text().split() == ["zulu", "mike"]
    records = [orjson.loads(line) for line in service.log().splitlines() if line.startswith("{")]
    ended = [r for r in records if "has ended: killed" in r["message"]]
    assert [(r["process"], r["incarnation"], r["exit_code"]) for r in ended] == [
        ("supervisor", 1, -9),
        ("supervisor", 2, -9),
    ]


def test_a_parking_supervisor_keeps_the_service_up_and_children_are_started_and_stopped_by_hand(
    service: Service,
) -> None:
    strategies = SupervisorSpec("strategies", (toy("bad", misconfigured=True), toy("good")), exhausted="park")
    assert service.start(toy("mike"), strategies) == "ready"
    states = {child.name: child.state for child in service.tree().children}
    assert states == {"mike": "running", "bad": "parked", "good": "running"}
    supervisor = service.ref("supervisor")
    with pytest.raises(Rejected, match="good is running"):
        supervisor.ask(StartChild("good"))
    supervisor.ask(StopChild("good"))
    eventually(lambda: True if service.tree().children[2].state == "parked" else None)
    with pytest.raises((ActorUnavailable, AskTimeout)):
        service.ref("good").ask(WhoAreYou(), timeout=0.5)
    supervisor.ask(StartChild("good"))
    assert service.who("good").incarnation == 2
    assert service.tree().children[2].restarts == 0


def test_a_supervisor_that_fails_itself_kills_everything_and_ends_with_70(service: Service) -> None:
    service.configure(toy("mike", stubborn=True), toy("alpha"))
    reader, writer = os.pipe()
    os.close(reader)  # so that its announcement of readiness is what fails
    assert service.launch(stdout=writer) == ""
    os.close(writer)
    assert service.ends() == 70
    assert "the supervisor itself failed; everything is killed" in service.log()
    assert "BrokenPipeError" in service.log()


def test_an_address_that_cannot_be_made_is_named_and_ends_the_service_with_70(service: Service) -> None:
    (service.run_dir / "mike.sock" / "in the way").mkdir(parents=True)
    assert service.start(toy("alpha"), toy("mike")) == ""
    assert service.process is not None
    assert service.process.wait(5.0) == 70
    assert "mike.sock" in service.log()
    assert "the supervisor itself failed" in service.log()


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("mike.kwargs", {"children": (toy("mike", callback=lambda: None),)}),
        ("messages", {"messages": "tests.supervision.toys:NONE"}),
        ("preload", {"preload": ("no_such_module",)}),
        ("run_dir", {"run_dir": Path("/nowhere") / ("x" * 100)}),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_started(
    tmp_path: Path, field: str, options: dict[str, Any]
) -> None:
    given = {"children": (toy("mike"),), "messages": "tests.supervision.toys:TOYS", "preload": (), "run_dir": tmp_path}
    given |= options
    root = SupervisorSpec("root", given.pop("children"))
    with pytest.raises(SpecError) as caught:
        run(root, reporting=ReportingSettings(), load=lambda: root, on_ready=lambda: None, **given)
    assert caught.value.field == field
    assert list(tmp_path.iterdir()) == []
