"""A moving-average crossover with a protective stop: long when the fast average rises above the slow one.

Each decision follows from two facts alone: the position and the orders that still work. So a restart, a
lost answer or a missed event needs no repair: the next look at the two facts does what is left to do. The
strategy holds at most `quantity` of a symbol and acts on none while one of its orders may still change.
"""

from __future__ import annotations

import time
from collections import deque
from statistics import fmean

from pydantic import Field, model_validator

from actors.messages.orders import Fill
from actors.strategy import Strategy
from supervision.errors import Rejected


class Crossover(Strategy):
    """Buys at market when the averages cross upwards, sells when they cross back or the stop is hit."""

    class Params(Strategy.Params):
        symbols: tuple[str, ...] = ("AAPL", "MSFT")
        quantity: int = Field(default=10, ge=1)
        fast: int = Field(default=4, ge=1, description="samples in the fast average")
        slow: int = Field(default=12, ge=2, description="samples in the slow average")
        sample_seconds: float = Field(default=0.5, gt=0)
        rest_seconds: float = Field(default=30.0, ge=0, description="no new entry for so long after an exit")
        stop_percent: float = Field(default=0.5, gt=0, lt=100, description="how far below the bid the stop stands")

        @model_validator(mode="after")
        def _fast_is_faster(self) -> Crossover.Params:
            if self.fast >= self.slow:
                raise ValueError(f"fast ({self.fast}) must be smaller than slow ({self.slow})")
            return self

    params: Params

    def on_start(self) -> None:
        self.prices = {symbol: deque[float](maxlen=self.params.slow) for symbol in self.params.symbols}
        self.resting_until = dict.fromkeys(self.params.symbols, 0.0)
        self.rising = dict.fromkeys(self.params.symbols, False)
        self.refusals: dict[str, str] = {}
        for symbol in self.params.symbols:
            self.subscribe(symbol)
        self.every(self.params.sample_seconds)

    def on_timer(self) -> None:
        for symbol, prices in self.prices.items():
            quote = self.quotes.get(symbol)
            if quote is None or quote.mid is None or quote.state != "live":
                continue  # an old price is no reason to trade
            prices.append(quote.mid)
            if len(prices) == self.params.slow:
                self.look_at(symbol)

    def on_fill(self, fill: Fill) -> None:
        execution = fill.execution
        self.log.info("%s %s %s at %s", execution.side, execution.quantity, execution.symbol, execution.price)
        if self.position(execution.symbol) == 0:
            self.resting_until[execution.symbol] = time.monotonic() + self.params.rest_seconds

    def look_at(self, symbol: str) -> None:
        """Compare the averages and act; a refusal of one symbol must not keep the others from trading."""
        prices = list(self.prices[symbol])
        was_rising = self.rising[symbol]
        self.rising[symbol] = fmean(prices[-self.params.fast :]) > fmean(prices)
        try:
            self.act(symbol, crossed_up=self.rising[symbol] and not was_rising)
            self.refusals.pop(symbol, None)
        except Rejected as refusal:
            if self.refusals.get(symbol) != str(refusal):  # say it once, not with every sample
                self.log.warning("%s: %s", symbol, refusal)
            self.refusals[symbol] = str(refusal)

    def act(self, symbol: str, *, crossed_up: bool) -> None:
        """Do the one thing that position and working orders leave to do."""
        held, working = self.position(symbol), self.working(symbol)
        if working:
            for order in working:
                stop_is_done = order.order_type == "STP" and (held <= 0 or not self.rising[symbol])
                if stop_is_done and order.status != "PENDING_CANCEL":
                    self.cancel(order.key)  # once that is confirmed, a later look sells
        elif held > 0 and self.rising[symbol]:
            self.sell(symbol, held, stop=self.stop_price(symbol), tif="GTC")
        elif held > 0:
            self.sell(symbol, held)
        elif crossed_up and time.monotonic() >= self.resting_until[symbol]:
            self.buy(symbol, self.params.quantity)

    def stop_price(self, symbol: str) -> float:
        """A little below the bid, in whole cents."""
        quote = self.quotes[symbol]
        return round((quote.bid or self.prices[symbol][-1]) * (1 - self.params.stop_percent / 100), 2)
