"""Ticks beyond the quote, that a client asks for by number in reqMktData's generic tick list.

`STANDING` ones change from day to day, `MOVING` ones with the market. Figures about what this market does not have
(short stock, open interest, dividends) are made of the seed: plausible, and the same for as long as the day lasts.
The legal numbers and their names are those of TWS's own refusal of a wrong list; legal ones that are in neither
table bring nothing here, as they bring nothing at IB for most contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from simulator.market.history import HistoryRequest, bars
from simulator.market.hours import day_start, trading_day
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.option_model import VOLATILITY
from simulator.market.walk import unit
from simulator.refusal import invalid
from simulator.wire import quote_messages as wire
from simulator.wire import tick_types as types

_LEGAL = {
    100: "100(Option Volume)",
    101: "101(Option Open Interest)",
    104: "104(Historical Volatility)",
    105: "105(Average Opt Volume)",
    106: "106(impvolat)",
    165: "165(Misc. Stats)",
    221: "221/220(Creditman Mark Price)",
    225: "225(Auction)",
    232: "232/221(Pl Price)",
    233: "233(RTVolume)",
    236: "236(inventory)",
    258: "258/47(Fundamentals)",
    293: "293(TradeCount)",
    294: "294(TradeRate)",
    295: "295(VolumeRate)",
    318: "318(LastRTHTrade)",
    375: "375(RTTrdVolume)",
    411: "411(rthistvol)",
    456: "456/59(IBDividends)",
    460: "460(Bond Factor Multiplier)",
    576: "576(EtfNavBidAsk(navbidask))",
    577: "577(EtfNavLast(navlast))",
    578: "578(EtfNavClose(navclose))",
    586: "586(IPOHLMPRC)",
    587: "587(Pl Price Delayed)",
    588: "588(Futures Open Interest)",
    595: "595(Short-Term Volume X Mins)",
    614: "614(EtfNavMisc(high/low))",
    619: "619(Creditman Slow Mark Price)",
    623: "623(EtfFrozenNavLast(fznavlast))",
}
SALES = frozenset({233, 375})
_ALIASES = {220: 221, 47: 258, 59: 456}
_WEEK = 7 * 86400.0
_MINUTE = 60.0
_SHARES_TO_OPTIONS = 4000


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


def parse(text: str, sec_type: str) -> frozenset[int]:
    """The numbers of a generic tick list. Raises `Refused` (321) for a list with one that is not legal."""
    numbers = {int(part) if part.strip().isdecimal() else -1 for part in text.split(",") if part.strip()}
    numbers = {_ALIASES.get(number, number) for number in numbers}
    if numbers - _LEGAL.keys():
        legal = ",".join(_LEGAL.values())
        raise invalid(f"Incorrect generic tick list of {text}.  Legal ones for ({sec_type}) are: {legal}", "bW")
    return frozenset(numbers)


def standing(market: Market, line: Line, numbers: frozenset[int]) -> list[tuple[int, wire.Tick]]:
    """The ticks that hold for the day, with their types."""
    view = View(market, line)
    return [tick for number in sorted(numbers & STANDING.keys()) for tick in STANDING[number](view)]


def moving(market: Market, line: Line, numbers: frozenset[int]) -> list[tuple[int, wire.Tick]]:
    """The ticks that hold now, with their types."""
    view = View(market, line)
    return [tick for number in sorted(numbers & MOVING.keys()) for tick in MOVING[number](view)]


def sales(line: Line, numbers: frozenset[int], traded: Traded) -> Iterator[wire.Tick]:
    """The time and sales strings of the trades since the previous step (233, and 375 without odd lots)."""
    for one in line.prints:
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
        self.volume = day.volume
        self._value = day.average / line.instrument.tick * day.volume

    @property
    def average(self) -> Decimal:
        """The volume-weighted average price so far."""
        return self._value / self.volume if self.volume else Decimal(0)

    def add(self, price: int, size: int) -> None:
        """One more trade."""
        self.volume += size
        self._value += price * size


Typed = tuple[int, wire.Tick]


def _size(kind: int, value: float) -> Typed:
    return kind, wire.size_tick(kind, int(value))


def _number(kind: int, value: float) -> Typed:
    return kind, wire.generic_tick(kind, round(value, 6))


def _price(view: View, kind: int, ticks: int) -> Typed:
    return kind, wire.price_tick(kind, view.line.price(ticks), 0)


def _open_interest(view: View) -> Iterator[Typed]:
    item = view.line.instrument
    if view.share or item.right == "C":
        yield _size(types.CALL_OPEN_INTEREST, view.made_up(1, 500, 50_000))
    if view.share or item.right == "P":
        yield _size(types.PUT_OPEN_INTEREST, view.made_up(2, 500, 50_000))


def _historical_volatility(view: View) -> Iterator[Typed]:
    if view.line.instrument.volatility:
        yield _number(types.HISTORICAL_VOLATILITY, view.line.instrument.volatility * view.made_up(3, 0.9, 1.1))


def _average_option_volume(view: View) -> Iterator[Typed]:
    if view.share:
        yield _size(types.AVERAGE_OPTION_VOLUME, view.made_up(4, 1_000, 90_000))


def _implied_volatility(view: View) -> Iterator[Typed]:
    item = view.line.instrument
    if view.share or item.sec_type == "OPT":
        yield _number(types.IMPLIED_VOLATILITY, item.volatility * view.made_up(5, 0.9, 1.2) or VOLATILITY)


def _statistics(view: View) -> Iterator[Typed]:
    """Extremes of 13, 26 and 52 weeks and the average daily volume of 90 days, out of weekly bars."""
    if not view.line.instrument.trades:
        return
    request = HistoryRequest(view.market.now, "52 W", "1 week", "TRADES", regular=False)
    weeks = bars(view.market, view.line, request)[1]
    tick = view.line.instrument.tick
    for count, low, high in (
        (13, types.LOW_13_WEEKS, types.HIGH_13_WEEKS),
        (26, types.LOW_26_WEEKS, types.HIGH_26_WEEKS),
        (52, types.LOW_52_WEEKS, types.HIGH_52_WEEKS),
    ):
        yield _price(view, low, int(min(week.low for week in weeks[-count:]) / tick))
        yield _price(view, high, int(max(week.high for week in weeks[-count:]) / tick))
    recent = weeks[-13:]
    lots = sum(week.volume for week in recent) / (5 * len(recent)) / view.line.instrument.lot
    yield _size(types.AVERAGE_VOLUME, lots)


def _inventory(view: View) -> Iterator[Typed]:
    if view.share:
        yield _number(types.SHORTABLE, 3.0)
        yield _size(types.SHORTABLE_SHARES, view.made_up(6, 100_000, 20_000_000))


def _fundamentals(view: View) -> Iterator[Typed]:
    if view.share:
        ratios = f"PEEXCLXOR={view.made_up(7, 8, 45):.5f};BETA={view.made_up(8, 0.5, 2):.5f};CURRENCY=USD;"
        yield types.FUNDAMENTAL_RATIOS, wire.string_tick(types.FUNDAMENTAL_RATIOS, ratios)


def _realized_volatility(view: View) -> Iterator[Typed]:
    if view.line.instrument.volatility:
        yield _number(types.RT_HISTORICAL_VOLATILITY, view.line.instrument.volatility * view.made_up(9, 0.8, 1.2))


def _dividends(view: View) -> Iterator[Typed]:
    if view.share:
        yearly, day = view.made_up(10, 0, 4), trading_day(view.market.now + 5 * _WEEK)
        text = f"{yearly:.2f},{yearly * 1.05:.2f},{day:%Y%m%d},{yearly * 1.05 / 4:.2f}"
        yield types.DIVIDENDS, wire.string_tick(types.DIVIDENDS, text)


def _futures_open_interest(view: View) -> Iterator[Typed]:
    if view.line.instrument.sec_type == "FUT":
        yield _size(types.FUTURES_OPEN_INTEREST, view.made_up(11, 10_000, 2_000_000))


STANDING: dict[int, Callable[[View], Iterator[Typed]]] = {
    101: _open_interest,
    104: _historical_volatility,
    105: _average_option_volume,
    106: _implied_volatility,
    165: _statistics,
    236: _inventory,
    258: _fundamentals,
    411: _realized_volatility,
    456: _dividends,
    588: _futures_open_interest,
}


def _option_volume(view: View) -> Iterator[Typed]:
    item, volume = view.line.instrument, view.line.quote.volume
    if view.share:
        yield _size(types.CALL_VOLUME, volume * view.made_up(12, 2, 6) / _SHARES_TO_OPTIONS)
        yield _size(types.PUT_VOLUME, volume * view.made_up(13, 2, 6) / _SHARES_TO_OPTIONS)
    elif item.sec_type == "OPT":
        yield _size(types.CALL_VOLUME if item.right == "C" else types.PUT_VOLUME, volume)


def _mark(kind: int) -> Callable[[View], Iterator[Typed]]:
    def tick(view: View) -> Iterator[Typed]:
        quote = view.line.quote
        yield _price(view, kind, (quote.bid + quote.ask) // 2)

    return tick


def _trade_count(view: View) -> Iterator[Typed]:
    if view.line.instrument.trades:
        yield _number(types.TRADE_COUNT, view.line.quote.trades)


def _trade_rate(view: View) -> Iterator[Typed]:
    if view.line.instrument.trades:
        yield _number(types.TRADE_RATE, view.line.feed.traded(view.market.now - _MINUTE, view.market.now)[1])


def _volume_rate(view: View) -> Iterator[Typed]:
    if view.line.instrument.trades:
        yield _number(types.VOLUME_RATE, view.volume(_MINUTE))


def _last_regular_trade(view: View) -> Iterator[Typed]:
    if view.line.instrument.trades:
        yield _price(view, types.LAST_RTH_TRADE, view.line.quote.last)


def _short_term_volume(view: View) -> Iterator[Typed]:
    if view.line.instrument.trades:
        for kind, minutes in ((types.VOLUME_3_MINUTES, 3), (types.VOLUME_5_MINUTES, 5), (types.VOLUME_10_MINUTES, 10)):
            yield _size(kind, view.volume(minutes * _MINUTE))


MOVING: dict[int, Callable[[View], Iterator[Typed]]] = {
    100: _option_volume,
    221: _mark(types.MARK_PRICE),
    232: _mark(types.MARK_PRICE),
    293: _trade_count,
    294: _trade_rate,
    295: _volume_rate,
    318: _last_regular_trade,
    595: _short_term_volume,
    619: _mark(types.SLOW_MARK_PRICE),
}
