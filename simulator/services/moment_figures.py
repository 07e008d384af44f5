"""Generic ticks that change with the market, and the strings of time and sales."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from simulator.market.history import HistoryRequest, bars
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.services.generic_view import Typed, View, numbered, priced, sized
from simulator.wire import quote_messages as wire
from simulator.wire import tick_types as types

SALES = frozenset({233, 375})
"""The generic ticks that are strings of time and sales."""
_MINUTE = 60.0
_AUCTION_SHOWN = 300.0
_SHARES_TO_OPTIONS = 4000


def sales(line: Line, numbers: frozenset[int], traded: Traded) -> Iterator[wire.Tick]:
    """The time and sales strings of the trades since the previous step (233, and 375 without odd lots)."""
    begin = line.hours.day(line.instrument, line.quote.time)[0]
    today = [one for one in line.prints if one.time >= begin]
    untold = line.quote.volume - sum(one.size for one in today)
    for one in line.prints:
        if one.time >= begin:
            traded.catch_up(begin, untold, one.price)
        traded.add(one.price, one.size)
        average = traded.average * line.instrument.tick
        text = f"{line.price(one.price):f};{one.size};{int(one.time * 1000)};{traded.volume};{average:.8f};true"
        if 233 in numbers:
            yield wire.string_tick(types.RT_VOLUME, text)
        if 375 in numbers and not one.conditions:
            yield wire.string_tick(types.RT_TRADE_VOLUME, text)


class Traded:
    """Volume and average price of a day, as the trades come in; `average` counts in ticks."""

    def __init__(self, market: Market, line: Line) -> None:
        request = HistoryRequest(market.now, "1 D", "1 day", "TRADES", regular=False)
        day = bars(market, line, request)[1][-1]
        self._begin = line.hours.day(line.instrument, market.now)[0]
        self.volume = line.quote.volume
        self._value = day.average / line.instrument.tick * self.volume

    @property
    def average(self) -> Decimal:
        """The volume-weighted average price so far."""
        return self._value / self.volume if self.volume else Decimal(0)

    def catch_up(self, begin: float, untold: int, price: int) -> None:
        """The day that began then had traded so much before: more than was told after a long step, or a new day."""
        if begin != self._begin:
            self._begin, self.volume, self._value = begin, 0, Decimal(0)
        if untold > self.volume:
            self._value += (untold - self.volume) * price
            self.volume = untold

    def add(self, price: int, size: int) -> None:
        """One more trade."""
        self.volume += size
        self._value += price * size


def _option_volume(view: View) -> Iterator[Typed]:
    item, volume = view.line.instrument, view.line.quote.volume
    if view.share:
        yield sized(types.CALL_VOLUME, volume * view.made_up(12, 2, 6) / _SHARES_TO_OPTIONS)
        yield sized(types.PUT_VOLUME, volume * view.made_up(13, 2, 6) / _SHARES_TO_OPTIONS)
    elif item.sec_type == "OPT":
        yield sized(types.CALL_VOLUME if item.right == "C" else types.PUT_VOLUME, volume)


def _mark(kind: int) -> Callable[[View], Iterator[Typed]]:
    def tick(view: View) -> Iterator[Typed]:
        quote = view.line.quote
        yield priced(view, kind, (quote.bid + quote.ask) // 2)

    return tick


def _trade_count(view: View) -> Iterator[Typed]:
    if view.line.trades:
        yield numbered(types.TRADE_COUNT, view.line.quote.trades)


def _trade_rate(view: View) -> Iterator[Typed]:
    if view.line.trades:
        yield numbered(types.TRADE_RATE, view.line.feed.traded(view.market.now - _MINUTE, view.market.now)[1])


def _volume_rate(view: View) -> Iterator[Typed]:
    if view.line.trades:
        yield numbered(types.VOLUME_RATE, view.volume(_MINUTE))


def _last_regular_trade(view: View) -> Iterator[Typed]:
    if view.line.trades:
        yield priced(view, types.LAST_RTH_TRADE, view.line.quote.last)


def _auction(view: View) -> Iterator[Typed]:
    """The latest auction, from when it took place."""
    now, item = view.market.now, view.line.instrument
    for _, _, ticks in view.market.auction(item, now - _AUCTION_SHOWN, now)[-1:]:
        volume = int(view.made_up(14, 100, 5000)) * item.lot
        yield sized(types.AUCTION_VOLUME, volume)
        yield priced(view, types.AUCTION_PRICE, ticks)
        yield sized(types.AUCTION_IMBALANCE, 0)
        yield sized(types.REGULATORY_IMBALANCE, 0)


def _short_term_volume(view: View) -> Iterator[Typed]:
    if view.line.trades:
        for kind, minutes in ((types.VOLUME_3_MINUTES, 3), (types.VOLUME_5_MINUTES, 5), (types.VOLUME_10_MINUTES, 10)):
            yield sized(kind, view.volume(minutes * _MINUTE))


MOMENT_FIGURES: dict[int, Callable[[View], Iterator[Typed]]] = {
    100: _option_volume,
    221: _mark(types.MARK_PRICE),
    225: _auction,
    232: _mark(types.MARK_PRICE),
    293: _trade_count,
    294: _trade_rate,
    295: _volume_rate,
    318: _last_regular_trade,
    595: _short_term_volume,
    619: _mark(types.SLOW_MARK_PRICE),
}
