"""Single values and records of ibapi in our types, and back. IB's "unset" and NaN are None here."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import ibapi.contract
from ibapi.const import UNSET_DECIMAL, UNSET_INTEGER, UNSET_LONG

from actors.messages.market import ComboLeg, Contract, ContractDetails

_LARGEST = 1e300


def price(value: float | None) -> float | None:
    """A price, None when unset."""
    return value if value is not None and math.isfinite(value) and abs(value) < _LARGEST else None


def amount(value: float | None) -> Decimal | None:
    """Money, exactly as many digits as the gateway wrote; None when unset."""
    told = price(value)
    return None if told is None else Decimal(repr(told))


def quantity(value: Decimal | None) -> Decimal | None:
    """A number of shares or contracts, None when unset."""
    return value if value is not None and value.is_finite() and value != UNSET_DECIMAL else None


def whole(value: int) -> int:
    """An identifier, 0 when unset."""
    return 0 if value in (UNSET_INTEGER, UNSET_LONG) else value


def contract_from(theirs: Any) -> Contract:
    """Our contract for IB's. A right of "?" or "0" means none."""
    return Contract(
        symbol=theirs.symbol,
        sec_type=theirs.secType,
        exchange=theirs.exchange,
        currency=theirs.currency,
        con_id=theirs.conId,
        primary_exchange=theirs.primaryExchange,
        last_trade_date=theirs.lastTradeDateOrContractMonth,
        strike=price(theirs.strike) or 0.0,
        right=theirs.right if theirs.right in ("C", "P", "CALL", "PUT") else "",
        multiplier=theirs.multiplier,
        local_symbol=theirs.localSymbol,
        trading_class=theirs.tradingClass,
        legs=tuple(
            ComboLeg(leg.conId, leg.ratio, "BUY" if leg.action == "BUY" else "SELL", leg.exchange)
            for leg in theirs.comboLegs or ()
        ),
    )


def contract_to(ours: Contract) -> ibapi.contract.Contract:
    """IB's contract for ours. A combo is its legs: its contract id is no identity, all combos have the same one."""
    theirs = ibapi.contract.Contract()
    theirs.symbol = ours.symbol
    theirs.secType = ours.sec_type
    theirs.exchange = ours.exchange
    theirs.currency = ours.currency
    if ours.legs:
        theirs.comboLegs = [_leg_to(leg) for leg in ours.legs]
        return theirs
    theirs.conId = ours.con_id
    theirs.primaryExchange = ours.primary_exchange
    theirs.lastTradeDateOrContractMonth = ours.last_trade_date
    if ours.strike:
        theirs.strike = ours.strike
    theirs.right = ours.right
    theirs.multiplier = ours.multiplier
    theirs.localSymbol = ours.local_symbol
    theirs.tradingClass = ours.trading_class
    return theirs


def _leg_to(ours: ComboLeg) -> ibapi.contract.ComboLeg:
    theirs = ibapi.contract.ComboLeg()
    theirs.conId = ours.con_id
    theirs.ratio = ours.ratio
    theirs.action = ours.side
    theirs.exchange = ours.exchange
    return theirs


def details_from(theirs: Any) -> ContractDetails:
    """Our contract details for IB's; sizes that are not told are one unit."""
    return ContractDetails(
        contract=contract_from(theirs.contract),
        long_name=theirs.longName,
        min_tick=theirs.minTick,
        min_size=float(quantity(theirs.minSize) or 1),
        size_increment=float(quantity(theirs.sizeIncrement) or 1),
        order_types=theirs.orderTypes,
        valid_exchanges=theirs.validExchanges,
        market_rule_ids=theirs.marketRuleIds,
        time_zone=theirs.timeZoneId,
        trading_hours=theirs.tradingHours,
        liquid_hours=theirs.liquidHours,
    )
