"""Messages about quotes: ticks (1, 2, 21, 45, 46), their surroundings (57, 58, 81) and SMART components (82).

A tick is encoded once for all who watch the line, as the bytes before and after the request id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from simulator.wire import tick_types
from simulator.wire.fields import message, write

Tick = tuple[bytes, bytes]

NO_PRICE = Decimal("-1.0")
_CAN_EXECUTE = 1
_EXECUTABLE = frozenset({tick_types.BID, tick_types.ASK, tick_types.DELAYED[tick_types.BID]}) | {
    tick_types.DELAYED[tick_types.ASK]
}
_SNAPSHOT_PERMISSIONS = 3
_PRICE, _SIZE, _OPTION, _GENERIC, _STRING = b"1\x006\x00", b"2\x006\x00", b"21\x00", b"45\x006\x00", b"46\x006\x00"
MESSAGE_IDS = {_PRICE: 1, _SIZE: 2, _OPTION: 21, _GENERIC: 45, _STRING: 46}
"""Which message a tick is, by the bytes before its request id."""


@dataclass(frozen=True)
class OptionComputation:
    """What message 21 tells of an option; None is a value that was not computed (-1 or -2 on the wire)."""

    volatility: float | None = None
    delta: float | None = None
    price: float | None = None
    dividends: float | None = None
    gamma: float | None = None
    vega: float | None = None
    theta: float | None = None
    spot: float | None = None


def price_tick(kind: int, price: Decimal, size: int) -> Tick:
    """Message 1 around its request id."""
    mask = _CAN_EXECUTE if kind in _EXECUTABLE else 0
    return _PRICE, f"\0{kind}\0{price:f}\0{size}\0{mask}\0".encode()


def size_tick(kind: int, size: int) -> Tick:
    """Message 2 around its request id."""
    return _SIZE, f"\0{kind}\0{size}\0".encode()


def generic_tick(kind: int, value: float) -> Tick:
    """Message 45 around its request id."""
    return _GENERIC, f"\0{kind}\0{write(value)}\0".encode()


def string_tick(kind: int, value: str) -> Tick:
    """Message 46 around its request id."""
    return _STRING, f"\0{kind}\0{value}\0".encode()


def option_tick(kind: int, computed: OptionComputation) -> Tick:
    """Message 21 around its request id."""
    values = (
        *(kind, 0, _or(computed.volatility, -1), _or(computed.delta, -2), _or(computed.price, -1)),
        *(_or(computed.dividends, -1), _or(computed.gamma, -2), _or(computed.vega, -2), _or(computed.theta, -2)),
        _or(computed.spot, -1),
    )
    return _OPTION, ("\0" + "\0".join(map(write, values)) + "\0").encode()


def _or(value: float | None, unset: int) -> float:
    return unset if value is None else round(value, 10)


def request_parameters(request_id: int, tick: Decimal, map_id: str) -> bytes:
    """Message 81; `map_id` is what `smart_components` is asked for, empty where there are none."""
    return message(81, request_id, tick, map_id, _SNAPSHOT_PERMISSIONS)


def market_data_type(request_id: int, kind: int) -> bytes:
    """Message 58: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    return message(58, 1, request_id, kind)


def snapshot_end(request_id: int) -> bytes:
    """Message 57."""
    return message(57, 1, request_id)


def smart_components(request_id: int, components: Iterable[tuple[int, str, str]]) -> bytes:
    """Message 82: bit number, exchange and letter of each component."""
    rows = list(components)
    return message(82, request_id, len(rows), *(part for row in rows for part in row))
