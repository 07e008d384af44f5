"""Trades, quotes and midpoints as single ticks, out of what the market printed and showed. Pure.

`Last` leaves out what the consolidated tape leaves out of the last price (prints with conditions), `AllLast` tells
everything (IBKR Campus, "Tick-by-Tick Data").
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.market.line import Line, Print, Quote
from simulator.market.market import QuoteTick as PastQuote
from simulator.wire.tick_by_tick_messages import UNREPORTED, MidTick, QuoteTick, TradeTick


def trade(line: Line, one: Print) -> TradeTick:
    """A print as a tick."""
    mask = UNREPORTED if one.conditions else 0
    return TradeTick(one.time, line.price(one.price), one.size, mask, one.exchange, one.conditions)


def trades(line: Line, *, everything: bool) -> Iterator[TradeTick]:
    """The trades since the previous step."""
    return (trade(line, one) for one in line.prints if everything or not one.conditions)


def quote(line: Line, now: Quote | PastQuote) -> QuoteTick:
    """A quote as a tick."""
    return QuoteTick(now.time, line.price(now.bid), line.price(now.ask), now.bid_size, now.ask_size)


def midpoint(line: Line, now: Quote | PastQuote) -> MidTick:
    """The middle of a quote; half a tick finer than prices."""
    return MidTick(now.time, line.price(now.bid + now.ask) / 2)
