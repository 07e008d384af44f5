"""Futures and option classes, as data: what `derivatives` makes contracts of.

A contract's id is computed from the place of its root or class in these tables: append, never insert.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from simulator.market import expiries

_QUARTERS = "HMUZ"
_ALL = "FGHJKMNQUVXZ"


class FutureRoot(NamedTuple):
    """A future: its symbol, where and in which months it is traded, and its typical price.

    `local` is how local symbols are written: ESZ6 (short), CLZ26 (year) or `ZN   DEC 26` (words).
    """

    symbol: str
    name: str
    exchange: str
    multiplier: str
    tick: str
    base: float
    volatility: float
    market_rule: int
    trading_class: str = ""
    months: str = _QUARTERS
    last_day: Callable[[int, int], date] = expiries.third_friday
    last_time: str = "08:30"
    local: str = "short"
    under_con_id: int = 0
    listed: int = 5


class OptionClass(NamedTuple):
    """A class of options: on what, how far apart its strikes are, and which days it expires on.

    `step` separates strikes, `reach` is how far from the typical price they go, as a share of it. Classes
    expire on `weeks` Fridays and the third Friday of `months`; one settled in the `morning`, by the index's opening
    prices, is traded until the day before.
    """

    trading_class: str
    under: str
    sec_type: str
    exchange: str
    step: str
    reach: float
    tick: str
    market_rule: int
    weeks: int = 8
    months: int = 6
    multiplier: str = "100"
    morning: bool = False


FUTURES = (
    FutureRoot("ES", "E-mini S&P 500", "CME", "50", "0.25", 5620.0, 0.16, 67, under_con_id=11004968),
    FutureRoot("NQ", "E-mini NASDAQ 100", "CME", "20", "0.25", 19650.0, 0.21, 67, under_con_id=11004958),
    FutureRoot("RTY", "E-mini Russell 2000", "CME", "50", "0.1", 2190.0, 0.22, 2444),
    FutureRoot("MES", "Micro E-Mini S&P 500 Stock Price Index", "CME", "5", "0.25", 5620.0, 0.16, 67),
    FutureRoot("MNQ", "Micro E-Mini Nasdaq-100 Index", "CME", "2", "0.25", 19650.0, 0.21, 67),
    FutureRoot(
        "CL",
        "Light Sweet Crude Oil",
        "NYMEX",
        "1000",
        "0.01",
        74.0,
        0.35,
        32,
        months=_ALL,
        last_day=expiries.oil,
        last_time="14:30",
        local="year",
        listed=12,
    ),
    FutureRoot(
        "NG",
        "Henry Hub Natural Gas",
        "NYMEX",
        "10000",
        "0.001",
        2.8,
        0.55,
        98,
        months=_ALL,
        last_day=expiries.gas,
        last_time="14:30",
        local="year",
        listed=12,
    ),
    FutureRoot(
        "GC",
        "Gold",
        "COMEX",
        "100",
        "0.1",
        2450.0,
        0.15,
        2444,
        months="GJMQVZ",
        last_day=expiries.metal,
        last_time="13:30",
        local="year",
        listed=6,
    ),
    FutureRoot(
        "ZN",
        "10 Year US Treasury Note",
        "CBOT",
        "1000",
        "0.015625",
        110.0,
        0.06,
        94,
        last_day=expiries.treasury,
        last_time="12:01",
        local="words",
    ),
    FutureRoot(
        "VIX",
        "CBOE Volatility Index",
        "CFE",
        "1000",
        "0.05",
        17.0,
        0.8,
        635,
        "VX",
        _ALL,
        last_day=expiries.volatility,
        last_time="15:00",
        under_con_id=13455763,
        listed=8,
    ),
    FutureRoot(
        "DA",
        "MILK CLASS III INDEX",
        "CME",
        "2000",
        "0.01",
        18.0,
        0.25,
        32,
        "DC",
        _ALL,
        last_day=expiries.month_end,
        last_time="12:10",
        under_con_id=36555530,
        listed=12,
    ),
)

OPTIONS = (
    OptionClass("SPY", "SPY", "OPT", "SMART", "1", 0.12, "0.01", 557),
    OptionClass("AAPL", "AAPL", "OPT", "SMART", "2.5", 0.3, "0.01", 110),
    OptionClass("QQQ", "QQQ", "OPT", "SMART", "5", 0.3, "0.01", 557),
    OptionClass(
        "SPX",
        "SPX",
        "OPT",
        "SMART",
        "25",
        0.2,
        "0.05",
        109,
        weeks=0,
        morning=True,
    ),
    OptionClass("SPXW", "SPX", "OPT", "SMART", "25", 0.2, "0.05", 109, months=0),
)
