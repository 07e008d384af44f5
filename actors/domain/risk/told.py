"""The facts of a decision in words, as they are kept with it and shown by `why`. Pure."""

from __future__ import annotations

from decimal import Decimal

from actors.domain.contracts import words
from actors.domain.risk.facts import Facts, Holding, Move
from actors.messages.market import Quote
from actors.messages.risk import RiskFigures


def told(facts: Facts, *, others: str, figures: str) -> dict[str, str]:
    """What a decision was based on; what was not known is said to be.

    `others` are the account's other contracts in words (`holding_text`), `figures` what it is worth (`figures_text`).
    """
    terms, counts = facts.terms, facts.counts
    prices = (f"{name} {getattr(terms, name):.10g}" for name in ("limit", "stop") if getattr(terms, name) is not None)
    found = {
        "order": " ".join((terms.side, f"{terms.quantity:f}", words(facts.details.contract), *prices)),
        "kind": f"{terms.order_type} {terms.tif}{' outside regular hours' if terms.outside_rth else ''}",
        "account": terms.account,
        "strategy": facts.strategy,
        "quote": "not known" if facts.quote is None else _quote(facts.quote),
        "hours": "not asked" if facts.hours is None else facts.hours.text,
        "position": "; ".join(map(_move, facts.moves)),
        "others": others,
        "figures": figures,
        "orders": (
            f"{counts.open} open, {counts.minute} within a minute, {counts.day} today; of the strategy"
            f" {counts.open_own}, {counts.minute_own}, {counts.day_own}; {facts.together} together"
        ),
    }
    flags = {
        "alike": "" if facts.twin is None else f"{facts.twin.key} {facts.twin.age:.3f} s ago",
        "change": "of a working order" if facts.change else "",
        "exit": "of an entry that has not filled" if facts.waits_for_entry else "",
        "margin": "asked of the broker" if facts.asks_broker else "",
        "only": facts.only_reducing,
    }
    return {name: text for name, text in {**found, **flags}.items() if text}


def _quote(quote: Quote) -> str:
    age = "no tick" if quote.age is None else f"{quote.age:.3f} s"
    return f"bid {_price(quote.bid)}, ask {_price(quote.ask)}, last {_price(quote.last)}, {quote.state}, {age}"


def _price(price: float | None) -> str:
    return "-" if price is None else f"{price:.10g}"


def _move(move: Move) -> str:
    own = f", of the strategy {move.own:f}" if move.own or move.own_buying or move.own_selling else ""
    return holding_text(move.holding) + own


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
