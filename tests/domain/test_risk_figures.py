"""What limits are measured against: only what the session told, in its own currency, and never a guess."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from actors.domain.money import money
from actors.domain.portfolio import Portfolio
from actors.domain.risk_figures import risk_figures
from actors.messages.broker_account import AccountValueReport, PnLReport, PortfolioReport, PositionList, PositionReport
from actors.messages.market import Contract

T0 = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SAP = Contract("SAP", currency="EUR", con_id=7)


def value(key: str, text: str, currency: str, epoch: int = 1) -> AccountValueReport:
    return AccountValueReport(epoch, "DU1", key, text, currency)


def book_of(*reports: AccountValueReport, epoch: int = 1) -> Portfolio:
    book = Portfolio()
    for report in reports:
        book.apply_value(report, T0)
    book.confirm("DU1", epoch, T0)
    return book


def mark(quantity: int, market_value: float | None) -> PortfolioReport:
    return PortfolioReport(1, "DU1", SAP, Decimal(quantity), 200.0, market_value, 150.0, None, None)


def test_figures_are_those_of_the_base_currency_and_rates_those_of_the_others() -> None:
    book = book_of(
        value("NetLiquidation", "1000.55", "USD"),
        value("AvailableFunds", "700.10", "USD"),
        value("AvailableFunds", "650", "EUR"),
        value("ExcessLiquidity", "800", "BASE"),
        value("ExchangeRate", "1.00", "BASE"),
        value("ExchangeRate", "1.0875", "EUR"),
    )
    book.apply_pnl(PnLReport(1, "DU1", 0, Decimal("-12.5"), None, None))
    figures = risk_figures(book, "DU1", live=True)
    assert (figures.currency, figures.live, figures.as_of) == ("USD", True, T0)
    assert (figures.net_liquidation, figures.available_funds) == (Decimal("1000.55"), Decimal("700.10"))
    assert (figures.excess_liquidity, figures.daily) == (Decimal(800), Decimal("-12.5"))
    assert figures.rates == {"USD": Decimal(1), "EUR": Decimal("1.0875")}


@pytest.mark.parametrize("text", ["", "N/A", "NaN", "Infinity", "1.7976931348623157E308", "9223372036854775807"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert money(text) is None
    figures = risk_figures(book_of(value("NetLiquidation", text, "USD")), "DU1", live=True)
    assert (figures.currency, figures.net_liquidation) == ("USD", None)


@pytest.mark.parametrize("text", ["0", "-1.1", "NaN", "1.7976931348623157E308"])
def test_a_currency_without_a_positive_rate_has_none(text: str) -> None:
    book = book_of(value("NetLiquidation", "5", "USD"), value("ExchangeRate", text, "EUR"))
    assert risk_figures(book, "DU1", live=True).rates == {"USD": Decimal(1)}


def test_before_the_base_currency_was_told_nothing_is_worth_anything() -> None:
    figures = risk_figures(book_of(value("AvailableFunds", "5", "USD")), "DU1", live=True)
    assert (figures.currency, figures.available_funds, figures.rates) == ("", None, {})


def test_what_only_an_earlier_session_told_is_not_known() -> None:
    book = book_of(value("NetLiquidation", "5", "USD"), value("AvailableFunds", "4", "USD"))
    book.apply_pnl(PnLReport(1, "DU1", 0, Decimal(3), None, None))
    assert risk_figures(book, "DU1", live=False).daily == Decimal(3), "until the next session is there, the last stands"
    book.apply_value(value("NetLiquidation", "6", "USD", epoch=2), T0)
    book.confirm("DU1", 2, T0)
    figures = risk_figures(book, "DU1", live=True)
    assert (figures.net_liquidation, figures.available_funds, figures.daily) == (Decimal(6), None, None)
    book.apply_pnl(PnLReport(2, "DU1", 0, Decimal(3), None, None))
    assert risk_figures(book, "DU1", live=True).daily == Decimal(3), "the same figure, told anew"


def test_a_position_is_worth_what_its_last_mark_says_of_a_unit() -> None:
    book = book_of(value("NetLiquidation", "5", "USD"))
    book.replace_positions(PositionList((PositionReport(1, "DU1", SAP, Decimal(-4), 150.5),)), 1, T0)
    (unmarked,) = risk_figures(book, "DU1", live=True).marks
    assert (unmarked.value, unmarked.currency) == (None, "EUR")
    book.apply_portfolio(mark(-4, -800.4))
    (marked,) = risk_figures(book, "DU1", live=True).marks
    assert (marked.quantity, marked.value) == (Decimal(-4), Decimal("-800.4"))
    book.apply_position(PositionReport(1, "DU1", SAP, Decimal(2), 150.5), T0)
    (turned,) = risk_figures(book, "DU1", live=True).marks
    assert (turned.quantity, turned.value) == (Decimal(2), Decimal("400.2"))
    book.apply_portfolio(mark(2, None))
    (untold,) = risk_figures(book, "DU1", live=True).marks
    assert untold.value is None
