"""A night on real sockets, from 23:30 to 00:30 in seconds: the nightly restart, and a client that comes back."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from ib_async import IB, LimitOrder, Stock

from simulator.control import ControlClient
from tests.simulator.local import process
from tests.simulator.rig import NOON, World, stock

NIGHT = """
clock set 2026-11-19 23:30 US/Eastern
clock rate 600
every day at 23:45 US/Eastern restart for 200ms
"""
_HALF_PAST_MIDNIGHT = datetime(2026, 11, 20, 0, 30, tzinfo=ZoneInfo("US/Eastern"))
_AAPL = Stock("AAPL", "SMART", "USD")


def test_a_night_with_its_restart_takes_less_than_ten_seconds_and_ends_only_what_ends_with_the_day(tmp_path):
    script = tmp_path / "night.txt"
    script.write_text(NIGHT)
    with (
        process("--script", str(script)) as (port, control_port, _),
        ControlClient("127.0.0.1", control_port) as asking,
    ):
        began = time.monotonic()
        asyncio.run(_night(port, asking))
        assert time.monotonic() - began < 10


def test_a_calendar_that_is_set_back_takes_the_market_along():
    world = World()
    client = world.client()
    client.reqMktData(1, stock(), "", False, False, [])
    world.gateway.clock.set(NOON - 7 * 86400)
    world.step()
    client.take()
    moved = {fields[3] for _ in range(20) for _ in [world.step()] for fields in client.take() if fields[0] == "1"}
    assert {"1", "2", "4"} <= moved


async def _night(port: int, asking: ControlClient) -> None:
    ib = IB()
    try:
        await _log_in(ib, port)
        lasting = ib.placeOrder(_AAPL, LimitOrder("BUY", 10, 100.0, tif="GTC"))
        of_the_day = ib.placeOrder(_AAPL, LimitOrder("BUY", 10, 99.0, tif="DAY"))
        while not lasting.orderStatus.status == of_the_day.orderStatus.status == "Submitted":
            await ib.orderStatusEvent
        await ib.disconnectedEvent
        while not asking.do("status")["listening"]:
            pass
        await _log_in(ib, port)
        assert await _working(ib) == {lasting.order.permId, of_the_day.order.permId}
        assert ib.client.getReqId() > of_the_day.order.orderId
        while await ib.reqCurrentTimeAsync() < _HALF_PAST_MIDNIGHT:
            await ib.updateEvent
        assert await _working(ib) == {lasting.order.permId}
        statuses = {trade.order.permId: trade.orderStatus.status for trade in ib.trades()}
        assert statuses[of_the_day.order.permId] == "Cancelled"
    finally:
        ib.disconnect()


async def _working(ib: IB) -> set[int]:
    return {trade.order.permId for trade in await ib.reqAllOpenOrdersAsync()}


async def _log_in(ib: IB, port: int) -> None:
    """Connect, and see a quote move."""
    await ib.connectAsync("127.0.0.1", port, clientId=7, timeout=5)
    (aapl,) = await ib.qualifyContractsAsync(_AAPL)
    ticker = ib.reqMktData(aapl)
    while not ticker.last > 0:
        await ticker.updateEvent
    shown = ticker.last
    while ticker.last == shown:
        await ticker.updateEvent
