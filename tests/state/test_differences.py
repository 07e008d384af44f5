"""Differences between the broker and what State expected, over kills and nights."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import orjson
import pytest

import actors.store.cash
import actors.store.reconciler
from actors.domain.order_words import execution_facts
from actors.messages.account import Accounts, AccountValue
from actors.messages.broker import CommissionReport, ExecutionList
from actors.messages.orders import Execution
from actors.messages.state import (
    CutResult,
    Difference,
    GetReconciliation,
    JournalRows,
    Reconcile,
)
from tests.state.house import PATIENCE, House
from tests.state.neighbours import (
    AAPL,
    NOON,
    bought,
    holding,
)
from tests.state.samples import ACCOUNT


def test_a_position_that_moved_while_state_was_dead_is_named_stored_and_accepted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors.store.reconciler, "SETTLE_SECONDS", 0.01)
    house.broker.answers["FetchPositions"] = holding(10)
    house.start()
    house.kill_state()
    house.broker.answers["FetchExecutions"] = ExecutionList((bought(1, 5),), ())
    house.broker.answers["FetchPositions"] = holding(18)
    house.start_state()

    (found,) = house.next_cut().differences
    assert (found.kind, found.subject, found.ours, found.theirs) == ("position", "AAPL in DU1", "15", "18")
    assert house.ask(Reconcile("again")).differences == ()
    columns = "kind, ours, theirs, repaired, scope, locks, cut, cleared_cut"
    stored = [("position", "15", "18", 1, "AAPL in DU1", 1, 2, 3)]
    assert house.rows(f"SELECT {columns} FROM differences") == stored
    assert house.rows("SELECT symbol, quantity FROM confirmed_positions") == [("AAPL", "18")]


def with_cash(amount: str) -> Accounts:
    values = (AccountValue("CashBalance", amount, "USD"),)
    return Accounts((msgspec.structs.replace(ACCOUNT, values=values),))


def test_cash_that_no_execution_explains_is_told_also_when_it_moved_while_state_was_dead(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.ledger.accounts = with_cash("1000.00")
    house.start_account()
    house.start()
    house.ask(Reconcile("the first one may have come before Account"))
    assert house.rows("SELECT * FROM confirmed_cash") == []  # State has just started: who knows what was traded
    monkeypatch.setattr(actors.store.cash, "REST", 0.0)
    house.ask(Reconcile("at rest"))
    assert house.rows("SELECT account, currency, balance FROM confirmed_cash") == [("DU1", "USD", "1000.00")]
    house.kill_state()
    paid = CommissionReport(1, 1, bought(1, 2).exec_id, Decimal("1.00"), "USD", None)
    house.broker.answers["FetchExecutions"] = ExecutionList((bought(1, 2),), (paid,))
    house.broker.answers["FetchPositions"] = holding(2)
    house.ledger.accounts = with_cash("724.00")  # two at 150 and a dollar make 699
    house.start_state()

    house.ask(Reconcile("the first one may have come before Account"))
    (stored,) = house.rows("SELECT kind, subject, ours, theirs, repaired, scope, locks FROM differences")
    assert stored == ("cash", "USD of DU1", "699.00", "724.00", 1, "account DU1", 0)
    assert house.ask(Reconcile("once more")).differences == ()


def test_a_cut_is_confirmed_without_cash_and_says_so(house: House) -> None:
    house.start()
    view = house.ask(Reconcile("operator"))
    assert view.confirmed
    assert [(part.name, part.error) for part in view.parts if part.error] == [("cash", "account is away")]


def test_trading_over_kills_of_state_makes_no_difference(house: House) -> None:
    house.start()
    for number in range(1, 6):
        house.kill_state()
        reports = tuple(bought(each, 3) for each in range(1, number + 1))
        house.broker.answers["FetchExecutions"] = ExecutionList(reports, ())
        house.broker.answers["FetchPositions"] = holding(3 * number)
        house.start_state()
        assert house.next_cut().differences == ()


def test_an_execution_of_yesterday_that_only_the_journal_knows_is_no_difference(house: House) -> None:
    house.start()
    of_aapl = ("DU1", "AAPL", AAPL.con_id, "BUY", Decimal(10), 150.0, "SIM", NOON)
    yesterday = Execution("0000e0d5.0001.01", "key-1", 1, 1, 17, *of_aapl, sec_type="STK")
    euros = msgspec.structs.replace(
        yesterday, exec_id="0000e0d5.0002.01", symbol="EUR", con_id=12087792, sec_type="CASH"
    )
    for execution in (yesterday, euros):
        house.journal.write("execution", orjson.dumps(execution_facts(execution), default=str).decode())
    next_row = house.journal.write("noted")
    house.order.call(lambda: house.order.actor.publish("journal", JournalRows((next_row,))))
    while house.journal.followed.get(timeout=PATIENCE) != next_row.sequence:
        pass
    house.broker.answers["FetchPositions"] = holding(10)  # and its executions are those since midnight: none

    assert house.ask(Reconcile("operator")).differences == ()


def test_what_order_could_not_decide_stays_open_until_it_does(house: House) -> None:
    house.start()
    undecided = Difference("order_missing", "key-9", "UNKNOWN", "absent", "a person must decide", repaired=False)
    house.journal.result = CutResult((undecided,))
    assert house.ask(Reconcile("operator")).differences == (undecided,)
    assert house.ask(GetReconciliation()).open_differences == 1

    house.journal.result = CutResult(())
    house.ask(Reconcile("operator"))
    assert house.ask(GetReconciliation()).open_differences == 0


def test_executions_that_nobody_reports_any_more_are_forgotten(house: House) -> None:
    house.broker.answers["FetchExecutions"] = ExecutionList((bought(1, 10),), ())
    house.broker.answers["FetchPositions"] = holding(10)
    house.start()
    later = msgspec.structs.replace(bought(2, 5), time=NOON + timedelta(days=3))
    house.broker.answers["FetchExecutions"] = ExecutionList((later,), ())
    house.broker.answers["FetchPositions"] = holding(15)

    assert house.ask(Reconcile("operator")).differences == ()
    assert house.rows("SELECT exec_id, counted FROM known_executions") == [("0000e0d5.0002.01", "5")]
    assert house.ask(Reconcile("operator")).differences == ()
