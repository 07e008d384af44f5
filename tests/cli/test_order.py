"""`order place|what-if|modify|cancel`: from what was typed to the message, and how the commands end."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import cli.order
from actors.messages.orders import CancelOrder, ModifyOrder, OrderPreview, PlaceOrder, PreviewOrder
from supervision.actor import LATER
from supervision.errors import Rejected
from tests.cli.scripted import order, scripted


def test_an_order_by_hand_reaches_order_as_it_was_typed(tmp_path: Path) -> None:
    with scripted(tmp_path, {"order": {PlaceOrder: order(), ModifyOrder: order(), CancelOrder: order()}}) as service:
        placed = service.json("order", "place", "buy", "10", "AAPL", "--limit", "150.25", "--key", "k1", "--tif", "GTC")
        combo = "AAPL 20261218 150C - 2x AAPL 20261218 160C"
        service.json("order", "place", "sell", "1", combo, "--limit", "-0.35")
        service.json("order", "modify", "k1", "--quantity", "4.5")
        service.json("order", "cancel", "7")
        sent = service.heard("order")
    assert (placed["key"], placed["order_id"], placed["status"]) == ("k1", 7, "SUBMITTED")
    assert sent == [
        PlaceOrder("AAPL", "BUY", Decimal(10), limit=150.25, tif="GTC", key="k1"),
        PlaceOrder(combo, "SELL", Decimal(1), limit=-0.35),
        ModifyOrder("k1", quantity=Decimal("4.5")),
        CancelOrder("7"),
    ]


def test_every_word_of_an_order_has_an_option_and_is_shown_again(tmp_path: Path) -> None:
    trailing = order(
        order_type="TRAIL LIMIT",
        limit=None,
        trail_percent=2.5,
        limit_offset=0.1,
        stop=148.0,
        tif="GTD",
        good_till=datetime(2026, 12, 1, 20, 30, tzinfo=UTC),
    )
    prices = ("--trail-percent", "2.5", "--limit-offset", "0.1", "--stop", "148", "--type", "TRAIL LIMIT")
    until = ("--outside-rth", "--good-till", "2026-12-01T15:30-05:00")
    with scripted(tmp_path, {"order": {PlaceOrder: trailing, ModifyOrder: trailing}}) as service:
        shown = service.run("order", "place", "SELL", "10", "AAPL", *prices, *until)
        service.run("order", "place", "BUY", "1", "AAPL", "--limit", "-0.5", "--type", "LOO", "--account", "DU1")
        service.run("order", "modify", "k1", "--trail-percent", "3", "--limit-offset", "0", "--stop", "149")
        trail, combo, change = service.heard("order")
    assert "TRAIL LIMIT by 2.5% from 148.00 limit off 0.10 GTD 2026-12-01" in shown.stdout
    assert trail == PlaceOrder(
        "AAPL", "SELL", Decimal(10), stop=148.0, trail_percent=2.5, limit_offset=0.1, type="TRAIL LIMIT",
        good_till=trailing.good_till, outside_rth=True,
    )  # fmt: skip
    assert combo == PlaceOrder("AAPL", "BUY", Decimal(1), limit=-0.5, type="LOO", account="DU1")
    assert change == ModifyOrder("k1", stop=149.0, trail_percent=3.0, limit_offset=0.0)


def test_a_what_if_shows_margin_and_cost_and_places_nothing(tmp_path: Path) -> None:
    preview = OrderPreview(
        *(Decimal(each) for each in ("1000", "250.5", "1250.5", "900", "200", "1100", "9000", "0", "9000", "1.25")),
        least_commission=None,
        most_commission=None,
        currency="USD",
        warning="outside hours",
    )
    with scripted(tmp_path, {"order": {PreviewOrder: preview}}) as service:
        shown = service.run("order", "what-if", "BUY", "10", "AAPL", "--limit", "150")
        told = service.json("order", "what-if", "BUY", "10", "AAPL")
        asked, _ = service.heard("order")
    assert asked == PreviewOrder(PlaceOrder("AAPL", "BUY", Decimal(10), limit=150.0))
    assert all(words in shown.stdout for words in ("250.50", "1,250.50", "commission 1.25 USD", "outside hours"))
    assert (told["initial_change"], told["most_commission"]) == (250.5, None)


def test_an_answer_that_is_not_what_was_typed_says_why(tmp_path: Path) -> None:
    long_known = order(created=datetime(2020, 1, 2, tzinfo=UTC))
    with scripted(tmp_path, {"order": {PlaceOrder: long_known, ModifyOrder: long_known}}) as service:
        placed = service.run("order", "place", "SELL", "3", "AAPL", "--key", "k1")
        changed = service.run("order", "modify", "k1", "--limit", "151")
    assert (placed.exit_code, changed.exit_code) == (0, 0)
    assert "k1 was used before" in placed.stderr
    assert "not confirmed it yet" in changed.stderr


@pytest.mark.parametrize(("kind", "code"), [("limit", 10), ("gate", 10), ("contract", 2), ("not_ready", 4)])
def test_a_refused_order_gives_every_reason_and_an_exit_code_by_its_kind(tmp_path: Path, kind: str, code: int) -> None:
    refusal = Rejected("order value 30000 exceeds 25000", "the gate is closed", kind=kind)
    with scripted(tmp_path, {"order": {PlaceOrder: refusal}}) as service:
        result = service.run("order", "place", "BUY", "10", "AAPL")
    assert (result.exit_code, result.stdout) == (code, "")
    assert "order value 30000 exceeds 25000; the gate is closed" in result.stderr


def test_an_order_without_an_answer_is_said_to_be_unknown_and_exits_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.order, "ORDER_LIMIT", 0.2)
    with scripted(tmp_path, {"order": {PlaceOrder: LATER}}) as service:
        result = service.run("order", "place", "BUY", "10", "AAPL")
    assert result.exit_code == 5
    assert "unknown" in result.stderr
    assert "do not place it again" in result.stderr
