"""Quotes of the contracts that are traded, kept fresh while orders flow, so that a check need not ask for one.

The first order in a contract asks MarketData as always. From then on all such contracts are asked for together, every
REFRESH seconds, which keeps their lines open too, until a minute after the last order. Combos are asked for each time:
theirs is the net of several quotes.
"""

from __future__ import annotations

from typing import Final

from actors.domain.quote_watch import FRESH, QuoteWatch
from actors.messages.market import Contract, KeepQuotes, Quote, Quotes
from supervision import clock
from supervision.reactor import Reactor
from supervision.uplink import Uplink

REFRESH: Final = 0.5


class FreshQuotes:
    """The newest quotes of contracts that are traded."""

    def __init__(self, market_data: Uplink, reactor: Reactor) -> None:
        self._market_data = market_data
        self._reactor = reactor
        self._watch = QuoteWatch()
        self._refreshing = False

    def of(self, contract: Contract) -> Quote | None:
        """The quote, with its age as of now; None when MarketData must be asked."""
        return self._watch.needed(contract.con_id, _now())

    def told(self, contract: Contract, quote: Quote) -> None:
        """MarketData answered for an order in this contract."""
        if contract.legs:
            return
        self._watch.begin(quote, _now())
        if not self._refreshing:
            self._refreshing = True
            self._reactor.after(REFRESH, self._refresh)

    def _refresh(self) -> None:
        due = self._watch.due(_now())
        if due:
            self._market_data.ask(KeepQuotes(due), timeout=FRESH, on_reply=self._refreshed, on_error=self._again)
        else:
            self._refreshing = False

    def _refreshed(self, quotes: Quotes) -> None:
        now = _now()
        for quote in quotes.items:
            self._watch.told(quote, now)
        self._again()

    def _again(self, *_: Exception) -> None:
        """Also when MarketData is away: what is known of it grows old by itself."""
        self._reactor.after(REFRESH, self._refresh)


def _now() -> float:
    """Seconds of the clock that goes on while the machine is suspended: quotes age then, too."""
    return clock.elapsed_ns() / 1e9
