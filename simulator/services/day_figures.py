"""Generic ticks that hold for a day.

Figures about what this market does not have (short stock, open interest, dividends) are made of the seed: plausible,
and the same for as long as the day lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulator.market.hours import trading_day
from simulator.services.generic_view import Typed, View, numbered, priced, sized
from simulator.services.volatilities import implied, realized
from simulator.wire import quote_messages as wire
from simulator.wire import tick_types as types

_DAY = 86400.0
_YEAR = 364


def _open_interest(view: View) -> Iterator[Typed]:
    item = view.line.instrument
    if view.share or item.right == "C":
        yield sized(types.CALL_OPEN_INTEREST, view.made_up(1, 500, 50_000))
    if view.share or item.right == "P":
        yield sized(types.PUT_OPEN_INTEREST, view.made_up(2, 500, 50_000))


def _historical_volatility(view: View) -> Iterator[Typed]:
    if view.line.instrument.volatility:
        yield numbered(types.HISTORICAL_VOLATILITY, realized(view.line, view.market.now))


def _average_option_volume(view: View) -> Iterator[Typed]:
    if view.share:
        yield sized(types.AVERAGE_OPTION_VOLUME, view.made_up(4, 1_000, 90_000))


def _implied_volatility(view: View) -> Iterator[Typed]:
    found = implied(view.market.universe, view.line.instrument)
    if found is not None:
        yield numbered(types.IMPLIED_VOLATILITY, found)


def _statistics(view: View) -> Iterator[Typed]:
    """Extremes of 13, 26 and 52 weeks, of the prices at this time of each day and of today; average daily volume.

    The volume is that of the last ten days.
    """
    line, now = view.line, view.market.now
    if not line.trades:
        return
    days = [line.ticks(line.feed.middle(now - _DAY * back)) for back in range(_YEAR)]
    for weeks, low, high in (
        (13, types.LOW_13_WEEKS, types.HIGH_13_WEEKS),
        (26, types.LOW_26_WEEKS, types.HIGH_26_WEEKS),
        (52, types.LOW_52_WEEKS, types.HIGH_52_WEEKS),
    ):
        yield priced(view, low, min(line.quote.low or days[0], *days[: 7 * weeks]))
        yield priced(view, high, max(line.quote.high, *days[: 7 * weeks]))
    yield sized(types.AVERAGE_VOLUME, view.volume(10 * _DAY) / 10 / line.instrument.lot)


def _inventory(view: View) -> Iterator[Typed]:
    if view.share:
        yield numbered(types.SHORTABLE, 3.0)
        yield sized(types.SHORTABLE_SHARES, view.made_up(6, 100_000, 20_000_000))


def _fundamentals(view: View) -> Iterator[Typed]:
    if view.share:
        ratios = f"PEEXCLXOR={view.made_up(7, 8, 45):.5f};BETA={view.made_up(8, 0.5, 2):.5f};CURRENCY=USD;"
        yield types.FUNDAMENTAL_RATIOS, wire.string_tick(types.FUNDAMENTAL_RATIOS, ratios)


def _realized_volatility(view: View) -> Iterator[Typed]:
    if view.line.instrument.volatility:
        yield numbered(types.RT_HISTORICAL_VOLATILITY, realized(view.line, view.market.now))


def _dividends(view: View) -> Iterator[Typed]:
    if view.share:
        yearly, day = view.made_up(10, 0, 4), trading_day(view.market.now + 35 * _DAY)
        text = f"{yearly:.2f},{yearly * 1.05:.2f},{day:%Y%m%d},{yearly * 1.05 / 4:.2f}"
        yield types.DIVIDENDS, wire.string_tick(types.DIVIDENDS, text)


def _futures_open_interest(view: View) -> Iterator[Typed]:
    if view.line.instrument.sec_type == "FUT":
        yield sized(types.FUTURES_OPEN_INTEREST, view.made_up(11, 10_000, 2_000_000))


DAY_FIGURES: dict[int, Callable[[View], Iterator[Typed]]] = {
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
