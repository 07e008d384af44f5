"""Whether the broker's own margin calculation lets an order through: what it says of an order that is not placed yet.

Pure. Amounts are in the account's base currency. What the broker does not say is a refusal.
"""

from __future__ import annotations

from actors.messages.orders import OrderPreview

RULE = "what_if"


def refused(preview: OrderPreview) -> tuple[str, ...]:
    """Why an order with this preview must not be sent; nothing when it may."""
    equity, margin, unit = preview.equity_after, preview.initial_after, preview.currency
    if equity is None or margin is None or not equity.is_finite() or not margin.is_finite():
        warning = f" ({preview.warning})" if preview.warning else ""
        return (f"{RULE}: the broker does not say what margin the order would need{warning}",)
    if equity >= margin:
        return ()
    text = (
        f"{RULE}: the equity of {equity:.2f} {unit} after the order would not cover the initial margin of"
        f" {margin:.2f} {unit}, available funds would be {equity - margin:.2f} (accepted: zero or more)"
    )
    return (text,)
