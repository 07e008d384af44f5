"""The facts of a decision: in words for `why` and refusals, and with their numbers for the row of an order. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec

from actors.domain.contracts import words
from actors.domain.risk.facts import Facts, Holding, Move
from actors.messages.market import Quote
from actors.messages.risk import RiskFigures

_OF_QUOTE: Final = ("bid", "ask", "last", "state", "age")


def told(facts: Facts, figures: str) -> dict[str, str]:
    """What a decision was based on; what was not known is said to be. `figures`: the account's, in words."""
    terms, counts, quote, twin = facts.terms, facts.counts, facts.quote, facts.twin
    prices = (f"{name} {getattr(terms, name):.10g}" for name in ("limit", "stop") if getattr(terms, name) is not None)
    found = {
        "order": " ".join((terms.side, f"{terms.quantity:f}", words(facts.details.contract), *prices)),
        "kind": f"{terms.order_type} {terms.tif}{' outside regular hours' if terms.outside_rth else ''}",
        "account": terms.account,
        "strategy": facts.strategy,
        **numbers(facts, figures),
        "quote": "not known" if quote is None else _quote(quote),
        "orders": (
            f"{counts.open} open, {counts.minute} within a minute, {counts.day} today; of the strategy"
            f" {counts.open_own}, {counts.minute_own}, {counts.day_own}; {facts.together} together"
        ),
        "alike": "" if twin is None else f"{twin.key} {twin.age:.3f} s ago",
    }
    return {name: text for name, text in found.items() if text}


def numbers(facts: Facts, figures: str) -> dict[str, Any]:
    """The same for a row that has the order: numbers where words would have to be made, null for what is not known."""
    quote, hours, twin = facts.quote, facts.hours, facts.twin
    found: dict[str, Any] = {
        "quote": None if quote is None else {name: getattr(quote, name) for name in _OF_QUOTE},
        "hours": "not asked" if hours is None else hours.text,
        "position": "; ".join([_move(move) for move in facts.moves]),
        "others": "; ".join([other.text for other in facts.others]),
        "figures": figures,
        "orders": {**msgspec.structs.asdict(facts.counts), "together": facts.together},
    }
    legs = {move.holding.symbol: move.leg.quote for move in facts.moves if move.leg is not None}
    if legs:
        found["legs"] = "; ".join([f"{symbol} {_quote(leg)}" for symbol, leg in legs.items()])
    if twin is not None:
        found["alike"] = {"key": twin.key, "age": twin.age}
    if facts.change:
        found["change"] = "of a working order"
    if facts.waits_for_entry:
        found["exit"] = "of an entry that has not filled"
    if facts.asks_broker:
        found["margin"] = "asked of the broker"
    if facts.only_reducing:
        found["only"] = facts.only_reducing
    return found


def _quote(quote: Quote) -> str:
    age = "no tick" if quote.age is None else f"{quote.age:.3f} s"
    return f"bid {_price(quote.bid)}, ask {_price(quote.ask)}, last {_price(quote.last)}, {quote.state}, {age}"


def _price(price: float | None) -> str:
    return "-" if price is None else f"{price:.10g}"


def _move(move: Move) -> str:
    own = f", of the strategy {move.own:f}" if move.own or move.own_buying or move.own_selling else ""
    return (move.text or holding_text(move.holding)) + own


def holding_text(held: Holding) -> str:
    """One contract of an account: what is held, what one is worth, and what is out of the ordinary."""
    unit = "not valued" if held.unit is None else f"{_plain(held.unit)} {held.currency}"
    text = f"{held.symbol} {held.quantity:f} at {unit}"
    if held.told is None:
        text += ", nothing told by Account"
    elif held.told != held.quantity:
        text += f", Account tells {held.told:f}{' from before the last execution' if held.lagging else ''}"
    if held.buying or held.selling:
        text += f", orders buy {held.buying:f} and sell {held.selling:f}"
    return text


def figures_text(figures: RiskFigures | None) -> str:
    """What an account is worth."""
    if figures is None:
        return "nothing told"
    live = "live" if figures.live else "not live"
    rates = ", ".join(f"{name} {_plain(rate)}" for name, rate in sorted(figures.rates.items()))
    return (
        f"{live}, in {figures.currency or 'no currency'}: available funds {_money(figures.available_funds)},"
        f" net liquidation {_money(figures.net_liquidation)}, today {_money(figures.daily)}, rates {rates or 'none'}"
    )


def _money(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{amount:.2f}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
