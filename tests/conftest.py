"""Fixtures for every test: nothing may be left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psutil
import pytest


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.is_alive() and not thread.name.startswith("pytest")}


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Fail a test that leaves a process, thread or listening socket behind."""
    me = psutil.Process()
    threads = _threads()
    children = {child.pid for child in me.children(recursive=True)}
    yield
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        left = [child for child in me.children(recursive=True) if child.pid not in children]
        new_threads = _threads() - threads
        if not left and not new_threads:
            return
        psutil.wait_procs(left, timeout=0.05)
        for thread in new_threads:
            thread.join(0.05)
    for child in left:
        child.kill()
    psutil.wait_procs(left, timeout=2.0)
    names = [f"{child.pid}" for child in left] + [thread.name for thread in new_threads]
    pytest.fail(f"left behind: {', '.join(names)}")
