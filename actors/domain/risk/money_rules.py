"""Rules about money, in the account's base currency: an order's value, positions, gross exposure, buying power. Pure.

Positions and exposure are judged at their worst: every working order on that side fills, and of our own count and
Account's the one counts that is worse. A combo's legs move positions one by one; a leg that nobody has valued counts
with the combo's net price. Orders that reduce a position are exempt from all of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

from actors.domain.risk.contract_rules import EXEMPT, NONE
from actors.domain.risk.facts import NOTHING, Facts, Holding, Move
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.reducing import bounds, reducing
from actors.domain.risk.valuation import rate_of, unit_value
from actors.messages.risk import RuleVerdict


class _Unknown(Exception):
    """What a rule needs and nobody knows, in words."""


def money(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """All rules about money; what they share is worked out once."""
    measure = _Measure(facts, limits)
    return (
        *_order_value(facts, limits, measure),
        *_positions(facts, limits, measure),
        measure.judge("max_gross_exposure", limits.max_gross_exposure, "gross exposure", measure.gross),
        _buying_power(facts, limits, measure),
    )


def _order_value(facts: Facts, limits: RiskLimits, measure: _Measure) -> Iterator[RuleVerdict]:
    """What the order itself is worth at worst."""
    yield measure.judge("max_order_value", limits.max_order_value, "value", measure.order)
    if limits.own.max_order_value is not None:
        rule = f"max_order_value of {facts.strategy}"
        yield measure.judge(rule, limits.own.max_order_value, "value", measure.order)


def _positions(facts: Facts, limits: RiskLimits, measure: _Measure) -> Iterator[RuleVerdict]:
    """What the position in each contract would be worth, and the strategy's own where that has a limit."""
    for move in facts.moves:
        what, own = f"position in {move.holding.symbol} worth", limits.own.max_position_value
        yield measure.judge("max_position_value", limits.max_position_value, what, partial(measure.position, move))
        if own is not None:
            rule = f"max_position_value of {facts.strategy}"
            yield measure.judge(rule, own, what, partial(measure.position, move, own=True))


def _buying_power(facts: Facts, limits: RiskLimits, measure: _Measure) -> RuleVerdict:
    """The order's whole value, without any margin loan, is there beside what working orders and new fills take."""
    rule, figures = "buying_power", facts.figures
    if not limits.buying_power:
        return RuleVerdict(rule, "not asked", NONE)
    if facts.asks_broker:
        return RuleVerdict(rule, "not asked", "what the broker says of its margin (what-if)")
    if measure.exempt:
        return RuleVerdict(rule, "not asked", EXEMPT)
    account = facts.terms.account
    funds = None if figures is None or not figures.live else figures.available_funds
    if funds is None or not funds.is_finite():
        text = (
            f"the available funds of {account} are not known now (accepted: an order that reduces a position, or wait)"
        )
        return RuleVerdict(rule, "not known", "the account's available funds", text)
    return measure.judge(rule, max(funds, NOTHING), "value with all that is on its way", measure.needed)


class _Measure:
    """Sums over one order's facts, in the base currency of its account. Raises _Unknown, always in words."""

    def __init__(self, facts: Facts, limits: RiskLimits) -> None:
        self.exempt = reducing(facts)
        self._facts = facts
        self._base = "" if facts.figures is None else facts.figures.currency
        self._unit = unit_value(facts, limits.quote_age)
        self._rates: dict[str, Decimal] = {}
        self._worths: dict[int, Decimal] = {}
        self._others = [(held, most) for held in facts.others if (most := _most(held))]

    def judge(self, rule: str, limit: Decimal | None, what: str, sum_up: Callable[[], Decimal]) -> RuleVerdict:
        """The verdict on a sum."""
        try:
            amount = sum_up()
        except _Unknown as why:
            if limit is None or self.exempt:
                return RuleVerdict(rule, "not known", NONE if limit is None else EXEMPT)
            return RuleVerdict(rule, "not known", f"up to {limit}", f"{why}; {rule} cannot be kept")
        value = f"{amount:.2f} {self._base}"
        if limit is None or self.exempt:
            return RuleVerdict(rule, value, NONE if limit is None else EXEMPT)
        accepted = f"up to {limit:f} {self._base}"
        text = "" if amount <= limit else f"{what} {value} is above {rule} (accepted: {accepted})"
        return RuleVerdict(rule, value, accepted, text)

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
        return max(most + move.quantity, NOTHING) * self._unit_of_move(move) * self._rate(held.currency)

    def gross(self) -> Decimal:
        """All positions, each at its worst."""
        total = NOTHING
        for held, most in self._others:
            total += most * self._worth(held)
        for move in self._facts.moves:
            most = _most(move.holding, *_split(move))
            total += most * self._unit_of_move(move) * self._rate(move.holding.currency)
        return total

    def needed(self) -> Decimal:
        """What Account's funds do not show yet: this order, working orders, fills since."""
        total, moves = NOTHING, self._facts.moves
        for held, most in self._others:
            more = _not_shown(held, most)
            if more:
                total += more * self._worth(held)
        for move in moves:
            more = _not_shown(move.holding, _most(move.holding))
            if more:
                total += more * self._unit_of_move(move) * self._rate(move.holding.currency)
        if len(moves) > 1:
            return total + self.order()
        held = moves[0].holding
        adds = _not_shown(held, _most(held, *_split(moves[0]))) - _not_shown(held, _most(held))
        return total + adds * self._unit_of_move(moves[0]) * self._rate(held.currency)

    def _rate(self, currency: str) -> Decimal:
        rate = self._rates.get(currency)
        if rate is None:
            rate = _known(rate_of(self._facts.figures, currency, self._facts.terms.account))
            self._rates[currency] = rate
        return rate

    def _worth(self, held: Holding) -> Decimal:
        worth = self._worths.get(held.con_id)
        if worth is None:
            if held.unit is None or not _is_value(held.unit):
                raise _Unknown(f"nobody knows what {held.symbol} is worth, which the account holds or has orders in")
            worth = self._worths[held.con_id] = held.unit * self._rate(held.currency)
        return worth

    def _unit_of_move(self, move: Move) -> Decimal:
        marked = move.holding.unit
        if marked is not None and not _is_value(marked):
            raise _Unknown(f"the mark {marked} of {move.holding.symbol} is no value")
        unit = _known(self._unit)
        if not self._facts.details.contract.legs:
            return unit if marked is None or marked < unit else marked
        return marked if marked is not None else self._facts.terms.quantity * unit / move.quantity


def _known(found: Decimal | str) -> Decimal:
    if isinstance(found, str):
        raise _Unknown(found)
    return found


def _is_value(unit: Decimal) -> bool:
    return unit.is_finite() and unit >= 0


def _split(move: Move) -> tuple[Decimal, Decimal]:
    """What a move buys and what it sells."""
    return (move.quantity, NOTHING) if move.side == "BUY" else (NOTHING, move.quantity)


def _most(held: Holding, buys: Decimal = NOTHING, sells: Decimal = NOTHING) -> Decimal:
    """How large a position can become, on either side; never below zero, for one of the two sides is not."""
    low, high = bounds(held)
    return max(high + held.buying + buys, held.selling + sells - low)


def _not_shown(held: Holding, most: Decimal) -> Decimal:
    """How much larger that is than the position that Account's funds already carry."""
    more = most - abs(held.told or NOTHING)
    return more if more > 0 else NOTHING
