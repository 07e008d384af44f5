"""The live view draws what is there and says what is away; it survives anybody's death."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from actors.messages.account import Accounts, GetAccounts, GetPositions, Positions
from actors.messages.market import GetQuotes, Quote, Quotes
from actors.messages.orders import GetOrders, OrderEvent, Orders
from cli.live import live_screen
from cli.view import TerminalView
from tests.cli.scripted import NOW, ScriptedService, order, scripted

QUOTE = Quote("AAPL", 265598, bid=150.0, ask=150.1, last=150.05, age=0.4, state="live")
SCRIPTS = {
    "market_data": {GetQuotes: Quotes((QUOTE,))},
    "account": {GetPositions: Positions((), NOW, "broker"), GetAccounts: Accounts(())},
    "order": {GetOrders: Orders((order(),), NOW)},
}


def screen_with(service: ScriptedService, wanted: Callable[[str], bool]) -> str:
    """What the view shows once `wanted` holds."""
    running = service.local._running["view"]
    for _ in range(200):
        out = io.StringIO()
        Console(file=out, width=200).print(live_screen(running.call(running.actor._picture), 200, 50))
        if wanted(out.getvalue()):
            return out.getvalue()
        threading.Event().wait(0.05)
    raise AssertionError(out.getvalue())


def test_the_view_shows_the_service_and_marks_who_is_away(tmp_path: Path) -> None:
    with scripted(tmp_path, SCRIPTS) as service:
        service.local.start("view", TerminalView, mode="simulated", account="DU1000001", log_file=tmp_path / "log")
        text = screen_with(service, lambda text: "150.05" in text and "LMT 150.25" in text and "positions" in text)
        for fact in ("open", "epoch 2", "4711", "AAPL", "SUBMITTED", "Ctrl-C", str(tmp_path / "log")):
            assert fact in text
        service.local.kill("market_data")
        service.local.kill("order")
        text = screen_with(service, lambda text: "quotes: away" in text and "order does not answer" in text)
        assert "epoch 2" in text


def test_an_order_that_is_done_stays_in_sight(tmp_path: Path) -> None:
    scripts = {**SCRIPTS, "order": {GetOrders: Orders((), NOW)}}
    with scripted(tmp_path, scripts) as service:
        service.local.start("view", TerminalView, mode="simulated", account="DU1000001", log_file=tmp_path / "log")
        publisher = service.local._running["order"]
        screen_with(service, lambda text: "open" in text)
        done = OrderEvent("filled", order(status="FILLED", order_type="MKT", limit=None))
        publisher.call(lambda: publisher.actor.publish("orders", done))
        assert "BUY 10 AAPL" in screen_with(service, lambda text: "FILLED" in text)
