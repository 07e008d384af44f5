"""Orders that go together, from the words of a command to the message, and how the commands end."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import cli.order_groups
from actors.messages.orders import CancelAll, Orders, PlaceBracket, PlaceOneCancelsAll, PlaceOrder, SettleOrder
from cli.orders import orders_table
from supervision.actor import LATER
from tests.cli.scripted import NOW, order, run, scripted

PLACED = Orders((order(), order(key="k1/stop", parent="k1")), NOW)
OCA = ("order", "oca", "SELL 10 AAPL --limit 160", "SELL 10 'EUR.USD' --stop 1.05 --tif GTC")


def test_orders_that_go_together_reach_order_as_they_were_typed(tmp_path: Path) -> None:
    script = {PlaceBracket: PLACED, PlaceOneCancelsAll: PLACED, CancelAll: PLACED, SettleOrder: order()}
    with scripted(tmp_path, {"order": script}) as service:
        words = ("--limit", "150", "--key", "k1", "--take-profit", "155", "--stop-loss", "145", "--exit-tif", "GTC")
        rows = service.json("order", "bracket", "buy", "10", "AAPL", *words)
        service.json(*OCA, "--key", "g")
        service.json("order", "cancel-all", "--strategy", "dip")
        service.json("order", "settle", "k1", "--outcome", "cancelled", "--reason", "seen in TWS")
        sent = service.heard("order")
    assert [row["key"] for row in rows] == ["k1", "k1/stop"]
    assert sent == [
        PlaceBracket(
            PlaceOrder("AAPL", "BUY", Decimal(10), limit=150.0, key="k1"),
            take_profit=155.0,
            stop_loss=145.0,
            exit_tif="GTC",
        ),
        PlaceOneCancelsAll(
            (
                PlaceOrder("AAPL", "SELL", Decimal(10), limit=160.0),
                PlaceOrder("EUR.USD", "SELL", Decimal(10), stop=1.05, tif="GTC"),
            ),
            "g",
        ),
        CancelAll("dip"),
        SettleOrder("k1", "cancelled", "seen in TWS"),
    ]


def test_a_group_whose_key_was_used_before_is_said_to_be_that_one(tmp_path: Path) -> None:
    old = Orders((order(created=datetime(2020, 1, 2, tzinfo=UTC)),), NOW)
    with scripted(tmp_path, {"order": {PlaceOneCancelsAll: old}}) as service:
        result = service.run(*OCA)
    assert result.exit_code == 0
    assert "used before" in result.stderr


def test_a_group_without_an_answer_is_not_to_be_placed_again_and_exits_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.order_groups, "GROUP_LIMIT", 0.2)
    with scripted(tmp_path, {"order": {PlaceOneCancelsAll: LATER}}) as service:
        result = service.run(*OCA)
    assert result.exit_code == 5
    assert "do not place it again" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("oca", "SELL 10 AAPL --limit 160", "SELL ten AAPL"), "'SELL ten AAPL' is no order"),
        (("oca", "SELL 10 'AAPL"), "No closing quotation"),
        (("oca",), "Missing argument"),
        (("oca", "SELL 10 AAPL --limit 160", "SELL 10 AAPL --limit 170", "--key", ""), "'--key': it is empty"),
        (("oca", "SELL 10 AAPL --limit 160 --key ''", "SELL 10 AAPL --limit 170"), "'--key': it is empty"),
        (("place", "BUY", "10", "AAPL", "--key", " "), "'--key': it is empty; leave the option out"),
        (("bracket", "BUY", "10", "AAPL", "--exit-tif", "IOC"), "'IOC' is not one of"),
        (("settle", "k1", "--outcome", "cancelled"), "Missing option '--reason'"),
    ],
)
def test_a_slip_in_a_group_is_explained_and_exits_2(arguments: tuple[str, ...], words: str) -> None:
    result = run("order", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_narrow_terminal_breaks_a_key_over_lines_and_cuts_nothing_off() -> None:
    narrow = Console(width=80, file=StringIO())
    narrow.print(orders_table(Orders((order(key="my-exit-for-the-night", status="PRESUBMITTED"),), NOW)))
    told = narrow.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in told
