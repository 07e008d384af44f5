"""Nothing of us survives the supervisor: the nets, each for what slips through the ones before it.

- Linux kills a process when its parent dies, if asked to: the fork server asks, and each child asks again,
  because a fork forgets it. SIGKILL also ends what is stopped, busy in C code or in a system call.
- The fork server sees the end of file on its channel, kills all it has forked, and leaves; on macOS, which
  has no such signal, this ends a child that is stopped or busy.
- A child sees the end of file on its control channel and leaves, should the fork server have died with
  the supervisor.
- systemd kills what is left in the unit's control group.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

from supervision import exits

_PR_SET_PDEATHSIG: Final = 1


def arm(parent: int) -> None:
    """Die when `parent` dies; ends the process with code 71 if it is dead already. Call it in the main thread."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os._exit(exits.WRONG_PARENT)
