"""Gathers what a decision about an order needs from what Order has at hand, and decides. Nothing is asked of anybody.

Positions are our own count, Account's beside it; while an execution is younger than SETTLE Account may not have it.
Working orders, rates and duplicates are counted from the book, which a start reads back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Final, NamedTuple

from actors.domain.order_state import OrderState
from actors.domain.own_positions import OwnPositions
from actors.domain.risk.decision import decide
from actors.domain.risk.facts import NOTHING, Counts, Facts, Holding, Move
from actors.domain.risk.flow_rules import fingerprint
from actors.domain.risk.met import Met
from actors.domain.risk.rates import OrderRates
from actors.domain.risk.reducing import reducing
from actors.domain.risk.told import told
from actors.domain.risk.working import traded
from actors.domain.risk.working_orders import Place, WorkingOrders
from actors.messages.broker import OrderTerms
from actors.messages.market import Contract, ContractDetails, Quote
from actors.messages.risk import Decision, Mark, RiskFigures
from actors.orders.figures import Figures
from actors.orders.market_hours import MarketHours
from actors.orders.records import Records
from actors.orders.risk_limits import LimitBook
from supervision import clock

SETTLE: Final = 3.0
"""Seconds that Account may need to hear of an execution."""


class Question(NamedTuple):
    """One order that is to be judged; `changed` is the order as it is when these are new terms of it."""

    terms: OrderTerms
    strategy: str
    details: ContractDetails
    quote: Quote
    together: int = 1
    waits_for_entry: bool = False
    asks_broker: bool = False
    changed: OrderState | None = None


class Ruling(NamedTuple):
    """A decision, and whether the order reduces positions and nothing else."""

    decision: Decision
    reduces: bool


class RiskDesk:
    """Decides about orders; `only_reducing` says why only such orders pass that reduce a position, or nothing."""

    def __init__(
        self,
        *,
        records: Records,
        figures: Figures,
        hours: MarketHours,
        limits: LimitBook,
        only_reducing: Callable[[], str],
    ) -> None:
        self._records = records
        self._figures = figures
        self._hours = hours
        self._limits = limits
        self._only_reducing = only_reducing
        self._rates = OrderRates()
        self._working = WorkingOrders(records.book.get)
        self._met = Met()
        self._marks: dict[str, tuple[RiskFigures, dict[int, Mark]]] = {}
        self._read_back()

    def rule(self, question: Question) -> Ruling:
        """What becomes of an order. Raises Rejected when a file that is needed cannot be read."""
        facts = self._facts(question)
        verdicts = decide(facts, self._limits.of(question.strategy))
        allowed = all(verdict.passed for verdict in verdicts)
        return Ruling(Decision(allowed, verdicts, told(facts), clock.now()), reducing(facts))

    def intended(self, order: OrderState) -> None:
        """A new order is durable, and on its way."""
        self._rates.placed(order, time.monotonic())
        self.heard(order)

    def heard(self, order: OrderState) -> None:
        """An order has a new value."""
        self._working.heard(order)
        self._met.order(order)
        if _never_left(order):
            self._rates.refused(order.key)

    def _read_back(self) -> None:
        now, today = time.monotonic(), clock.now()
        for order in sorted(self._records.book, key=lambda each: each.created):
            self._working.heard(order)
            self._met.order(order)
            if not order.external and not _never_left(order):
                age = max(0.0, (today - order.created).total_seconds())
                self._rates.placed(order, now - age)

    # --- facts ----------------------------------------------------------------------------------------

    def _facts(self, question: Question) -> Facts:
        terms, details, changed = question.terms, question.details, question.changed
        contract, strategy = details.contract, question.strategy
        self._met.contract(contract)
        left = terms.quantity - (NOTHING if changed is None else changed.totals.filled)
        moves = tuple(self._move(question, *part) for part in traded(contract, terms.side, left))
        others = self._traded_in(terms.account).difference(move.holding.con_id for move in moves)
        regulated = self._limits.of(strategy).market_hours
        return Facts(
            terms=terms,
            strategy=strategy,
            details=details,
            quote=question.quote,
            hours=self._hours.fact(details, terms, clock.now()) if regulated else None,
            moves=moves,
            others=tuple(self._holding((terms.account, con_id), question) for con_id in sorted(others)),
            figures=self._figures.of(terms.account),
            counts=self._counts(strategy),
            twin=self._rates.twin(fingerprint(contract, terms, strategy), time.monotonic()),
            together=question.together,
            change=changed is not None,
            waits_for_entry=question.waits_for_entry,
            asks_broker=question.asks_broker,
            only_reducing=self._only_reducing(),
        )

    def _counts(self, strategy: str) -> Counts:
        working, own = self._working.open(strategy)
        rates = self._rates.counts(strategy, time.monotonic(), clock.now().date())
        return Counts(working, own, rates.minute, rates.minute_own, rates.day, rates.day_own)

    def _move(self, question: Question, con_id: int, side: str, quantity: Decimal) -> Move:
        place, strategy = (question.terms.account, con_id), question.strategy
        holding = self._holding(place, question)
        if self._limits.of(strategy).own.max_position_value is None:
            return Move(side, quantity, holding)
        pending = self._working.pending(place, _changed(question), strategy)
        return Move(side, quantity, holding, self._own(strategy).held(*place), pending.buying, pending.selling)

    def _own(self, strategy: str) -> OwnPositions:
        """What a strategy's own executions add up to; from the first question on they are counted as they come."""
        own = self._records.book.own
        if strategy not in own:
            counted = OwnPositions()
            for execution in self._records.executions_of(strategy):
                counted.count(execution)
            own[strategy] = counted
        return own[strategy]

    def _traded_in(self, account: str) -> set[int]:
        """The contracts in which anything is held or works, whoever knows of it."""
        held = self._records.book.holdings.all(account)
        marked = (con_id for con_id, mark in self._marked(account).items() if mark.quantity)
        return {*held, *self._working.contracts(account), *marked}

    def _holding(self, place: Place, question: Question) -> Holding:
        account, con_id = place
        holdings = self._records.book.holdings
        mark = self._marked(account).get(con_id)
        known = self._met.contracts.get(con_id) or holdings.contracts.get(con_id) or mark
        named: Contract | Mark = known or question.details.contract  # a leg that nobody has met is told by its combo
        pending = self._working.pending(place, _changed(question))
        return Holding(
            con_id,
            named.symbol,
            named.currency,
            quantity=holdings.of(account, con_id),
            told=self._quantity_told(account, mark),
            lagging=holdings.moved(account, con_id) > self._figures.told_at(account) - SETTLE,
            unit=_marked_unit(mark) or self._met.units.get(con_id),
            buying=pending.buying,
            selling=pending.selling,
        )

    def _quantity_told(self, account: str, mark: Mark | None) -> Decimal | None:
        if mark is not None:
            return mark.quantity
        return None if self._figures.of(account) is None else NOTHING

    def _marked(self, account: str) -> dict[int, Mark]:
        """Account's marks by contract, sorted anew when it tells others."""
        figures = self._figures.of(account)
        if figures is None:
            return {}
        known = self._marks.get(account)
        if known is None or known[0] is not figures:
            known = self._marks[account] = figures, {mark.con_id: mark for mark in figures.marks}
        return known[1]


def _changed(question: Question) -> str:
    """The key of the order that is changed, which does not count beside itself."""
    return "" if question.changed is None else question.changed.key


def _marked_unit(mark: Mark | None) -> Decimal | None:
    if mark is None or mark.value is None or not mark.quantity:
        return None
    return abs(mark.value / mark.quantity)


def _never_left(order: OrderState) -> bool:
    """Whether it was refused here, or by Connection, before a byte of it was sent."""
    return order.status == "REJECTED" and not order.acknowledged and not order.rejection
