"""`why`: what keeps orders in, as a table and as JSON, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from actors.messages.orders import GateView, GetOrdersView, Lock, OrdersView, PlaceOrder
from actors.messages.risk import Decision, ExplainOrder, GetProtection, ProtectionChanged, RuleVerdict, Unprotected
from tests.cli.scripted import scripted

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
OPEN = GateView("open", (), 1, NOW)
NOTHING_OPEN = ProtectionChanged(())


def orders(gate: GateView = OPEN, locks: tuple[Lock, ...] = ()) -> OrdersView:
    return OrdersView(gate, 0, 0, 0, 0, 0, 0, {}, locks)


def decision(*, allowed: bool) -> Decision:
    text = "" if allowed else "value 30000.00 USD is above max_order_value (accepted: up to 25000 USD)"
    verdicts = (
        RuleVerdict("gate", "open", "open"),
        RuleVerdict("max_order_value", "30000.00 USD", "up to 25000 USD", text),
    )
    return Decision(allowed, verdicts, {"quote": "bid 149.9, ask 150.1"}, NOW)


def test_of_an_order_every_rule_is_shown_with_value_and_limit_and_the_end_says_whether_it_would_leave(
    tmp_path: Path,
) -> None:
    for allowed, code, words in ((True, 0, "allowed: it would leave now"), (False, 10, "refused: value 30000.00 USD")):
        home = tmp_path / str(code)
        home.mkdir()
        with scripted(home, {"order": {ExplainOrder: decision(allowed=allowed)}}) as service:
            shown = service.run("why", "BUY", "200", "AAPL", "--limit", "150", "--strategy", "dip")
            (asked,) = service.heard("order")
        assert shown.exit_code == code
        assert words in shown.stdout
        assert "max_order_value" in shown.stdout
        assert "up to 25000 USD" in shown.stdout
        assert "bid 149.9, ask 150.1" in shown.stdout
        assert asked == ExplainOrder(PlaceOrder("AAPL", "BUY", Decimal(200), limit=150.0, strategy="dip"))


def test_without_an_order_it_is_what_keeps_all_of_them_in(tmp_path: Path) -> None:
    halted = GateView("halted", ("kill switch: fat finger (by me)",), 7, NOW)
    lock = Lock("DU1", 1, "AAPL", "order k1 is UNKNOWN", "`order settle k1`")
    bare = Unprotected("DU1", 2, "MSFT", Decimal(10), Decimal(4), NOW, "its stop was cancelled")
    answers = {GetOrdersView: orders(halted, (lock,)), GetProtection: ProtectionChanged((bare,))}
    with scripted(tmp_path, {"order": answers}) as service:
        shown = service.run("why")
    assert shown.exit_code == 10
    for words in ("gate halted", "fat finger", "AAPL in DU1: order k1 is UNKNOWN", "MSFT in DU1, 4 of 10 covered"):
        assert words in shown.stdout


def test_an_open_gate_ends_with_0_and_half_an_order_is_a_mistake(tmp_path: Path) -> None:
    with scripted(tmp_path, {"order": {GetOrdersView: orders(), GetProtection: NOTHING_OPEN}}) as service:
        assert "new orders may leave" in service.run("why").stdout
        told = service.json("why")
        assert told["gate"]["state"] == "open"
        half = service.run("why", "BUY", "10")
    assert half.exit_code == 2
    assert "give all three" in half.stderr
