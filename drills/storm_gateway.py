"""The gateway in a bad storm: it cuts, restarts, forgets ids, loses answers, tells twice, late and in another order.

A thread beside the kills. Each fault ends by itself within seconds, all of them when the thread does. What a gateway
never does is left out: an answer that ends without all that belongs to it would be a lie, not a loss.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from drills.stage import Stage
from simulator.control import ControlError
from supervision.errors import ActorUnavailable

PAUSE: Final = 0.25
TOLD: Final = ("openOrder", "orderStatus", "execDetails", "commissionReport")
ADVISORY: Final = ("orderStatus", "commissionReport")
"""Callbacks that may be lost alone: another one, or a later answer, tells the same."""
ENDS: Final = ("openOrderEnd", "completedOrdersEnd", "execDetailsEnd", "positionEnd")
ASKED: Final = ("placeOrder", "cancelOrder", "reqOpenOrders", "reqAllOpenOrders", "reqExecutions")
HEALING: Final = ("clear", "half-open off", "up", "code 1102")
LOW_ID: Final = 5
STRANGER: Final = 9
"""Another client of the gateway."""


class BadGateway:
    """Does to the gateway of one service what happens to gateways. `done` counts the faults by name."""

    def __init__(self, stage: Stage, seed: int, done: Counter[str]) -> None:
        self._stage = stage
        self._random = random.Random(f"{seed} gateway")
        self._done = done

    def work(self, stop: threading.Event) -> None:
        """Go on until told to stop, then heal."""
        faults: tuple[Callable[[threading.Event], bool], ...] = (
            *(self._hang_up, self._half_open, self._lose_broker, self._restart),
            *(self._tell_twice, self._reorder, self._delay, self._lose_callback, self._lose_end, self._lose_request),
            *(self._second_perm_id, self._correct, self._correct, self._refuse, self._fill, self._stranger),
        )
        while not stop.wait(self._random.expovariate(1 / PAUSE)):
            fault = self._random.choice(faults)
            with suppress(ActorUnavailable):  # the simulator is gone with the service
                if fault(stop):
                    self._done[fault.__name__.strip("_").replace("_", " ")] += 1
        for statement in HEALING:
            with suppress(ActorUnavailable):
                self._say(statement)

    # --- the connection --------------------------------------------------------------------------

    def _hang_up(self, _: threading.Event) -> bool:
        """At once, in the middle of a message, or in order; or nobody can connect for a moment."""
        ways = ("cut", f"cut after {self._random.randint(1, 400)} bytes", "end", "down for 300ms")
        return self._say(self._random.choice(ways))

    def _half_open(self, stop: threading.Event) -> bool:
        """Nothing is read and nothing is sent for a moment."""
        done = self._say("half-open on")
        stop.wait(self._random.uniform(0.0, 0.5))
        return self._say("half-open off") and done

    def _lose_broker(self, stop: threading.Event) -> bool:
        """1100, an order fills meanwhile, then 1101 or 1102."""
        done = self._say("code 1100") and self._fill(stop)
        stop.wait(self._random.uniform(0.0, 0.5))
        return self._say(f"code {self._random.choice((1101, 1102))}") and done

    def _restart(self, _: threading.Event) -> bool:
        """The nightly restart; the next id that it tells is lower than those that were used."""
        return self._say(f"next id {LOW_ID}") and self._say("restart for 300ms")

    # --- what it says and hears ------------------------------------------------------------------

    def _tell_twice(self, _: threading.Event) -> bool:
        return self._say(f"duplicate {self._random.choice(TOLD)} chance 50% for 2s")

    def _reorder(self, _: threading.Event) -> bool:
        return self._say(f"reorder {self._random.choice(TOLD)} chance 50% for 2s")

    def _delay(self, _: threading.Event) -> bool:
        return self._say(f"delay {self._random.choice((*TOLD, 'all'))} by 150ms for 1s")

    def _lose_callback(self, _: threading.Event) -> bool:
        return self._say(f"drop {self._random.choice(ADVISORY)} chance 50% for 1s")

    def _lose_end(self, _: threading.Event) -> bool:
        """A query that never ends."""
        return self._say(f"drop {self._random.choice(ENDS)} times 1")

    def _lose_request(self, _: threading.Event) -> bool:
        """An order, a cancel or a question that it never got."""
        return self._say(f"drop {self._random.choice(ASKED)} times 1")

    # --- orders ----------------------------------------------------------------------------------

    def _second_perm_id(self, _: threading.Event) -> bool:
        key = self._one("select order_ref from orders where completed is null and order_ref != ''")
        return bool(key) and self._say(f'rebind "{key}"')

    def _correct(self, _: threading.Event) -> bool:
        """Another price, now and then a smaller quantity."""
        found = self._one(
            "select exec_id || ' ' || price || ' ' || quantity from fills where order_id > 0 and state != ''"
        )
        if not found:
            return False
        execution, price, quantity = found.split()
        less = f" quantity {int(quantity) - 1}" if int(quantity) > 1 and self._random.random() < 0.3 else ""
        return self._say(f"correct {execution} price {float(price) + self._random.choice((-0.05, 0.05)):.2f}{less}")

    def _refuse(self, _: threading.Event) -> bool:
        return self._say('reject 1 orders with 201 "Order rejected - reason:by storm"')

    def _fill(self, _: threading.Event) -> bool:
        return fill_one(self._stage, self._random)

    def _stranger(self, _: threading.Event) -> bool:
        """Somebody trades beside us: another client, or a person in TWS."""
        whose = self._random.choice((f"external BUY 1 AAPL client {STRANGER}", "manual SELL 1 MSFT"))
        return self._say(whose)

    def _one(self, query: str) -> str:
        return one_of(self._stage, self._random, query)

    def _say(self, statement: str) -> bool:
        return said(self._stage, statement)


def fill_one(stage: Stage, rng: random.Random) -> bool:
    """One of the orders that work fills by one, whoever may hear it; whether there was one."""
    query = "select order_ref from orders where completed is null and order_ref != '' and status = 'Submitted'"
    key = one_of(stage, rng, query)
    return bool(key) and said(stage, f'fill "{key}" 1')


def one_of(stage: Stage, rng: random.Random, query: str) -> str:
    """One of the rows of the ledger; empty when there is none."""
    rows = stage.ledger(query)
    return str(rng.choice(rows)[0]) if rows else ""


def said(stage: Stage, statement: str) -> bool:
    """Whether the gateway does it; it refuses what is not possible any more, as a fill of an order that ended."""
    try:
        stage.say(statement)
    except ControlError:
        return False
    return True
