"""A running service of toys, to kill, stop and ask: its process, its log, its tree."""

from __future__ import annotations

import fcntl
import os
import pickle
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import psutil

from supervision.errors import ActorDied, ActorUnavailable
from supervision.lifecycle import ChildView, GetTree, TreeView
from supervision.ref import Ref
from supervision.spec import ChildSpec, SupervisorSpec
from supervision.wire import Codec
from tests.supervision.toys import TOYS, Toy, WhoAreYou

T = TypeVar("T")


def toy(name: str, *, stop_limit: float = 5.0, hang_limit: float = 10.0, **kwargs: object) -> ChildSpec:
    return ChildSpec(name, "tests.supervision.toys:ToyActor", kwargs, stop_limit=stop_limit, hang_limit=hang_limit)


def eventually(look: Callable[[], T | None], seconds: float = 10.0) -> T:
    """What `look` returns once that is something."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found


class Service:
    """A running toy service in a session of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.run_dir = directory / "run"
        self.log_path = directory / "log"
        self.process: subprocess.Popen[str] | None = None
        self.refs: dict[str, Ref] = {}

    def configure(self, *children: ChildSpec | SupervisorSpec, **options: object) -> None:
        """Write the tree that the service reads when it starts and when it reloads."""
        spec = SupervisorSpec("root", children, **options)  # type: ignore[arg-type]
        (self.directory / "spec").write_bytes(pickle.dumps(spec))

    def start(self, *children: ChildSpec | SupervisorSpec, **options: object) -> str:
        """Start the tree; what it said first: `ready`, or nothing when it ended."""
        self.configure(*children, **options)
        return self.launch()

    def launch(
        self,
        *preload: str,
        terminal: int | None = None,
        stdout: int = subprocess.PIPE,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Start what is configured, perhaps with more modules preloaded, or on a controlling terminal."""
        program = [sys.executable, str(Path(__file__).with_name("toy_service.py"))]
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                [*program, "spec", str(self.run_dir), *preload],
                cwd=self.directory,
                env={**os.environ, **(environment or {})},
                stdin=terminal,
                stdout=stdout,
                stderr=log,
                text=True,
                start_new_session=True,
                preexec_fn=None if terminal is None else _take_terminal,  # noqa: PLW1509 - nothing is locked here
            )
        return "" if self.process.stdout is None else self.process.stdout.readline().strip()

    def ref(self, name: str) -> Ref:
        if name not in self.refs:
            self.refs[name] = Ref(self.run_dir, name, Codec(TOYS))
        return self.refs[name]

    def who(self, name: str) -> Toy:
        """Ask until somebody answers, as a caller of a restarting actor would."""

        def ask() -> Toy | None:
            try:
                return self.ref(name).ask(WhoAreYou(), timeout=2.0)
            except (ActorUnavailable, ActorDied):
                return None

        return eventually(ask)

    def successor(self, of: Toy) -> Toy:
        """The next incarnation of a toy that is about to die."""
        return eventually(lambda: now if (now := self.who(of.name)).pid != of.pid else None)

    def tree(self) -> TreeView:
        return self.ref("supervisor").ask(GetTree())

    def child(self, name: str) -> ChildView:
        return next(child for child in self.tree().children if child.name == name)

    def fork_server(self) -> psutil.Process:
        """The supervisor's only child."""
        assert self.process is not None
        (server,) = psutil.Process(self.process.pid).children()
        return server

    def processes(self) -> list[psutil.Process]:
        """Every living process of the service's session."""
        assert self.process is not None
        return [p for p in psutil.process_iter() if _session(p.pid) == self.process.pid and _alive(p)]

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def ends(self, seconds: float = 15.0) -> int:
        """The exit code, once the service has ended and left nothing behind."""
        assert self.process is not None
        code = self.process.wait(seconds)
        eventually(lambda: True if not self.processes() else None, 1.0)
        if code >= 0:
            assert [path.name for path in self.run_dir.glob("*")] == []
        return code

    def log(self) -> str:
        return self.log_path.read_text()

    def deaths(self) -> list[tuple[str, int, str, str]]:
        return [(d.name, d.incarnation, d.reason, d.in_hand) for d in self.tree().deaths]

    def close(self) -> None:
        for ref in self.refs.values():
            ref.close()
        if self.process is not None:
            for left in self.processes():  # of a test that failed: what it left may be stopped, or busy for ever
                left.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return -1


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
