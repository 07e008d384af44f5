"""A combo's fill, leg by leg: every leg trades at its own quote, one of them so that the combo's price comes out.

All legs fill together, also those of an order that is not guaranteed, which allows less but does not ask for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulator.market.combo import weights
from simulator.market.instrument import Instrument
from simulator.market.market import Market


@dataclass(frozen=True)
class LegFill:
    """What one leg trades: `action` is BUY or SELL, `quantity` counts the leg's units."""

    instrument: Instrument
    action: str
    ratio: int
    quantity: Decimal
    price: Decimal


def leg_fills(market: Market, combo: Instrument, sign: int, quantity: Decimal, price: Decimal) -> list[LegFill]:
    """The legs' fills that make up `quantity` combos bought (sign 1) or sold (-1) at `price`."""
    fills: list[LegFill] = []
    for leg in combo.legs:
        item = market.universe.get(leg.con_id)
        if item is None:
            raise ValueError(f"combo {combo.con_id} has a leg without a contract: {leg.con_id}")
        bought = (leg.action == "BUY") == (sign > 0)
        line = market.line(item)
        quoted = line.price(line.quote.ask if bought else line.quote.bid)
        fills.append(LegFill(item, "BUY" if bought else "SELL", leg.ratio, quantity * leg.ratio, quoted))
    signed = [leg.ratio if leg.action == "BUY" else -leg.ratio for leg in combo.legs]
    shares = weights((fill.instrument, ratio) for fill, ratio in zip(fills, signed, strict=True))
    residual = price - sum((share * fill.price for share, fill in zip(shares, fills, strict=True)), Decimal(0))
    chosen = max(range(len(fills)), key=lambda index: (-abs(shares[index]), fills[index].price))
    leg_fill = fills[chosen]
    adjusted = leg_fill.price + residual / shares[chosen]
    fills[chosen] = LegFill(leg_fill.instrument, leg_fill.action, leg_fill.ratio, leg_fill.quantity, adjusted)
    return fills
