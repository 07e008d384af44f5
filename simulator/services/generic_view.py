"""What generic ticks are made of: a line in its market, and the making of single ticks."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.market.hours import day_start, trading_day
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.walk import unit
from simulator.wire import quote_messages as wire

Typed = tuple[int, wire.Tick]
"""A tick with its type."""


@dataclass(frozen=True)
class View:
    """What a generic tick is made of."""

    market: Market
    line: Line

    @property
    def share(self) -> bool:
        """Whether it is a share or fund."""
        return self.line.instrument.sec_type == "STK"

    def made_up(self, number: int, low: float, high: float) -> float:
        """A figure between two bounds, from the seed, for the day."""
        day = int(day_start(trading_day(self.market.now)))
        return low + (high - low) * unit(self.market.seed, self.line.instrument.con_id, number, day)

    def volume(self, seconds: float) -> int:
        """Units traded in the last seconds."""
        now = self.market.now
        return self.line.feed.traded(now - seconds, now)[0]


def sized(kind: int, value: float) -> Typed:
    """A size in whole units."""
    return kind, wire.size_tick(kind, int(value))


def numbered(kind: int, value: float) -> Typed:
    """A number."""
    return kind, wire.generic_tick(kind, round(value, 6))


def priced(view: View, kind: int, ticks: int) -> Typed:
    """A price, given in ticks."""
    return kind, wire.price_tick(kind, view.line.price(ticks), 0)
