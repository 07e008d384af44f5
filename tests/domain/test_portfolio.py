"""The portfolio from the broker's reports, in whatever order they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.portfolio import Portfolio
from actors.messages.account import AccountValue, PnL, Position
from actors.messages.broker_account import AccountValueReport, PnLReport, PortfolioReport, PositionList, PositionReport
from actors.messages.market import Contract

T0 = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
T1 = T0 + timedelta(seconds=10)
AAPL = Contract("AAPL", con_id=1)


def held(quantity: int, con_id: int = 1, epoch: int = 1) -> PositionReport:
    return PositionReport(epoch, "DU1", Contract(f"S{con_id}", con_id=con_id), Decimal(quantity), 100.0)


def mark(quantity: int, value: float, con_id: int = 1, epoch: int = 1) -> PortfolioReport:
    contract = Contract(f"S{con_id}", con_id=con_id)
    return PortfolioReport(epoch, "DU1", contract, Decimal(quantity), 150.0, value, 100.0, Decimal(50), Decimal(7))


def value(key: str, text: str, currency: str, epoch: int = 1) -> AccountValueReport:
    return AccountValueReport(epoch, "DU1", key, text, currency)


def test_an_account_is_incomplete_until_its_download_ended_and_then_says_as_of_when() -> None:
    book = Portfolio()
    book.expect(("DU1",))
    book.apply_value(value("NetLiquidation", "1000.50", "EUR"), T0)
    (before,) = book.accounts().items
    assert (before.complete, before.as_of, before.net_liquidation) == (False, None, Decimal("1000.50"))
    book.confirm("DU1", 1, T0)
    book.apply_value(value("NetLiquidation", "1001", "EUR"), T1)
    (after,) = book.accounts().items
    assert (after.complete, after.as_of, after.currency) == (True, T1, "EUR")
    book.apply_value(value("NetLiquidation", "1002", "EUR", epoch=2), T1 + timedelta(seconds=1))
    assert book.accounts().items[0].as_of == T1, "the download of the new session has not ended"


def test_amounts_of_different_currencies_are_never_mixed() -> None:
    book = Portfolio()
    for key, text, currency in [
        ("TotalCashValue", "5", "USD"),
        ("NetLiquidation", "900", "BASE"),
        ("NetLiquidation", "1000", "EUR"),
        ("BuyingPower", "4000", "EUR"),
        ("AvailableFunds", "n/a", "EUR"),
        ("GrossPositionValue", "300", "BASE"),
    ]:
        book.apply_value(value(key, text, currency), T0)
    (view,) = book.accounts().items
    assert (view.currency, view.net_liquidation, view.buying_power) == ("EUR", Decimal(1000), Decimal(4000))
    assert (view.cash, view.available_funds, view.gross_position_value) == (None, None, Decimal(300))
    assert AccountValue("TotalCashValue", "5", "USD") in view.values


def test_a_download_that_ended_forgets_what_only_a_session_before_told() -> None:
    book = Portfolio()
    book.apply_value(value("CashBalance", "5", "GBP"), T0)
    book.replace_positions(PositionList((held(5), held(5, con_id=2))), 1, T0)
    for con_id in (1, 2):
        book.apply_portfolio(mark(5, 750.0, con_id=con_id))
        book.apply_pnl(PnLReport(1, "DU1", con_id, Decimal(8), None, None))
    book.apply_pnl(PnLReport(1, "DU1", 0, Decimal(-9), Decimal(1), Decimal(1)))
    book.confirm("DU1", 1, T0)
    book.replace_positions(PositionList((held(5, epoch=2), held(5, con_id=2, epoch=2))), 2, T1)
    book.apply_value(value("CashBalance", "6", "EUR", epoch=2), T1)
    book.apply_portfolio(mark(5, 760.0, con_id=2, epoch=2))
    assert book.accounts().items[0].pnl.daily == Decimal(-9), "until then all of it stands, with its age"
    book.confirm("DU1", 2, T1)
    (view,) = book.accounts().items
    assert view.values == (AccountValue("CashBalance", "6", "EUR"),)
    assert view.pnl == PnL("DU1", 0, None, None, None)
    first, second = book.positions().items  # type: ignore[union-attr]
    assert (first.market_value, first.market_price, first.daily) == (None, None, None)
    assert (second.market_value, second.daily) == (760.0, None)
    assert [one.mark is None for one in book.holdings("DU1")] == [True, False]


def test_positions_are_unknown_before_the_first_complete_list_and_keep_their_time() -> None:
    book = Portfolio()
    book.apply_position(held(5), T0)
    assert book.positions() is None
    changed = book.replace_positions(PositionList((held(5), held(-3, con_id=2))), 1, T0)
    assert [(position.con_id, position.quantity) for position in changed] == [(2, Decimal(-3))]
    known = book.positions()
    assert known is not None
    assert (known.as_of, known.source, len(known.items)) == (T0, "broker", 2)
    assert book.apply_position(held(6), T1) is not None
    assert book.apply_position(held(6), T1) is None
    assert book.positions().as_of == T1  # type: ignore[union-attr]


def test_a_position_that_the_new_list_leaves_out_is_closed() -> None:
    book = Portfolio()
    book.replace_positions(PositionList((held(5), held(3, con_id=2))), 1, T0)
    (closed,) = book.replace_positions(PositionList((held(5, epoch=2),)), 2, T1)
    assert (closed.con_id, closed.quantity) == (2, Decimal(0))
    assert book.held() == {("DU1", 1)}


def test_a_market_value_counts_only_for_the_quantity_it_was_told_for() -> None:
    book = Portfolio()
    assert book.apply_portfolio(mark(5, 750.0)) is None, "positions come from position reports alone"
    book.replace_positions(PositionList((held(5),)), 1, T0)
    (known,) = book.positions().items  # type: ignore[union-attr]
    assert known == Position(
        "DU1", "S1", 1, "STK", "USD", Decimal(5), 100.0, 150.0, 750.0, Decimal(50), Decimal(7), None
    )
    doubled = book.apply_position(held(10), T1)
    assert doubled is not None
    assert (doubled.market_price, doubled.market_value, doubled.unrealized) == (150.0, None, None)
    remarked = book.apply_portfolio(mark(10, 1500.0))
    assert remarked is not None
    assert remarked.market_value == 1500.0


def test_profit_and_loss_is_told_once_per_change_for_accounts_and_positions() -> None:
    book = Portfolio()
    book.replace_positions(PositionList((held(5),)), 1, T0)
    report = PnLReport(1, "DU1", 0, Decimal(1), Decimal(2), None)
    assert book.apply_pnl(report) == PnL("DU1", 0, Decimal(1), Decimal(2), None)
    assert book.apply_pnl(report) is None
    of_position = PnLReport(1, "DU1", 1, Decimal(3), Decimal(4), Decimal(5))
    position = book.apply_pnl(of_position)
    assert isinstance(position, Position)
    assert (position.daily, position.unrealized, position.realized) == (Decimal(3), Decimal(4), Decimal(5))
    assert book.apply_pnl(of_position) is None
    assert book.apply_pnl(PnLReport(1, "DU1", 99, Decimal(3), None, None)) is None


@given(
    st.lists(
        st.tuples(st.sampled_from(["position", "mark", "list"]), st.integers(1, 3), st.integers(-2, 2)), max_size=30
    )
)
def test_after_any_reports_the_positions_are_the_last_quantities_that_are_not_zero(
    steps: list[tuple[str, int, int]],
) -> None:
    book = Portfolio()
    book.replace_positions(PositionList(()), 1, T0)
    expected: dict[int, int] = {}
    for kind, con_id, quantity in steps:
        if kind == "position":
            book.apply_position(held(quantity, con_id), T0)
            expected[con_id] = quantity
        elif kind == "mark":
            book.apply_portfolio(mark(quantity, 1.0, con_id))
        else:
            told = {
                position.con_id: position.quantity
                for position in book.replace_positions(PositionList((held(quantity, con_id),)), 1, T0)
            }
            gone = {other for other, amount in expected.items() if amount and other != con_id}
            assert {other for other, amount in told.items() if not amount} - {con_id} == gone
            expected = {con_id: quantity}
    known = book.positions()
    assert known is not None
    assert {position.con_id: position.quantity for position in known.items} == {
        con_id: Decimal(quantity) for con_id, quantity in expected.items() if quantity
    }
