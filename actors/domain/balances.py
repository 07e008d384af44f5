"""What an account has in each currency, from its values. Pure.

A value is known by its key and its currency: one key stands in the base currency, in each currency held, and as BASE.
What was not told, or is no number, is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from actors.domain.money import money
from actors.messages.account import AccountView, Position

_BASE: Final = "BASE"


@dataclass(frozen=True, slots=True)
class Balance:
    """Cash, and cash with positions, in `currency`; `rate` is what one unit of it is worth in the base currency."""

    currency: str
    cash: Decimal | None
    net_liquidation: Decimal | None
    rate: Decimal | None


def balances(view: AccountView) -> tuple[Balance, ...]:
    """What the account has in each currency, the base currency first."""
    told = {(value.key, value.currency): money(value.value) for value in view.values}
    units = {unit for key, unit in told if key == "CashBalance" and unit not in (_BASE, "")}
    return tuple(
        Balance(
            currency=unit,
            cash=told["CashBalance", unit],
            net_liquidation=told.get(("NetLiquidationByCurrency", unit)),
            rate=rate_of(view, unit),
        )
        for unit in sorted(units, key=lambda unit: (unit != view.currency, unit))
    )


def amount(view: AccountView, key: str) -> Decimal | None:
    """A value of the account in its base currency."""
    found = {value.currency: value.value for value in view.values if value.key == key}
    text = found.get(view.currency, found.get(_BASE))
    return None if text is None else money(text)


def worth(view: AccountView, position: Position) -> Decimal | None:
    """What a position is worth in the base currency of its account; None without a value or a rate."""
    value = None if position.market_value is None else money(position.market_value)
    rate = rate_of(view, position.currency)
    return None if value is None or rate is None else value * rate


def rate_of(view: AccountView, currency: str) -> Decimal | None:
    """What one unit of a currency is worth in the account's base currency; None when it was not told."""
    if currency == view.currency:
        return Decimal(1)
    text = next((one.value for one in view.values if (one.key, one.currency) == ("ExchangeRate", currency)), None)
    rate = None if text is None else money(text)
    return rate if rate is not None and rate > 0 else None
