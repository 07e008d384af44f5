"""Messages about prices: ticks (1, 2, 21, 46), their surroundings (57, 58, 81), historical bars (17, 108, 88).

A tick is encoded once for all who watch the line, as the bytes before and after the request id.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from simulator.market.history import Bar
from simulator.market.hours import stamp, utc
from simulator.market.option_model import VOLATILITY, Greeks
from simulator.wire.fields import message, write

Tick = tuple[bytes, bytes]

BID_SIZE, BID, ASK, ASK_SIZE, LAST, LAST_SIZE, HIGH, LOW, VOLUME, CLOSE = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
OPEN, LAST_TIMESTAMP = 14, 45
_MODEL_OPTION = 13
_CAN_EXECUTE = 1


def price_tick(kind: int, price: Decimal, size: int) -> Tick:
    """Message 1 around its request id."""
    mask = _CAN_EXECUTE if kind in {BID, ASK} else 0
    return b"1\x006\x00", f"\0{kind}\0{price:f}\0{size}\0{mask}\0".encode()


def size_tick(kind: int, size: int) -> Tick:
    """Message 2 around its request id."""
    return b"2\x006\x00", f"\0{kind}\0{size}\0".encode()


def string_tick(kind: int, value: str) -> Tick:
    """Message 46 around its request id."""
    return b"46\x006\x00", f"\0{kind}\0{value}\0".encode()


def option_tick(greeks: Greeks) -> Tick:
    """Message 21 around its request id: the model's computation."""
    values = (_MODEL_OPTION, 0, VOLATILITY, greeks.delta, greeks.price, 0.0, greeks.gamma, greeks.vega, greeks.theta)
    return b"21\x00", (
        "\0" + "\0".join(write(round(value, 10)) for value in values) + f"\0{greeks.spot:.2f}\0"
    ).encode()


def request_parameters(request_id: int, tick: Decimal, map_id: str) -> bytes:
    """Message 81."""
    return message(81, request_id, tick, map_id, 3)


def market_data_type(request_id: int, kind: int) -> bytes:
    """Message 58: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen."""
    return message(58, 1, request_id, kind)


def snapshot_end(request_id: int) -> bytes:
    """Message 57."""
    return message(57, 1, request_id)


def historical_bars(
    request_id: int, bars: Sequence[Bar], span: tuple[float, float], form: int, version: int
) -> list[bytes]:
    """Message 17, followed by 108 at 200. `form` 2 writes intraday times as seconds since the epoch."""
    start, end = (f"{utc(moment):%Y%m%d-%H:%M:%S}" if version < 200 else stamp(moment) for moment in span)
    fields: list[object] = []
    for bar in bars:
        fields += [bar_time(bar, form), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.average, bar.count]
    if version >= 200:
        return [message(17, request_id, len(bars), *fields), message(108, request_id, start, end)]
    return [message(17, request_id, start, end, len(bars), *fields)]


def bar_time(bar: Bar, form: int) -> str:
    """When a bar begins: the day for daily bars, else seconds since the epoch or New York time."""
    if bar.day is not None:
        return f"{bar.day:%Y%m%d}"
    return str(int(bar.start)) if form == 2 else stamp(bar.start)


def head_timestamp(request_id: int, moment: float, form: int) -> bytes:
    """Message 88."""
    return message(88, request_id, str(int(moment)) if form == 2 else f"{utc(moment):%Y%m%d-%H:%M:%S}")
