"""Rules about money, in the account's base currency: an order's value, positions, gross exposure, buying power. Pure.

Positions and exposure are judged at their worst: every working order on that side fills, and of our own count and
Account's the one counts that is worse. A combo's legs move positions one by one; a leg that nobody has valued counts
with the combo's net price. Orders that reduce a position are exempt from all of these.
"""

from __future__ import annotations

from collections.abc import Callable
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


def order_value(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """What the order itself is worth at worst."""
    measure = _Measure(facts, limits)
    rows = (
        ("max_order_value", limits.max_order_value),
        (f"max_order_value of {facts.strategy}", limits.own.max_order_value),
    )
    return tuple(measure.judge(rule, limit, "value", measure.order) for rule, limit in rows if limit is not None)


def positions(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """What the position in each contract would be worth, and the strategy's own where that has a limit."""
    measure, own = _Measure(facts, limits), limits.own.max_position_value
    verdicts = []
    for move in facts.moves:
        what = f"position in {move.holding.symbol} worth"
        verdicts.append(
            measure.judge("max_position_value", limits.max_position_value, what, partial(measure.position, move))
        )
        if own is not None:
            rule = f"max_position_value of {facts.strategy}"
            verdicts.append(measure.judge(rule, own, what, partial(measure.position, move, own=True)))
    return tuple(verdicts)


def exposure(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """What all positions of the account would be worth together, long and short added up."""
    measure = _Measure(facts, limits)
    return (measure.judge("max_gross_exposure", limits.max_gross_exposure, "gross exposure", measure.gross),)


def buying_power(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """The order's whole value, without any margin loan, is there beside what working orders and new fills take."""
    rule, figures = "buying_power", facts.figures
    if not limits.buying_power:
        return (RuleVerdict(rule, "not asked", NONE),)
    if facts.asks_broker:
        return (RuleVerdict(rule, "not asked", "what the broker says of its margin (what-if)"),)
    if reducing(facts):
        return (RuleVerdict(rule, "not asked", EXEMPT),)
    account = facts.terms.account
    funds = None if figures is None or not figures.live else figures.available_funds
    if funds is None or not funds.is_finite():
        text = (
            f"the available funds of {account} are not known now (accepted: an order that reduces a position, or wait)"
        )
        return (RuleVerdict(rule, "not known", "the account's available funds", text),)
    measure = _Measure(facts, limits)
    return (measure.judge(rule, max(funds, NOTHING), "value with all that is on its way", measure.needed),)


class _Measure:
    """Sums over one order's facts, in the base currency of its account. Raises _Unknown, always in words."""

    def __init__(self, facts: Facts, limits: RiskLimits) -> None:
        self._facts = facts
        self._limits = limits

    def judge(self, rule: str, limit: Decimal | None, what: str, sum_up: Callable[[], Decimal]) -> RuleVerdict:
        """The verdict on a sum."""
        exempt = reducing(self._facts)
        try:
            amount = sum_up()
        except _Unknown as why:
            if limit is None or exempt:
                return RuleVerdict(rule, "not known", NONE if limit is None else EXEMPT)
            return RuleVerdict(rule, "not known", f"up to {limit}", f"{why}; {rule} cannot be kept")
        value = f"{amount:.2f} {self._base}"
        if limit is None or exempt:
            return RuleVerdict(rule, value, NONE if limit is None else EXEMPT)
        accepted = f"up to {limit:f} {self._base}"
        text = "" if amount <= limit else f"{what} {value} is above {rule} (accepted: {accepted})"
        return RuleVerdict(rule, value, accepted, text)

    def order(self) -> Decimal:
        """The order alone."""
        contract = self._facts.details.contract
        return self._facts.terms.quantity * self._unit_of_order() * self._rate(contract.currency)

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
        buys, sells = _split(move)
        long, short = _worst(held, buys, sells)
        return (long if buys else short) * self._unit_of_move(move) * self._rate(held.currency)

    def gross(self) -> Decimal:
        """All positions, each at its worst."""
        total = sum((max(_worst(held)) * self._worth(held) for held in self._facts.others if _any(held)), NOTHING)
        for move in self._facts.moves:
            most = max(_worst(move.holding, *_split(move)))
            total += most * self._unit_of_move(move) * self._rate(move.holding.currency)
        return total

    def needed(self) -> Decimal:
        """What Account's funds do not show yet: this order, working orders, fills since."""
        total = NOTHING
        for held in self._facts.others:
            more = _not_shown(held)
            if more:
                total += more * self._worth(held)
        for move in self._facts.moves:
            more = _not_shown(move.holding)
            if more:
                total += more * self._unit_of_move(move) * self._rate(move.holding.currency)
        if len(self._facts.moves) > 1:
            return total + self.order()
        (move,) = self._facts.moves
        adds = _not_shown(move.holding, *_split(move)) - _not_shown(move.holding)
        return total + adds * self._unit_of_move(move) * self._rate(move.holding.currency)

    @property
    def _base(self) -> str:
        return "" if self._facts.figures is None else self._facts.figures.currency

    def _rate(self, currency: str) -> Decimal:
        return _known(rate_of(self._facts.figures, currency, self._facts.terms.account))

    def _worth(self, held: Holding) -> Decimal:
        if held.unit is None or not _is_value(held.unit):
            raise _Unknown(f"nobody knows what {held.symbol} is worth, which the account holds or has orders in")
        return held.unit * self._rate(held.currency)

    def _unit_of_order(self) -> Decimal:
        return _known(unit_value(self._facts, self._limits.quote_age))

    def _unit_of_move(self, move: Move) -> Decimal:
        marked = move.holding.unit
        if marked is not None and not _is_value(marked):
            raise _Unknown(f"the mark {marked} of {move.holding.symbol} is no value")
        if not self._facts.details.contract.legs:
            return max(self._unit_of_order(), marked or NOTHING)
        return marked if marked is not None else self._facts.terms.quantity * self._unit_of_order() / move.quantity


def _known(found: Decimal | str) -> Decimal:
    if isinstance(found, str):
        raise _Unknown(found)
    return found


def _is_value(unit: Decimal) -> bool:
    return unit.is_finite() and unit >= 0


def _split(move: Move) -> tuple[Decimal, Decimal]:
    """What a move buys and what it sells."""
    return (move.quantity, NOTHING) if move.side == "BUY" else (NOTHING, move.quantity)


def _worst(held: Holding, buys: Decimal = NOTHING, sells: Decimal = NOTHING) -> tuple[Decimal, Decimal]:
    """How long, and how short, a position can become; neither is below zero."""
    low, high = bounds(held)
    return max(high + held.buying + buys, NOTHING), max(held.selling + sells - low, NOTHING)


def _any(held: Holding) -> bool:
    return any(_worst(held))


def _not_shown(held: Holding, buys: Decimal = NOTHING, sells: Decimal = NOTHING) -> Decimal:
    """How much larger a position can become than the one that Account's funds already carry."""
    return max(NOTHING, max(_worst(held, buys, sells)) - abs(held.told or NOTHING))
