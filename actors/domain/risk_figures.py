"""What limits are measured against, of one account, from what its session told. Pure.

A figure that was not told in this session, or is no number, is None, and a currency without a positive rate has none:
whoever decides by it fails closed. A position is worth what the broker's last mark says of one unit of it; only a
position that was never marked has no value.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from actors.domain.money import money
from actors.domain.portfolio import Holding, Portfolio, Standing
from actors.messages.risk import Mark, RiskFigures

_BASE: Final = "BASE"
_ONE: Final = Decimal(1)


def risk_figures(book: Portfolio, account: str, *, live: bool) -> RiskFigures:
    """The figures of an account as they are known now."""
    told = book.standing(account)
    currency = base_currency(told)
    return RiskFigures(
        account=account,
        currency=currency,
        live=live,
        net_liquidation=_amount(told, "NetLiquidation", currency),
        available_funds=_amount(told, "AvailableFunds", currency),
        excess_liquidity=_amount(told, "ExcessLiquidity", currency),
        daily=told.daily,
        rates=rates(told, currency),
        marks=tuple(_mark(holding) for holding in book.holdings(account)),
        as_of=told.as_of,
    )


def base_currency(told: Standing) -> str:
    """The currency of the account's net liquidation value; empty until it was told."""
    return next((unit for key, unit in told.values if key == "NetLiquidation" and unit not in (_BASE, "")), "")


def rates(told: Standing, currency: str) -> dict[str, Decimal]:
    """What one unit of each currency is worth in the base currency."""
    found: dict[str, Decimal] = {}
    for (key, unit), text in told.values.items():
        rate = money(text) if key == "ExchangeRate" and unit not in (_BASE, "") else None
        if rate is not None and rate > 0:
            found[unit] = rate
    if currency:
        found[currency] = _ONE
    return found


def _amount(told: Standing, key: str, currency: str) -> Decimal | None:
    """In the base currency, never that of another currency under the same key."""
    text = told.values.get((key, currency), told.values.get((key, _BASE)))
    return None if text is None else money(text)


def _mark(holding: Holding) -> Mark:
    held = holding.held
    return Mark(
        con_id=held.contract.con_id,
        symbol=held.contract.symbol,
        sec_type=held.contract.sec_type,
        currency=held.contract.currency,
        quantity=held.quantity,
        value=_value(holding),
    )


def _value(holding: Holding) -> Decimal | None:
    mark = holding.mark
    value = None if mark is None or mark.market_value is None else money(mark.market_value)
    if mark is None or value is None or not mark.quantity:
        return None
    if mark.quantity == holding.held.quantity:
        return value
    return value * holding.held.quantity / mark.quantity
