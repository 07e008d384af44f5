"""Preloaded into a fork server: it stands still for good, asked to fork or to reap, once a file `stuck` names it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from supervision.fork_server import _Server


def unless_stuck(method: Callable[[_Server], None]) -> Callable[[_Server], None]:
    stuck = Path("stuck")

    def call(server: _Server) -> None:
        while stuck.exists() and stuck.read_text() == str(os.getpid()):
            signal.pause()
        method(server)

    return call


_Server._reap = unless_stuck(_Server._reap)
_Server._fork = unless_stuck(_Server._fork)
