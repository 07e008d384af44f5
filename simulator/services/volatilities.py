"""Volatilities: what a price really did in the last thirty days, and what the options on it imply.

Both come out of this market, so that they agree with its bars and with the model of its options.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from statistics import stdev

from simulator.market.history import Bar, HistoryRequest, bars
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.option_model import VOLATILITY
from simulator.market.universe import Instrument, Universe
from simulator.refusal import Refused

HISTORICAL, IMPLIED = "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY"
_DAY = 86400.0
_DAYS = 30
_YEAR = 365.0
_UNIT = Decimal("0.000001")


def realized(line: Line, moment: float) -> float:
    """Per year, from the prices at this time of each of the last thirty days; this market moves on all days alike."""
    prices = [line.feed.middle(moment - _DAY * back) for back in range(_DAYS + 1)]
    return stdev(math.log(later / earlier) for later, earlier in pairwise(prices)) * math.sqrt(_YEAR)


def implied(universe: Universe, item: Instrument) -> float | None:
    """What the options on an instrument are priced with; None where there are none."""
    return VOLATILITY if universe.chains(item) else None


def volatility_bars(market: Market, line: Line, request: HistoryRequest) -> tuple[float, Iterator[Bar]]:
    """Bars of a volatility, and the instant from which they were looked for. Raises `Refused` (162) without data."""
    item = line.instrument
    constant = implied(market.universe, item)
    if item.sec_type not in {"STK", "IND"} or (request.what == IMPLIED and constant is None):
        raise Refused(
            162,
            "Historical Market Data Service error message:HMDS query returned no data: "
            f"{item.local_symbol}@{item.exchange} {request.what.title()}",
        )
    start, found = bars(market, line, replace(request, what="MIDPOINT"))
    edges = [*(bar.start for bar in found), min(request.end, market.now)]
    values = [constant if request.what == IMPLIED and constant else realized(line, edge) for edge in edges]
    rounded = [Decimal(value).quantize(_UNIT) for value in values]
    return start, iter([_bar(bar, *ends) for bar, ends in zip(found, pairwise(rounded), strict=True)])


def _bar(bar: Bar, first: Decimal, last: Decimal) -> Bar:
    return replace(bar, open=first, high=max(first, last), low=min(first, last), close=last)
