"""Messages about contracts: details (10), option chain parameters (75), symbol samples (79), market rules (93)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from simulator.market.hours import hours_text
from simulator.market.universe import Instrument
from simulator.wire.fields import UNSET_INTEGER, escaped, message

_ORDER_TYPES = "DAY,GTC,IOC,LMT,MKT,STP,STPLMT,WHATIF"


def contract_details(request_id: int, item: Instrument, version: int, today: date, asked: str) -> bytes:
    """Message 10; `asked` is the exchange and security type of the question, which the answer repeats."""
    exchange, _, sec_type = asked.partition("/")
    expiry = f"{item.expiry}-13:30:00" if item.sec_type == "FUT" else item.expiry
    under = "IND" if item.sec_type == "FUT" else "STK" if item.sec_type == "OPT" else ""
    fields: list[object] = [
        *(10, request_id, item.symbol, sec_type or item.sec_type, expiry),
        *([item.expiry] if version >= 200 else []),
        *(f"{item.strike:f}", item.right, exchange or item.exchange, item.currency, item.local_symbol),
        *(item.trading_class, item.trading_class, item.con_id, item.tick, item.multiplier, _ORDER_TYPES),
        *(",".join(item.exchanges), 1, item.under_con_id, escaped(item.name), item.primary, item.contract_month),
        *("", "", "", "US/Eastern", hours_text(today, regular=False, sec_type=item.sec_type)),
        *(hours_text(today, regular=True, sec_type=item.sec_type), "", "", 0),
        *(UNSET_INTEGER if item.sec_type == "FUT" else "1", item.symbol if under else "", under),
        *(",".join([str(item.market_rule)] * len(item.exchanges)), item.expiry, item.stock_type),
        *("1", "1", "100" if item.sec_type == "STK" else "1"),
    ]
    if version >= 200:
        fields.append(0)
    return message(*fields)


def contract_details_end(request_id: int) -> bytes:
    """Message 52."""
    return message(52, 1, request_id)


def option_parameters(request_id: int, item: Instrument, expiries: Sequence[date], strikes: Sequence[Decimal]) -> bytes:
    """Message 75: one trading class on one exchange."""
    days = [f"{day:%Y%m%d}" for day in expiries]
    return message(
        *(75, request_id, "SMART", item.con_id, item.symbol, "100"), *(len(days), *days), *(len(strikes), *strikes)
    )


def option_parameters_end(request_id: int) -> bytes:
    """Message 76."""
    return message(76, request_id)


def symbol_samples(request_id: int, items: Sequence[Instrument], optionable: str) -> bytes:
    """Message 79; `optionable` is the symbol that has options."""
    fields: list[object] = []
    for item in items:
        derived = ["OPT"] if item.symbol == optionable else []
        fields += [item.con_id, item.symbol, item.sec_type, item.primary or item.exchange, item.currency]
        fields += [len(derived), *derived, escaped(item.name), ""]
    return message(79, request_id, len(items), *fields)


def market_rule(rule: int, increments: Sequence[tuple[str, str]]) -> bytes:
    """Message 93: price increments from each lower edge on."""
    return message(93, rule, len(increments), *(part for increment in increments for part in increment))
