"""What an order is worth: the price it would trade at at worst, times quantity and multiplier. Pure.

An order to buy with a limit is valued at its own prices, and so is a stop to sell, which trades at its stop or below.
What may trade at a greater price is valued at the quote: a market order, a trailing one, whose stop moves, a stop to
buy, which trades at its stop or above, and a limit to sell, which trades at its limit or above; the greater of its own
price and the quote counts. A combo is valued at its net price, each of its legs, as a position, at its mark or its own
quote. Prices are in the contract's unit and turned into exact numbers as a person would write them.
"""

from __future__ import annotations

from decimal import Decimal

from actors.domain.combos import multiplier_of
from actors.domain.exact import exact
from actors.domain.risk.facts import NOTHING, Facts, Move
from actors.domain.risk.market import leg_price, market_price
from actors.domain.risk.price_rules import resting
from actors.messages.broker import OrderTerms
from actors.messages.risk import RiskFigures


def needs_quote(terms: OrderTerms) -> bool:
    """Whether the order may trade at a greater price than any it names."""
    if terms.limit is not None:
        return terms.side == "SELL" and terms.stop is None
    return terms.order_type != "STP" or terms.side == "BUY" or terms.stop is None


def unit_value(facts: Facts, quote_age: float) -> Decimal | str:
    """What one of the order's contracts costs at worst, in its currency, or why nobody knows."""
    prices = [abs(price) for price in (facts.terms.limit, facts.terms.stop) if price is not None]
    if needs_quote(facts.terms):
        quoted = market_price(facts, quote_age, resting=_rests(facts))
        if isinstance(quoted, str):
            return quoted
        prices.append(abs(quoted))
    return exact(max(prices)) * multiplier_of(facts.details.contract)


def leg_value(facts: Facts, move: Move, quote_age: float) -> Decimal | str:
    """What one contract of a combo's leg is worth, in its currency, or why nobody knows.

    Its mark, else the market's price of the leg or what working orders pay for it, whichever is more.
    """
    unit = move.holding.unit or NOTHING
    if move.holding.marked:
        return unit
    quoted = leg_price(move, quote_age, resting=_rests(facts))
    if isinstance(quoted, str) or move.leg is None:
        return f"{quoted} (accepted: an order that reduces a position, or once each leg has a fresh quote)"
    return max(exact(abs(quoted)) * multiplier_of(move.leg.details.contract), unit)


def _rests(facts: Facts) -> bool:
    return facts.terms.limit is not None and resting(facts)


def rate_of(figures: RiskFigures | None, currency: str, account: str) -> Decimal | str:
    """How much of the account's base currency one unit of a currency is, or why nobody knows."""
    if figures is None:
        return f"nothing is known yet of what account {account} is worth"
    if currency == figures.currency:
        return Decimal(1)
    rate = figures.rates.get(currency)
    if rate is None or not rate.is_finite() or rate <= 0:
        told = "no rate" if rate is None else f"the rate {rate}"
        return f"{told} of {currency} in {figures.currency}, the base currency of account {account}, was told"
    return rate
