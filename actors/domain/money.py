"""An amount as a broker writes it, or nothing: what is no number is never taken for one.

IB writes N/A for what it does not know, NaN for what cannot be said, and the largest float for what is not set.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

_LARGEST: Final = Decimal("1e15")
"""No account is worth that much, in any currency; IB's sentinels are 1.79e308, 2^127 and 2^63."""


def money(text: str | float) -> Decimal | None:
    """The amount, with every digit that was told; None when it is none."""
    try:
        amount = Decimal(text if isinstance(text, str) else repr(text))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) < _LARGEST else None
