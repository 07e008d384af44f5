"""Imported first by the fork server, so that nothing of us survives the supervisor.

Linux sends SIGKILL to a process whose parent dies, if asked to: the fork server asks when it imports this
module, each child asks again, because a fork forgets it. On macOS there is no such signal, and the end of
file on the control channel must do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

from supervision import exits

_PR_SET_PDEATHSIG: Final = 1
_imported_in: Final = os.getpid()


def _arm() -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def arm_parent_death() -> None:
    """In a child: die when the fork server dies; ends the process with code 71 if it is dead already."""
    _arm()
    if os.getpid() != _imported_in and os.getppid() != _imported_in:
        os._exit(exits.WRONG_PARENT)


def _in_fork_server() -> bool:
    return "-c" in sys.orig_argv and any("multiprocessing.forkserver" in argument for argument in sys.orig_argv)


if _in_fork_server():
    _arm()
    # Ctrl-C reaches the whole group; children inherit this, so none dies of it before it can decide
    signal.signal(signal.SIGINT, signal.SIG_IGN)
