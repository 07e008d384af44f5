"""Which exchange's calendar bounds the hours of a contract. One table, pure.

Names are IB's on the left, those of the package exchange_calendars on the right. A calendar is the outer bound of a
contract's own hours, so that it must never be narrower than they are: options close a quarter of an hour after their
shares, futures have their own holidays. What is traded on no exchange, or on one that is not here, has none: there
the broker's hours decide alone.
"""

from __future__ import annotations

from typing import Final

from actors.messages.market import Contract

_US_STOCKS: Final = ("NYSE", "NASDAQ", "ISLAND", "ARCA", "AMEX", "BATS", "IEX", "PINK")
_US_OPTIONS: Final = ("CBOE", "CBOE2", "CFE")
_US_FUTURES: Final = ("CME", "CBOT", "NYMEX", "COMEX")

CALENDARS: Final[dict[str, str]] = {
    **dict.fromkeys(_US_STOCKS, "XNYS"),
    **dict.fromkeys(_US_OPTIONS, "XCBF"),
    **dict.fromkeys(_US_FUTURES, "us_futures"),
    "LSE": "XLON",
    "LSEETF": "XLON",
    "IBIS": "XETR",
    "IBIS2": "XETR",
    "AEB": "XAMS",
    "SBF": "XPAR",
    "ENEXT.BE": "XBRU",
    "BM": "XMAD",
    "BVME": "XMIL",
    "BVME.ETF": "XMIL",
    "EBS": "XSWX",
    "SFB": "XSTO",
    "TSE": "XTSE",
    "TSEJ": "XTKS",
    "SEHK": "XHKG",
    "ASX": "XASX",
}
"""The calendar of each exchange, by IB's name."""

_ROUTED: Final = {("STK", "USD"): "NYSE", ("OPT", "USD"): "CBOE"}


def venue(contract: Contract) -> str:
    """IB's name of the exchange by whose calendar a contract trades; empty when it has none that is known."""
    named = contract.primary_exchange or contract.exchange
    if contract.sec_type == "OPT" or named == "SMART":
        named = _ROUTED.get((contract.sec_type, contract.currency), "")
    return named if named in CALENDARS else ""
