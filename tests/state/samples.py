"""An account and its positions, as Account tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from actors.messages.account import AccountValue, AccountView, PnL, Position

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HELD = Position("DU1", "AAPL", 265598, "STK", "USD", Decimal("10.5"), 150.25, 151.0, 1585.5, Decimal("7.87"))
SHORT = Position("DU1", "MSFT", 272093, "STK", "USD", Decimal(-3), 400.0)
ACCOUNT = AccountView(
    account="DU1",
    currency="USD",
    net_liquidation=Decimal("1000123.45"),
    cash=Decimal("998000.10"),
    available_funds=Decimal(900000),
    buying_power=Decimal(3600000),
    gross_position_value=None,
    pnl=PnL("DU1", 0, Decimal("-12.30"), Decimal("7.87"), None),
    values=(AccountValue("Cushion", "0.98", ""), AccountValue("NetLiquidation", "1000123.45", "USD")),
    complete=True,
    as_of=NOON,
    source="broker",
)
