"""`account`, its history and `portfolio`: money by currency, and with the age of what is shown."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.messages.account import (
    Accounts,
    AccountValue,
    AccountView,
    GetAccounts,
    GetPositions,
    PnL,
    Position,
    Positions,
)
from actors.messages.session import GetSession
from actors.messages.state import EquityHistory, EquityRow, GetCachedAccounts, GetCachedPositions, GetEquityHistory
from tests.cli.scripted import NOW, SESSION, scripted

VALUES = (
    AccountValue("CashBalance", "900.25", "USD"),
    AccountValue("CashBalance", "-10.5", "EUR"),
    AccountValue("ExchangeRate", "1.25", "EUR"),
    AccountValue("ExcessLiquidity", "800.75", "USD"),
)
VIEW = AccountView(
    account="DU1000001",
    currency="USD",
    net_liquidation=Decimal("1000.55"),
    cash=Decimal("887.13"),
    available_funds=Decimal(700),
    buying_power=Decimal(2800),
    gross_position_value=Decimal(100),
    pnl=PnL("DU1000001", 0, Decimal("-12.30"), None, Decimal(3)),
    values=VALUES,
    complete=True,
    as_of=NOW,
    source="broker",
)
SAP = Position("DU1000001", "SAP", 14204, "STK", "EUR", Decimal(2), 150.25, 160.0, 320.0, Decimal("19.5"))
YEN = Position("DU1000001", "7203", 9, "STK", "JPY", Decimal(1), 2000.0, 2100.0, 2100.0)
OTHER = msgspec.structs.replace(SAP, account="DU2")


def test_a_portfolio_is_shown_in_each_currency_and_in_that_of_the_account(tmp_path: Path) -> None:
    held = Positions((SAP, YEN, OTHER), NOW, "broker")
    with scripted(tmp_path, {"account": {GetAccounts: Accounts((VIEW,)), GetPositions: held}}) as service:
        (row,) = service.json("portfolio")
        shown = service.run("portfolio").stdout
    assert (row["account"], row["net_liquidation"], row["excess_liquidity"]) == ("DU1000001", 1000.55, 800.75)
    assert row["balances"] == [
        {"currency": "USD", "cash": 900.25, "net_liquidation": None, "rate": 1},
        {"currency": "EUR", "cash": -10.5, "net_liquidation": None, "rate": 1.25},
    ]
    worths = [(one["symbol"], one["market_value"], one["currency"], one["base_value"]) for one in row["positions"]]
    assert worths == [("SAP", 320.0, "EUR", 400), ("7203", 2100.0, "JPY", None)]
    assert "DU1000001: 1,000.55 USD, -12.30 today (broker" in shown
    assert re.search(r"SAP +STK +14204 +2 +150\.25 +160\.00 +320\.00 +EUR +400\.00 +19\.50", shown)
    assert re.search(r"7203 .* JPY +- ", shown), "without a rate it is worth nothing that is known"
    assert re.search(r"EUR +-10\.50 +- +1\.25", shown)


def test_a_portfolio_falls_back_to_what_was_stored_and_says_so(tmp_path: Path) -> None:
    stored = msgspec.structs.replace(VIEW, source="cache")
    cached = {GetCachedAccounts: Accounts((stored,)), GetCachedPositions: Positions((SAP,), NOW, "cache")}
    with scripted(tmp_path, {"state": cached}) as service:
        service.local.kill("account")
        away = service.run("portfolio")
    assert away.exit_code == 0
    assert away.stderr.count("stored last") == 2, "accounts and positions each"
    assert "(cache" in away.stdout


@pytest.mark.parametrize("command", ["account", "positions", "portfolio"])
def test_figures_of_a_session_that_is_over_are_told_to_be_that(command: str, tmp_path: Path) -> None:
    lost = msgspec.structs.replace(SESSION, state="waiting", reason="connection refused")
    answers = {GetAccounts: Accounts((VIEW,)), GetPositions: Positions((SAP,), NOW, "broker")}
    with scripted(tmp_path, {"account": answers}) as service:
        assert "not heard" not in service.run(command).stderr
    with scripted(tmp_path, {"account": answers, "connection": {GetSession: lost}}) as service:
        away = service.run(command)
    assert "the broker is not heard now (connection refused); this is what it told last" in away.stderr
    assert "broker, " in away.stdout


def test_the_account_has_its_margin_and_its_balances(tmp_path: Path) -> None:
    with scripted(tmp_path, {"account": {GetAccounts: Accounts((VIEW,))}}) as service:
        shown = service.run("account").stdout
        (row,) = service.json("account")
    assert re.search(r"excess liquidity +800\.75", shown)
    assert re.search(r"initial margin +-", shown)
    assert re.search(r"USD +900\.25 +- +1", shown)
    assert (row["initial_margin"], row["balances"][1]["cash"]) == (None, -10.5)


def test_the_history_is_a_row_for_each_trading_day(tmp_path: Path) -> None:
    day = EquityRow(
        "DU1000001",
        NOW,
        "day_end",
        date(2026, 11, 20),
        NOW,
        "USD",
        Decimal("1000.55"),
        *[None] * 4,
        Decimal(-7),
        None,
        None,
    )
    with scripted(tmp_path, {"state": {GetEquityHistory: EquityHistory((day,))}}) as service:
        (row,) = service.json("account", "--history")
        shown = service.run("account", "--history").stdout
    names = ("account", "trading_day", "cause", "currency", "net_liquidation", "cash", "daily_pnl")
    assert [row[name] for name in names] == ["DU1000001", "2026-11-20", "day_end", "USD", 1000.55, None, -7]
    assert re.search(r"2026-11-20 +day_end +USD +1,000\.55 +- +-7\.00", shown)
