"""Nothing outlives the supervisor, and a fork server that dies or stands still holds nobody up for long."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace

import psutil
import pytest

from supervision.errors import AskTimeout
from supervision.lifecycle import StartChild
from supervision.process import ANSWER_SECONDS, IMPORT_SECONDS
from supervision.spec import SupervisorSpec
from tests.supervision.toy_run import Service, eventually, toy
from tests.supervision.toys import Fail


def stop(service: Service, name: str) -> None:
    os.kill(service.who(name).pid, signal.SIGSTOP)


def keep_busy(service: Service, name: str, how: str) -> None:
    """In C code that holds the interpreter (`spin`), or in system calls (`hang`)."""
    with pytest.raises(AskTimeout):
        service.ref(name).ask(Fail(how), timeout=0.2)


def test_nothing_survives_a_killed_supervisor_whatever_it_is_doing(service: Service) -> None:
    assert service.start(toy("idle"), toy("stopped"), toy("spinning"), toy("waiting")) == "ready"
    stop(service, "stopped")
    keep_busy(service, "spinning", "spin")
    keep_busy(service, "waiting", "hang")
    service.fork_server().suspend()
    assert len(service.processes()) == 6  # supervisor, fork server, four children: nothing else runs
    service.signal(signal.SIGKILL)
    assert service.ends() == -signal.SIGKILL


def test_without_the_death_signal_the_end_of_file_is_enough(service: Service) -> None:
    """The fork server's net: it kills what it has forked, stopped or busy."""
    service.configure(toy("idle"), toy("stopped"), toy("spinning"))
    assert service.launch("tests.supervision.without_death_signal") == "ready"
    stop(service, "stopped")
    keep_busy(service, "spinning", "spin")
    service.signal(signal.SIGKILL)
    assert service.ends() == -signal.SIGKILL


def test_without_death_signal_and_fork_server_a_child_leaves_by_itself(service: Service) -> None:
    """A child's own net: the end of file on its control channel."""
    service.configure(toy("idle"))
    assert service.launch("tests.supervision.without_death_signal") == "ready"
    server = service.fork_server()
    service.signal(signal.SIGSTOP)  # it must not notice that its fork server dies
    server.kill()
    assert psutil.pid_exists(service.who("idle").pid)  # proof that no signal came
    service.signal(signal.SIGKILL)
    assert service.ends() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="nobody else hands over orphans")
def test_what_a_child_started_itself_ends_with_it(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha")) == "ready"
    mike = service.who("mike")
    keep_busy(service, "alpha", "leave children")
    alpha = service.child("alpha").pid
    assert alpha is not None

    def below() -> list[psutil.Process] | None:
        found = psutil.Process(alpha).children(recursive=True)
        return found if [process.name() for process in found].count("sleep") == 2 else None

    left = eventually(below)
    assert len(left) == 4
    os.kill(alpha, signal.SIGKILL)
    eventually(lambda: True if service.child("alpha").incarnation == 2 else None)
    assert psutil.wait_procs(left, timeout=5.0)[1] == []
    assert service.who("mike") == mike
    service.signal(signal.SIGTERM)
    assert service.ends() == 0


def test_children_that_die_with_the_fork_server_come_back_with_a_new_one(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha")) == "ready"
    before = [service.who("mike"), service.who("alpha")]
    server = service.fork_server()
    server.kill()
    for toy_before in before:
        assert service.successor(toy_before).incarnation == toy_before.incarnation + 1
    assert service.fork_server() != server
    assert {reason for _, _, reason, _ in service.deaths()} == {"died with the fork server"}
    service.signal(signal.SIGTERM)
    assert service.ends() == 0


def test_a_stopped_fork_server_is_woken_and_nobody_else_is_touched(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha")) == "ready"
    mike, alpha = service.who("mike"), service.who("alpha")
    service.fork_server().suspend()
    os.kill(alpha.pid, signal.SIGKILL)  # nobody reaps it, nobody forks its successor
    assert service.successor(alpha).incarnation == 2
    assert service.who("mike") == mike


def test_a_fork_server_that_cannot_be_woken_is_replaced_while_the_supervisor_answers(service: Service) -> None:
    service.configure(toy("mike"), toy("alpha"))
    assert service.launch("tests.supervision.stuck_fork_server") == "ready"
    before = [service.who("mike"), service.who("alpha")]
    server = service.fork_server()
    (service.directory / "stuck").write_text(str(server.pid))
    os.kill(before[1].pid, signal.SIGKILL)
    deadline = time.monotonic() + 5.0
    while server.is_running():
        asked = time.monotonic()
        assert service.child("alpha").incarnation == 1
        assert time.monotonic() - asked < 1.0
        assert asked < deadline
    assert [service.successor(toy_before).incarnation for toy_before in before] == [2, 2]
    assert "is not reaped" in service.log()


def test_a_fork_server_that_does_not_answer_is_killed_so_that_the_start_goes_on(service: Service) -> None:
    parking = SupervisorSpec("parking", (replace(toy("alpha"), parked=True),), exhausted="park")
    service.configure(toy("mike"), parking)
    assert service.launch("tests.supervision.stuck_fork_server") == "ready"
    mike, server = service.who("mike"), service.fork_server()
    (service.directory / "stuck").write_text(str(server.pid))
    began = time.monotonic()
    service.ref("supervisor").ask(StartChild("alpha"), timeout=ANSWER_SECONDS + IMPORT_SECONDS)
    assert time.monotonic() - began >= ANSWER_SECONDS
    assert service.who("alpha").incarnation == 1
    assert service.successor(mike).incarnation == 2
    assert "does not answer: killed, and with it all children" in service.log()


def test_a_child_killed_again_before_it_has_started_is_counted_each_time(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha", slow_to_start=0.3)) == "ready"
    first = service.who("alpha")
    os.kill(first.pid, signal.SIGKILL)

    def reborn() -> int | None:
        view = service.child("alpha")
        return view.pid if view.incarnation == 2 and view.state == "starting" else None

    os.kill(eventually(reborn), signal.SIGKILL)
    assert service.who("alpha").incarnation == 3
    assert service.child("alpha").restarts == 2
    assert [record[1] for record in service.deaths()] == [1, 2]
