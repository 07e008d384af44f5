"""One child process, and the supervisor's end of the fork server that makes them.

The fork server may die: its children die with it, and the next spawn starts another. It may also stand still
(somebody stopped it): it is woken, and if that does not help killed, so that no call here takes longer than
ANSWER_SECONDS + IMPORT_SECONDS. A child's end is read from its sentinel, the pipe its exit code comes through.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from supervision import exits
from supervision.boot import Boot
from supervision.errors import SpecError
from supervision.spec import SUPERVISOR

NUMBER: Final = struct.Struct("=i")
"""A length, a process id or an exit code, between supervisor and fork server."""
WAKE_SECONDS: Final = 1.0
"""How long a fork server may be silent before it is woken with SIGCONT."""
ANSWER_SECONDS: Final = 2.0
"""How long it may be silent before it is killed."""
IMPORT_SECONDS: Final = 10.0
"""How long a new one may take to import what it shares."""
GONE_SECONDS: Final = 2.0
"""How long a process may live on after SIGKILL before that is an error."""

log = logging.getLogger(SUPERVISOR)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a fork server must have ready before its first fork."""

    modules: tuple[str, ...]
    messages: str
    """The registry of message types as "module:NAME"."""


class Child:
    """One live incarnation. `control` is our end of its control channel, `sentinel` readable once it was reaped."""

    def __init__(self, boot: Boot, pid: int, control: socket.socket, sentinel: int) -> None:
        self.boot = boot
        self.pid = pid
        self.control = control
        self.sentinel = sentinel

    def signal(self, number: int) -> None:
        """Send a signal; nothing happens when the process is gone already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def reap(self) -> int:
        """The exit code, negative for a signal; call when the sentinel is readable. Closes nothing."""
        code = os.read(self.sentinel, NUMBER.size)
        if code:
            return int(NUMBER.unpack(code)[0])
        self._make_sure_it_is_gone()
        return exits.FORK_SERVER_DIED

    def close(self) -> None:
        """Release what is left of a reaped child."""
        self.control.close()
        os.close(self.sentinel)

    def _make_sure_it_is_gone(self) -> None:
        """Without the fork server nobody reaps; the end of file on the control channel shows that it is dead.

        Raises TimeoutError when it is not, because a successor must not be born then.
        """
        self.signal(signal.SIGKILL)
        hung_up = select.poll()
        hung_up.register(self.control, 0)
        if not hung_up.poll(GONE_SECONDS * 1000):
            raise TimeoutError(f"process {self.pid} of {self.boot.name} outlived its fork server and SIGKILL")


class Spawner:
    """Starts children; to be used in the main thread, because a parent's death is the death of the starting thread."""

    def __init__(self, preload: Sequence[str], messages: str) -> None:
        """`preload`: modules that every child needs. Raises SpecError for one that cannot be found."""
        for module in preload:
            _check_module(module)
        self._setup = Setup(tuple(preload), messages)
        self._server: _ForkServer | None = None

    def spawn(self, boot: Boot, listener: socket.socket) -> Child:
        """Start a process that becomes `boot`'s actor on `listener`. Raises OSError."""
        payload = pickle.dumps(boot)
        if self._server is not None:
            with contextlib.suppress(ConnectionError, TimeoutError):
                return self._fork(self._server, boot, payload, listener)
        self._server = _ForkServer(self._setup)
        return self._fork(self._server, boot, payload, listener)

    def wake(self) -> None:
        """Let a fork server go on that somebody stopped."""
        if self._server is not None:
            self._server.signal(signal.SIGCONT)

    def discard(self) -> None:
        """Kill the fork server and with it all children; the next spawn starts another."""
        if self._server is not None:
            self._server.kill()
            self._server = None

    def _fork(self, server: _ForkServer, boot: Boot, payload: bytes, listener: socket.socket) -> Child:
        try:
            return server.fork(boot, payload, listener)
        except (ConnectionError, TimeoutError) as error:
            log.error("%s: killed, and with it all children", error)  # noqa: TRY400 - the words say it all
            self.discard()
            raise


class _ForkServer:
    """Our end of one fork server."""

    def __init__(self, setup: Setup) -> None:
        self._channel, theirs = socket.socketpair()
        self._channel.settimeout(WAKE_SECONDS)
        self._patience: tuple[float, ...] = (IMPORT_SECONDS,)
        path = [entry or str(Path.cwd()) for entry in sys.path]
        call = f"from supervision.fork_server import main; main({theirs.fileno()}, {os.getpid()})"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"import sys; sys.path[:] = {path!r}; {call}"],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        except OSError:
            self._channel.close()
            raise
        finally:
            theirs.close()
        self._send(pickle.dumps(setup), [])

    def fork(self, boot: Boot, payload: bytes, listener: socket.socket) -> Child:
        """Have a child forked. Raises ConnectionError when the server is dead, TimeoutError when it is as good as
        that, another OSError when there can be no more processes.
        """
        control, theirs = socket.socketpair()
        sentinel, pipe = os.pipe()
        try:
            try:
                self._send(payload, [listener.fileno(), theirs.fileno(), pipe])
            finally:
                theirs.close()
                os.close(pipe)
            pid = self._answer()
        except BaseException:
            control.close()
            os.close(sentinel)
            raise
        control.setblocking(False)
        return Child(boot, pid, control, sentinel)

    def signal(self, number: int) -> None:
        """Send the server a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the server, whatever it does. Raises subprocess.TimeoutExpired if the kernel does not."""
        self._channel.close()
        self._process.kill()
        self._process.wait(GONE_SECONDS)

    def _send(self, payload: bytes, descriptors: list[int]) -> None:
        length = NUMBER.pack(len(payload))
        if descriptors:
            socket.send_fds(self._channel, [length], descriptors)
        else:
            self._channel.sendall(length)
        self._channel.sendall(payload)

    def _answer(self) -> int:
        for seconds in self._patience:
            if _readable(self._channel.fileno(), seconds):
                break
            self.signal(signal.SIGCONT)
        else:
            raise TimeoutError("the fork server does not answer")
        answer = self._channel.recv(NUMBER.size)
        if not answer:
            raise ConnectionResetError("the fork server has died")
        self._patience = (WAKE_SECONDS, ANSWER_SECONDS - WAKE_SECONDS)
        (pid,) = NUMBER.unpack(answer)
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return int(pid)


def _readable(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _check_module(name: str) -> None:
    try:
        found = importlib.util.find_spec(name)
    except ImportError as error:
        raise SpecError("preload", name, f"cannot be imported: {error}") from error
    if found is None:
        raise SpecError("preload", name, "there is no such module")
