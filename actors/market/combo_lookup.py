"""Combos for MarketData: each leg resolved like any contract, the combo made of them, its price the net of theirs.

One refusal of a leg refuses the combo. Nothing is kept here: legs have their caches, and lines for a short while.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from actors.domain.combos import LegQuote, check, combine, net_quote, weights
from actors.market.contract_lookup import ContractLookup
from actors.market.price_waits import PriceWaits
from actors.messages.market import Combo, ContractDetails, Quote, Reference
from supervision.errors import Rejected

T = TypeVar("T")
Refused = Callable[[Rejected], None]
Legs = tuple[ContractDetails, ...]


class ComboLookup:
    """What MarketData knows of a combo. Legs that can be no combo raise Rejected before anything is asked."""

    def __init__(self, lookup: ContractLookup, waits: PriceWaits) -> None:
        self._lookup = lookup
        self._waits = waits

    def resolve(self, combo: Combo, found: Callable[[ContractDetails], None], refused: Refused) -> None:
        """Call `found` with the contract that is ordered, or `refused`."""
        self._legs(combo, lambda details, _: found(details), refused)

    def reference(self, combo: Combo, found: Callable[[Reference], None], refused: Refused) -> None:
        """The same with the legs' quotes and the net of them, once each has a price or has been waited for."""

        def priced(details: ContractDetails, legs: Legs, quotes: tuple[Quote, ...]) -> None:
            parts = zip(details.contract.legs, weights(details, legs), quotes, strict=True)
            net = net_quote(details.contract, tuple(LegQuote(*part) for part in parts))
            found(Reference(details, net, tuple(map(Reference, legs, quotes))))

        def resolved(details: ContractDetails, legs: Legs) -> None:
            together = _Together[Quote](len(legs), partial(priced, details, legs))
            for number, leg in enumerate(legs):
                self._waits.ask(leg, partial(together.put, number))

        self._legs(combo, resolved, refused)

    def _legs(self, combo: Combo, found: Callable[[ContractDetails, Legs], None], refused: Refused) -> None:
        check(combo)
        over = False

        def refuse(error: Rejected) -> None:
            nonlocal over
            if not over:
                over = True
                refused(error)

        def complete(legs: Legs) -> None:
            try:
                found(combine(combo, legs), legs)
            except Rejected as error:
                refuse(error)

        together = _Together[ContractDetails](len(combo.legs), complete)
        for number, leg in enumerate(combo.legs):
            try:
                self._lookup.resolve(leg.contract, partial(together.put, number), refuse)
            except Rejected as error:
                refuse(error)


class _Together(Generic[T]):
    """Several answers, each with its place, handed on as one when the last has come."""

    def __init__(self, count: int, complete: Callable[[tuple[T, ...]], None]) -> None:
        self._count = count
        self._complete = complete
        self._answers: dict[int, T] = {}

    def put(self, place: int, answer: T) -> None:
        """Take the answer for this place."""
        self._answers[place] = answer
        if len(self._answers) == self._count:
            self._complete(tuple(self._answers[place] for place in range(self._count)))
