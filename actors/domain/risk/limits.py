"""The limits that orders must keep, as values: those of all, and those of the order's strategy beside them.

Money is in the account's base currency. None, and an empty list of symbols, is no such limit.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class StrategyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one strategy's orders. They narrow those of all and never widen them."""

    max_order_value: Decimal | None = None
    max_order_quantity: Decimal | None = None
    max_position_value: Decimal | None = None
    max_open_orders: int | None = None
    orders_per_minute: int | None = None
    orders_per_day: int | None = None
    allowed: tuple[str, ...] = ()


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the account, and in `own` those of the strategy whose order it is.

    `price_collar` is in percent; `duplicate_window` and `quote_age`, the age at which a quote is not fresh any more,
    in seconds. `orders_per_minute_each` holds for every strategy, and for orders without one.
    """

    max_order_value: Decimal
    max_order_quantity: Decimal
    quote_age: float
    max_position_value: Decimal | None = None
    max_gross_exposure: Decimal | None = None
    max_open_orders: int | None = None
    orders_per_minute: int | None = None
    orders_per_minute_each: int | None = None
    orders_per_day: int | None = None
    price_collar: float | None = None
    duplicate_window: float = 0.0
    buying_power: bool = False
    market_hours: bool = False
    allowed: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    own: StrategyLimits = StrategyLimits()
