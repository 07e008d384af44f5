"""Exit codes of a child: the host sets them, the supervisor reads them. No other code has a meaning.

A death by signal is a negative code, the signal's number below zero.
"""

from __future__ import annotations

import signal
from enum import Enum
from typing import Final

NORMAL: Final = 0
REFUSED: Final = 10
CRASH: Final = 70
WRONG_PARENT: Final = 71
SUPERVISOR_GONE: Final = 72
NOT_YET: Final = 75
CONFIGURATION: Final = 78
FORK_SERVER_DIED: Final = 256
"""Not a code of a child: nobody is left who could tell it."""

SHUTDOWN: Final = "shutdown"
"""The reason of a child that left in peace because it was asked to."""


class Ending(Enum):
    """What an exit means for the decision to restart."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    CONFIGURATION = "configuration"
    REFUSED = "refused"
    NOT_YET = "not_yet"


_TOLD: Final = {CONFIGURATION: Ending.CONFIGURATION, REFUSED: Ending.REFUSED, NOT_YET: Ending.NOT_YET}

FINAL: Final = {Ending.CONFIGURATION: CONFIGURATION, Ending.REFUSED: REFUSED}
"""Endings after which a restart would end the same way, and the code with which the service ends for them."""


def ending(code: int) -> Ending:
    """Classify an exit code that nobody asked for."""
    if code in (NORMAL, -signal.SIGTERM):  # who gets SIGTERM was told to leave, by whomever: OTP's `shutdown`
        return Ending.NORMAL
    return _TOLD.get(code, Ending.ABNORMAL)


def reason(code: int, *, requested: bool = False, hung: bool = False, killed: str = "") -> str:
    """The exit in words. `requested`: a stop or kill was ordered; `hung`: the liveness check ordered it; `killed`:
    why the supervisor did not wait for a stop.
    """
    if hung:
        return "hung: killed by the supervisor"
    if killed and code == -signal.SIGKILL:
        return f"{SHUTDOWN}, killed by the supervisor: {killed}"
    if requested:
        return SHUTDOWN if code == NORMAL else f"{SHUTDOWN}, left with {_words(code)}"
    return _words(code)


def _words(code: int) -> str:
    if code < 0:
        return _signal_words(-code)
    known = {
        NORMAL: "normal",
        REFUSED: "refused",
        CRASH: "crash",
        WRONG_PARENT: "wrong parent",
        SUPERVISOR_GONE: "supervisor gone",
        CONFIGURATION: "configuration",
        NOT_YET: "cannot start yet",
        FORK_SERVER_DIED: "died with the fork server",
    }
    return known.get(code, f"exit code {code}")


def _signal_words(number: int) -> str:
    if number == signal.SIGKILL:
        return "killed (perhaps out of memory)"
    if number == signal.SIGABRT:
        return "aborted (SIGABRT)"
    try:
        return f"died of {signal.Signals(number).name}"
    except ValueError:
        return f"died of signal {number}"
