"""The ledger of executions: each counts once, in its newest revision, with what it cost, however it comes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec

from actors.domain.fills import Commission, FillLedger, Recorded, Totals
from actors.domain.order_book import OrderBook
from actors.messages.orders import Execution
from tests.domain.order_builders import START, execution_report, order


def execution(exec_id: str, quantity: int, price: float = 150.0) -> Execution:
    return OrderBook([order()]).execution(execution_report(exec_id, quantity, price))


def paid(exec_id: str, amount: str) -> Commission:
    return Commission(exec_id, Decimal(amount), "USD", None)


def test_an_execution_told_again_is_known_and_an_older_revision_too() -> None:
    ledger = FillLedger()
    said = [ledger.record(execution(f"a.b.{number}", 10 - int(number))) for number in ("01", "01", "03", "02", "03")]
    assert said == [Recorded.NEW, Recorded.KNOWN, Recorded.CORRECTION, Recorded.KNOWN, Recorded.KNOWN]
    assert (len(ledger), ledger.totals("k1")) == (1, Totals(Decimal(7), 150.0, Decimal(0), corrected=True))


def test_a_commission_belongs_to_its_revision_and_may_come_first() -> None:
    ledger = FillLedger()
    assert [ledger.charge(paid("a.b.02", "1.5")) for _ in range(2)] == [True, False]
    assert ledger.find("a.b.02") is None
    ledger.record(execution("a.b.01", 4))
    assert ledger.totals("k1").commission == 0
    ledger.record(execution("a.b.02", 6, 151.0))
    found = ledger.find("a.b.01")
    assert found is not None
    assert (found.exec_id, found.commission, ledger.all()) == ("a.b.02", Decimal("1.5"), (found,))


def test_an_execution_id_without_a_revision_is_its_own_stem() -> None:
    ledger = FillLedger()
    assert ledger.record(execution("odd", 4)) is Recorded.NEW
    assert ledger.record(execution("odd", 4)) is Recorded.KNOWN
    assert ledger.record(execution("odd.x", 4)) is Recorded.KNOWN


def test_what_is_forgotten_is_new_when_it_is_told_again_and_the_rest_adds_up() -> None:
    ledger = FillLedger()
    ledger.record(msgspec.structs.replace(execution("a.b.01", 4), time=START - timedelta(days=3)))
    ledger.charge(paid("a.b.01", "1.5"))
    ledger.record(execution("a.c.01", 6))
    ledger.forget(START - timedelta(days=2), {"k1": None})
    assert len(ledger) == 2, "its order is known"
    ledger.forget(START - timedelta(days=2), {})
    assert (len(ledger), ledger.totals("k1")) == (1, Totals(Decimal(6), 150.0, Decimal(0)))
    assert ledger.find("a.b.01") is None
    ledger.forget(START + timedelta(days=2), {})
    assert (len(ledger), ledger.owns("k1")) == (0, False)
    assert ledger.record(execution("a.b.01", 4)) is Recorded.NEW
