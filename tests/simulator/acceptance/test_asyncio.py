"""The acceptance of ib_async, at both versions it speaks, and of ib_insync, at its own."""

from __future__ import annotations

import asyncio
import logging

import pytest

from simulator.control import ControlClient
from tests.simulator.acceptance.asyncio_calls import calls
from tests.simulator.acceptance.asyncio_day import Day
from tests.simulator.local import process


@pytest.mark.parametrize(("name", "version"), [("ib_async", 178), ("ib_async", 176), ("ib_insync", 176)])
def test_a_client_on_asyncio_gets_every_answer_to_its_end(name, version, caplog):
    api = pytest.importorskip(name, reason="ib_insync ends with Python 3.13")
    caplog.set_level(logging.INFO, api.__name__)
    table = calls(api)
    assert len(table) >= 40
    with process() as (port, control_port, _), ControlClient("127.0.0.1", control_port) as steering:
        steering.do("clock set 2026-11-19 12:00 US/Eastern")
        steering.do("price AAPL 200")
        asyncio.run(_work(Day(api, version, port, steering), table, caplog.records))


async def _work(day, table, log):
    try:
        for call in table:
            await day.carry_out(call, log)
        assert day.ib.isConnected()
    finally:
        day.ib.disconnect()
