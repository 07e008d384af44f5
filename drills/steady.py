"""A strategy that trades one share back and forth and tells what its callbacks had to wait: the one to be left alone.

Each sample goes out as a custom event on topic "steady", in seconds: how `late` the timer was, how long the `order`
took, and how old the oldest `quote` was when its callback was called, if there was one.
"""

from __future__ import annotations

import time

from actors.messages.market import Quote
from actors.messages.system import Publish
from actors.strategy import Strategy
from supervision import clock

TOPIC = "steady"
SYMBOL = "AAPL"
PERIOD = 0.1
STEADY = {"name": "steady", "target": "drills.steady:Steady"}
"""It, as the settings have it."""


class Steady(Strategy):
    """Buys one, sells one, ten times a second."""

    def on_start(self) -> None:
        self._events = self.link("state")
        self._due: float | None = None
        self._oldest = 0.0
        self.subscribe(SYMBOL)
        self.every(PERIOD)

    def on_quote(self, quote: Quote) -> None:
        if quote.state == "live":
            self._oldest = max(self._oldest, (clock.now_ns() - quote.time_ns) / 1e9)

    def on_timer(self) -> None:
        began = time.monotonic()
        due, self._due = self._due, began + PERIOD
        quote = self.quotes.get(SYMBOL)
        if due is None or quote is None or quote.state != "live":
            return
        if self.position(SYMBOL) > 0:
            self.sell(SYMBOL, 1)
        else:
            self.buy(SYMBOL, 1)
        sample = {"late": began - due, "order": time.monotonic() - began}
        if self._oldest:
            sample["quote"], self._oldest = self._oldest, 0.0
        self._events.tell(Publish(TOPIC, sample))
