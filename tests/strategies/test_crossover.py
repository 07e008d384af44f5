"""The sample's promises: one entry for each crossing, a stop under every position, never two orders at once."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.messages.market import Quote
from actors.messages.orders import (
    CancelOrder,
    Execution,
    Executions,
    Fill,
    GetExecutions,
    GetOrders,
    OrderEvent,
    Orders,
    OrderView,
    PlaceOrder,
)
from strategies.crossover import Crossover
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.message import Message
from tests.cli.scripted import NOW, ScriptedService, order, scripted

RISING, FALLING = (100.0, 101.0, 102.0), (102.0, 101.0, 100.0)


class Trader:
    """The strategy under test, its market and its broker."""

    def __init__(self, service: ScriptedService) -> None:
        params = {"symbols": ["AAPL", "MSFT"], "fast": 1, "slow": 3, "sample_seconds": 3600, "stop_percent": 1}
        self._service = service
        self._running = service.local.start("sample", Crossover, params=params)
        self.strategy: Crossover = self._running.actor
        self.refused: set[object] = set()

    def sees(self, *prices: float, symbol: str = "AAPL", state: str = "live") -> None:
        """One look at the market for each price."""
        for price in prices:
            quote = Quote(symbol, 1, bid=price - 0.01, ask=price + 0.01, state=state)  # type: ignore[arg-type]
            self._running.call(lambda quote=quote: self.strategy.quotes.update({symbol: quote}))
            self._running.call(self.strategy.on_timer)

    def hears(self, message: Message) -> None:
        """A message of Order arrives."""
        self._running.call(lambda: self.strategy._run(message, Sender(None, None, 0.0)))

    def is_filled(self, done: OrderView) -> None:
        """The broker fills the order."""
        facts: dict[str, Any] = {"side": done.side, "quantity": done.quantity, "strategy": "sample"}
        one = Execution(
            f"x-{done.key}", done.key, 1, 1, 1, "DU1", done.symbol, 1, price=100.0, exchange="", time=NOW, **facts
        )
        self.hears(Fill(one, self.become(done, "FILLED")))

    @staticmethod
    def become(before: OrderView, status: str) -> OrderView:
        """The same order later."""
        return order(**{name: getattr(before, name) for name in before.__struct_fields__} | {"status": status})

    @property
    def sent(self) -> list[Message]:
        """What Order was asked to do."""
        return [message for message in self._service.heard("order") if isinstance(message, PlaceOrder | CancelOrder)]

    @property
    def working(self) -> OrderView:
        """The one order that works."""
        (one,) = self.strategy.working("AAPL")
        return one

    def answer(self, placed: PlaceOrder) -> OrderView | Rejected:
        """Order's answer."""
        if placed.contract in self.refused:
            return Rejected("the gate is closed")
        kind = "MKT" if placed.stop is None else "STP"
        facts = {"side": placed.side, "quantity": Decimal(placed.quantity), "order_type": kind, "stop": placed.stop}
        return order(key=placed.key, symbol=placed.contract, limit=None, filled=Decimal(0), **facts)


@pytest.fixture
def trader(tmp_path: Path) -> Iterator[Trader]:
    made: list[Trader] = []
    script = {
        GetOrders: Orders((), NOW),
        GetExecutions: Executions((), NOW),
        PlaceOrder: lambda placed: made[0].answer(placed),  # noqa: PLW0108 - made later
        CancelOrder: lambda cancel: Trader.become(made[0].strategy.orders[cancel.key], "PENDING_CANCEL"),
    }
    with scripted(tmp_path, {"order": script}) as service:
        made.append(Trader(service))
        yield made[0]
        made[0].strategy.desk.close()  # its thread would have ended with the process


def test_it_buys_once_when_the_averages_cross_upwards(trader: Trader) -> None:
    trader.sees(*FALLING)
    assert trader.sent == []
    trader.sees(*RISING, 103.0, 104.0)
    (entry,) = trader.sent
    assert isinstance(entry, PlaceOrder)
    assert (entry.contract, entry.side, entry.quantity, entry.strategy) == ("AAPL", "BUY", 10, "sample")


def test_a_position_gets_a_stop_and_falling_averages_replace_it_by_an_exit(trader: Trader) -> None:
    trader.sees(*RISING)
    trader.is_filled(trader.working)
    trader.sees(103.0)
    stop = trader.working
    assert (stop.side, stop.order_type, stop.stop, stop.quantity) == ("SELL", "STP", 101.96, 10)
    trader.sees(*FALLING)
    assert trader.sent[2:] == [CancelOrder(stop.key)]  # asked once, and nothing sold while the stop may still fill
    trader.hears(OrderEvent("cancelled", Trader.become(stop, "CANCELLED")))
    trader.sees(99.0)
    exit_order = trader.working
    assert (exit_order.side, exit_order.order_type, exit_order.quantity) == ("SELL", "MKT", 10)
    trader.is_filled(exit_order)
    trader.sees(98.0, *RISING)  # a crossing so soon after the exit is not traded
    assert len(trader.sent) == 4


def test_a_stop_that_is_hit_leaves_nothing_to_sell(trader: Trader) -> None:
    trader.sees(*RISING)
    trader.is_filled(trader.working)
    trader.sees(103.0)
    trader.is_filled(trader.working)
    trader.sees(*FALLING)
    assert [message.side for message in trader.sent if isinstance(message, PlaceOrder)] == ["BUY", "SELL"]


def test_an_order_whose_fate_is_unknown_stops_everything_for_its_symbol(trader: Trader) -> None:
    trader.sees(*RISING)
    trader.hears(OrderEvent("unknown", Trader.become(trader.working, "UNKNOWN")))
    trader.sees(*FALLING, *RISING)
    assert len(trader.sent) == 1


def test_it_does_not_trade_on_old_prices(trader: Trader) -> None:
    trader.sees(*RISING, state="stale")
    assert trader.sent == []


def test_a_refusal_of_one_symbol_does_not_keep_the_other_from_trading(trader: Trader) -> None:
    trader.refused.add("AAPL")
    for price in RISING:
        trader.strategy.quotes["AAPL"] = Quote("AAPL", 1, bid=price, ask=price, state="live")
        trader.sees(price, symbol="MSFT")
    assert trader.strategy.refusals == {"AAPL": "the gate is closed"}
    assert [placed.contract for placed in trader.sent if isinstance(placed, PlaceOrder)] == ["AAPL", "MSFT"]


def test_parameters_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="smaller than slow"):
        Crossover.Params(fast=5, slow=5)


def test_a_corrected_execution_counts_in_place_of_the_first_and_a_repeated_one_not_at_all(trader: Trader) -> None:
    done = order(
        key="k", symbol="AAPL", limit=None, filled=Decimal(0), side="BUY", quantity=Decimal(10), strategy="sample"
    )
    for exec_id, quantity in (("0001.01.01", 10), ("0001.01.01", 10), ("0001.01.02", 7), ("0001.01.01", 10)):
        one = Execution(exec_id, "k", 1, 1, 1, "DU1", "AAPL", 1, "BUY", Decimal(quantity), 100.0, "", NOW, "sample")
        trader.hears(Fill(one, done))
    assert trader.strategy.position("AAPL") == 7
