"""What trading costs: IB's fixed pricing, in cents of the instrument's currency."""

from __future__ import annotations

from decimal import Decimal

from simulator.market.instrument import Instrument


def commission(instrument: Instrument, quantity: Decimal, value: Decimal) -> Decimal:
    """The price of a whole order of `quantity` units worth `value`."""
    if instrument.sec_type == "STK":
        fee = min(max(Decimal("0.005") * quantity, Decimal(1)), value / 100)
    elif instrument.sec_type == "OPT":
        fee = max(Decimal("0.65") * quantity, Decimal(1))
    elif instrument.sec_type == "FUT":
        fee = Decimal("2.25") * quantity
    else:
        fee = max(value * Decimal("0.00002"), Decimal(2))
    return fee.quantize(Decimal("0.01"))
