"""Clients that trade while a drill goes on: orders placed, cancelled, modified and retried with their keys.

Each trader is a thread with random numbers of its own (same seed, same wishes; the timing is the machine's). A
refusal is an answer; an unknown outcome is retried with the same key now and then, as a careful client would.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from actors.messages.market import GetQuote
from actors.messages.orders import CancelOrder, ModifyOrder, PlaceOrder, Side
from drills.meanwhile import meanwhile
from drills.stage import Stage
from supervision.errors import DeliveryError, Rejected

SYMBOLS = ("AAPL", "MSFT", "NVDA", "AMZN")
QUANTITIES = (1, 5, 20, 50)
LIMITS = (0.5, 2.0, 5.0)
"""Seconds clients are ready to wait."""
KEPT = 30
NEVER_FILLS = 1.0
"""A limit price at which nobody sells."""
FILLS_IN_PARTS = 3000
"""A quantity for which the displayed sizes do not suffice at once."""


class Trader:
    """One client."""

    def __init__(self, stage: Stage, seed: int, number: int, pause: float) -> None:
        self._stage = stage
        self._random = random.Random(f"{seed} trader {number}")
        self._name = f"trader-{stage.pid}-{number}"
        self._pause = pause
        self._keys: list[str] = []
        self._count = 0

    def trade(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        while not stop.wait(self._random.expovariate(1 / self._pause)):
            try:
                self._one()
            except (Rejected, DeliveryError):
                continue  # its outcome is in the record

    def _one(self) -> None:
        choice = self._random.random()
        if choice < 0.65 or not self._keys:
            self._place()
        elif choice < 0.85:
            key = self._random.choice(self._keys)
            self._stage.ask("order", CancelOrder(key), self._random.choice(LIMITS), key)
        else:
            key = self._random.choice(self._keys)
            quantity = Decimal(self._random.choice(QUANTITIES))
            self._stage.ask("order", ModifyOrder(key, quantity=quantity), self._random.choice(LIMITS), key)

    def _place(self) -> None:
        self._count += 1
        key = f"{self._name}-{self._count}"
        symbol = self._random.choice(SYMBOLS)
        side: Side = self._random.choice(("BUY", "SELL"))
        order = PlaceOrder(symbol, side, self._random.choice(QUANTITIES), limit=self._limit(symbol, side), key=key)
        self._keys = [*self._keys[1 - KEPT :], key]
        for _ in range(self._random.choice((1, 2, 3))):
            try:
                self._stage.ask("order", order, self._random.choice(LIMITS), key)
            except Rejected:
                return
            except DeliveryError:
                continue  # the same key never makes two orders
            else:
                return

    def _limit(self, symbol: str, side: Side) -> float | None:
        """A price that fills at once, soon or hardly ever; None is a market order."""
        away = self._random.choice((None, -0.001, 0.001, 0.05))
        if away is None:
            return None
        middle = self._stage.desk.market_data.ask(GetQuote(symbol), timeout=1.0)
        price = middle.last or middle.close
        if price is None:
            return None
        return round(price * (1 - away if side == "BUY" else 1 + away), 2)


@contextmanager
def trading(stage: Stage, seed: int, *, traders: int = 2, pause: float = 0.1) -> Iterator[None]:
    """While the body runs, clients trade, each about every `pause` seconds."""
    with meanwhile(*(Trader(stage, seed, number, pause).trade for number in range(traders))):
        yield


def insist(stage: Stage, key: str, **order: object) -> None:
    """A careful client: places an order, always with the same key, until there is an answer. Raises Broken."""
    stage.until(f"the client of {key!r} has an answer", lambda: stage.attempt(key=key, **order)[1] == "ok")
