"""Rules about what is traded and when: the contract's own, quantity, lists of symbols, opening hours. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final

from actors.domain.contract_terms import check_against_contract
from actors.domain.risk.facts import Facts
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.reducing import why_not
from actors.domain.risk.verdict import EXEMPT, NONE, NOT_ASKED, Form, Verdict
from actors.messages.broker import OrderTerms

CONTRACT: Final = "contract"
"""The rule that says what makes no sense as an order of this contract, whatever the limits are."""

_AUCTIONS: Final = frozenset({"MOC", "LOC"})
_WAITING: Final = frozenset({"GTC", "GTD", "OPG"})
_TRADE: Final = Form("{1} {0}")
_CONTRACTS: Final = Form("{0}", "up to {0:f}")
_NO_LISTS: Final = (Verdict("allowed", NOT_ASKED, NONE), Verdict("restricted", NOT_ASKED, NONE))


def waits(terms: OrderTerms) -> bool:
    """Whether an order may be placed while its market is closed: it lasts until that opens, or is for an auction."""
    return terms.tif in _WAITING or terms.order_type in _AUCTIONS


def is_measurable(terms: OrderTerms) -> bool:
    """Whether all numbers of an order are numbers; otherwise no other rule can be asked."""
    for price in (terms.limit, terms.stop, terms.trail, terms.trail_percent, terms.limit_offset):
        if price is not None and not math.isfinite(price):
            return False
    return terms.quantity.is_finite() and terms.quantity > 0


def not_measurable(facts: Facts) -> Verdict:
    """The verdict on an order whose numbers are none."""
    found = _contract(facts)
    return found.refused(f"the order has a price or quantity that is not a number (accepted: {found.words().limit})")


def contract_accepts(facts: Facts) -> tuple[Verdict, ...]:
    """Size increment, tick, signs of prices."""
    problems = check_against_contract(facts.terms, facts.details)
    found = _contract(facts)
    return tuple(map(found.refused, problems)) if problems else (found,)


def _contract(facts: Facts) -> Verdict:
    terms, details = facts.terms, facts.details
    return Verdict(CONTRACT, terms.quantity, _steps(details.size_increment, details.min_tick), _TRADE, terms.side)


@lru_cache
def _steps(size: float, tick: float) -> str:
    return f"sizes in steps of {size:.10g}, prices in steps of {tick:.10g}"


def only_reducing(facts: Facts, *, reduces: bool) -> Verdict:
    """While only orders that reduce a position pass, the order must be one."""
    value = "reduces a position" if reduces else "does not, or not only, reduce a position"
    limit = "orders that reduce a position" if facts.only_reducing else NONE
    text = ""
    if facts.only_reducing and not reduces:
        text = f"{facts.only_reducing}: the order {value} ({why_not(facts)}; accepted: {limit})"
    return Verdict("reducing", value, limit, text=text)


def quantity(facts: Facts, limits: RiskLimits) -> tuple[Verdict, ...]:
    """How many contracts; of a combo those of its greatest leg. Asked of every order: a slip of the pen may reduce."""
    of_all, own = _quantity(facts, "max_order_quantity", limits.max_order_quantity), limits.own.max_order_quantity
    if own is None:
        return (of_all,)
    return (of_all, _quantity(facts, f"max_order_quantity of {facts.strategy}", own))


def _quantity(facts: Facts, rule: str, limit: Decimal) -> Verdict:
    legs, asked = facts.details.contract.legs, facts.terms.quantity
    ratio = max(leg.ratio for leg in legs) if legs else 1
    found = Verdict(rule, asked * ratio, limit // ratio if ratio > 1 else limit, _CONTRACTS)
    if asked * ratio <= limit:
        return found
    words = found.words()
    of_leg = f" makes {words.value} of a leg, which" if ratio > 1 else ""
    return found.refused(f"quantity {asked}{of_leg} is above {rule} (accepted: {words.limit})")


def listed(facts: Facts, limits: RiskLimits, *, reduces: bool) -> tuple[Verdict, ...]:
    """Symbols that may be traded, or may not; what is held of others may be closed."""
    if not (limits.allowed or limits.restricted or limits.own.allowed):
        return _NO_LISTS
    return tuple(_listed(facts, limits, closing=reduces))


def _listed(facts: Facts, limits: RiskLimits, *, closing: bool) -> Iterator[Verdict]:
    named = ",".join(move.holding.symbol.upper() for move in facts.moves)  # a combo's symbol may name several
    symbols = tuple(dict.fromkeys(named.split(",")))
    value = ", ".join(symbols)
    for rule, names in (("allowed", limits.allowed), (f"allowed of {facts.strategy}", limits.own.allowed)):
        foreign = [symbol for symbol in symbols if names and symbol not in _upper(names)]
        if names or rule == "allowed":
            yield _unlisted(rule, value, ", ".join(names), foreign, closing=closing)
    barred = [symbol for symbol in symbols if symbol in _upper(limits.restricted)]
    accepted = f"any but {', '.join(limits.restricted)}" if limits.restricted else ""
    yield _unlisted("restricted", value, accepted, barred, closing=closing)


def _unlisted(rule: str, value: str, accepted: str, wrong: list[str], *, closing: bool) -> Verdict:
    if not wrong or closing:
        return Verdict(rule, value, EXEMPT if wrong else accepted or NONE)
    is_not = "is restricted" if rule == "restricted" else f"is not in the list {rule!r}"
    text = f"{', '.join(wrong)} {is_not} (accepted: {accepted}; or an order that only reduces a position)"
    return Verdict(rule, value, accepted, text=text)


def _upper(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.upper() for name in names)


def open_hours(facts: Facts, limits: RiskLimits) -> Verdict:
    """An order that would have to trade now needs an open market."""
    rule, hours = "market_hours", facts.hours
    if not limits.market_hours:
        return Verdict(rule, NOT_ASKED, NONE)
    value = "not known" if hours is None else hours.text
    if waits(facts.terms) or facts.waits_for_entry:
        return Verdict(rule, value, "any time: the order may wait")
    limit = "open"
    if hours is not None and hours.open:
        return Verdict(rule, value, limit)
    why = "its hours are not known" if hours is None else hours.text
    terms, symbol = facts.terms, facts.details.contract.symbol
    text = (
        f"{symbol} does not trade now, {why}: an order of type {terms.order_type} for {terms.tif} would have to"
        f" (accepted: {', '.join(sorted(_WAITING))}, {' and '.join(sorted(_AUCTIONS))}, which wait)"
    )
    return Verdict(rule, value, limit, text=text)
