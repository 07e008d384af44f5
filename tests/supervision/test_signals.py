"""Reload and stop as a user, a terminal and a service manager ask for them, of a real service."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervision.backoff import Backoff
from supervision.errors import Rejected
from supervision.lifecycle import GetTree, Reload, Reloaded
from supervision.spec import ChildSpec, SupervisorSpec
from tests.supervision.toy_run import Service, eventually, toy


class Manager:
    """The socket a service manager listens on, and what it heard."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self.heard: list[str] = []

    def hears(self, line: str, seconds: float = 5.0) -> str:
        """Wait for a message with a line that begins so; the whole message."""
        deadline = time.monotonic() + seconds
        while True:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            message = self._socket.recv(4096).decode()
            self.heard.append(message)
            if any(part.startswith(line) for part in message.split("\n")):
                return message

    def hears_nothing(self, seconds: float) -> bool:
        """Whether all is quiet for so long, once what waits was read."""
        self._socket.setblocking(False)
        try:
            while True:
                self._socket.recv(4096)
        except BlockingIOError:
            self._socket.settimeout(seconds)
        try:
            self.heard.append(self._socket.recv(4096).decode())
        except TimeoutError:
            return True
        return False

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(service: Service) -> Iterator[Manager]:
    manager = Manager(service.directory / "notify")
    yield manager
    manager.close()


def test_a_reload_restarts_what_changed_adds_what_is_new_and_takes_away_what_is_missing(service: Service) -> None:
    assert service.start(toy("mike"), toy("alpha"), toy("zulu"), toy("kilo")) == "ready"
    before = {name: service.who(name) for name in ("mike", "alpha")}
    service.configure(toy("mike"), toy("alpha", watches=("mike",)), toy("echo"), toy("kilo", stop_limit=1.0))
    reloaded = service.ref("supervisor").ask(Reload())
    assert reloaded == Reloaded(added=("echo",), changed=("alpha", "kilo"), removed=("zulu",))
    after = service.successor(before["alpha"])
    assert (after.incarnation, service.child("alpha").restarts) == (2, 0)
    assert service.who("echo").incarnation == 1
    assert service.who("mike") == before["mike"]
    assert service.who("kilo").incarnation == 1  # only its supervisor sees the difference
    eventually(lambda: True if {c.name for c in service.tree().children} == {"mike", "alpha", "kilo", "echo"} else None)
    assert {path.stem for path in service.run_dir.glob("*.sock")} == {"mike", "alpha", "kilo", "echo", "supervisor"}
    echo = service.who("echo")
    os.kill(echo.pid, signal.SIGKILL)  # what came by reload is supervised as everybody else is
    assert service.successor(echo).incarnation == 2
    service.configure(toy("mike"), toy("zulu"))
    service.ref("supervisor").ask(Reload())
    assert service.who("zulu").incarnation == 2  # never two with one number
    service.signal(signal.SIGTERM)
    assert service.ends() == 0


@pytest.mark.parametrize(
    ("children", "options", "said"),
    [
        ((toy("mike"), SupervisorSpec("inner", ())), {}, "needs a full restart"),
        ((toy("mike", watches=("alpha",)), toy("alpha")), {"strategy": "rest_for_one"}, "root.strategy"),
    ],
)
def test_a_reload_that_cannot_be_done_is_refused_and_changes_nothing(
    service: Service, children: tuple[ChildSpec, ...], options: dict[str, object], said: str
) -> None:
    assert service.start(toy("mike"), toy("alpha")) == "ready"
    before = service.tree().children
    service.configure(*children, **options)
    with pytest.raises(Rejected, match=said) as refused:
        service.ref("supervisor").ask(Reload())
    assert refused.value.kind == "restart"
    service.signal(signal.SIGHUP)
    eventually(lambda: True if service.log().count("the old configuration stays") == 2 else None)
    assert [(child.name, child.pid) for child in service.tree().children] == [
        (child.name, child.pid) for child in before
    ]


def test_a_reload_without_room_for_another_child_is_refused_and_ends_nothing(service: Service) -> None:
    assert service.start(toy("mike")) == "ready"
    service.configure(toy("mike"), toy("alpha"))
    supervisor = service.ref("supervisor")
    assert len(supervisor.ask(GetTree()).children) == 1  # connected: nobody could be from now on
    shutil.rmtree(service.run_dir)
    with pytest.raises(Rejected, match="has no room for another child: No such file"):
        supervisor.ask(Reload())
    assert service.process is not None
    assert service.process.poll() is None
    service.signal(signal.SIGTERM)
    assert service.ends() == 0


def test_a_fault_in_reading_the_configuration_refuses_the_reload_and_ends_nothing(service: Service) -> None:
    assert service.start(toy("mike")) == "ready"
    (service.directory / "spec").write_bytes(b"no pickle")
    with pytest.raises(Rejected, match="UnpicklingError"):
        service.ref("supervisor").ask(Reload())
    assert "Traceback" in service.log()
    assert service.who("mike").incarnation == 1


def test_a_terminal_that_hangs_up_stops_the_service_in_order(service: Service) -> None:
    ours, theirs = pty.openpty()
    diary = service.directory / "diary"
    service.configure(toy("mike", diary=diary), toy("alpha", diary=diary))
    assert service.launch(terminal=theirs) == "ready"
    os.close(theirs)
    service.signal(signal.SIGHUP)  # sent by a person: the terminal is still there
    eventually(lambda: True if "SIGHUP: reloading" in service.log() else None)
    assert service.who("mike").incarnation == 1
    os.close(ours)
    assert service.ends() == 0
    assert diary.read_text().split() == ["alpha", "mike"]
    assert "SIGHUP: stopping in order" in service.log()


def test_a_service_manager_hears_ready_reload_and_stop(service: Service, manager: Manager) -> None:
    service.configure(toy("mike", stop_limit=2.0), toy("alpha", stop_limit=3.0))
    assert service.launch(environment={"NOTIFY_SOCKET": str(service.directory / "notify")}) == "ready"
    manager.hears("READY=1")
    assert manager.heard[0] == "STATUS=starting: 0 of 2 children run"
    assert not any("WATCHDOG" in message for message in manager.heard)
    manager.hears("STATUS=running: 2 of 2 children run")
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    service.signal(signal.SIGHUP)
    reloading = manager.hears("RELOADING=1")
    assert 0 <= int(reloading.partition("MONOTONIC_USEC=")[2]) - now < 5_000_000
    manager.hears("READY=1")
    service.signal(signal.SIGTERM)
    assert manager.hears("STOPPING=1").endswith("EXTEND_TIMEOUT_USEC=6000000")  # both limits and their grace
    assert service.ends() == 0


def test_only_a_supervisor_that_looks_after_its_children_feeds_the_watchdog(service: Service, manager: Manager) -> None:
    service.configure(toy("mike"))
    watchdog = {"NOTIFY_SOCKET": str(service.directory / "notify"), "WATCHDOG_USEC": "1000000"}
    assert service.launch(environment=watchdog) == "ready"
    manager.hears("READY=1")
    for _ in range(2):
        manager.hears("WATCHDOG=1")
    service.signal(signal.SIGSTOP)
    assert manager.hears_nothing(1.0)
    service.signal(signal.SIGCONT)
    manager.hears("WATCHDOG=1")
    os.kill(service.who("mike").pid, signal.SIGSTOP)  # a child that hangs is no reason to be restarted as a whole
    manager.hears("WATCHDOG=1")


def test_nothing_is_born_after_a_stop_began(service: Service) -> None:
    """Drill 29: SIGTERM while one child waits for its restart and another one is being restarted."""
    slow = Backoff(base=10.0, ceiling=10.0)
    failing = SupervisorSpec("failing", (toy("alpha"),), backoff=slow, intensity=2)
    assert service.start(toy("mike", slow_to_start=0.3), failing) == "ready"
    first = service.who("alpha")
    os.kill(first.pid, signal.SIGKILL)
    os.kill(service.successor(first).pid, signal.SIGKILL)
    os.kill(service.who("mike").pid, signal.SIGKILL)
    eventually(lambda: True if service.child("alpha").state == "backing_off" else None)
    eventually(lambda: True if service.child("mike").state == "starting" else None)
    service.signal(signal.SIGTERM)
    assert service.ends() == 0
    before, _, after = service.log().partition("SIGTERM: stopping in order")
    assert "has process" in before
    assert "has process" not in after
