"""Spawns, signals and reaps one child process through multiprocessing's fork server.

The fork server holds the preloaded modules, so a child is born in milliseconds, and has no thread of ours,
so forking it is safe. A child's end is read from its sentinel, never with waitpid(-1). The fork server may
die: its children die with it, the next spawn starts a new one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import multiprocessing
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, NoReturn

from supervision import exits
from supervision.boot import Boot
from supervision.errors import SpecError

GONE_SECONDS: Final = 2.0
"""How long a process may live on after its fork server died and SIGKILL was sent."""
FORK_SERVER_SECONDS: Final = 1.0
"""How long a dying fork server may refuse before that counts as a failed start."""


class Child:
    """One live incarnation. `control` is our end of its control channel, `sentinel` readable once it was reaped."""

    def __init__(self, boot: Boot, process: multiprocessing.process.BaseProcess, control: socket.socket) -> None:
        assert process.pid is not None
        self.boot = boot
        self.pid = process.pid
        self.sentinel = process.sentinel
        self.control = control
        self._process = process

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when the process is gone already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def reap(self) -> int:
        """The exit code, negative for a signal; call when the sentinel is readable. Closes nothing."""
        self._process.join()
        code = self._process.exitcode
        assert code is not None
        if code == exits.FORK_SERVER_DIED:
            self._wait_until_gone()
        return code

    def close(self) -> None:
        """Release what is left of a reaped child."""
        self.control.close()
        self._process.close()

    def _wait_until_gone(self) -> None:
        """Without the fork server nobody reaps; the end of file on the control channel shows that it is dead.

        Raises TimeoutError when it is not, because a successor must not be born then.
        """
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + GONE_SECONDS
        hung_up = select.poll()
        hung_up.register(self.control, 0)
        if not hung_up.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError(f"process {self.pid} of {self.boot.name} outlived its fork server and SIGKILL")


class Spawner:
    """Starts children; to be used in the main thread, because a parent's death is the death of the starting thread."""

    def __init__(self, preload: Sequence[str]) -> None:
        """`preload`: modules that every child needs. Raises SpecError for one that cannot be found."""
        for module in preload:
            _check_module(module)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["supervision.preload", "supervision.host", *preload])

    def spawn(self, boot: Boot, listener: socket.socket) -> Child:
        """Start a process that becomes `boot`'s actor on `listener`. Raises OSError or EOFError."""
        deadline = time.monotonic() + FORK_SERVER_SECONDS
        while True:
            try:
                return self._spawn(boot, listener)
            except (ConnectionError, EOFError):
                # a fork server that is dying refuses; once it is dead, multiprocessing starts another
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.005)

    def _spawn(self, boot: Boot, listener: socket.socket) -> Child:
        ours, theirs = socket.socketpair()
        try:
            process = self._context.Process(target=_enter, args=(boot, listener, theirs), name=boot.name)
            with _without_main(), _import_path_in_environment():
                process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        return Child(boot, process, ours)


def _enter(boot: Boot, listener: socket.socket, control: socket.socket) -> NoReturn:
    from supervision.host import main  # in the child alone: the supervisor hosts no actor

    main(boot, listener, control)


def _check_module(name: str) -> None:
    try:
        found = importlib.util.find_spec(name)
    except ImportError as error:
        raise SpecError("preload", name, f"cannot be imported: {error}") from error
    if found is None:
        raise SpecError("preload", name, "there is no such module")


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Hide __main__ from multiprocessing, which would import the command line again in every child."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextlib.contextmanager
def _import_path_in_environment() -> Iterator[None]:
    """Let the fork server find the preloaded modules: before Python 3.13 it is not told our sys.path."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
