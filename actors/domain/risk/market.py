"""The market that an order would meet, as its quote tells it, or why that cannot be relied on. Pure.

A quote is fresh while it is live or delayed and its last tick is younger than `quote_age`. The price that counts is
the side the order would trade against; a side that is not there is replaced by the last trade. A number that is no
price (NaN, infinite, one of IB's sentinels) is never replaced: somebody is wrong then, and nothing is sent.
"""

from __future__ import annotations

from typing import Final

from actors.domain.risk.facts import Facts, Move
from actors.messages.market import Contract, Quote

SIGNED: Final = frozenset({"FUT", "BAG", "FOP"})
"""Types of contracts that may trade at a negative price."""

_CURRENT: Final = frozenset({"live", "delayed"})
# Beyond this it is no price: IB says "unset" as the greatest float, or the greatest integer.
_NO_PRICE: Final = 2.0**31 - 1


def market_price(facts: Facts, quote_age: float, *, resting: bool = False) -> float | str:
    """What the order would trade at now, or why that is not known, in words.

    `resting`: the market is closed and the order waits for it, so that the last prices it had are as good as fresh.
    """
    contract, quote = facts.details.contract, facts.quote
    if quote is None:
        return f"no price of {contract.symbol} is known"
    return _problem(quote, quote_age, resting=resting) or _price(contract, quote, against(facts))


def leg_price(move: Move, quote_age: float, *, resting: bool = False) -> float | str:
    """The same of one leg of a combo, as it would trade."""
    if move.leg is None:
        return f"no price of the leg {move.holding.symbol} is known"
    contract, quote = move.leg.details.contract, move.leg.quote
    return _problem(quote, quote_age, resting=resting) or _price(contract, quote, _against(move.side))


def against(facts: Facts) -> str:
    """The name of the side of the quote that the order would trade against."""
    return _against(facts.terms.side)


def prices_of(*values: float | None) -> tuple[float, ...]:
    """Those of some numbers of which one can be a price: not missing, zero, NaN, infinite or a sentinel."""
    return tuple([value for value in values if value and abs(value) < _NO_PRICE])


def _problem(quote: Quote, quote_age: float, *, resting: bool) -> str:
    if quote.age is not None and quote.state in _CURRENT and quote.age < quote_age:
        return ""  # NaN is not below anything
    age = "no tick yet" if quote.age is None else f"last tick {quote.age:.0f} s ago"
    if quote.age is not None and resting and quote.state not in ("waiting", "gap"):
        return ""
    if quote.age is None or quote.state not in _CURRENT:
        return f"the quote of {quote.symbol} is {quote.state} ({age})"
    return f"the quote of {quote.symbol} is stale ({age}, accepted: less than {quote_age:g} s)"


def _against(side: str) -> str:
    return "ask" if side == "BUY" else "bid"


def _price(contract: Contract, quote: Quote, side: str) -> float | str:
    signed = contract.sec_type in SIGNED
    for name, price in ((side, getattr(quote, side)), ("last", quote.last)):
        if price is None or (price == 0 and not signed):
            continue  # there is no such offer, or none was told
        if not abs(price) < _NO_PRICE or (price < 0 and not signed):  # NaN is not below anything
            return f"the {name} {price:.10g} of {quote.symbol} is no price"
        return float(price)
    return f"{quote.symbol} has neither {'an ask' if side == 'ask' else 'a bid'} nor a last trade"
