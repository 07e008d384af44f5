"""Facts about one order to buy ten shares of AAPL at 150, bid 149.9, ask 150.1, and limits it is well inside of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from actors.domain.hours import HoursFact
from actors.domain.risk.decision import decide
from actors.domain.risk.facts import Counts, Facts, Holding, Move
from actors.domain.risk.known import known
from actors.domain.risk.limits import RiskLimits
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails
from actors.messages.risk import RiskFigures, RuleVerdict
from tests.domain.order_builders import AAPL, START, details, quote, terms

OPEN = HoursFact(True, "open until 21:00 UTC")
CLOSED = HoursFact(False, "closed", START)
WIDE = RiskLimits(
    max_order_value=Decimal(10**9),
    max_order_quantity=Decimal(10**9),
    quote_age=30.0,
    buying_power=True,
    market_hours=True,
    price_collar=5.0,
)


def figures(**changes: Any) -> RiskFigures:
    values: dict[str, Any] = {
        "account": "DU1",
        "currency": "USD",
        "live": True,
        "net_liquidation": Decimal(10**9),
        "available_funds": Decimal(10**9),
        "excess_liquidity": Decimal(10**9),
        "daily": Decimal(0),
        "rates": {"EUR": Decimal("1.25"), "USD": Decimal(1)},
        "marks": (),
        "as_of": START,
    }
    return RiskFigures(**(values | changes))


def held(quantity: int | str = 0, **changes: Any) -> Holding:
    values: dict[str, Any] = {"con_id": AAPL.con_id, "symbol": "AAPL", "currency": "USD", "unit": Decimal(150)}
    return Holding(**(values | {"quantity": Decimal(quantity)} | changes))


def facts(
    order: OrderTerms | None = None,
    holding: Holding | None = None,
    *,
    move: dict[str, Any] | None = None,
    **changes: Any,
) -> Facts:
    """Facts for these terms; `holding` is what the account has of the contract, `move` changes what the order does."""
    asked = terms() if order is None else order
    told: ContractDetails = changes.get("details") or details()
    mine = held(currency=told.contract.currency) if holding is None else holding
    moving: dict[str, Any] = {"side": asked.side, "quantity": asked.quantity, "holding": mine}
    values: dict[str, Any] = {
        "terms": asked,
        "strategy": "s",
        "details": told,
        "quote": quote(),
        "hours": OPEN,
        "moves": (Move(**(moving | (move or {}))),),
        "others": (),
        "figures": figures(),
        "counts": Counts(),
    }
    values |= changes
    others = tuple(known(one, values["figures"], asked.account) for one in values["others"])
    return Facts(**(values | {"others": others}))


def limits(**changes: Any) -> RiskLimits:
    return msgspec.structs.replace(WIDE, **changes)


def refusals(about: Facts, kept: RiskLimits = WIDE) -> dict[str, str]:
    """The text of every refusal by its rule."""
    return {verdict.rule: verdict.text for verdict in decide(about, kept) if not verdict.passed}


def verdict(rule: str, about: Facts, kept: RiskLimits = WIDE) -> RuleVerdict:
    (found,) = (one.words() for one in decide(about, kept) if one.rule == rule)
    return found
