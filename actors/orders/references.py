"""Contract and quote for the checks before sending, from MarketData: contracts are kept for a session, quotes fresh.

So the first order in a contract asks, and those that follow find both here; a combo is asked for each time, since its
legs count with their own quotes whatever it names. Once the contract is known a MarketData that does not answer keeps
no order in by itself: without a quote the rules refuse what they cannot measure.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from actors.messages.market import Combo, Contract, ContractDetails, GetReference, Quote, Reference
from actors.orders.quotes import FreshQuotes
from supervision.errors import DeliveryError, Rejected
from supervision.reactor import Reactor
from supervision.uplink import Uplink

REFERENCE_SECONDS = 5.0
QUOTE_SECONDS = 1.0


class Market(NamedTuple):
    """What is known of a contract: a quote that says itself how much it is worth, and of a combo each of its legs."""

    details: ContractDetails
    quote: Quote | None
    legs: tuple[Reference, ...] = ()


Found = Callable[[Market], None]
Refused = Callable[[Rejected], None]


class References:
    """Looks up what the checks need."""

    def __init__(self, market_data: Uplink, reactor: Reactor) -> None:
        self._market_data = market_data
        self._quotes = FreshQuotes(market_data, reactor)
        self._known: dict[str | Contract | Combo, ContractDetails] = {}

    def forget(self) -> None:
        """A new session may bring new contract details."""
        self._known.clear()

    def look_up(self, contract: str | Contract | Combo, found: Found, refused: Refused, *, priced: bool = True) -> None:
        """Call `found`, perhaps at once, if it is to be `priced` with a quote unless nobody told one."""
        known = self._known.get(contract)
        quote = None if known is None else self._quotes.of(known.contract)
        if known is not None and (quote is not None or not (priced or known.contract.legs)):
            found(Market(known, quote))
            return
        self._market_data.ask(
            GetReference(contract),
            timeout=REFERENCE_SECONDS if known is None else QUOTE_SECONDS,
            on_reply=partial(self._answered, contract, found),
            on_error=partial(self._failed, refused) if known is None else lambda _: found(Market(known, None)),
        )

    def _answered(self, contract: str | Contract | Combo, found: Found, reference: Reference) -> None:
        self._known[contract] = self._known[reference.details.contract] = reference.details
        self._quotes.told(reference.details.contract, reference.quote)
        found(Market(reference.details, reference.quote, reference.legs))

    def _failed(self, refused: Refused, error: DeliveryError | Rejected) -> None:
        if not isinstance(error, Rejected):
            why = str(error).rsplit("; ", 1)[0]  # whether the question arrived is nobody's concern
            error = Rejected(f"contract and price could not be looked up: {why}; nothing was sent", kind="no_answer")
        refused(error)
