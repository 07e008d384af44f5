"""Limits for services that are driven faster and wider than a desk is: drills, tests and benchmarks of other things.

The rules run, but nothing that a drill does reaches them; what tests the limits sets its own over these. Market hours
stay as they are for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GENEROUS: Final[Mapping[str, object]] = {
    "risk.max_order_value": 1_000_000_000,
    "risk.max_order_quantity": 1_000_000,
    "risk.max_position_value": "none",
    "risk.max_gross_exposure": "none",
    "risk.max_open_orders": "none",
    "risk.orders_per_minute": "none",
    "risk.orders_per_minute_each": "none",
    "risk.orders_per_day": "none",
    "risk.price_collar": "none",
    "risk.duplicate_window": 0.0,
    "risk.buying_power": False,
    "risk.daily_loss.reduce_at": "none",
    "risk.daily_loss.halt_at": "none",
}
"""By dotted key, as `--set` takes them."""
