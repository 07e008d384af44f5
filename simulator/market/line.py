"""One instrument's line: what it shows now, and what happened since it was brought up to date before.

Where prices come from is a `Feed`'s affair (the seeded walk, the legs of a combo, a recorded file); the line keeps
the day's figures by adding up what the feed says. It only moves forward, and shows the same however often it was
asked on the way.
"""

from __future__ import annotations

import math
from decimal import Decimal

from simulator.market.feed import Feed, Print, Quote
from simulator.market.hours import Span
from simulator.market.instrument import Instrument
from simulator.market.trading_hours import State, TradingHours

__all__ = ["REMEMBERED", "Line", "Print", "Quote"]

REMEMBERED = 60.0
"""A step that leads further than so many seconds shows the prints of the last of them."""
_GONE_THROUGH = 20.0
"""Up to so many seconds it is quicker to add up all trades than to search for their extremes."""


class Line:
    """One instrument's market: its `quote`, `state` and `prints`. `bid_taken` is what orders took of the bid's size."""

    __slots__ = (
        "_day",
        "_prints",
        "_since",
        "_until",
        "ask_taken",
        "bid_taken",
        "feed",
        "hours",
        "instrument",
        "quote",
        "state",
        "trades",
    )

    def __init__(self, instrument: Instrument, feed: Feed, hours: TradingHours) -> None:
        self.instrument = instrument
        self.feed = feed
        self.hours = hours
        self.quote = Quote()
        self.state: State = "open"
        self.trades = feed.prints_at_all and instrument.trades
        self.bid_taken = self.ask_taken = 0
        self._day: Span = (math.inf, -math.inf)
        self._since = self._until = -math.inf
        self._prints: tuple[Print, ...] | None = ()

    @property
    def prints(self) -> tuple[Print, ...]:
        """The trades since the step before, at most those of the last `REMEMBERED` seconds."""
        if self._prints is None:
            start = max(self._since, self._until - REMEMBERED)
            self._prints = tuple(self.feed.prints(start, self._until)) if self.trades else ()
        return self._prints

    def mid(self, moment: float) -> float:
        """The price between bid and ask at an instant, in money, unrounded."""
        return self.feed.middle(moment)

    def ticks(self, price: float) -> int:
        """A price in whole ticks, at least one; a combo's may be zero or below."""
        found = round(price / float(self.instrument.tick))
        return found if self.instrument.legs else max(1, found)

    def price(self, ticks: int) -> Decimal:
        """Ticks as a price."""
        return ticks * self.instrument.tick

    def refresh(self, now: float) -> None:
        """Show the instant `now`. Sizes are whole again when a new quarter second has begun."""
        self.state = self.hours.state(self.instrument, now)
        end = self.feed.after(now)
        since = end if self._until < 0 else self._until
        if not self._day[0] <= now < self._day[1]:
            self._begin_day(now)
        self._show(now)
        if end > self._until:
            self.bid_taken = self.ask_taken = 0
            self._count(self._until, end)
        self._since, self._until, self._prints = since, end, None

    def shift(self, now: float, factor: float, *, printed: bool) -> None:
        """All prices jump from now on, by a trade at the new price when it is to be `printed` and there is trading.

        What is closed or halted shows its new price when it trades again.
        """
        middle = self.ticks(self.feed.middle(now) * factor)
        seen = printed and self.trades and self.state == "open"
        trade = Print(now, middle, self.instrument.lot, self.instrument.exchange) if seen else None
        self.feed.shift(now, factor, trade)
        self.bid_taken = self.ask_taken = 0
        self._show(now)
        if trade is not None:
            self._prints = (trade,)
            self._add(trade)
        elif not self.trades:
            self._widen(middle, middle)

    def _show(self, now: float) -> None:
        quote = self.quote
        quote.time = now
        if self.state == "open":
            self.feed.show(quote, now)
        else:
            self.feed.show(quote, self.hours.last_open(self.instrument, now))
            quote.bid_size = quote.ask_size = 0

    def _begin_day(self, now: float) -> None:
        day = self.hours.day(self.instrument, now)
        if day == self._day:
            return
        self._day = day
        self._until = day[0]
        quote, close = self.quote, self.hours.last_close(self.instrument, day[0])
        before = self.feed.last_print(close) if self.trades else None
        quote.close = before.price if before else self.ticks(self.feed.middle(close))
        quote.open = quote.high = quote.low = quote.volume = quote.trades = 0
        if before is not None and not quote.last:
            self._trade(before)

    def _count(self, start: float, end: float) -> None:
        """Add to the day's figures what happened in [start, end)."""
        if self.trades and end - start <= _GONE_THROUGH:
            for trade in self.feed.prints(start, end):
                self._add(trade)
            return
        reached = self.feed.reach("TRADES" if self.trades else "MIDPOINT", start, end)
        if reached is None:
            return
        first, high, low, _ = reached
        self.quote.open = self.quote.open or first
        self._widen(high, low)
        if self.trades:
            volume, count = self.feed.traded(start, end)
            self.quote.volume += volume
            self.quote.trades += count
            latest = self.feed.last_print(end)
            if latest is not None:
                self._trade(latest)

    def _add(self, trade: Print) -> None:
        self.quote.open = self.quote.open or trade.price
        self.quote.volume += trade.size
        self.quote.trades += 1
        self._widen(trade.price, trade.price)
        self._trade(trade)

    def _trade(self, trade: Print) -> None:
        self.quote.last, self.quote.last_size, self.quote.last_time = trade.price, trade.size, trade.time

    def _widen(self, high: int, low: int) -> None:
        quote = self.quote
        quote.high = max(quote.high, high) if quote.high else high
        quote.low = min(quote.low, low) if quote.low else low
