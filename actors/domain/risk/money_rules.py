"""Rules about money, in the account's base currency: an order's value, positions, gross exposure, buying power. Pure.

Positions and exposure are judged at their worst: every working order on that side fills, and of our own count and
Account's the one counts that is worse. A combo's legs move positions one by one, each worth its mark or its own quote;
a leg that nobody can value refuses. Orders that reduce a position are exempt from all of these.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Final

from actors.domain.risk.facts import NOTHING, Facts, Holding, Move
from actors.domain.risk.known import is_value, most_of, not_shown
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.reducing import bounds
from actors.domain.risk.valuation import leg_value, rate_of, unit_value
from actors.domain.risk.verdict import EXEMPT, NONE, NOT_ASKED, Form, Verdict

_MONEY: Final = Form("{0:.2f} {1}", "up to {0:f} {1}")
_UNKNOWN: Final = Form("{0}", "up to {0:f}")


class _Unknown(Exception):
    """What a rule needs and nobody knows, in words."""


def money(facts: Facts, limits: RiskLimits, *, reduces: bool) -> list[Verdict]:
    """All rules about money; what they share is worked out once."""
    measure, own, name = _Measure(facts, limits, exempt=reduces), limits.own, facts.strategy
    found = [measure.judge("max_order_value", limits.max_order_value, "value", measure.order)]
    if own.max_order_value is not None:
        found.append(measure.judge(f"max_order_value of {name}", own.max_order_value, "value", measure.order))
    for move in facts.moves:
        what, position = f"position in {move.holding.symbol} worth", partial(measure.position, move)
        found.append(measure.judge("max_position_value", limits.max_position_value, what, position))
        if own.max_position_value is not None:
            position = partial(measure.position, move, own=True)
            found.append(measure.judge(f"max_position_value of {name}", own.max_position_value, what, position))
    found.append(measure.judge("max_gross_exposure", limits.max_gross_exposure, "gross exposure", measure.gross))
    found.append(_buying_power(facts, limits, measure))
    return found


def _buying_power(facts: Facts, limits: RiskLimits, measure: _Measure) -> Verdict:
    """The order's whole value, without any margin loan, is there beside what working orders and new fills take."""
    rule, figures = "buying_power", facts.figures
    if not limits.buying_power:
        return Verdict(rule, NOT_ASKED, NONE)
    if facts.asks_broker:
        return Verdict(rule, NOT_ASKED, "what the broker says of its margin (what-if)")
    if measure.exempt:
        return Verdict(rule, NOT_ASKED, EXEMPT)
    account = facts.terms.account
    funds = None if figures is None or not figures.live else figures.available_funds
    if funds is None or not funds.is_finite():
        text = (
            f"the available funds of {account} are not known now (accepted: an order that reduces a position, or wait)"
        )
        return Verdict(rule, "not known", "the account's available funds", text=text)
    return measure.judge(rule, max(funds, NOTHING), "value with all that is on its way", measure.needed)


class _Measure:
    """Sums over one order's facts, in the base currency of its account. Raises _Unknown, always in words."""

    def __init__(self, facts: Facts, limits: RiskLimits, *, exempt: bool) -> None:
        self.exempt = exempt
        self._facts = facts
        self._base = "" if facts.figures is None else facts.figures.currency
        self._quote_age = limits.quote_age
        self._unit = unit_value(facts, limits.quote_age)
        self._worths: dict[int, Decimal] = {}

    def judge(self, rule: str, limit: Decimal | None, what: str, sum_up: Callable[[], Decimal]) -> Verdict:
        """The verdict on a sum, which is worked out where it counts."""
        if limit is None or self.exempt:
            return Verdict(rule, NOT_ASKED, NONE if limit is None else EXEMPT)
        try:
            amount = sum_up()
        except _Unknown as why:
            return Verdict(rule, "not known", limit, _UNKNOWN, text=f"{why}; {rule} cannot be kept")
        found = Verdict(rule, amount, limit, _MONEY, self._base)
        if amount <= limit:
            return found
        words = found.words()
        return found.refused(f"{what} {words.value} is above {rule} (accepted: {words.limit})")

    def order(self) -> Decimal:
        """The order alone."""
        contract = self._facts.details.contract
        return self._facts.terms.quantity * _known(self._unit) * self._rate(contract.currency)

    def position(self, move: Move, *, own: bool = False) -> Decimal:
        """A position on the order's side, when all that works on that side has filled."""
        held = move.holding
        if own:
            held = Holding(
                held.con_id,
                held.symbol,
                held.currency,
                move.own,
                buying=move.own_buying,
                selling=move.own_selling,
            )
        low, high = bounds(held)
        most = high + held.buying if move.side == "BUY" else held.selling - low
        return max(most + move.quantity, NOTHING) * self._worth(move)

    def gross(self) -> Decimal:
        """All positions, each at its worst."""
        total = _sum([other.gross for other in self._facts.others])
        for move in self._facts.moves:
            total += most_of(move.holding, move) * self._worth(move)
        return total

    def needed(self) -> Decimal:
        """What Account's funds do not show yet: this order, working orders, fills since."""
        total, moves = _sum([other.unshown for other in self._facts.others]), self._facts.moves
        if len(moves) == 1:
            held = moves[0].holding
            return total + not_shown(held, most_of(held, moves[0])) * self._worth(moves[0])
        for move in moves:
            more = not_shown(move.holding, most_of(move.holding))
            if more:
                total += more * self._worth(move)
        return total + self.order()

    def _rate(self, currency: str) -> Decimal:
        return _known(rate_of(self._facts.figures, currency, self._facts.terms.account))

    def _worth(self, move: Move) -> Decimal:
        """One contract that the order moves."""
        held = move.holding
        worth = self._worths.get(held.con_id)
        if worth is None:
            worth = self._worths[held.con_id] = self._unit_of(move) * self._rate(held.currency)
        return worth

    def _unit_of(self, move: Move) -> Decimal:
        marked = move.holding.unit
        if marked is not None and not is_value(marked):
            raise _Unknown(f"the mark {marked} of {move.holding.symbol} is no value")
        if self._facts.details.contract.legs:
            return _known(leg_value(self._facts, move, self._quote_age))
        unit = _known(self._unit)
        return unit if marked is None or marked < unit else marked


def _known(found: Decimal | str) -> Decimal:
    if isinstance(found, str):
        raise _Unknown(found)
    return found


def _sum(amounts: list[Decimal | str]) -> Decimal:
    total = NOTHING
    for amount in amounts:
        if isinstance(amount, str):
            raise _Unknown(amount)
        total += amount
    return total
