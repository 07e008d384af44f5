"""The exchanges behind SMART as data: letters of quotes (32, 33, 84), components (82), books (80).

Letters are those of the consolidated tapes (CTA/UTP for shares, OPRA for options).
"""

from __future__ import annotations

from simulator.market.universe import Instrument
from simulator.market.walk import mix
from simulator.wire.depth_messages import DepthExchange

_SHARES = {
    "AMEX": "A",
    "BEX": "B",
    "NYSENAT": "C",
    "PEARL": "H",
    "EDGEA": "J",
    "DRCTEDGE": "K",
    "LTSE": "L",
    "CHX": "M",
    "NYSE": "N",
    "ARCA": "P",
    "NASDAQ": "Q",
    "MEMX": "U",
    "IEX": "V",
    "PSX": "X",
    "BYX": "Y",
    "BATS": "Z",
}
_OPTIONS = {
    "AMEX": "A",
    "BOX": "B",
    "CBOE": "C",
    "EMERALD": "D",
    "EDGX": "E",
    "GEMINI": "H",
    "ISE": "I",
    "MERCURY": "J",
    "MIAX": "M",
    "PSE": "N",
    "PEARL": "O",
    "NASDAQOM": "Q",
    "NASDAQBX": "T",
    "MEMX": "U",
    "CBOE2": "W",
    "PHLX": "X",
    "BATS": "Z",
}
_MAPS = {"9c0001": _SHARES, "a60001": _OPTIONS}
_LEADERS = 5
SMART_DEPTH = ("NASDAQ", "NYSE", "ARCA", "BATS", "IEX", "MEMX", "BEX", "DRCTEDGE")
"""Exchanges whose books make up SMART depth; the rest show their best quote only."""
TOP_ONLY = tuple(name for name in _SHARES if name not in SMART_DEPTH)

DEPTH_EXCHANGES = (
    *(DepthExchange(name, "STK", "", "Deep2") for name in SMART_DEPTH),
    DepthExchange("CME", "FUT", "", "Deep"),
    DepthExchange("CBOT", "FUT", "", "Deep"),
    DepthExchange("COMEX", "FUT", "", "Deep"),
    DepthExchange("NYMEX", "FUT", "", "Deep"),
    DepthExchange("IDEALPRO", "CASH", "", "Deep"),
    DepthExchange("CBOE", "OPT", "", "Deep"),
)


def map_id(item: Instrument) -> str:
    """What tells a client how to read the letters of an instrument's quotes; empty where there are none."""
    if item.exchange != "SMART":
        return ""
    return {"STK": "9c0001", "OPT": "a60001"}.get(item.sec_type, "")


def components(wanted: str) -> list[tuple[int, str, str]] | None:
    """Bit number, exchange and letter of the exchanges of a map id; None when there is no such map."""
    letters = _MAPS.get(wanted)
    if letters is None:
        return None
    return [(bit, exchange, letter) for bit, (exchange, letter) in enumerate(letters.items())]


def letter(item: Instrument, exchange: str) -> str:
    """The letter of one exchange, empty when the instrument's map has none for it."""
    letters = _MAPS.get(map_id(item), {})
    return letters.get({"ISLAND": "NASDAQ"}.get(exchange, exchange), "")


def turn(moment: float) -> int:
    """The span of a few seconds during which the same exchanges lead."""
    return int(moment / _LEADERS)


def quoting(item: Instrument, side: int, moment: float) -> str:
    """The letters of the exchanges at the best bid (side 0) or ask (1); they change with `turn`."""
    letters = _MAPS.get(map_id(item))
    if letters is None:
        return ""
    dice = mix(item.con_id, side, turn(moment))
    chosen = [found for bit, found in enumerate(letters.values()) if dice >> 3 * bit & 7 == 0]
    return "".join(chosen) or letters.get(item.primary, next(iter(letters.values())))
