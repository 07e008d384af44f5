"""Quotes of the contracts that are traded, while they are of use: each goes on ageing where it is kept. Pure.

A quote that was not told again for FRESH seconds is of no use, nor is one that is not current or has no price:
MarketData must be asked, which may wait for one. A contract is watched until no order needed it for WATCHED seconds.
Times are seconds of a clock that is never set.
"""

from __future__ import annotations

from typing import Final

import msgspec

from actors.domain.quote_book import has_price
from actors.messages.market import Quote

FRESH: Final = 2.0
WATCHED: Final = 60.0
_CURRENT: Final = frozenset({"live", "delayed"})


class _Watched(msgspec.Struct):
    """A quote, when it was told, and when an order last needed it."""

    quote: Quote
    told: float
    needed: float


class QuoteWatch:
    """The newest quotes, by contract id."""

    def __init__(self) -> None:
        self._watched: dict[int, _Watched] = {}

    def needed(self, con_id: int, now: float) -> Quote | None:
        """The quote for an order, its age as of now; None when MarketData must be asked."""
        watched = self._watched.get(con_id)
        if watched is None:
            return None
        watched.needed = now
        quote, lain = watched.quote, now - watched.told
        if lain > FRESH or quote.age is None or quote.state not in _CURRENT or not has_price(quote):
            return None
        return msgspec.structs.replace(quote, age=quote.age + lain)

    def begin(self, quote: Quote, now: float) -> None:
        """MarketData was asked for an order."""
        self._watched[quote.con_id] = _Watched(quote, now, now)

    def told(self, quote: Quote, now: float) -> None:
        """MarketData tells it again."""
        watched = self._watched.get(quote.con_id)
        if watched is not None:
            watched.quote, watched.told = quote, now

    def due(self, now: float) -> tuple[int, ...]:
        """The contracts to ask for again; what nobody needed lately is forgotten."""
        self._watched = {con_id: one for con_id, one in self._watched.items() if now - one.needed < WATCHED}
        return tuple(self._watched)
