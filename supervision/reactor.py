"""One selector, its timers and a wake-up: everything that may block a thread, in one place.

All methods belong to the thread that calls `poll`, but for `wake`, which any thread may call.
Timers use the monotonic clock. A callback's exception is not caught here: whoever owns the loop
decides what it means (in an actor it ends the process).
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable
from typing import Protocol

Callback = Callable[[], None]


class Timer:
    """A callback that is due at `when` on the monotonic clock, unless cancelled."""

    __slots__ = ("callback", "cancelled", "when")

    def __init__(self, when: float, callback: Callback) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Never call back; harmless when it already did."""
        self.cancelled = True

    def fire(self) -> None:
        """Call back, once, unless cancelled: perhaps by another timer that was due at the same time."""
        if not self.cancelled:
            self.cancelled = True
            self.callback()


class HasFileno(Protocol):
    """Anything a selector can watch."""

    def fileno(self) -> int:
        """The file descriptor."""
        ...


class _Watch:
    __slots__ = ("on_read", "on_write")

    def __init__(self, on_read: Callback, on_write: Callback | None) -> None:
        self.on_read = on_read
        self.on_write = on_write


class Reactor:
    """Calls back when a descriptor is ready or a timer is due."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)
        self.watch(self._receiver, self._swallow_wakes)

    def watch(self, source: HasFileno | int, on_read: Callback, on_write: Callback | None = None) -> None:
        """Call `on_read` when readable. `on_write` is called when writable once `want_write` asks for it."""
        self._selector.register(source, selectors.EVENT_READ, _Watch(on_read, on_write))

    def want_write(self, source: HasFileno | int, wanted: bool) -> None:
        """Turn interest in writability on or off."""
        key = self._selector.get_key(source)
        events = selectors.EVENT_READ | selectors.EVENT_WRITE if wanted else selectors.EVENT_READ
        if key.events != events:
            self._selector.modify(source, events, key.data)

    def unwatch(self, source: HasFileno | int) -> None:
        """Forget a descriptor; call before closing it. Unknown descriptors are an error."""
        self._selector.unregister(source)

    def after(self, seconds: float, callback: Callback) -> Timer:
        """Call back once in `seconds`."""
        timer = Timer(time.monotonic() + seconds, callback)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        return timer

    def wake(self) -> None:
        """Make a `poll` that is waiting return, from any thread."""
        try:
            self._sender.send(b"\0")
        except BlockingIOError:
            return  # the pipe is full of wakes already

    def next_timeout(self, timeout: float | None) -> float | None:
        """How long a select may wait: `timeout`, or less when a timer is due sooner."""
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        if not self._timers:
            return timeout
        due = max(0.0, self._timers[0][0] - time.monotonic())
        return due if timeout is None else min(due, timeout)

    def select(self, timeout: float | None) -> list[Callback]:
        """Wait, and return the callbacks that are ready, without calling them."""
        ready: list[Callback] = []
        for key, events in self._selector.select(self.next_timeout(timeout)):
            watch: _Watch = key.data
            if events & selectors.EVENT_WRITE and watch.on_write is not None:
                ready.append(watch.on_write)
            if events & selectors.EVENT_READ:
                ready.append(watch.on_read)
        return ready

    def due(self) -> list[Callback]:
        """Remove and return the callbacks of all timers that are due, in order of their times."""
        ready: list[Callback] = []
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            ready.append(timer.fire)
        return ready

    def poll(self, timeout: float | None) -> None:
        """Wait at most `timeout` seconds (None: until something happens), then call what is ready."""
        for callback in self.select(timeout):
            callback()
        for callback in self.due():
            callback()

    def close(self) -> None:
        """Release the selector and its wake-up pair; watched descriptors stay open."""
        self._selector.close()
        self._receiver.close()
        self._sender.close()

    def _swallow_wakes(self) -> None:
        try:
            while self._receiver.recv(4096):
                pass
        except BlockingIOError:
            return
