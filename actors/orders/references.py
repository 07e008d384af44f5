"""Contract and quote for the checks before sending, from MarketData, with contracts kept for a session.

An order that names its own price needs no quote, so once its contract is known nothing is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from actors.domain.limits import needs_quote
from actors.messages.broker import OrderTerms
from actors.messages.market import Combo, Contract, ContractDetails, GetReference, Quote, Reference
from supervision.errors import DeliveryError, Rejected
from supervision.uplink import Uplink

REFERENCE_SECONDS = 5.0

Found = Callable[[ContractDetails, Quote | None], None]
Refused = Callable[[Rejected], None]


class References:
    """Looks up what the checks need."""

    def __init__(self, market_data: Uplink) -> None:
        self._market_data = market_data
        self._known: dict[str | Contract | Combo, ContractDetails] = {}

    def forget(self) -> None:
        """A new session may bring new contract details."""
        self._known.clear()

    def look_up(self, contract: str | Contract | Combo, terms: OrderTerms, found: Found, refused: Refused) -> None:
        """Call `found` with the details, and a quote when the order needs one; perhaps at once."""
        known = self._known.get(contract)
        if known is not None and not needs_quote(terms):
            found(known, None)
            return
        self._market_data.ask(
            GetReference(contract),
            timeout=REFERENCE_SECONDS,
            on_reply=partial(self._answered, contract, found),
            on_error=partial(self._failed, refused),
        )

    def _answered(self, contract: str | Contract | Combo, found: Found, reference: Reference) -> None:
        self._known[contract] = self._known[reference.details.contract] = reference.details
        found(reference.details, reference.quote)

    def _failed(self, refused: Refused, error: DeliveryError | Rejected) -> None:
        if not isinstance(error, Rejected):
            why = str(error).rsplit("; ", 1)[0]  # whether the question arrived is nobody's concern
            error = Rejected(f"contract and price could not be looked up: {why}; nothing was sent", kind="no_answer")
        refused(error)
