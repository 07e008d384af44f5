"""Rules about prices: a fresh quote for what trades at any price, a collar, and stops that would trigger at once. Pure.

Only an aggressive price is an error: a limit far from the market on the passive side costs nothing. `price_collar:
null` ends both collar and stops; a market order needs a fresh quote all the same. Exits that wait for their entry are
measured against its price by `order_groups`, not against today's market.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from actors.domain.exact import exact
from actors.domain.risk.contract_rules import waits
from actors.domain.risk.facts import NOTHING, Facts
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.market import against, market_price
from actors.domain.risk.verdict import NONE, Form, Verdict

_AT_ANY_PRICE: Final = frozenset({"MKT", "MOC"})
_OF_ENTRY: Final = "measured against its entry"
_KNOWN: Final = "a known market"
_PERCENT: Final = Decimal("0.01")
_MARKET_ORDER: Final = Form("{1} {0:.10g}", "a quote younger than {0:g} s")
_STOP: Final = Form("{0:.10g}")
_STOPS: Final = {"BUY": Form("{0:.10g}", "above {0:.10g}"), "SELL": Form("{0:.10g}", "below {0:.10g}")}
_LIMIT: Final = Form("{1} {0:.10g}")
_UP_TO: Final = Form("{1} {0:.10g}", "up to {0:f}")
_OR_MORE: Final = Form("{1} {0:.10g}", "{0:f} or more")
_NAMES_A_PRICE: Final = Verdict("quote", "names a price", NONE)
_NO_STOP: Final = Verdict("stop", "no stop", NONE)
_NO_LIMIT: Final = Verdict("price_collar", "no limit price", NONE)


def fresh_quote(facts: Facts, limits: RiskLimits) -> Verdict:
    """A market order needs a price that is known, also when it reduces and when it waits."""
    if facts.terms.order_type not in _AT_ANY_PRICE:
        return _NAMES_A_PRICE
    price = market_price(facts, limits.quote_age)
    found = Verdict("quote", price, limits.quote_age, _MARKET_ORDER, against(facts))
    if not isinstance(price, str):
        return found
    limit, asked = found.words().limit, facts.terms.order_type
    return found.refused(f"{price}; an order of type {asked} needs {limit} (accepted: a limit price, or wait)")


def stop_side(facts: Facts, limits: RiskLimits) -> Verdict:
    """A stop to buy stands above the market and one to sell below it; otherwise it would trigger at once."""
    stop = facts.terms.stop
    if stop is None:
        return _NO_STOP
    if limits.price_collar is None or facts.waits_for_entry:
        return Verdict("stop", stop, NONE if limits.price_collar is None else _OF_ENTRY, _STOP)
    market = market_price(facts, limits.quote_age, resting=resting(facts))
    if isinstance(market, str):
        return Verdict("stop", stop, _KNOWN, _STOP, text=_unmeasured("stop", stop, market))
    buying = facts.terms.side == "BUY"
    found = Verdict("stop", stop, market, _STOPS["BUY" if buying else "SELL"])
    if stop > market if buying else stop < market:
        return found
    words = found.words()
    text = (
        f"stop {words.value} to {facts.terms.side.lower()} would trigger at once, the market is at {market:.10g}"
        f" (accepted: {words.limit})"
    )
    return found.refused(text)


def collar(facts: Facts, limits: RiskLimits) -> Verdict:
    """A limit may be so much worse than the market, in percent of it, or one tick."""
    rule, terms = "price_collar", facts.terms
    name = "limit" if terms.limit is not None else "limit_offset"
    price = terms.limit if terms.limit is not None else terms.limit_offset
    if price is None:
        return _NO_LIMIT
    if limits.price_collar is None or facts.waits_for_entry:
        return Verdict(rule, price, NONE if limits.price_collar is None else _OF_ENTRY, _LIMIT, name)
    market = market_price(facts, limits.quote_age, resting=resting(facts))
    if isinstance(market, str):
        return Verdict(rule, price, _KNOWN, _LIMIT, name, _unmeasured(name, price, market))
    reference = _reference(facts, market)
    tick = exact(facts.details.min_tick)
    room = max(abs(reference) * exact(limits.price_collar) * _PERCENT, tick)
    if name == "limit_offset":
        worst, form = room, _UP_TO
    elif terms.side == "BUY":
        worst, form = _on_tick(reference + room, tick), _UP_TO
    else:
        worst, form = -_on_tick(room - reference, tick), _OR_MORE
    found = Verdict(rule, price, worst, form, name)
    if exact(price) <= worst if form is _UP_TO else exact(price) >= worst:
        return found
    words = found.words()
    text = (
        f"{words.value} is more than {limits.price_collar:g} % beyond {reference.normalize():f}, the market it would"
        f" meet: price_collar (accepted: {words.limit})"
    )
    return found.refused(text)


def _reference(facts: Facts, market: float) -> Decimal:
    """The price at which the order begins to trade: the market, or its stop where that is further away."""
    stop, now = facts.terms.stop, exact(market)
    if stop is None:
        return now
    return max(now, exact(stop)) if facts.terms.side == "BUY" else min(now, exact(stop))


def resting(facts: Facts) -> bool:
    """Whether the market is known to be closed and the order waits for it, so that its last prices count."""
    hours = facts.hours
    closed = hours is not None and not hours.open and hours.next_open is not None
    return closed and waits(facts.terms)


def _unmeasured(name: str, price: float, why: str) -> str:
    return f"{name} {price:.10g} cannot be measured: {why} (accepted: an order with a fresh quote)"


def _on_tick(price: Decimal, tick: Decimal) -> Decimal:
    """The price, or the next one below that is on the tick."""
    over = price % tick if tick > 0 else NOTHING  # it has the sign of the price
    return price - over if over >= 0 else price - over - tick
