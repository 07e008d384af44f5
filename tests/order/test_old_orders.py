"""Orders that ended so long ago that a start leaves them in the file, when the broker speaks of them again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from actors.domain.fills import Commission
from actors.messages.broker import CommissionReport, TransmitCancel
from actors.messages.orders import Execution, GetExecutions, GetOrder, GetOrders, GetOrdersView, OrderView
from actors.orders.change import Change, Entry
from actors.orders.journal import Journal, JournalError
from supervision.errors import Rejected
from tests.domain.order_builders import OUR_CLIENT, START, execution_report, order, order_report, status_report, terms
from tests.order.neighbours import House, mine
from tests.order.scripted import now

LAST_WEEK = START - timedelta(days=6)
OLD: dict[str, Any] = {"order_id": 70, "client_id": OUR_CLIENT, "perm_id": 9}
BOUGHT = Execution(
    "0001.01.01", "k1", 70, 9, OUR_CLIENT, "DU1", "AAPL", 265598, "BUY", Decimal(4), 150.0, "SMART", LAST_WEEK, "sample"
)


@pytest.fixture
def house(idle: House) -> House:
    """An order of a strategy was filled in part and cancelled last week, and so was one of others; a session is up."""
    journal = Journal(idle.directory / "orders.db")
    ended = {"reported": "CANCELLED", "acknowledged": True, "created": LAST_WEEK, "updated": LAST_WEEK}
    change = Change()
    change.intend(order(order_id=70, strategy="sample", **ended), Entry("intent", "k1", {}))
    foreign = order(key="theirs", order_id=5, client_id=4, external=True, perm_ids=(8,), **ended)
    change.intend(foreign, Entry("adopted", "theirs", {}))
    change.executions["0001.01"] = BOUGHT
    change.commissions["0001.01.01"] = Commission("0001.01.01", Decimal(1), "USD", None)
    change.entries.append((now(), Entry("gate", "", {})))
    journal.write(change)
    journal.close()
    idle.start().wait_gate("reconciling")
    return idle


def k1(house: House) -> OrderView:
    return house.ref.ask(GetOrder("k1"))


def ours(house: House) -> list[tuple[str, Decimal, str]]:
    found = house.ref.ask(GetExecutions("sample")).items
    return [(each.exec_id, each.quantity, each.strategy) for each in found]


def test_an_execution_of_last_week_that_is_listed_again_is_no_news_and_stays_its_strategys(house: House) -> None:
    again = execution_report("0001.01.01", 4, **OLD, time=LAST_WEEK)
    paid = CommissionReport(1, 2, "0001.01.01", Decimal(1), "USD", None)
    assert house.cut(executions=(again,), commissions=(paid,)).differences == ()
    assert ours(house) == [("0001.01.01", Decimal(4), "sample")]
    assert not k1(house).external


def test_a_correction_of_last_weeks_execution_is_counted_to_its_order_and_strategy(house: House) -> None:
    house.says(execution_report("0001.01.02", 3, **OLD, time=LAST_WEEK))
    assert ours(house) == [("0001.01.02", Decimal(3), "sample")]
    assert (k1(house).filled, k1(house).status, k1(house).strategy) == (Decimal(3), "CANCELLED", "sample")


@pytest.mark.parametrize("listed", [True, False], ids=["listed", "told"])
def test_an_order_of_ours_that_lives_after_all_is_ours_again(house: House, listed: bool) -> None:
    if listed:
        report = order_report("Submitted", **OLD, terms=terms(key="k1"))
        assert [each.kind for each in house.cut((report,)).differences] == ["order_status"]
    else:
        house.says(status_report("Submitted", **OLD))
        house.cut((order_report("Submitted", **OLD, terms=terms(key="k1")),))
    found = k1(house)
    assert (found.status, found.external, found.strategy, found.perm_ids) == ("SUBMITTED", False, "sample", (9,))


def test_an_order_of_others_that_has_our_old_key_does_not_take_its_place(house: House) -> None:
    house.cut((order_report("Submitted", order_id=3, client_id=4, perm_id=55, terms=terms(key="k1")),))
    assert (k1(house).strategy, k1(house).status) == ("sample", "CANCELLED")
    assert house.ref.ask(GetOrder("ext:55")).external


def test_an_old_order_of_others_is_not_adopted_twice(house: House) -> None:
    report = order_report("Cancelled", order_id=5, client_id=4, perm_id=8, terms=terms(key="theirs"))
    assert house.cut((report,)).differences == ()


def test_when_the_file_cannot_be_read_the_gate_closes_and_nothing_of_ours_is_taken_for_somebody_elses(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise JournalError("disk gone")

    monkeypatch.setattr(Journal, "recall", broken)
    alive = order_report("Submitted", **OLD)
    house.says(alive)
    assert "disk gone" in house.reasons()
    with pytest.raises(Rejected, match=r"whose OrderReport.* is cannot be read: disk gone"):
        house.cut((alive,))
    assert not k1(house).external
    monkeypatch.undo()
    house.cut((alive,))
    assert (k1(house).status, k1(house).external, k1(house).strategy) == ("SUBMITTED", False, "sample")


def test_what_is_over_for_days_leaves_the_memory_of_a_process_that_lives_for_months(house: House) -> None:
    house.cut()
    house.place(key="k2")
    house.says(
        order_report("Cancelled", **mine(71), terms=terms(key="k2")),
        execution_report("0002.01.01", 1, **mine(71), key="k2"),
    )
    house.place(key="k3")
    actor: Any = house.order.actor
    in_a_week = now() + timedelta(days=7)
    house.order.call(lambda: actor._records.forget(in_a_week))
    assert [each.key for each in house.ref.ask(GetOrders(all=True)).items] == ["k3"]
    assert house.ref.ask(GetExecutions()).items == ()
    assert house.ref.ask(GetOrdersView()).total == 1
    assert house.place(key="k2").status == "CANCELLED"
    house.says(execution_report("0002.01.02", 2, **mine(71), key="k2"))
    assert house.ref.ask(GetOrder("k2")).filled == Decimal(2)


def test_nothing_is_forgotten_that_is_not_written_yet(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise JournalError("disk full")

    house.cut()
    house.place(key="k2")
    monkeypatch.setattr(Journal, "write", full)
    house.says(order_report("Cancelled", **mine(71), terms=terms(key="k2")))
    house.order.call(lambda: house.order.actor._records.forget(now() + timedelta(days=7)))  # type: ignore[attr-defined]
    assert [each.key for each in house.ref.ask(GetOrders(all=True)).items] == ["k2"]


def test_an_exit_that_is_over_is_kept_and_read_back_as_long_as_its_entry_is_open(idle: House) -> None:
    journal = Journal(idle.directory / "orders.db")
    change = Change()
    change.intend(
        order(order_id=70, acknowledged=True, reported="SUBMITTED", updated=LAST_WEEK), Entry("intent", "", {})
    )
    refused = order(key="k1/stop", parent="k1", order_id=71, reported="REJECTED", updated=LAST_WEEK)
    change.intend(refused, Entry("intent", "", {}))
    change.entries.append((now(), Entry("gate", "", {})))
    journal.write(change)
    journal.close()
    idle.start().wait_gate("reconciling")
    idle.order.call(lambda: idle.order.actor._records.forget(now()))  # type: ignore[attr-defined]
    idle.cut((order_report("Submitted", **OLD, terms=terms(key="k1")),))
    assert idle.transmitted() == TransmitCancel(1, 70)
