"""Preloaded into a fork server: as on macOS, nobody gets a signal when its parent dies."""

from __future__ import annotations

import ctypes
import sys

from supervision import parent_death

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG: the fork server has asked for it already
parent_death.arm = lambda _: None  # its children never will
