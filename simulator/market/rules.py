"""Market rules (price increments by band of price) and the exchanges a kind of contract can be routed to, as data.

Rule numbers are those real contracts of the kind carry where they are recorded (32, 98) or well known
(26, 67, 239, 240); the bands are what IB publishes: an increment holds from its edge up to the next.
"""

from __future__ import annotations

MARKET_RULES: dict[int, tuple[tuple[str, str], ...]] = {
    26: (("0", "0.01"),),
    32: (("0", "0.01"),),
    59: (("0", "0.005"),),
    67: (("0", "0.25"),),
    94: (("0", "0.015625"),),
    98: (("0", "0.001"),),
    109: (("0", "0.05"), ("3", "0.10")),
    110: (("0", "0.01"), ("3", "0.05")),
    239: (("0", "0.00005"),),
    240: (("0", "0.0001"),),
    557: (("0", "0.01"),),
    635: (("0", "0.05"),),
    2444: (("0", "0.1"),),
    3084: (("0", "0.25"),),
    3085: (("0", "0.05"),),
}

_SHARES = (
    *("SMART", "AMEX", "NYSE", "CBOE", "PHLX", "ISE", "CHX", "ARCA", "NASDAQ", "DRCTEDGE", "BEX", "BATS", "EDGEA"),
    *("BYX", "IEX", "FOXRIVER", "PEARL", "NYSENAT", "LTSE", "MEMX", "IBEOS", "OVERNIGHT", "PSX"),
)
_OPTIONS = (
    *("SMART", "AMEX", "CBOE", "PHLX", "PSE", "ISE", "BOX", "BATS", "NASDAQOM", "CBOE2", "NASDAQBX", "MIAX"),
    *("GEMINI", "EDGX", "MERCURY", "PEARL", "EMERALD", "MEMX", "IBUSOPT"),
)
_INDEX_OPTIONS = ("SMART", "CBOE", "IBUSOPT")

VENUES: dict[tuple[str, str], tuple[str, ...]] = {
    ("STK", "USD"): _SHARES,
    ("OPT", "USD"): _OPTIONS,
    ("OPT", "SPX"): _INDEX_OPTIONS,
    ("OPT", "SPXW"): _INDEX_OPTIONS,
}
"""Exchanges behind SMART, by security type and trading class or, where there is none for the class, currency."""
