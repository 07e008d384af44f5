"""Executions that the broker tells more than once: a combo as a whole and leg by leg, an allocation by account.

What fills the order is counted once, in whatever order it is told.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.executions import KnownExecutions, signed
from actors.domain.fills import Commission, Totals
from actors.domain.order_book import OrderBook
from actors.domain.order_events import Executed
from actors.domain.order_machine import apply
from actors.messages.broker import ExecutionReport
from actors.messages.market import ComboLeg, Contract
from tests.domain.order_builders import START, execution_report, order, terms

BAG = Contract("AAPL", "BAG", legs=(ComboLeg(701, 1, "BUY"), ComboLeg(702, 2, "SELL")))
LONG, SHORT = Contract("AAPL", "OPT", con_id=701), Contract("AAPL", "OPT", con_id=702)
COMBO = order(contract=BAG, terms=terms(limit=1.25, quantity=Decimal(3)), reported="PRESUBMITTED")


def told(number: int, combos: int, price: float) -> list[ExecutionReport]:
    """One fill of the combo as the broker tells it: the whole under a generic contract id, then each leg."""
    whole = Contract("AAPL", "BAG", con_id=28812380)
    return [
        execution_report(f"e.{number:02}.01.01", combos, price, contract=whole, side="BUY"),
        execution_report(f"e.{number:02}.02.01.01", combos, 4.0, contract=LONG, side="BUY"),
        execution_report(f"e.{number:02}.03.01.01", 2 * combos, 2.0, contract=SHORT, side="SELL"),
    ]


STREAM = [*told(1, 1, 1.25), *told(2, 2, 2.0)]


@given(st.permutations([*STREAM, *STREAM[:4]]))
def test_a_combo_is_filled_by_its_own_executions_and_its_legs_move_positions_in_any_order(
    reports: list[ExecutionReport],
) -> None:
    book, known = OrderBook([COMBO]), KnownExecutions()
    for report in reports:
        book.ledger.record(book.execution(report))
        known.learn([signed(report)])
        known.meet([report.contract])
    for exec_id, cents in (("e.01.02.01.01", 65), ("e.01.03.01.01", 130)):
        book.ledger.charge(Commission(exec_id, Decimal(cents) / 100, "USD", None))
    assert book.totals(COMBO) == Totals(Decimal(3), 1.75, Decimal("1.95"))
    held = {
        con_id: sum(one.quantity for one in known.snapshot().values() if one.con_id == con_id) for con_id in (701, 702)
    }
    assert held == {701: 3, 702: -6}
    assert known.not_positions == {28812380}


def test_legs_that_are_told_before_their_combo_fill_nothing() -> None:
    book = OrderBook([COMBO])
    for report in told(1, 3, 1.25)[1:]:
        book.ledger.record(book.execution(report))
    after = apply(COMBO, Executed(book.totals(COMBO), 900), 1.0, START)
    assert (after.status, after.totals.filled, after.acknowledged) == ("PRESUBMITTED", 0, True)
    book.ledger.record(book.execution(told(1, 3, 1.25)[0]))
    assert apply(after, Executed(book.totals(COMBO), 900), 2.0, START).status == "FILLED"


def test_what_is_told_again_for_another_account_does_not_fill_the_order_twice() -> None:
    mine = order()
    book = OrderBook([mine])
    for number, account in enumerate(("DU1", "DU2", "DU3"), start=1):
        book.ledger.record(book.execution(execution_report(f"e.{number:02}.01", 4, account=account)))
        book.ledger.charge(Commission(f"e.{number:02}.01", Decimal(1), "USD", None))
    assert book.totals(mine) == Totals(Decimal(4), 150.0, Decimal(1))


def test_an_order_whose_account_is_not_told_is_filled_by_every_execution_of_it() -> None:
    book = OrderBook([order(terms=terms(account=""), external=True)])
    book.ledger.record(book.execution(execution_report("e.01.01", 4)))
    assert book.totals(order(terms=terms(account=""))).filled == 4
