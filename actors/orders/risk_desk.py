"""Gathers what a decision about an order needs from what Order has at hand, and decides. Nothing is asked of anybody.

Positions and working orders, rates and duplicates are counted from the book, which a start reads back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from actors.domain.order_state import OrderState
from actors.domain.own_positions import OwnPositions
from actors.domain.risk.decision import decide
from actors.domain.risk.facts import Counts, Facts, Move
from actors.domain.risk.flow_rules import fingerprint
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.rates import OrderRates
from actors.domain.risk.valuation import needs_quote
from actors.domain.risk.working import Instead, traded
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails, Quote, Reference
from actors.orders.figures import Figures
from actors.orders.market_hours import MarketHours
from actors.orders.positions import Positions
from actors.orders.records import Records
from actors.orders.risk_limits import LimitBook
from actors.orders.ruling import Ruling
from supervision import clock


class Question(NamedTuple):
    """One order that is to be judged; `changed` is the order as it is when these are new terms of it, and `entry`
    that of which it is an exit, if that may still fill.
    """

    terms: OrderTerms
    strategy: str
    details: ContractDetails
    quote: Quote | None
    legs: tuple[Reference, ...] = ()
    together: int = 1
    waits_for_entry: bool = False
    asks_broker: bool = False
    flattens: bool = False
    changed: OrderState | None = None
    entry: OrderState | None = None


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
        self._positions = Positions(records.book.get, records.book.holdings, figures)
        self._read_back()

    def rule(self, question: Question) -> Ruling:
        """What becomes of an order. Raises Rejected when a file that is needed cannot be read."""
        terms, details, strategy = question.terms, question.details, question.strategy
        limits, now = self._limits.of(strategy), clock.now()
        self._positions.meet(details.contract, question.quote)
        for leg in question.legs:
            self._positions.meet(leg.details.contract, leg.quote)
        parts = traded(details.contract, terms.side, _left(question))
        moved = [con_id for con_id, _, _ in parts]
        every = self._positions.all(terms.account)
        facts = Facts(
            terms=terms,
            strategy=strategy,
            details=details,
            quote=question.quote,
            hours=self._hours.fact(details, terms, now) if limits.market_hours else None,
            moves=tuple([self._move(question, limits, *part) for part in parts]),
            others=tuple([known for con_id, known in every.items() if con_id not in moved]),
            figures=self._figures.of(terms.account),
            counts=self._counts(strategy, now),
            twin=self._rates.twin(fingerprint(details.contract, terms, strategy), time.monotonic()),
            together=question.together,
            change=question.changed is not None,
            waits_for_entry=question.waits_for_entry,
            asks_broker=question.asks_broker,
            flattens=question.flattens,
            only_reducing=self._only_reducing(),
        )
        return Ruling(decide(facts, limits), facts, self._positions.text(terms.account), now)

    def wants_quote(self, terms: OrderTerms) -> bool:
        """Whether some rule needs the market's price for an order with these terms."""
        return self._limits.of("").price_collar is not None or needs_quote(terms)

    def intended(self, order: OrderState) -> None:
        """A new order is durable, and on its way."""
        self._rates.placed(order, time.monotonic())
        self.heard(order)

    def figures_changed(self) -> None:
        """Account told what accounts are worth."""
        self._positions.settle()

    def heard(self, order: OrderState) -> None:
        """An order has a new value."""
        self._positions.heard(order)
        self._positions.settle()
        if _never_left(order):
            self._rates.refused(order.key)

    def _read_back(self) -> None:
        now, today = time.monotonic(), clock.now()
        for order in sorted(self._records.book, key=lambda each: each.created):
            self._positions.heard(order)
            if not order.external and not _never_left(order):
                created = min(order.created, today)  # one of a clock that was ahead begins no day that is to come
                age = (today - created).total_seconds()
                self._rates.placed(msgspec.structs.replace(order, created=created), now - age)

    # --- facts ----------------------------------------------------------------------------------------

    def _counts(self, strategy: str, now: datetime) -> Counts:
        working, own = self._positions.working.open(strategy)
        rates = self._rates.counts(strategy, time.monotonic(), now.date())
        return Counts(working, own, rates.minute, rates.minute_own, rates.day, rates.day_own)

    def _move(self, question: Question, limits: RiskLimits, con_id: int, side: str, quantity: Decimal) -> Move:
        place, strategy = (question.terms.account, con_id), question.strategy
        instead = None if question.changed is None else Instead(question.changed.key, side, quantity)
        known = self._positions.one(place, question.details.contract, instead)
        leg = next((each for each in question.legs if each.details.contract.con_id == con_id), None)
        if limits.own.max_position_value is None:
            return Move(side, quantity, known.holding, text=known.text, leg=leg)
        pending = self._positions.working.pending(place, instead, strategy)
        own = self._own(strategy).held(*place)
        return Move(side, quantity, known.holding, own, pending.buying, pending.selling, known.text, leg)

    def _own(self, strategy: str) -> OwnPositions:
        """What a strategy's own executions add up to; from the first question on they are counted as they come."""
        own = self._records.book.own
        if strategy not in own:
            counted = OwnPositions()
            for execution in self._records.executions_of(strategy):
                counted.count(execution)
            own[strategy] = counted
        return own[strategy]


def _left(question: Question) -> Decimal:
    """What of an order may still fill: of an exit as much as its entry has filled, the rest waits for that."""
    left, changed = question.terms.quantity, question.changed
    if changed is not None:
        left -= changed.totals.filled
        if question.entry is not None and not question.waits_for_entry:
            left = min(left, question.entry.totals.filled - changed.totals.filled)
    return left


def _never_left(order: OrderState) -> bool:
    """Whether it was refused here, or by Connection, before a byte of it was sent."""
    return order.status == "REJECTED" and not order.acknowledged and not order.rejection
