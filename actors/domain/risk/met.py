"""Contracts that orders were made in, and what one of each was last worth, for positions without a mark. Pure."""

from __future__ import annotations

import math
from decimal import Decimal

from actors.domain.combos import multiplier_of
from actors.domain.order_state import OrderState
from actors.messages.market import Contract


class Met:
    """By contract id. Combos are none of them: their legs are."""

    def __init__(self) -> None:
        self.contracts: dict[int, Contract] = {}
        self.units: dict[int, Decimal] = {}
        """What one contract is worth, its multiplier counted, in its currency."""

    def contract(self, contract: Contract) -> None:
        """A contract is looked up for an order."""
        if not contract.legs:
            self.contracts[contract.con_id] = contract

    def order(self, order: OrderState) -> None:
        """An order has a new value: its fills tell a price, before that its own prices do."""
        if order.contract.legs:
            return
        self.contracts[order.contract.con_id] = order.contract
        terms = order.terms
        prices = (order.totals.average_price, terms.limit, terms.stop)
        price = next((each for each in prices if each is not None and math.isfinite(each)), None)
        if price is not None:
            self.units[order.contract.con_id] = abs(Decimal(repr(price))) * multiplier_of(order.contract)
