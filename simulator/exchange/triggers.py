"""Prices that set orders off: stops, if-touched orders and trails, each watched by its trigger method.

Methods are numbered as IB does: 0 is the last price, or bid and ask where there is none; 2 last, 4 bid and ask,
7 last or bid and ask, 8 the middle. Bid and ask means the side that the order would trade against.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from simulator.exchange.orders import TRAILING, Order, Terms
from simulator.market.market import Line

_TOUCHED = frozenset({"MIT", "LIT"})


def watched_prices(line: Line, method: int, sign: int) -> tuple[Decimal, ...]:
    """The prices that count for an order of this side."""
    quote = line.quote
    last, side = line.price(quote.last), line.price(quote.ask if sign > 0 else quote.bid)
    if method == 0:
        method = 2 if line.trades else 4
    if method == 8:
        return ((line.price(quote.bid) + line.price(quote.ask)) / 2,)
    return {2: (last,), 4: (side,), 7: (last, side)}[method]


def trail(order: Order, line: Line) -> Terms:
    """The terms with the stop, and the limit that goes with it, moved after the market, never back."""
    terms, sign = order.terms, order.sign
    (price, *_) = watched_prices(line, terms.trigger_method, sign)
    distance = terms.stop or price * (terms.trailing_percent or 0) / 100
    tick = line.instrument.tick
    rounding = ROUND_FLOOR if sign < 0 else ROUND_CEILING
    wanted = ((price + sign * distance) / tick).to_integral_value(rounding) * tick
    stop = terms.trail_stop
    offset = terms.limit_offset
    if offset is None and terms.limit is not None and stop is not None:
        offset = abs(stop - terms.limit)
    if stop is None or (wanted - stop) * sign < 0:
        stop = max(wanted, tick)
    if terms.order_type == "TRAIL" or offset is None:
        offset, limit = terms.limit_offset, terms.limit
    else:
        limit = stop + sign * offset
    if (stop, offset, limit) == (terms.trail_stop, terms.limit_offset, terms.limit):
        return terms  # as for most steps
    return replace(terms, trail_stop=stop, limit_offset=offset, limit=limit)


def reached(order: Order, line: Line) -> bool:
    """Whether the order's trigger price was reached; an order without one never is."""
    terms = order.terms
    trigger = terms.trail_stop if terms.order_type in TRAILING else terms.stop
    if trigger is None:
        return False
    rising = (order.sign > 0) != (terms.order_type in _TOUCHED)
    prices = watched_prices(line, terms.trigger_method, order.sign)
    return any(price >= trigger if rising else price <= trigger for price in prices)
