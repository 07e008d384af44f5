"""A strategy's brackets, groups and cancels: what Order is asked, and that the answers are its own orders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.messages.orders import (
    CancelAll,
    Executions,
    GetExecutions,
    GetOrders,
    OrderPreview,
    Orders,
    PlaceBracket,
    PlaceOneCancelsAll,
    PlaceOrder,
    PreviewOrder,
)
from actors.strategy import Strategy
from tests.cli.scripted import NOW, ScriptedService, order, scripted
from tests.support.local import LocalActor

Started = tuple[ScriptedService, LocalActor]
NOTHING = OrderPreview(*(None,) * 12, currency="USD")


class Idle(Strategy):
    """Does nothing by itself."""


def orders_of(asked: PlaceBracket | PlaceOneCancelsAll) -> Orders:
    keys = [asked.entry.key] if isinstance(asked, PlaceBracket) else [asked.key]
    return Orders((order(key=keys[0], strategy="mine"), order(key=f"{keys[0]}/stop", strategy="mine")), NOW)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    script: dict[Any, Any] = {
        GetOrders: Orders((), NOW),
        GetExecutions: Executions((), NOW),
        PlaceBracket: orders_of,
        PlaceOneCancelsAll: orders_of,
        CancelAll: Orders((order(key="k1", status="PENDING_CANCEL"),), NOW),
        PreviewOrder: NOTHING,
    }
    with scripted(tmp_path, {"order": script}) as service:
        running = service.local.start("mine", Idle)
        yield service, running
        running.actor.desk.close()


def test_what_a_strategy_places_together_carries_its_name_and_a_new_key_and_becomes_its_own(started: Started) -> None:
    service, running = started
    strategy: Idle = running.actor
    single = PlaceOrder("AAPL", "SELL", 10, limit=160.0)

    def trade() -> None:
        strategy.bracket(
            "BUY", "AAPL", 10, 150.0, take_profit=155.0, trail_percent=2.0, exit_tif="GTC", key="b", account="DU2"
        )
        strategy.one_cancels_all(single, single)
        assert [each.key for each in strategy.cancel_all()] == ["k1"]
        assert strategy.preview(single) == NOTHING

    running.call(trade)
    bracket, group, everything, preview = (
        each for each in service.heard("order") if not isinstance(each, GetOrders | GetExecutions)
    )
    entry = PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="b", account="DU2", strategy="mine")
    assert bracket == PlaceBracket(entry, take_profit=155.0, trail_percent=2.0, exit_tif="GTC")
    assert isinstance(group, PlaceOneCancelsAll)
    assert (group.key[:5], {each.strategy for each in group.orders}) == ("mine-", {"mine"})
    assert (everything, preview) == (CancelAll("mine"), PreviewOrder(single))
    assert {"b", "b/stop", group.key, "k1"} <= set(strategy.orders)
    assert strategy.orders["k1"].status == "PENDING_CANCEL"
