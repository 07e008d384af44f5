"""The contracts of each account as decisions see them: our count and Account's, marks, and what working orders may do.

Each is put together once and kept until something of it changes, so that an order does not wait the longer the more
is held: what Account tells and what orders change is taken in between orders, what is left when it is asked for.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from actors.domain.executions import Place
from actors.domain.holdings import Holdings
from actors.domain.order_state import OrderState
from actors.domain.risk.facts import NOTHING, Holding, Known
from actors.domain.risk.known import known as seen
from actors.domain.risk.met import Met
from actors.domain.risk.told import figures_text
from actors.domain.risk.working import Find, Instead, traded
from actors.domain.risk.working_orders import WorkingOrders
from actors.messages.market import Contract, Quote
from actors.messages.risk import Mark, RiskFigures
from actors.orders.figures import Figures

SETTLE: Final = 3.0
"""Seconds that Account may need to hear of an execution."""


class _Account:
    """What was put together of one account, from these figures and so many movements."""

    def __init__(self, figures: RiskFigures | None, version: int) -> None:
        self.figures = figures
        self.version = version
        self.marks = {} if figures is None else {mark.con_id: mark for mark in figures.marks}
        self.text = figures_text(figures)
        self.contracts: dict[int, Known] = {}
        self.flat: dict[int, Known] = {}
        """Contracts that orders were looked up for, in which nothing is held and nothing works."""
        self.stale: set[int] = set()


class Positions:
    """Told of every order that has a new value; `find` knows an order by its key."""

    def __init__(self, find: Find, holdings: Holdings, figures: Figures) -> None:
        self.working = WorkingOrders(find)
        self._holdings = holdings
        self._figures = figures
        self._met = Met()
        self._accounts: dict[str, _Account] = {}

    def meet(self, contract: Contract, quote: Quote | None) -> None:
        """A contract is looked up for an order."""
        self._met.contract(contract, quote)

    def heard(self, order: OrderState) -> None:
        """An order has a new value, and with it its exits."""
        self.working.heard(order)
        self._met.order(order)
        known = self._accounts.get(order.terms.account)
        if known is not None:
            known.stale.update(con_id for con_id, _, _ in traded(order.contract, "BUY", NOTHING))

    def settle(self) -> None:
        """Between orders is the time to take in what has changed."""
        for account in self._accounts:
            self.all(account)

    def text(self, account: str) -> str:
        """What an account is worth, in words, as it was when its contracts were last asked for."""
        return self._accounts[account].text

    def all(self, account: str) -> dict[int, Known]:
        """Every contract in which anything is held or works, whoever knows of it."""
        figures, version = self._figures.of(account), self._holdings.version
        known = self._accounts.get(account)
        if known is None or known.figures is not figures or known.version != version:
            known = self._accounts[account] = _Account(figures, version)
            marked = (con_id for con_id, mark in known.marks.items() if mark.quantity)
            known.stale = {*self._holdings.all(account), *self.working.contracts(account), *marked}
        while known.stale:
            self._renew(account, known, known.stale.pop())
        return known.contracts

    def one(self, place: Place, ordered: Contract, instead: Instead | None) -> Known:
        """One contract, perhaps with new terms of an order; a leg nobody has met is told by the combo `ordered`."""
        account, con_id = place
        working, known = self.all(account), self._accounts[account]
        if instead is not None or con_id not in self._met.contracts:
            holding = self._put_together(place, known.marks.get(con_id), ordered, instead)
            return seen(holding, known.figures, account)
        if con_id not in working and con_id not in known.flat:
            self._renew(account, known, con_id)
        return known.contracts.get(con_id) or known.flat[con_id]

    def _renew(self, account: str, known: _Account, con_id: int) -> None:
        mark = known.marks.get(con_id)
        holding = self._put_together((account, con_id), mark, None, None)
        flat = not (holding.quantity or holding.told or holding.buying or holding.selling)
        known.contracts.pop(con_id, None)
        known.flat.pop(con_id, None)
        (known.flat if flat else known.contracts)[con_id] = seen(holding, known.figures, account)

    def _put_together(
        self, place: Place, mark: Mark | None, ordered: Contract | None, instead: Instead | None
    ) -> Holding:
        account, con_id = place
        met = self._met.contracts.get(con_id) or self._holdings.contracts.get(con_id)
        named: Contract | Mark = met or mark or ordered or Contract(f"contract {con_id}", currency="", con_id=con_id)
        pending = self.working.pending(place, instead)
        quantity, told = self._holdings.of(account, con_id), self._told(account, mark)
        marked = _marked_unit(mark)
        return Holding(
            con_id,
            named.symbol,
            named.currency,
            quantity=quantity,
            told=told,
            lagging=self._holdings.moved(account, con_id) > self._figures.told_at(account) - SETTLE,
            unit=marked or self._unmarked_unit(place, instead, flat=not (quantity or told)),
            marked=bool(marked),
            buying=pending.buying,
            selling=pending.selling,
        )

    def _unmarked_unit(self, place: Place, instead: Instead | None, *, flat: bool) -> Decimal | None:
        """Where nothing is held what orders pay at most, if all of them set an end to it; else by the market, too.

        So what is cheap beside other orders hides nothing of them. Where nothing works either, nothing need be known.
        """
        prices = self.working.prices(place, instead)
        known = [one for one in prices if one is not None]
        if not flat or len(known) < len(prices):
            known += [one for one in (self._met.unit(place[1]),) if one is not None]
        return max(known, default=None)

    def _told(self, account: str, mark: Mark | None) -> Decimal | None:
        figures = self._figures.of(account)
        if figures is None or not figures.live:  # what it has told so far in a session may be a part
            return None
        return NOTHING if mark is None else mark.quantity


def _marked_unit(mark: Mark | None) -> Decimal | None:
    if mark is None or mark.value is None or not mark.quantity:
        return None
    return abs(mark.value / mark.quantity)
