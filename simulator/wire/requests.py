"""Parts of requests that several messages share, read by position.

Version numbers inside requests differ between clients and mean nothing here: each reader skips them.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.market.universe import Query
from simulator.wire.fields import Fields


def read_contract(fields: Fields) -> Query:
    """The twelve contract fields of most requests."""
    con_id = fields.integer("conId")
    symbol, sec_type, expiry = fields.text("symbol"), fields.text("secType"), fields.text("expiry")
    strike = fields.amount("strike")
    right, multiplier = fields.text("right"), fields.text("multiplier")
    exchange, primary, currency = fields.text("exchange"), fields.text("primaryExchange"), fields.text("currency")
    return Query(
        con_id=con_id,
        symbol=symbol.upper(),
        sec_type=sec_type,
        expiry=expiry,
        strike=strike or None,
        right=right,
        multiplier=multiplier,
        exchange=exchange,
        primary=primary,
        currency=currency,
        local_symbol=fields.text("localSymbol"),
        trading_class=fields.text("tradingClass"),
    )


@dataclass(frozen=True)
class ExecutionFilter:
    """Which executions are wanted; empty parts let everything through."""

    client_id: int
    account: str
    since: str
    symbol: str
    sec_type: str
    exchange: str
    side: str


def read_execution_filter(fields: Fields) -> ExecutionFilter:
    """The filter of message 7."""
    return ExecutionFilter(
        client_id=fields.integer("clientId"),
        account=fields.text("acctCode"),
        since=fields.text("time"),
        symbol=fields.text("symbol"),
        sec_type=fields.text("secType"),
        exchange=fields.text("exchange"),
        side=fields.text("side"),
    )
