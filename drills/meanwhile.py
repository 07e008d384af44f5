"""Clients and observers at work while a drill does something else, each in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def meanwhile(*acts: Callable[[threading.Event], None]) -> Iterator[None]:
    """While the body runs so do the `acts`, until the event that each is given is set.

    What one of them raises is raised behind the body: who stopped working half-way has observed nothing.
    """
    over = threading.Event()
    with ThreadPoolExecutor(len(acts)) as pool:
        running = [pool.submit(act, over) for act in acts]
        try:
            yield
        finally:
            over.set()
    for one in running:
        one.result()
