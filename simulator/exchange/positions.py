"""What a fill does to a position and to cash. Money is Decimal and cash moves in whole cents.

Shares, options and currencies are paid in full; futures settle their profit into cash when closed. A position's
cost excludes fees; fees of what is open are kept beside it, as IB's average cost includes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from simulator.exchange.orders import Execution
from simulator.market.instrument import Instrument

CENT = Decimal("0.01")


@dataclass
class Position:
    """Units held (negative: short), what they cost without fees (same sign), and the fees paid on them."""

    instrument: Instrument
    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)

    @property
    def average_cost(self) -> Decimal:
        """IB's average cost: per unit, times multiplier, fees included; 0 when flat."""
        if not self.quantity:
            return Decimal(0)
        return abs((self.cost + self.fees) / self.quantity).quantize(Decimal("0.00000001"))


@dataclass
class Booking:
    """What a fill came to: realised profit (None when it only opened) and the change of cash by currency."""

    realized: Decimal | None = None
    cash: dict[str, Decimal] = field(default_factory=dict)

    def add(self, currency: str, amount: Decimal) -> None:
        """Change the cash of a currency, in whole cents."""
        self.cash[currency] = self.cash.get(currency, Decimal(0)) + amount.quantize(CENT)


def book(position: Position, execution: Execution) -> Booking:
    """Apply a fill to its position: first it closes what is open the other way, then it opens."""
    item = execution.instrument
    booking = Booking()
    settled = Decimal(0)
    opened, fee_opened = execution.signed, execution.commission
    if position.quantity * execution.signed < 0:
        closed = min(abs(position.quantity), execution.quantity)
        share = closed / abs(position.quantity)
        cost = (position.cost * share).quantize(CENT) if share != 1 else position.cost
        fees = (position.fees * share).quantize(CENT) if share != 1 else position.fees
        fee_closed = (execution.commission * closed / execution.quantity).quantize(CENT)
        signed = closed if execution.action == "BUY" else -closed
        settled = -(cost + signed * execution.price * item.factor)
        booking.realized = settled - fees - fee_closed
        position.quantity += signed
        position.cost -= cost
        position.fees -= fees
        opened, fee_opened = opened - signed, fee_opened - fee_closed
    if opened:
        position.quantity += opened
        position.cost += opened * execution.price * item.factor
        position.fees += fee_opened
    value = execution.signed * execution.price * item.factor
    booking.add(item.currency, settled if item.sec_type == "FUT" else -value)
    if item.sec_type == "CASH":
        booking.add(item.symbol, execution.signed)
    booking.add(item.currency, -execution.commission)
    return booking
