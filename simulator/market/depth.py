"""The book around a quote: levels behind the best bid and ask, each by one market maker.

The best level is the quote itself. Behind it every level keeps its distance, size and maker for a while of its own
(some seconds), so that from one step to the next few levels change and most stay.
"""

from __future__ import annotations

from typing import NamedTuple

from simulator.market.line import Line
from simulator.market.walk import mix, noise

MOST_ROWS = 20
_MAKERS = {
    "FUT": ("CME",),
    "CASH": ("IDEALPRO",),
    "STK": ("NASDAQ", "ARCA", "BATS", "DRCTEDGE", "IEX", "MEMX", "NYSE", "BEX"),
}


class Level(NamedTuple):
    """One row of a book: price in ticks, size in units, and who offers it."""

    price: int
    size: int
    maker: str


class Book(NamedTuple):
    """Both sides, best first. Empty while nothing can be traded."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def book(line: Line, seed: int, rows: int) -> Book:
    """At most `rows` levels each side of a line's present quote; the best ones are the quote's own."""
    quote = line.quote
    if line.state != "open" or not (quote.bid_size and quote.ask_size):
        return Book((), ())
    rows = max(1, min(rows, MOST_ROWS))
    return Book(
        tuple(_side(line, mix(seed, line.instrument.con_id, 3), quote.bid, quote.bid_size, -1, rows)),
        tuple(_side(line, mix(seed, line.instrument.con_id, 4), quote.ask, quote.ask_size, 1, rows)),
    )


def _side(line: Line, key: int, best: int, size: int, sign: int, rows: int) -> list[Level]:
    makers = _MAKERS.get(line.instrument.sec_type, (line.instrument.primary or line.instrument.exchange,))
    levels = [Level(best, size, makers[noise(key, 0) % len(makers)])]
    price = best
    for row in range(1, rows):
        period = 2 + noise(key, row) % 12  # seconds for which the level stays as it is
        dice = noise(key + row, int(line.quote.time / period))
        price += sign * (1 + (dice & 3 == 3))
        if price < 1 and not line.instrument.legs:
            break
        levels.append(Level(price, line.instrument.lot * (1 + (dice >> 2) % 20), makers[(dice >> 8) % len(makers)]))
    return levels
