"""Trading never makes a cash difference, a deposit always does, and what cannot be calculated is not judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.cash import CashBaseline, CashDifference, balances, judge, movements, opaque
from actors.domain.executions import SignedExecution, signed
from actors.messages.account import Accounts, AccountValue, AccountView, PnL
from actors.messages.broker import CommissionReport, ExecutionList, ExecutionReport
from actors.messages.broker_account import PositionList, PositionReport
from actors.messages.market import Contract

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AAPL = Contract("AAPL", con_id=265598)
CALL = Contract("AAPL", "OPT", con_id=7001, multiplier="100")
START = {("DU1", "USD"): Decimal("100000.00")}


def traded(number: int, quantity: int, price: float, revision: int = 1, **changes: Any) -> ExecutionReport:
    values: dict[str, Any] = {
        "epoch": 1,
        "sequence": number,
        "exec_id": f"0000e0d5.{number:04}.{revision:02}",
        "order_id": number,
        "client_id": 17,
        "perm_id": number,
        "key": f"key-{number}",
        "account": "DU1",
        "contract": AAPL,
        "side": "BUY" if quantity > 0 else "SELL",
        "quantity": Decimal(abs(quantity)),
        "price": price,
        "cumulative": Decimal(abs(quantity)),
        "exchange": "SIM",
        "time": NOON,
    }
    return ExecutionReport(**(values | changes))


def listed(*reports: ExecutionReport, fee: str | None = "1.00") -> ExecutionList:
    paid = () if fee is None else (CommissionReport(1, 0, each.exec_id, Decimal(fee), "USD", None) for each in reports)
    return ExecutionList(reports, tuple(paid))


def known(executions: ExecutionList) -> dict[str, SignedExecution]:
    return {one.stem: one for one in map(signed, executions.items)}


def look(
    baseline: CashBaseline, cash: str, executions: ExecutionList, **more: Any
) -> tuple[CashBaseline, tuple[CashDifference, ...]]:
    now = {("DU1", "USD"): Decimal(cash)}
    verdict = judge(baseline, now, movements(executions), known(executions), **more)
    return verdict.baseline, verdict.differences


FIRST, _ = look(CashBaseline(), "100000.00", listed())


def test_a_purchase_an_option_and_their_commissions_explain_the_balance() -> None:
    executions = listed(traded(1, 10, 150.0), traded(2, -2, 3.5, contract=CALL))
    # 100000 - 10 * 150 - 1 + 2 * 3.5 * 100 - 1
    baseline, found = look(FIRST, "99198.00", executions)
    assert found == ()
    assert look(baseline, "99198.00", executions)[1] == ()


def test_a_deposit_is_told_once_and_then_taken() -> None:
    baseline, found = look(FIRST, "100250.00", listed())
    assert found == (CashDifference("DU1", "USD", Decimal("100000.00"), Decimal("100250.00")),)
    assert look(baseline, "100250.00", listed())[1] == ()


def test_the_tolerance_is_a_cent_and_one_more_for_each_execution() -> None:
    assert look(FIRST, "100000.01", listed())[1] == ()
    assert look(FIRST, "100000.02", listed())[1] != ()
    assert look(FIRST, "98499.02", listed(traded(1, 10, 150.0)))[1] == ()
    assert look(FIRST, "98499.03", listed(traded(1, 10, 150.0)))[1] != ()


@pytest.mark.parametrize(
    "executions",
    [
        listed(traded(1, 10, 150.0), fee=None),
        listed(traded(1, 1, 5000.0, contract=Contract("ES", "FUT", con_id=9, multiplier="50"))),
        listed(traded(1, 1, 3.5, contract=msgspec.structs.replace(CALL, multiplier=""))),
        listed(traded(1, 1000, 1.1, contract=Contract("EUR", "CASH", con_id=12087792))),
    ],
    ids=["commission not told", "future", "multiplier not told", "currency trade"],
)
def test_what_cannot_be_calculated_is_not_judged_and_the_next_look_starts_from_there(executions: ExecutionList) -> None:
    baseline, found = look(FIRST, "1.00", executions)
    assert found == ()
    assert look(baseline, "1.00", executions)[1] == ()
    assert look(baseline, "2.00", executions)[1] != ()


def test_an_execution_of_which_only_the_id_is_known_is_not_judged() -> None:
    only_known = known(listed(traded(1, 10, 150.0)))
    verdict = judge(FIRST, {("DU1", "USD"): Decimal(1)}, {}, only_known)
    assert verdict.differences == ()


def test_an_account_whose_positions_move_cash_by_themselves_is_not_judged() -> None:
    future = PositionReport(1, "DU1", Contract("ES", "FUT", con_id=9), Decimal(1), 5000.0)
    stock = PositionReport(1, "DU2", AAPL, Decimal(1), 150.0)
    unclear = opaque(PositionList((future, stock)))
    assert unclear == {"DU1"}
    assert look(FIRST, "1.00", listed(), unclear=unclear)[1] == ()


def test_a_combo_moves_cash_by_its_legs_alone() -> None:
    bag = traded(1, 1, 2.0, contract=Contract("AAPL", "BAG"))
    leg = traded(2, 1, 2.0, contract=CALL)
    legs = listed(leg)
    both = ExecutionList((bag, leg), legs.commissions)
    assert look(FIRST, "99799.00", both)[1] == ()
    assert look(FIRST, "99599.00", both)[1] != ()


def test_of_an_execution_and_its_correction_the_newest_counts_however_they_are_listed() -> None:
    both = (traded(1, 10, 150.0), traded(1, 10, 149.0, revision=2))
    assert movements(listed(*both)) == movements(listed(*reversed(both)))
    assert movements(listed(*both))["0000e0d5.0001"].amount == Decimal(-1491)


def test_an_account_that_is_not_at_rest_keeps_its_baseline() -> None:
    executions = listed(traded(1, 10, 150.0))
    elsewhere = judge(FIRST, {("DU2", "USD"): Decimal(5)}, movements(executions), known(executions)).baseline
    assert elsewhere.balances == {**START, ("DU2", "USD"): Decimal(5)}
    assert look(elsewhere, "98499.00", executions)[1] == ()


def view(cash: str, as_of: datetime = NOON, **changes: Any) -> AccountView:
    values = (
        AccountValue("CashBalance", cash, "USD"),
        AccountValue("CashBalance", "7", "BASE"),
        AccountValue("CashBalance", "N/A", "EUR"),
        AccountValue("TotalCashBalance", "8", "USD"),
    )
    fields: dict[str, Any] = dict.fromkeys(AccountView.__struct_fields__[2:7])
    fields |= {"account": "DU1", "currency": "USD", "pnl": PnL("DU1", 0, None, None, None), "values": values}
    return AccountView(**(fields | {"complete": True, "as_of": as_of, "source": "broker"} | changes))


def test_a_balance_counts_when_it_was_told_in_this_session_and_after_the_last_execution() -> None:
    nothing: dict[str, SignedExecution] = {}
    told = Accounts((view("5.25"),))
    assert balances(told, nothing, NOON) == {("DU1", "USD"): Decimal("5.25")}
    assert balances(told, nothing, NOON + timedelta(seconds=1)) == {}
    assert balances(Accounts((view("5.25", complete=False),)), nothing, NOON) == {}
    late = known(listed(traded(1, 1, 1.0, time=NOON + timedelta(seconds=1))))
    assert balances(told, late, NOON) == {}
    assert balances(Accounts((view("5.25", NOON + timedelta(seconds=2)),)), late, NOON) != {}


@st.composite
def histories(draw: st.DrawFn) -> list[ExecutionReport]:
    """Executions, some of them corrected; prices in cents."""
    history: list[ExecutionReport] = []
    for number in range(draw(st.integers(0, 8))):
        for revision in range(1, draw(st.integers(1, 3)) + 1):
            quantity = draw(st.integers(-5, 5).filter(bool))
            price = draw(st.integers(1, 20000)) / 100
            history.append(traded(number, quantity, price, revision, contract=draw(st.sampled_from((AAPL, CALL)))))
    return history


def balance_after(history: list[ExecutionReport]) -> Decimal:
    """The broker's books, reckoned by another way than the one under test: newest revisions in whole cents."""
    newest = {report.exec_id[:-3]: report for report in history}
    cents = 10_000_000
    for report in newest.values():
        size = 100 if report.contract is CALL else 1
        sign = 1 if report.side == "SELL" else -1
        cents += sign * int(report.quantity) * round(report.price * 100) * size - 100
    return Decimal(cents) / 100


@given(histories(), st.data(), st.integers(-500, 500))
def test_no_history_makes_a_difference_and_no_deposit_hides_in_one(
    history: list[ExecutionReport], data: st.DataObject, deposit_cents: int
) -> None:
    baseline = FIRST
    for end in sorted(data.draw(st.lists(st.integers(0, len(history)), max_size=4))):
        past = history[:end]
        baseline, found = look(baseline, str(balance_after(past)), listed(*past))
        assert found == ()
    deposit = Decimal(deposit_cents) / 100
    _, found = look(baseline, str(balance_after(history) + deposit), listed(*history))
    fresh = len({one.exec_id[:-3] for one in history})
    if abs(deposit_cents) > 1 + fresh:
        assert [one.actual - one.expected for one in found] == [deposit]
    elif abs(deposit_cents) <= 1:
        assert found == ()
