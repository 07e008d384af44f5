from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.ib.framing import FrameSplitter
from actors.ib.ticks import NO_PRICE, NO_SIZE, TickColumns
from tests.support.frames import text_frame

PRICE = b"1\x006\x001000000007\x004\x00189.25\x00300\x001\x00"
SIZE = b"2\x006\x001000000007\x008\x0012345\x00"
GENERIC = b"45\x006\x001000000007\x0049\x001.5\x00"


def read(*payloads: bytes) -> tuple[int, list[tuple[int, int, float, float]]]:
    columns = TickColumns(epoch=3)
    stopped_at = columns.consume(list(payloads), 0)
    batch = columns.take(1, 1)
    if batch is None:
        return stopped_at, []
    return stopped_at, list(zip(batch.requests, batch.fields, batch.prices, batch.sizes, strict=True))


def test_ticks_come_out_in_order_with_their_values() -> None:
    stopped_at, ticks = read(PRICE, SIZE, GENERIC)
    assert stopped_at == 3
    assert ticks == [
        (1_000_000_007, 4, 189.25, 300.0),
        (1_000_000_007, 8, NO_PRICE, 12345.0),
        (1_000_000_007, 49, 1.5, NO_SIZE),
    ]


def test_another_frame_stops_the_run_and_the_rest_is_read_afterwards() -> None:
    other = b"9\x001\x00530\x00"
    columns = TickColumns(epoch=3)
    payloads = [PRICE, other, SIZE]
    assert columns.consume(payloads, 0) == 1
    assert columns.consume(payloads, 2) == 3
    batch = columns.take(1, 1)
    assert batch is not None
    assert batch.fields == [4, 8]
    assert columns.take(2, 2) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"1\x006\x001\x001\x001.7976931348623157E308\x000\x000\x00",
        b"1\x006\x001\x001\x00\x000\x000\x00",
        b"2\x006\x001\x000\x002147483647\x00",
        b"2\x006\x001\x000\x009223372036854775807\x00",
        b"2\x006\x001\x000\x001.7976931348623157E308\x00",
        b"2\x006\x001\x000\x00\x00",
        b"46\x006\x001\x0045\x001700000000\x00",
        b"81\x001\x000.01\x009c0001\x003\x00",
    ],
)
def test_a_value_that_means_none_yields_no_tick_and_no_fault(payload: bytes) -> None:
    assert read(payload) == (1, [])


@pytest.mark.parametrize(
    "payload",
    [
        PRICE[:-1],
        PRICE + b"7",
        PRICE + b"\x00",
        PRICE.replace(b"189.25", b"189_25"),
        PRICE.replace(b"189.25", b" 189.25"),
        PRICE.replace(b"189.25", b"nan"),
        PRICE.replace(b"189.25", b"inf"),
        PRICE.replace(b"189.25", b"1x"),
        PRICE.replace(b"300", b"3O0"),
        PRICE.replace(b"1000000007", b"-1"),
        PRICE.replace(b"1000000007", b"10000000070"),
        PRICE.replace(b"\x004\x00", b"\x00\xb2\x00"),
        PRICE.replace(b"\x006\x00", b"\x00?\x00"),
        SIZE.replace(b"12345", b"12345\x001"),
        SIZE[:-6],
        GENERIC.replace(b"1.5", b"1.5.5"),
        b"1\x00",
        b"",
    ],
)
def test_a_malformed_tick_yields_no_tick_and_is_pointed_out(payload: bytes) -> None:
    assert read(payload) == (0, [])


def test_a_size_that_is_not_told_leaves_the_price_a_tick() -> None:
    assert read(PRICE.replace(b"300", b""))[1] == [(1_000_000_007, 4, 189.25, NO_SIZE)]


def test_a_quote_that_is_gone_is_passed_on_so_that_nobody_keeps_the_old_one() -> None:
    assert read(PRICE.replace(b"189.25", b"-1").replace(b"300", b"0"))[1] == [(1_000_000_007, 4, NO_PRICE, 0.0)]


def test_a_negative_price_is_a_price_as_futures_have_shown() -> None:
    assert read(PRICE.replace(b"189.25", b"-37.63"))[1] == [(1_000_000_007, 4, -37.63, 300.0)]


@settings(max_examples=500)
@given(st.sampled_from([PRICE, SIZE, GENERIC]), st.data())
def test_a_mutated_frame_never_yields_a_number_that_is_none(payload: bytes, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(payload) - 1))
    mutated = payload[:position] + bytes([data.draw(st.integers(0, 255))]) + payload[position + 1 :]
    stopped_at, ticks = read(mutated)
    assert len(ticks) <= stopped_at
    for request_id, field, price, size in ticks:
        assert 0 <= request_id < 10**10
        assert field >= 0
        assert math.isfinite(price)
        assert size == NO_SIZE or 0 <= size < 1e300


def test_more_different_numbers_than_are_remembered_are_all_read() -> None:
    stream = b"".join(text_frame(1, 6, 1, 4, f"{n / 100:.2f}", 1, 0) for n in range(1, 70_001))
    payloads = FrameSplitter().feed(stream)
    columns = TickColumns(epoch=1)
    assert columns.consume(payloads, 0) == 70_000
    batch = columns.take(1, 1)
    assert batch is not None
    assert batch.prices == [n / 100 for n in range(1, 70_001)]
