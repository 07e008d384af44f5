"""Ticks beyond the quote, that a client asks for by number in reqMktData's generic tick list.

The legal numbers and their names are those of TWS's own refusal of a wrong list. Legal ones without figures here
bring nothing, as they bring nothing at IB for most contracts.
"""

from __future__ import annotations

from simulator.market.line import Line
from simulator.market.market import Market
from simulator.refusal import invalid
from simulator.services.day_figures import DAY_FIGURES
from simulator.services.generic_view import Typed, View
from simulator.services.moment_figures import MOMENT_FIGURES

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
_LONGEST = 10
_ALIASES = {220: 221, 47: 258, 59: 456}


def parse(text: str, sec_type: str) -> frozenset[int]:
    """The numbers of a generic tick list. Raises `Refused` (321) for a list with one that is not legal."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    numbers = {int(part) if part.isdecimal() and len(part) < _LONGEST else -1 for part in parts}
    numbers = {_ALIASES.get(number, number) for number in numbers}
    if numbers - _LEGAL.keys():
        legal = ",".join(_LEGAL.values())
        raise invalid(f"Incorrect generic tick list of {text[:200]}.  Legal ones for ({sec_type}) are: {legal}", "bW")
    return frozenset(numbers)


def standing(market: Market, line: Line, numbers: frozenset[int]) -> list[Typed]:
    """The ticks that hold for the day, with their types."""
    view = View(market, line)
    return [tick for number in sorted(numbers & DAY_FIGURES.keys()) for tick in DAY_FIGURES[number](view)]


def moving(market: Market, line: Line, numbers: frozenset[int]) -> list[Typed]:
    """The ticks that hold now, with their types."""
    view = View(market, line)
    return [tick for number in sorted(numbers & MOMENT_FIGURES.keys()) for tick in MOMENT_FIGURES[number](view)]
