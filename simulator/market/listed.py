"""Instruments of the built-in listings: shares and funds, currency pairs, indices, crypto-currencies."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from simulator.market.instrument import Instrument
from simulator.market.listings import COINS, CURRENCY_NAMES, FX_PAIRS, INDICES, LISTINGS


def shares() -> Iterator[Instrument]:
    """Shares and funds; those in dollars are routed by SMART to many exchanges."""
    for one in LISTINGS:
        yield Instrument(
            con_id=one.con_id,
            symbol=one.symbol,
            sec_type="STK",
            currency=one.currency,
            exchange="SMART" if one.currency == "USD" else one.primary,
            name=one.name,
            base=one.base,
            volatility=one.volatility,
            primary=one.primary,
            local_symbol=one.symbol,
            trading_class="NMS" if one.primary == "NASDAQ" else one.symbol,
            stock_type=one.kind,
            isin=one.isin,
            sector=one.sector,
        )


def pairs() -> Iterator[Instrument]:
    """Currency pairs."""
    for one in FX_PAIRS:
        yield Instrument(
            con_id=one.con_id,
            symbol=one.symbol,
            sec_type="CASH",
            currency=one.currency,
            exchange="IDEALPRO",
            name=CURRENCY_NAMES[one.symbol],
            base=one.rate,
            volatility=0.08,
            tick=Decimal(one.tick),
            lot=250_000,
            local_symbol=f"{one.symbol}.{one.currency}",
            trading_class=f"{one.symbol}.{one.currency}",
            market_rule={"JPY": 59, "MXN": 240}.get(one.currency, 239),
        )


def indices() -> Iterator[Instrument]:
    """Indices, which are quoted and not traded."""
    for one in INDICES:
        yield Instrument(
            con_id=one.con_id,
            symbol=one.symbol,
            sec_type="IND",
            currency="USD",
            exchange=one.exchange,
            name=one.name,
            base=one.base,
            volatility=one.volatility,
            local_symbol=one.symbol,
            trading_class=one.symbol,
        )


def coins() -> Iterator[Instrument]:
    """Crypto-currencies against the dollar."""
    for one in COINS:
        yield Instrument(
            con_id=one.con_id,
            symbol=one.symbol,
            sec_type="CRYPTO",
            currency="USD",
            exchange="PAXOS",
            name=one.name,
            base=one.base,
            volatility=one.volatility,
            tick=Decimal(one.tick),
            lot=1,
            local_symbol=f"{one.symbol}.USD",
            trading_class=one.symbol,
            market_rule=one.market_rule,
        )
