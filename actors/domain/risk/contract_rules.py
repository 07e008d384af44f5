"""Rules about what is traded and when: the contract's own, quantity, lists of symbols, opening hours. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from actors.domain.contract_terms import check_against_contract
from actors.domain.risk.facts import Facts
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.reducing import reducing, why_not
from actors.messages.broker import OrderTerms
from actors.messages.risk import RuleVerdict

CONTRACT: Final = "contract"
"""The rule that says what makes no sense as an order of this contract, whatever the limits are."""
NONE: Final = "none"
"""What a rule tells as its limit when there is none."""
EXEMPT: Final = "not asked of an order that reduces a position"

_NUMBERS: Final = ("limit", "stop", "trail", "trail_percent", "limit_offset")
_AUCTIONS: Final = frozenset({"MOC", "LOC"})
_WAITING: Final = frozenset({"GTC", "GTD", "OPG"})


def waits(terms: OrderTerms) -> bool:
    """Whether an order may be placed while its market is closed: it lasts until that opens, or is for an auction."""
    return terms.tif in _WAITING or terms.order_type in _AUCTIONS


def is_measurable(terms: OrderTerms) -> bool:
    """Whether all numbers of an order are numbers; otherwise no other rule can be asked."""
    for name in _NUMBERS:
        price = getattr(terms, name)
        if price is not None and not math.isfinite(price):
            return False
    return terms.quantity.is_finite() and terms.quantity > 0


def not_measurable(facts: Facts) -> RuleVerdict:
    """The verdict on an order whose numbers are none."""
    value, accepted = _what(facts)
    text = f"the order has a price or quantity that is not a number (accepted: {accepted})"
    return RuleVerdict(CONTRACT, value, accepted, text)


def contract_accepts(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """Size increment, tick, signs of prices."""
    del limits
    value, accepted = _what(facts)
    problems = check_against_contract(facts.terms, facts.details)
    return tuple(RuleVerdict(CONTRACT, value, accepted, text) for text in problems or ("",))


def _what(facts: Facts) -> tuple[str, str]:
    terms, details = facts.terms, facts.details
    accepted = f"sizes in steps of {details.size_increment:.10g}, prices in steps of {details.min_tick:.10g}"
    return f"{terms.side} {terms.quantity} {terms.order_type}", accepted


def only_reducing(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """While only orders that reduce a position pass, the order must be one."""
    del limits
    reduces = reducing(facts)
    value = "reduces a position" if reduces else "does not, or not only, reduce a position"
    limit = "orders that reduce a position" if facts.only_reducing else NONE
    if reduces or not facts.only_reducing:
        return (RuleVerdict("reducing", value, limit),)
    text = f"{facts.only_reducing}: the order {value} ({why_not(facts)}; accepted: {limit})"
    return (RuleVerdict("reducing", value, limit, text),)


def quantity(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """How many contracts; of a combo those of its greatest leg. Asked of every order: a slip of the pen may reduce."""
    return tuple(
        _quantity(facts, rule, limit)
        for rule, limit in (
            ("max_order_quantity", limits.max_order_quantity),
            (f"max_order_quantity of {facts.strategy}", limits.own.max_order_quantity),
        )
        if limit is not None
    )


def _quantity(facts: Facts, rule: str, limit: Decimal) -> RuleVerdict:
    ratio = max((leg.ratio for leg in facts.details.contract.legs), default=1)
    asked = facts.terms.quantity
    value, accepted = f"{asked * ratio}", f"up to {limit // ratio if ratio > 1 else limit}"
    if asked * ratio <= limit:
        return RuleVerdict(rule, value, accepted)
    of_leg = f" makes {value} of a leg, which" if ratio > 1 else ""
    return RuleVerdict(rule, value, accepted, f"quantity {asked}{of_leg} is above {rule} (accepted: {accepted})")


def listed(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """Symbols that may be traded, or may not; what is held of others may be closed."""
    return tuple(_listed(facts, limits))


def _listed(facts: Facts, limits: RiskLimits) -> Iterator[RuleVerdict]:
    named = ",".join(move.holding.symbol.upper() for move in facts.moves)  # a combo's symbol may name several
    symbols = tuple(dict.fromkeys(named.split(",")))
    value = ", ".join(symbols)
    closing = reducing(facts)
    for rule, names in (("allowed", limits.allowed), (f"allowed of {facts.strategy}", limits.own.allowed)):
        foreign = [symbol for symbol in symbols if names and symbol not in _upper(names)]
        if names or rule == "allowed":
            yield _unlisted(rule, value, ", ".join(names), foreign, closing=closing)
    barred = [symbol for symbol in symbols if symbol in _upper(limits.restricted)]
    accepted = f"any but {', '.join(limits.restricted)}" if limits.restricted else ""
    yield _unlisted("restricted", value, accepted, barred, closing=closing)


def _unlisted(rule: str, value: str, accepted: str, wrong: list[str], *, closing: bool) -> RuleVerdict:
    if not wrong or closing:
        return RuleVerdict(rule, value, EXEMPT if wrong else accepted or NONE)
    is_not = "is restricted" if rule == "restricted" else f"is not in the list {rule!r}"
    text = f"{', '.join(wrong)} {is_not} (accepted: {accepted}; or an order that only reduces a position)"
    return RuleVerdict(rule, value, accepted, text)


def _upper(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.upper() for name in names)


def open_hours(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """An order that would have to trade now needs an open market."""
    rule, hours = "market_hours", facts.hours
    if not limits.market_hours:
        return (RuleVerdict(rule, "not asked", NONE),)
    value = "not known" if hours is None else hours.text
    if waits(facts.terms) or facts.waits_for_entry:
        return (RuleVerdict(rule, value, "any time: the order may wait"),)
    limit = "open"
    if hours is not None and hours.open:
        return (RuleVerdict(rule, value, limit),)
    why = "its hours are not known" if hours is None else hours.text
    terms, symbol = facts.terms, facts.details.contract.symbol
    text = (
        f"{symbol} does not trade now, {why}: an order of type {terms.order_type} for {terms.tif} would have to"
        f" (accepted: {', '.join(sorted(_WAITING))}, {' and '.join(sorted(_AUCTIONS))}, which wait)"
    )
    return (RuleVerdict(rule, value, limit, text),)
