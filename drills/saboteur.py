"""A strategy that does what strategies should not do, when it is told to.

Told by an ask or a tell of `Publish`, whose data says what to `do`; `Deed` lists it. It says in the log what it is
about to do, so that a drill can wait for it, and how its own asks ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any, Literal

from actors.messages.orders import GetOrder
from actors.messages.system import Publish
from actors.strategy import Strategy
from drills.stage import CHEAPEST
from supervision.actor import Sender, handles
from supervision.errors import DeliveryError, Rejected
from supervision.message import Ask, Done

TOPIC = "sabotage"
Deed = Literal[
    "nothing",
    "sleep",  # block for `seconds` and go on
    "hang",  # block for ever
    "spin",  # compute for ever in Python, sharing the interpreter with other threads
    "raise",  # fail with an exception that nobody expects
    "leave",  # end the process, with exit code 0
    "ask",  # ask saboteur `whom` to do `then`, and wait `seconds` for it
    "lose",  # ask Order over a link for order `key`, and give up after `seconds`
    "tells",  # send `count` tells to actor `whom`
    "asks",  # send `count` asks to actor `whom`
    "logs",  # write `count` log lines
]


class Sabotage(Exception):
    """What `raise` raises."""


class Saboteur(Strategy):
    """Well-behaved until it is told."""

    def on_start(self) -> None:
        self._lossy = self.link("order")

    @handles(Publish)
    def _told(self, message: Publish, _: Sender) -> Done:
        self._do(message.data)
        return Done()

    def _do(self, order: Mapping[str, Any]) -> None:
        deed: Deed = order["do"]
        if deed == "nothing":
            return
        self.log.warning("sabotage: %s", deed)
        match deed:
            case "sleep":
                time.sleep(order["seconds"])
            case "hang":
                while True:
                    time.sleep(3600)
            case "spin":
                while True:
                    pass
            case "raise":
                raise Sabotage
            case "leave":
                os._exit(0)
            case "ask":
                self._ask(order["whom"], Publish(TOPIC, order["then"]), order["seconds"])
            case "lose":
                self._lossy.ask(GetOrder(order["key"]), timeout=order["seconds"], on_error=self._lost)
            case "tells" | "asks" | "logs":
                self._flood(deed, order["count"], order.get("whom", ""))

    def _ask(self, name: str, message: Ask[Done], seconds: float) -> None:
        began, ended = time.monotonic(), "answered"
        try:
            self.desk.ref(name).ask(message, seconds)
        except DeliveryError as error:
            ended = type(error).__name__
        self.log.warning("sabotage: asking %s took %.3f s, %s", name, time.monotonic() - began, ended)

    def _lost(self, error: DeliveryError | Rejected) -> None:
        self.log.warning("sabotage: gave up: %s", error)

    def _flood(self, deed: Literal["tells", "asks", "logs"], count: int, whom: str) -> None:
        for number in range(count):
            if deed == "logs":
                self.log.info("sabotage: noise %d", number)
            elif deed == "tells":
                self.desk.ref(whom).tell(CHEAPEST[whom])
            else:
                self.desk.ref(whom).ask(CHEAPEST[whom])
        self.log.warning("sabotage: %d %s are out", count, deed)


def saboteur(name: str = "saboteur") -> dict[str, object]:
    """One saboteur, as the settings have it."""
    return {"name": name, "target": "drills.saboteur:Saboteur"}


def told(deed: Deed, **how: object) -> Publish:
    """The message that has a saboteur do something."""
    return Publish(TOPIC, {"do": deed, **how})
