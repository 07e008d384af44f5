"""The stock official client in a thread of its own, as users run it: what it heard, and when it lost its connection."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from typing import Any, Self

from ibapi.client import EClient

from simulator.control import ControlClient
from simulator.server import Simulator
from tests.simulator.local import control, running
from tests.simulator.rig import Recorder

PATIENCE = 10.0
Call = tuple[str, tuple[Any, ...]]


class _Calls(list[Call]):
    """Hands each call to a queue instead of keeping it."""

    def __init__(self, heard: queue.SimpleQueue[Call]) -> None:
        super().__init__()
        self._heard = heard

    def append(self, call: Call) -> None:
        self._heard.put(call)


class Official(EClient):
    """Connected and started, or refused."""

    def __init__(self, port: int, client_id: int = 1) -> None:
        self._heard: queue.SimpleQueue[Call] = queue.SimpleQueue()
        recorder = Recorder()
        recorder.calls = _Calls(self._heard)
        super().__init__(recorder)
        self.connect("127.0.0.1", port, client_id)
        self._thread = threading.Thread(target=self._live, name="official client")
        self._thread.start()

    def _live(self) -> None:
        with contextlib.suppress(ValueError):  # the loop of the stock client ends with what it cannot decode
            self.run()

    def until(self, name: str) -> list[Call]:
        """The callbacks up to the first of this name. Raises queue.Empty when it does not come."""
        calls = [self._heard.get(timeout=PATIENCE)]
        while calls[-1][0] != name:
            calls.append(self._heard.get(timeout=PATIENCE))
        return calls

    def heard(self) -> list[str]:
        """The names of what came meanwhile, without waiting."""
        names = []
        with contextlib.suppress(queue.Empty):
            while True:
                names.append(self._heard.get_nowait()[0])
        return names

    def answers(self) -> bool:
        """Whether the gateway still answers."""
        self.reqCurrentTime()
        return self.until("currentTime") != []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


@contextlib.contextmanager
def steered() -> Iterator[tuple[Simulator, ControlClient]]:
    """A simulator on real sockets and a connection to steer it."""
    with running() as simulator, control(simulator) as steering:
        yield simulator, steering
