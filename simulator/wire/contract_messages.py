"""Messages about contracts: details (10), option chain parameters (75), symbol samples (79), market rules (93).

Details have the shape of the recorded ones: empty where a kind of contract has no such thing, the time of the last
trade in UTC before server version 200 and in the exchange's zone since, one market rule for each exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from simulator.market.sessions import zone
from simulator.market.universe import Chain, Instrument
from simulator.wire.fields import UNSET_INTEGER, escaped, message

_LAST_TRADE_DATE_SINCE = 200
_COMMON = "COND,DAY,GAT,GTC,GTD,IOC,LIT,LMT,MIT,MKT,OCA,STP,STPLMT,TRAIL,TRAILLMT,WHATIF"
_AUCTIONS = "AON,COND,DAY,GAT,GTC,GTD,IOC,LIT,LMT,LOC,MIT,MKT,MOC,OCA,OPG,STP,STPLMT,TRAIL,TRAILLMT,WHATIF"
_ORDER_TYPES = {"STK": f"ALGO,{_AUCTIONS}", "IND": ""}
_GROUPS = {"STK": "1", "IND": "1", "OPT": "2", "CASH": "4"}
_DATED = {"FUT", "FOP"}
_ROUND_LOT = 100


class Hours(NamedTuple):
    """When a contract is traded: the name of its time zone, and the coming days' hours and regular hours."""

    zone: str
    trading: str
    liquid: str


def contract_details(request_id: int, item: Instrument, version: int, hours: Hours, asked: tuple[str, str]) -> bytes:
    """Message 10; `asked` is the exchange and security type of the question, which the answer repeats."""
    exchange, sec_type = asked
    identified = [("ISIN", item.isin)] if item.isin else []
    return message(
        *(10, request_id, item.symbol, sec_type or item.sec_type, _last_trade(item, version, hours.zone)),
        *([item.expiry] if version >= _LAST_TRADE_DATE_SINCE else []),
        *(f"{item.strike.normalize():f}", item.right, exchange or item.exchange, item.currency, item.local_symbol),
        *(item.trading_class, item.trading_class, item.con_id, item.tick, item.multiplier),
        *(_ORDER_TYPES.get(item.sec_type, _COMMON), ",".join(item.exchanges), 1, item.under_con_id),
        *(escaped(item.name), item.primary, item.contract_month, *item.sector, *hours),
        *("", "", len(identified), *(part for pair in identified for part in pair)),
        *(_GROUPS.get(item.sec_type, UNSET_INTEGER), item.under_symbol, item.under_sec_type),
        *(",".join([str(item.market_rule)] * len(item.exchanges)), item.real_expiry or item.expiry, item.stock_type),
        *("1", "1", str(_ROUND_LOT if item.sec_type == "STK" else 1)),
        *([0] if version >= _LAST_TRADE_DATE_SINCE else []),  # no reasons why it could not be traded
    )


def _last_trade(item: Instrument, version: int, name: str) -> str:
    if item.sec_type not in _DATED:
        return item.expiry
    last = datetime.strptime(f"{item.expiry} {item.last_time}", "%Y%m%d %H:%M").replace(tzinfo=zone(name))
    if version >= _LAST_TRADE_DATE_SINCE:
        return f"{last:%Y%m%d %H:%M:%S} {name}"
    return f"{last.astimezone(UTC):%Y%m%d-%H:%M:%S}"


def contract_details_end(request_id: int) -> bytes:
    """Message 52."""
    return message(52, 1, request_id)


def option_parameters(request_id: int, exchange: str, under_con_id: int, chain: Chain) -> bytes:
    """Message 75: one trading class on one exchange."""
    return message(
        *(75, request_id, exchange, under_con_id, chain.trading_class, chain.multiplier),
        *(len(chain.expiries), *chain.expiries, len(chain.strikes)),
        *(f"{strike.normalize():f}" for strike in chain.strikes),
    )


def option_parameters_end(request_id: int) -> bytes:
    """Message 76."""
    return message(76, request_id)


def symbol_samples(request_id: int, found: Sequence[tuple[Instrument, Sequence[str]]]) -> bytes:
    """Message 79: instruments, each with the security types of what is derived from it."""
    fields: list[object] = []
    for item, derived in found:
        fields += [item.con_id, item.symbol, item.sec_type, item.primary or item.exchange, item.currency]
        fields += [len(derived), *derived, escaped(item.name), ""]
    return message(79, request_id, len(found), *fields)


def market_rule(rule: int, increments: Sequence[tuple[str, str]]) -> bytes:
    """Message 93: price increments from each lower edge on."""
    return message(93, rule, len(increments), *(part for increment in increments for part in increment))
