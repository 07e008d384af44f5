"""The terminal's foreground: Ctrl-C must reach the service, and the `make` that started it must not die of it.

A shell gives each job a process group of its own; make does not. So the service, when it is not the leader of
its group, makes one and takes the terminal for as long as it runs. Ctrl-Z is ignored: a stopped service would
hold orders that nobody watches.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def foreground() -> Iterator[None]:
    """Be the terminal's foreground process group; without a terminal, nothing happens."""
    if not sys.stdin.isatty():
        yield
        return
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    terminal, before = sys.stdin.fileno(), os.tcgetpgrp(sys.stdin.fileno())
    if os.getpgrp() == os.getpid() or os.getpgrp() != before:
        yield  # a shell's own job, or one in the background
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # sent to whoever takes the terminal from outside its group
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        if os.isatty(terminal):  # it may have hung up
            os.tcsetpgrp(terminal, before)
