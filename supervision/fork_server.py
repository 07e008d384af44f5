"""The fork server: a process that has imported what children share, and forks one whenever it is asked to.

Rules: one thread, so that forking is safe, and one client, the supervisor. A request brings the listener, the
control channel and a pipe; the answer is the new process's id, or an errno below zero; the exit code goes into
the pipe when the child was reaped. What would cost every child time is done here once, before the first fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import pickle
import selectors
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Final, NoReturn

from supervision import exits, orphans, parent_death
from supervision.process import NUMBER, Setup

_DESCRIPTORS: Final = 3


def main(descriptor: int, supervisor: int) -> NoReturn:
    """Serve the client at the other end of this socket; never returns."""
    parent_death.arm(supervisor)
    orphans.adopt()
    # sent to the whole group by a terminal or a service manager; only the supervisor decides what follows
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    from supervision import host  # the first of the imports that take their time: we must be armed by then

    channel = socket.socket(fileno=descriptor)
    setup: Setup = pickle.loads(_receive(channel)[0])
    for module in setup.modules:
        importlib.import_module(module)
    host.codec(setup.messages)
    gc.collect()
    gc.freeze()  # so that no collection in a child writes to, and thereby copies, the pages it shares with us
    _Server(channel).serve()


class _Server:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._pipes: dict[int, int] = {}
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)

    def serve(self) -> NoReturn:
        """Fork and reap until the supervisor is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)  # that a handler exists makes Python write to the waker
        signal.set_wakeup_fd(self._waker.fileno())
        self._selector.register(self._woken, selectors.EVENT_READ, self._reap)
        self._selector.register(self._channel, selectors.EVENT_READ, self._fork)
        while True:
            for key, _ in self._selector.select():
                key.data()

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        for pid, status in _ended():
            pipe = self._pipes.pop(pid, None)
            orphans.end(self._pipes)  # before anybody hears of this death, which may be the last of a stop
            if pipe is None:
                continue  # an orphan itself
            with contextlib.suppress(BrokenPipeError):  # the supervisor has died; the channel says so, too
                os.write(pipe, NUMBER.pack(os.waitstatus_to_exitcode(status)))
            os.close(pipe)

    def _fork(self) -> None:
        try:
            payload, (listener, control, pipe) = _receive(self._channel, _DESCRIPTORS)
        except EOFError:
            self._leave()
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            self._channel.sendall(NUMBER.pack(-(error.errno or 1)))
            os.close(pipe)
        else:
            if pid == 0:
                os.close(pipe)
                self._become(server, payload, listener, control)
            self._pipes[pid] = pipe
            self._channel.sendall(NUMBER.pack(pid))
        os.close(listener)
        os.close(control)

    def _become(self, server: int, payload: bytes, listener: int, control: int) -> NoReturn:
        """In the child: forget the server, die with it, be the actor."""
        try:
            parent_death.arm(server)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for ours in (self._selector, self._channel, self._woken, self._waker):
                ours.close()
            for pipe in self._pipes.values():
                os.close(pipe)
            from supervision import host

            host.main(pickle.loads(payload), socket.socket(fileno=listener), socket.socket(fileno=control))
        except BaseException:  # noqa: BLE001 - shown; no exception may unwind into the server's own frames
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(exits.CRASH)

    def _leave(self) -> NoReturn:
        for pid in self._pipes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        orphans.end(self._pipes)
        os._exit(exits.NORMAL)


def _ended() -> Iterator[tuple[int, int]]:
    """Process id and status of each child that has ended."""
    with contextlib.suppress(ChildProcessError):  # none is left
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            yield pid, status


def _receive(channel: socket.socket, descriptors: int = 0) -> tuple[bytes, list[int]]:
    """One frame with the descriptors that came along. Raises EOFError when the supervisor is gone."""
    try:
        head, received, _, _ = socket.recv_fds(channel, NUMBER.size, descriptors)
        length = NUMBER.unpack(head)[0] if head else 0
        payload = channel.recv(length, socket.MSG_WAITALL) if length else b""
    except ConnectionResetError as error:
        raise EOFError from error
    if not payload or len(payload) < length:
        raise EOFError
    for descriptor in received:
        os.set_inheritable(descriptor, False)
    return payload, received
