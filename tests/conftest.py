"""Fixtures for every test: nothing may be left behind, and no property test fails for being slow.

Property tests try the same examples in every run, so that a red run means a change. `EXPLORE=1 make test` tries
new ones; what that finds becomes a test with a name.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psutil
import pytest

hypothesis.settings.register_profile("repeat", deadline=None, print_blob=True, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.load_profile("explore" if os.environ.get("EXPLORE") else "repeat")

DESCRIPTORS = Path("/proc/self/fd")
PATIENCE = 2.0


def _threads() -> set[str]:
    return {f"thread {one.name}" for one in threading.enumerate() if not one.name.startswith("pytest")}


def _sockets() -> set[str]:
    """Open sockets of this process, by inode; empty where the system does not tell."""
    found = set()
    for descriptor in DESCRIPTORS.iterdir() if DESCRIPTORS.exists() else ():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue  # the one that lists them
        if target.startswith("socket:"):
            found.add(target)
    return found


def _things() -> set[str]:
    children = psutil.Process().children(recursive=True)
    return _threads() | _sockets() | {f"process {child.pid}" for child in children}


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fail a test that leaves a process, thread or socket behind."""
    before = _things()
    yield
    deadline = time.monotonic() + PATIENCE
    while left := _things() - before:
        if time.monotonic() > deadline:
            break
        psutil.wait_procs(_left_processes(left), timeout=0.02)
    else:
        return
    for child in _left_processes(left):
        child.kill()
    psutil.wait_procs(_left_processes(left), timeout=PATIENCE)
    pytest.fail(f"left behind: {', '.join(sorted(left))}")


def _left_processes(left: set[str]) -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if f"process {child.pid}" in left]
