"""A strategy that places and cancels orders one at a time, or many at once, and writes down when it heard what.

It obeys CustomEvents told to it directly: `pairs` with a count, or `burst` with a count. Times are of the monotonic
clock, which all processes of a machine share. What it heard goes to the file `result`, whole and once an errand.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from actors.messages.orders import OrderEvent, OrderView, PlaceOrder
from actors.messages.system import CustomEvent
from actors.strategy import Strategy
from benchmarks.order_terms import APART, LIMIT, SYMBOL

ACKNOWLEDGED = ("PRESUBMITTED", "SUBMITTED")
BURST_SECONDS = 30.0


class Placer(Strategy):
    """Runs one errand after the other."""

    class Params(BaseModel):
        """`result` is the file to write to."""

        result: Path

    def on_start(self) -> None:
        """Wait for errands; the first timer says that own orders are known."""
        self._left = self._number = 0
        self._key = ""
        self._pair: dict[str, float] = {}
        self._pairs: list[dict[str, float]] = []
        self._unheard: set[str] = set()
        self._began = 0.0
        self._ready = False
        self.every(APART)

    def on_event(self, event: CustomEvent) -> None:
        """An errand."""
        what, count = event.data
        if what == "pairs":
            self._left, self._pairs = count, []
        else:
            self._burst(count)

    def on_timer(self) -> None:
        """The next half of a pair: place, or cancel what was placed and acknowledged."""
        if not self._ready:
            self._ready = True
            self._write([])
        elif "acknowledged" in self._pair and "cancel" not in self._pair:
            self._pair["cancel"] = time.monotonic()
            self.cancel(self._key)
            self._pair["cancel_sent"] = time.monotonic()
        elif self._left and not self._pair:
            self._number += 1
            self._left -= 1
            self._key = f"pair-{self._number}"
            self._pair["place"] = time.monotonic()
            self.buy(SYMBOL, 1, limit=LIMIT, key=self._key)
            self._pair["place_sent"] = time.monotonic()

    def on_order(self, event: OrderEvent) -> None:
        """The broker spoke of one of ours."""
        order = event.order
        if order.key in self._unheard and order.status in ACKNOWLEDGED:
            self._heard_of_burst(order)
        elif order.key == self._key and self._pair:
            self._heard_of_pair(order)

    def _heard_of_pair(self, order: OrderView) -> None:
        if order.status in ACKNOWLEDGED:
            self._pair.setdefault("acknowledged", time.monotonic())
        elif order.status == "CANCELLED":
            self._pair["cancelled"] = time.monotonic()
            self._pairs.append(self._pair)
            self._pair = {}
            if not self._left:
                self._write(self._pairs)

    def _burst(self, count: int) -> None:
        self._unheard = {f"burst-{self._number}-{number}" for number in range(count)}
        self._began = time.monotonic()
        for key in sorted(self._unheard):
            order = PlaceOrder(SYMBOL, "BUY", 1, limit=LIMIT, key=key, strategy=self.name)
            self._order.ask(order, timeout=BURST_SECONDS, on_error=partial(self.log.error, "%s was refused: %s", key))

    def _heard_of_burst(self, order: OrderView) -> None:
        self._unheard.discard(order.key)
        if not self._unheard:
            self._write([{"seconds": time.monotonic() - self._began}])

    def _write(self, result: list[Any]) -> None:
        draft = self.params.result.with_suffix(".new")
        draft.write_bytes(orjson.dumps(result))
        draft.replace(self.params.result)
