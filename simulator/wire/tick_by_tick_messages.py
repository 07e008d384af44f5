"""Messages about single ticks: live (99) and out of history (96 midpoints, 97 quotes, 98 trades).

Times are whole seconds since the epoch, as real gateways send them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from simulator.wire.fields import message

LAST, ALL_LAST, BID_ASK, MID_POINT = 1, 2, 3, 4
PAST_LIMIT, UNREPORTED = 1, 2


class TradeTick(NamedTuple):
    """A trade; `mask` is PAST_LIMIT, UNREPORTED or both."""

    time: float
    price: Decimal
    size: int
    mask: int
    exchange: str
    conditions: str


class QuoteTick(NamedTuple):
    """A change of the best bid or ask."""

    time: float
    bid: Decimal
    ask: Decimal
    bid_size: int
    ask_size: int


class MidTick(NamedTuple):
    """A change of the midpoint."""

    time: float
    price: Decimal


def live_tick(request_id: int, kind: int, tick: TradeTick | QuoteTick | MidTick) -> bytes:
    """Message 99; `kind` tells a trade of the consolidated tape (LAST) from one of all trades (ALL_LAST)."""
    when = int(tick.time)
    if isinstance(tick, TradeTick):
        rest: tuple[object, ...] = (tick.price, tick.size, tick.mask, tick.exchange, tick.conditions)
    elif isinstance(tick, QuoteTick):
        rest = (tick.bid, tick.ask, tick.bid_size, tick.ask_size, 0)
    else:
        rest = (tick.price,)
    return message(99, request_id, kind, when, *rest)


def past_trades(request_id: int, ticks: Sequence[TradeTick], *, done: bool) -> bytes:
    """Message 98."""
    fields = ((int(t.time), t.mask, t.price, t.size, t.exchange, t.conditions) for t in ticks)
    return message(98, request_id, len(ticks), *(part for row in fields for part in row), done)


def past_quotes(request_id: int, ticks: Sequence[QuoteTick], *, done: bool) -> bytes:
    """Message 97."""
    fields = ((int(t.time), 0, t.bid, t.ask, t.bid_size, t.ask_size) for t in ticks)
    return message(97, request_id, len(ticks), *(part for row in fields for part in row), done)


def past_midpoints(request_id: int, ticks: Sequence[MidTick], *, done: bool) -> bytes:
    """Message 96; the size is not meaningful there and 0."""
    fields = ((int(t.time), 0, t.price, 0) for t in ticks)
    return message(96, request_id, len(ticks), *(part for row in fields for part in row), done)
