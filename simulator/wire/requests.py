"""Parts of requests that several messages share, read by position.

Version numbers inside requests differ between clients and mean nothing here: each reader skips them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulator.market.universe import Leg, Query
from simulator.refusal import invalid
from simulator.wire.fields import Fields

_MOST_LEGS = 64
_DATES_SINCE = 200


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


def read_identity(fields: Fields, query: Query) -> Query:
    """What contract details are asked with besides: expired ones too, and an identifier such as an ISIN."""
    return replace(
        query,
        include_expired=fields.flag("includeExpired"),
        sec_id_type=fields.text("secIdType"),
        sec_id=fields.text("secId"),
        issuer_id=fields.optional("issuerId"),
    )


def read_legs(fields: Fields, query: Query) -> Query:
    """The legs that requests for data carry when the contract is a combo (BAG); any other contract as it is."""
    if query.sec_type != "BAG":
        return query
    count = fields.count("comboLegsCount", _MOST_LEGS)
    return replace(query, legs=tuple(_read_leg(fields) for _ in range(count)))


def refuse_delta_neutral(fields: Fields, where: str) -> None:
    """The delta-neutral part of requests for data: a flag, and three fields when it is set, which are refused."""
    if fields.flag("deltaNeutralContract"):
        fields.skip(3)
        raise invalid("delta-neutral contracts are not offered by this simulator", where)


def _read_leg(fields: Fields) -> Leg:
    con_id, ratio = fields.integer("comboLeg conId"), fields.integer("comboLeg ratio")
    return Leg(con_id, ratio, fields.text("comboLeg action").upper(), fields.text("comboLeg exchange"))


@dataclass(frozen=True)
class ExecutionFilter:
    """Which executions are wanted; empty parts let everything through. `days`: today and so many days before it."""

    client_id: int
    account: str
    since: str
    symbol: str
    sec_type: str
    exchange: str
    side: str
    days: int | None = None
    dates: tuple[str, ...] = ()


def read_execution_filter(fields: Fields, version: int) -> ExecutionFilter:
    """The filter of message 7."""
    plain = ExecutionFilter(
        client_id=fields.integer("clientId"),
        account=fields.text("acctCode"),
        since=fields.text("time"),
        symbol=fields.text("symbol"),
        sec_type=fields.text("secType"),
        exchange=fields.text("exchange"),
        side=fields.text("side"),
    )
    if version < _DATES_SINCE:
        return plain
    days = fields.integer("lastNDays", -1)
    count = fields.count("specificDates", fields.left)
    dates = tuple(fields.text("specificDate") for _ in range(count))
    return replace(plain, days=None if days < 0 else days, dates=dates)
