"""A client in a storm: orders of every kind, alone and in groups, changed and cancelled, each key insisted on or not.

Same seed, same wishes; the timing is the machine's. What it asked and how that ended is in the record.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any, Final

from actors.messages.market import GetQuote
from actors.messages.orders import (
    CancelOrder,
    ModifyOrder,
    PlaceBracket,
    PlaceOneCancelsAll,
    PlaceOrder,
    Side,
)
from drills.invariants import entry_of
from drills.stage import Stage
from drills.traffic import QUANTITIES, SYMBOLS
from supervision.errors import DeliveryError, Rejected
from supervision.message import Ask

PAUSE: Final = 0.05
LIMITS: Final = (0.5, 2.0, 5.0)
"""Seconds a client is ready to wait."""
KEPT: Final = 12
"""The youngest of its keys are what it changes and cancels."""
EXIT: Final = 0.03
"""Part of the price by which a bracket's exits are away from it."""
AWAY: Final = (-0.002, 0.0005, 0.001, 0.01)
"""Parts of the price by which a limit is worse than the market: through it, near it, far from it."""


class Client:
    """One client."""

    def __init__(self, stage: Stage, seed: int, number: int) -> None:
        self._stage = stage
        self._random = random.Random(f"{seed} client {number}")
        self._name = f"client-{stage.pid}-{number}"
        self._keys: list[str] = []
        self._count = 0

    def trade(self, stop: threading.Event) -> None:
        """Go on until told to stop."""
        acts: tuple[Callable[[], None], ...] = (
            *(self._place, self._place, self._place, self._trailing, self._bracket, self._group),
            *(self._cancel, self._cancel, self._cancel, self._modify, self._modify),
        )
        while not stop.wait(self._random.expovariate(1 / PAUSE)):
            try:
                self._random.choice(acts)()
            except (Rejected, DeliveryError):
                continue  # its outcome is in the record

    # --- orders ----------------------------------------------------------------------------------

    def _place(self) -> None:
        key, symbol, side = self._new()
        away = self._random.choice((None, *AWAY))
        limit = None if away is None else self._price(symbol, side, away)
        self._insist(PlaceOrder(symbol, side, self._quantity(), limit=limit, key=key), key)

    def _trailing(self) -> None:
        key, symbol, side = self._new()
        percent, amount = self._random.choice(((1.0, None), (None, 0.5)))
        self._insist(PlaceOrder(symbol, side, self._quantity(), trail_percent=percent, trail=amount, key=key), key)

    def _bracket(self) -> None:
        key, symbol, side = self._new()
        opposite: Side = "SELL" if side == "BUY" else "BUY"
        entry = PlaceOrder(
            symbol, side, self._quantity(), limit=self._price(symbol, side, self._random.choice(AWAY)), key=key
        )
        profit, stop = self._price(symbol, opposite, EXIT), self._price(symbol, opposite, -EXIT)
        self._insist(PlaceBracket(entry, take_profit=profit, stop_loss=stop), key, f"{key}/profit", f"{key}/stop")

    def _group(self) -> None:
        key, symbol, _ = self._new()
        quantity = self._quantity()
        buy = PlaceOrder(symbol, "BUY", quantity, limit=self._price(symbol, "BUY", 0.001))
        sell = PlaceOrder(symbol, "SELL", quantity, limit=self._price(symbol, "SELL", 0.001))
        self._insist(PlaceOneCancelsAll((buy, sell), key), f"{key}/1", f"{key}/2")

    def _cancel(self) -> None:
        key = self._old()
        self._stage.ask("order", CancelOrder(key), self._patience(), key)

    def _modify(self) -> None:
        key = self._old()
        self._stage.ask("order", ModifyOrder(key, quantity=self._quantity()), self._patience(), key)

    # --- what they are made of -------------------------------------------------------------------

    def _insist(self, order: PlaceOrder | PlaceBracket | PlaceOneCancelsAll, *keys: str) -> None:
        """Ask, and now and then again with the same key when the outcome is unknown: that never makes two orders."""
        for _ in range(self._random.choice((1, 2, 3))):
            try:
                self._ask(order, entry_of(keys[0]))
            except DeliveryError:
                self._keys = [*self._keys, *keys][-KEPT:]  # perhaps they are there: changed and cancelled all the same
            else:
                self._keys = [*self._keys, *keys][-KEPT:]
                return

    def _ask(self, order: Ask[Any], key: str) -> None:
        self._stage.ask("order", order, self._patience(), key)

    def _new(self) -> tuple[str, str, Side]:
        self._count += 1
        key = f"{self._name}-{self._count}"
        return key, self._random.choice(SYMBOLS), self._random.choice(("BUY", "SELL"))

    def _old(self) -> str:
        return self._random.choice(self._keys or ["none yet"])

    def _quantity(self) -> int:
        return self._random.choice(QUANTITIES)

    def _patience(self) -> float:
        return self._random.choice(LIMITS)

    def _price(self, symbol: str, side: Side, away: float) -> float:
        """A limit price, `away` from the market in the client's favour. Raises as `Ref.ask` does."""
        quote = self._stage.desk.market_data.ask(GetQuote(symbol), timeout=1.0)
        price = quote.last or quote.close
        if price is None:
            raise Rejected(f"{symbol} has no price yet")
        return round(price * (1 - away if side == "BUY" else 1 + away), 2)
