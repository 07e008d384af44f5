"""Desk, streams and custom events against a whole service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from actors.desk import Rejected
from actors.messages.market import GetQuote, Hold
from actors.messages.orders import GetOrdersView, Halt, PlaceOrder, Resume
from actors.messages.system import CustomEvent
from tests.support.whole import Whole, whole


@pytest.fixture
def service() -> Iterator[Whole]:
    with whole({"strategies": []}) as service:
        service.wait_open()
        yield service


def test_a_desk_streams_calls_back_publishes_and_halts(service: Whole) -> None:
    desk = service.desk
    heard: list[CustomEvent] = []
    arrived = threading.Event()

    def hear(event: CustomEvent) -> None:
        heard.append(event)
        arrived.set()

    end = desk.on("signals", hear)

    def published() -> bool:
        desk.publish("signals", {"go": [1, 2]})
        return arrived.wait(0.1)

    service.until("the event comes back", published)
    assert heard[0].data == {"go": [1, 2]}
    assert heard[0].sender == "desk"
    end()
    with pytest.raises(Rejected, match="belongs to the service"):
        desk.publish("orders", "lies")
    quote = desk.market_data.ask(Hold("AAPL")).quote
    assert asyncio.run(desk.market_data.ask_async(GetQuote("AAPL"))).con_id == quote.con_id

    risk = desk.stream("risk", timeout=5.0)
    assert desk.order.ask(Halt("fire drill", by="test")).state == "halted"
    with pytest.raises(Rejected, match="fire drill"):
        desk.order.ask(PlaceOrder("AAPL", "BUY", 1, limit=100.0))
    service.kill("order")
    service.until("the halt survives", lambda: desk.order.ask(GetOrdersView()).gate.state == "halted")
    with pytest.raises(Rejected, match="reason"):
        desk.order.ask(Resume(""))
    desk.order.ask(Resume("test is over"))
    service.wait_open()
    risk.close()
    assert service.ledger("select 1 from orders") == []


def test_a_strategy_gets_bars_and_custom_events_and_goes_on_when_market_data_is_killed() -> None:
    watcher = {"name": "watcher", "target": "tests.system.watchers:Watcher"}
    with whole({"strategies": [watcher], "simulator.speed": 10.0}) as service:
        bars = service.desk.stream("bars", timeout=15.0)
        service.wait_open()
        first = next(bars)
        assert isinstance(first, CustomEvent)
        assert first.data["symbol"] == "AAPL"
        assert first.data["low"] <= first.data["high"]
        assert first.data["second"] % 1 == 0
        service.kill("market_data")
        seen = {first.data["second"]}
        while len(seen) < 4:
            event = next(bars)
            assert isinstance(event, CustomEvent)
            assert event.data["second"] not in seen, "no bar comes twice"
            seen.add(event.data["second"])
        bars.close()
        heard: list[CustomEvent] = []
        end = service.desk.on("echo", heard.append)

        def echoed() -> bool:
            service.desk.publish("shout", [1, "two"])
            return bool(heard)

        service.until("the strategy echoes", echoed)
        assert (heard[0].data, heard[0].sender) == ([1, "two"], "watcher")
        end()
