"""The stock official client as users run it: its own `connect`, `run` in a thread, calls one after the other.

A call is over when its end marker was heard. An error that its row does not name, a frame that the client cannot
decode, whatever it logs above information, and an end marker that does not come within `PATIENCE` fail the test.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from ibapi.client import EClient

from simulator.control import ControlClient
from tests.simulator.rig import Recorder

PATIENCE = 8.0
_NOTICES = range(2100, 2170)
Callback = tuple[str, tuple[Any, ...]]


class Heard(list[Callback]):
    """The callbacks of one call, in order."""

    def all(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every callback of a name."""
        return [arguments for heard, arguments in self if heard == name]

    def names(self) -> str:
        """The names of all callbacks."""
        return " ".join(name for name, _ in self)

    def one(self, name: str) -> tuple[Any, ...]:
        """The arguments of the only callback of a name."""
        (arguments,) = self.all(name)
        return arguments


@dataclass(frozen=True)
class Call:
    """A row of the table.

    `end` is the callback that ends the answer: its name, then values that must be among its arguments; an empty
    one stands for a call that is never answered. `before` names callbacks that must have come by then, `errors`
    the codes that may.
    """

    name: str
    make: Callable[[App], object]
    end: str = ""
    before: str = ""
    check: Callable[[Heard], bool] = lambda _: True
    errors: tuple[int, ...] = ()
    since: int = 0

    def allowed(self) -> set[int]:
        """The error codes that may come."""
        kind, *values = self.end.split() or [""]
        return {*self.errors, *(map(int, values) if kind == "error" else ())}


class App(EClient):
    """The client, its thread, and what it heard."""

    def __init__(self, port: int, client_id: int, steering: ControlClient) -> None:
        recorder = Recorder()
        self._heard: queue.SimpleQueue[Callback] = queue.SimpleQueue()
        recorder.calls = _Calls(self._heard)
        super().__init__(recorder)
        self.steering = steering
        self.connect("127.0.0.1", port, client_id)
        self._thread = threading.Thread(target=self.run, name="official client")
        self._thread.start()

    def carry_out(self, call: Call) -> None:
        """Make a call and wait for its end. AssertionError says which row, and what was heard instead."""
        call.make(self)
        heard = self._until(call.name, call.end) if call.end else self._nothing(call.name)
        names = {name for name, _ in heard}
        assert names >= set(call.before.split()), f"{call.name}: heard only {sorted(names)}"
        codes = {arguments[2] for arguments in heard.all("error") if arguments[2] not in _NOTICES}
        assert codes <= call.allowed(), f"{call.name}: {heard.all('error')}"
        assert call.check(heard), f"{call.name}: {[item for item in heard if item[0] in call.end + call.before]}"

    def _nothing(self, name: str) -> Heard:
        """What was heard until the answer to another question: there is no answer to this one."""
        self.reqIds(1)
        return self._until(name, "nextValidId")

    def _until(self, name: str, end: str) -> Heard:
        kind, *values = end.split()
        heard, deadline = Heard(), time.monotonic() + PATIENCE
        while True:
            try:
                heard.append(self._heard.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"{name}: no {end}; heard {heard[-10:]}") from None
            if heard[-1][0] == kind and set(values) <= _plain(heard[-1][1]):
                return heard

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        reader = self.reader
        self.disconnect()
        self._thread.join(10)
        reader.join(10)


class _Calls(list[Callback]):
    """The recorder's list, as a queue."""

    def __init__(self, heard: queue.SimpleQueue[Callback]) -> None:
        super().__init__()
        self.append = heard.put


def _plain(arguments: tuple[Any, ...]) -> set[str]:
    return {str(value) for value in arguments if isinstance(value, str | int | float | Decimal)}
