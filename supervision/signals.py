"""Signals as calls in the reactor, where nothing is in the middle of something else.

SIGTERM and SIGINT ask to stop. SIGHUP asks to reload, unless it comes because the terminal we were started from
has hung up: then somebody pulled the plug of a service in the foreground, which means stop. A SIGHUP that was
ignored when we started (`nohup`) stays ignored. SIGUSR1 means what whoever runs the tree makes of it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from supervision.reactor import Reactor

_TERMINAL: Final = Path("/dev/tty")


@contextlib.contextmanager
def delivered(
    reactor: Reactor,
    stop: Callable[[str], None],
    reload: Callable[[str], None],
    user: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Call `stop`, `reload` or `user` with the signal's name from now on."""
    numbers = [signal.SIGTERM, signal.SIGINT, *([signal.SIGUSR1] if user is not None else ())]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    on_terminal = _has_terminal()
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)
    sender.setblocking(False)

    def arrived() -> None:
        for number in receiver.recv(64):
            if number == signal.SIGUSR1 and user is not None:
                user(signal.Signals(number).name)
            elif number in numbers:
                name = signal.Signals(number).name
                reloads = number == signal.SIGHUP and not (on_terminal and not _has_terminal())
                (reload if reloads else stop)(name)

    # the handlers do nothing: that they exist makes Python write the number to the wake-up descriptor
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    wakeup = signal.set_wakeup_fd(sender.fileno())
    reactor.watch(receiver, arrived)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        reactor.unwatch(receiver)
        receiver.close()
        sender.close()


def _has_terminal() -> bool:
    """Whether we have a controlling terminal; one that hung up is none."""
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
