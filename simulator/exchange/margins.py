"""Margin of a position, in US dollars: simple rules, the same for what is held, working and asked.

Shares 25 % of their value initial and 20 % maintenance, futures 8 % and 7 %, currencies 3 % and 2.5 %. A long
option is paid in full and lends nothing. A short one takes its value and 20 % of its underlying, less what it is
out of the money, but at least 10 %; spreads have no relief.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.positions import CENT
from simulator.market.instrument import Instrument
from simulator.market.market import Market

_RATES = {
    "STK": (Decimal("0.25"), Decimal("0.20")),
    "FUT": (Decimal("0.08"), Decimal("0.07")),
    "CASH": (Decimal("0.03"), Decimal("0.025")),
}
_FULL = (Decimal(1), Decimal(1))
Margin = tuple[Decimal, Decimal]


def market_price(market: Market, instrument: Instrument) -> Decimal:
    """What positions are valued at: the last price, or the middle where there is none."""
    line = market.line(instrument)
    quote = line.quote
    return line.price(quote.last) if line.trades else line.price(quote.bid + quote.ask) / 2


def margin(market: Market, instrument: Instrument, signed: Decimal, price: Decimal | None = None) -> Margin:
    """Initial and maintenance margin of so many units (negative: short), at the market or at a price."""
    if not signed:
        return Decimal(0), Decimal(0)
    price = market_price(market, instrument) if price is None else price
    unit = price * instrument.factor
    initial, maintenance = _RATES.get(instrument.sec_type, _FULL)
    base, held = unit * initial, unit * maintenance
    if instrument.right and signed < 0:
        base = held = unit + _risk(market, instrument)
    rate = abs(signed) * market.rate(instrument.currency)
    return (base * rate).quantize(CENT), (held * rate).quantize(CENT)


def _risk(market: Market, option: Instrument) -> Decimal:
    """What a short option takes beyond its value, for one contract in its currency."""
    under = market.universe.get(option.under_con_id)
    if under is None:
        raise ValueError(f"no underlying for {option.local_symbol}")
    spot = market_price(market, under)
    out = max(option.strike - spot if option.right == "C" else spot - option.strike, Decimal(0))
    return max(spot * Decimal("0.20") - out, spot * Decimal("0.10")) * option.factor
