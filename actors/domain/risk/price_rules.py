"""Rules about prices: a fresh quote for what trades at any price, a collar, and stops that would trigger at once. Pure.

Only an aggressive price is an error: a limit far from the market on the passive side costs nothing. `price_collar:
null` ends both collar and stops; a market order needs a fresh quote all the same. Exits that wait for their entry are
measured against its price by `order_groups`, not against today's market.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from actors.domain.risk.contract_rules import NONE, waits
from actors.domain.risk.facts import Facts
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.market import against, market_price
from actors.messages.risk import RuleVerdict

_AT_ANY_PRICE: Final = frozenset({"MKT", "MOC"})
_OF_ENTRY: Final = "measured against its entry"


def fresh_quote(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """A market order needs a price that is known, also when it reduces and when it waits."""
    if facts.terms.order_type not in _AT_ANY_PRICE:
        return (RuleVerdict("quote", "names a price", NONE),)
    limit = f"a quote younger than {limits.quote_age:g} s"
    price = market_price(facts, limits.quote_age)
    if isinstance(price, str):
        text = f"{price}; an order of type {facts.terms.order_type} needs {limit} (accepted: a limit price, or wait)"
        return (RuleVerdict("quote", price, limit, text),)
    return (RuleVerdict("quote", f"{against(facts)} {price:.10g}", limit),)


def stop_side(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """A stop to buy stands above the market and one to sell below it; otherwise it would trigger at once."""
    stop = facts.terms.stop
    if stop is None or limits.price_collar is None:
        return (RuleVerdict("stop", "no stop" if stop is None else f"{stop:.10g}", NONE),)
    value = f"{stop:.10g}"
    if facts.waits_for_entry:
        return (RuleVerdict("stop", value, _OF_ENTRY),)
    market = market_price(facts, limits.quote_age, resting=_resting(facts))
    if isinstance(market, str):
        return (RuleVerdict("stop", value, "a known market", _unmeasured("stop", value, market)),)
    buying = facts.terms.side == "BUY"
    accepted = f"{'above' if buying else 'below'} {market:.10g}"
    if stop > market if buying else stop < market:
        return (RuleVerdict("stop", value, accepted),)
    text = (
        f"stop {value} to {facts.terms.side.lower()} would trigger at once, the market is at {market:.10g}"
        f" (accepted: {accepted})"
    )
    return (RuleVerdict("stop", value, accepted, text),)


def collar(facts: Facts, limits: RiskLimits) -> tuple[RuleVerdict, ...]:
    """A limit may be so much worse than the market, in percent of it, or one tick."""
    rule, terms = "price_collar", facts.terms
    name = "limit" if terms.limit is not None else "limit_offset"
    price = terms.limit if terms.limit is not None else terms.limit_offset
    if price is None or limits.price_collar is None:
        return (RuleVerdict(rule, "no limit price" if price is None else f"{name} {price:.10g}", NONE),)
    value = f"{name} {price:.10g}"
    if facts.waits_for_entry:
        return (RuleVerdict(rule, value, _OF_ENTRY),)
    market = market_price(facts, limits.quote_age, resting=_resting(facts))
    if isinstance(market, str):
        return (RuleVerdict(rule, value, "a known market", _unmeasured(name, f"{price:.10g}", market)),)
    reference = _reference(facts, market)
    room = max(abs(reference) * _exact(limits.price_collar) / 100, _exact(facts.details.min_tick))
    if name == "limit_offset":
        worst, within = room, _exact(price) <= room
        accepted = f"up to {_plain(worst)}"
    elif terms.side == "BUY":
        worst = _on_tick(reference + room, facts, "ROUND_FLOOR")
        within, accepted = _exact(price) <= worst, f"up to {_plain(worst)}"
    else:
        worst = _on_tick(reference - room, facts, "ROUND_CEILING")
        within, accepted = _exact(price) >= worst, f"{_plain(worst)} or more"
    if within:
        return (RuleVerdict(rule, value, accepted),)
    text = (
        f"{value} is more than {limits.price_collar:g} % beyond {_plain(reference)}, the market it would meet:"
        f" price_collar (accepted: {accepted})"
    )
    return (RuleVerdict(rule, value, accepted, text),)


def _reference(facts: Facts, market: float) -> Decimal:
    """The price at which the order begins to trade: the market, or its stop where that is further away."""
    stop, now = facts.terms.stop, _exact(market)
    if stop is None:
        return now
    return max(now, _exact(stop)) if facts.terms.side == "BUY" else min(now, _exact(stop))


def _resting(facts: Facts) -> bool:
    """Whether the market is known to be closed and the order waits for it, so that its last prices count."""
    hours = facts.hours
    closed = hours is not None and not hours.open and hours.next_open is not None
    return closed and waits(facts.terms)


def _unmeasured(name: str, value: str, why: str) -> str:
    return f"{name} {value} cannot be measured: {why} (accepted: an order with a fresh quote)"


def _on_tick(price: Decimal, facts: Facts, rounding: str) -> Decimal:
    tick = _exact(facts.details.min_tick)
    return price if tick <= 0 else (price / tick).to_integral_value(rounding) * tick


def _exact(value: float) -> Decimal:
    """The number a person would write for a float."""
    return Decimal(repr(value))


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
