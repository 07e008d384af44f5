"""What a child started itself, a pool of workers or a program, ends with the child: the fork server sees to it.

Linux gives a process whose parent is gone to the nearest ancestor that asked for such orphans. The fork server
asks, so whatever comes to it and was not forked by it belonged to a child that is dead. (Or was let go of by one that
lives: a daemon of that kind ends with the next death of anybody.) Without /proc, as on macOS, nothing is found.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Container
from pathlib import Path
from typing import Final

_PR_SET_CHILD_SUBREAPER: Final = 36


def adopt() -> None:
    """Become the parent of those below us that lose theirs."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def end(ours: Container[int]) -> None:
    """SIGKILL to all children of this process but `ours`, and to whatever is below them."""
    for pid in _children(os.getpid()):
        if pid not in ours:
            _end_tree(pid)


def _end_tree(pid: int) -> None:
    below = _children(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    for child in below:  # what was born since we looked comes to us, and is found when `pid` is reaped
        _end_tree(child)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):  # it has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found
