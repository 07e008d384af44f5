"""Contract and market of several orders at once: one question for each contract, one answer for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from actors.messages.market import Combo, Contract
from actors.orders.references import Market, References
from supervision.errors import Rejected

Wanted = str | Contract | Combo
Known = dict[Wanted, Market]


def look_up_all(
    references: References,
    orders: Iterable[tuple[Wanted, bool]],
    found: Callable[[Known], None],
    refused: Callable[[Rejected], None],
) -> None:
    """Call one of the two once, perhaps at once: `refused` tells of every contract that could not be looked up.

    `orders` says for each what it is for, and whether it needs a quote.
    """
    wanted: dict[Wanted, bool] = {}
    for contract, priced in orders:
        wanted[contract] = priced or wanted.get(contract, False)
    known: Known = {}
    refusals: list[Rejected] = []

    def look() -> None:
        if len(known) + len(refusals) == len(wanted):
            if refusals:
                refused(Rejected(*(text for one in refusals for text in one.reasons), kind=refusals[0].kind))
            else:
                found(known)

    def keep(contract: Wanted, market: Market) -> None:
        known[contract] = market
        look()

    def refuse(error: Rejected) -> None:
        refusals.append(error)
        look()

    for contract, priced in wanted.items():
        references.look_up(contract, partial(keep, contract), refuse, priced=priced)
