"""The limits that every order must keep: its quantity, and its value at a price that is known. Pure.

An order with a limit is valued at its own prices, and so is a stop to sell, which trades at its stop or below. What
may trade at any price is valued at the quote: a market order, a trailing one, whose stop moves, and a stop to buy,
which trades at its stop or above; the greater of stop and quote counts. Of the quote counts the side it would trade
against, the last trade failing that. No price, or a quote that is not current, is a refusal, not an exemption.
A sell far below the market is valued at its own price, a combo at its net price; its quantity is that of its
greatest leg. The value is in the contract's currency and is compared as it stands.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from actors.domain.combos import multiplier_of
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails, Quote

_CURRENT: Final = frozenset({"live", "delayed"})


class Limits(msgspec.Struct, frozen=True):
    """The greatest quantity and value of one order."""

    max_quantity: Decimal
    max_value: Decimal


def needs_quote(terms: OrderTerms) -> bool:
    """Whether the order may trade at a worse price than any it names."""
    if terms.limit is not None:
        return False
    return terms.order_type != "STP" or terms.side == "BUY"


def check(terms: OrderTerms, details: ContractDetails, quote: Quote | None, limits: Limits) -> tuple[str, ...]:
    """Every limit that the order would break."""
    problems = []
    ratio = max((leg.ratio for leg in details.contract.legs), default=1)
    if terms.quantity * ratio > limits.max_quantity:
        of_leg = f" makes {terms.quantity * ratio} of a leg, which" if ratio > 1 else ""
        most = limits.max_quantity if ratio == 1 else limits.max_quantity // ratio
        problems.append(f"quantity {terms.quantity}{of_leg} is above max_order_quantity (accepted: up to {most})")
    prices = [abs(price) for price in (terms.limit, terms.stop) if price is not None]
    if needs_quote(terms):
        quoted, problem = _quoted(terms, quote)
        if quoted is None:
            return (*problems, problem)
        prices.append(abs(quoted))
    price = max(prices)
    value = terms.quantity * Decimal(repr(price)) * multiplier_of(details.contract)
    if value > limits.max_value:
        currency = details.contract.currency
        problems.append(
            f"value {value:.2f} {currency} ({terms.quantity} at {price:.10g}) is above max_order_value"
            f" (accepted: up to {limits.max_value} {currency})"
        )
    return tuple(problems)


def _quoted(terms: OrderTerms, quote: Quote | None) -> tuple[float | None, str]:
    if quote is None:
        return None, f"no price is known to value an order of type {terms.order_type} with; give a limit price"
    if quote.state not in _CURRENT:
        age = "no tick yet" if quote.age is None else f"last tick {quote.age:.0f} s ago"
        return None, f"the quote of {quote.symbol} is {quote.state} ({age}); give a limit price or wait for a tick"
    side = quote.ask if terms.side == "BUY" else quote.bid
    price = side if side is not None else quote.last
    return price, f"{quote.symbol} has neither a price on that side nor a last trade; give a limit price"
