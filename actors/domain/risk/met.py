"""Contracts that orders were made in, and what one of each was last worth, for positions without a mark. Pure.

What the market told counts before what an order named: a bid far below the market says nothing of what others in the
contract are worth. Where the market told nothing it is the greatest price that any order named.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from actors.domain.combos import multiplier_of
from actors.domain.exact import exact
from actors.domain.order_state import OrderState
from actors.domain.risk.market import prices_of
from actors.messages.market import Contract, Quote


class Met:
    """By contract id. Combos are none of them: their legs are."""

    def __init__(self) -> None:
        self.contracts: dict[int, Contract] = {}
        self._told: dict[int, tuple[Contract, tuple[float, ...]]] = {}
        self._named: dict[int, Decimal] = {}

    def unit(self, con_id: int) -> Decimal | None:
        """What one contract is worth, its multiplier counted, in its currency; None when nobody said."""
        told = self._told.get(con_id)
        return self._named.get(con_id) if told is None else _worth(*told)

    def contract(self, contract: Contract, quote: Quote | None) -> None:
        """A contract is looked up for an order, perhaps with a quote."""
        if contract.legs:
            return
        self.contracts[contract.con_id] = contract
        told = () if quote is None else prices_of(quote.last) or prices_of(quote.bid, quote.ask)
        if told:
            self._told[contract.con_id] = contract, told

    def order(self, order: OrderState) -> None:
        """An order has a new value: its fills tell a price, before that its own prices do."""
        contract, terms = order.contract, order.terms
        if contract.legs:
            return
        self.contracts[contract.con_id] = contract
        filled, named = prices_of(order.totals.average_price), prices_of(terms.limit, terms.stop)
        if filled:
            self._told[contract.con_id] = contract, filled
        elif named:
            worth, known = _worth(contract, named), self._named.get(contract.con_id)
            self._named[contract.con_id] = worth if known is None or known < worth else known


def _worth(contract: Contract, prices: Iterable[float]) -> Decimal:
    return exact(max(map(abs, prices))) * multiplier_of(contract)
