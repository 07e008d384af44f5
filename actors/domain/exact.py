"""The exact number that a person would write for a float. Pure."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

_PRICES = 4096  # the same ticks, limits and prices come again and again


@lru_cache(_PRICES)
def exact(value: float) -> Decimal:
    """The shortest decimal number that reads back as this float."""
    return Decimal(repr(value))
