"""Kills and cuts: nothing lost, nothing doubled, nothing guessed."""

from __future__ import annotations

import queue
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from actors.domain.order_state import OrderState
from actors.messages.broker import CommissionReport, OrderNotice, Transmit
from actors.messages.orders import (
    CancelOrder,
    Execution,
    GetExecutions,
    GetOrder,
    GetOrders,
    PlaceOrder,
)
from actors.messages.state import FollowJournal, Reconcile
from actors.orders.change import Change, Entry
from actors.orders.journal import Journal
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import (
    START,
    completed_report,
    execution_report,
    order,
    order_report,
    status_report,
    terms,
)
from tests.order.neighbours import House, manual, mine
from tests.order.scripted import held, now

SECOND = 1.0


def kinds(result: Any) -> list[tuple[str, str, bool]]:
    return [(each.kind, each.subject, each.repaired) for each in result.differences]


def intended(journal: Journal, order: OrderState) -> None:
    change = Change()
    change.intend(order, Entry("intent", order.key, {}))
    journal.write(change)


def old_order(house: House) -> None:
    """A journal that was written to today, with an order that ended long ago."""
    journal = Journal(house.directory / "orders.db")
    long_ago = START - timedelta(days=30)
    ended = order(order_id=70, reported="CANCELLED", acknowledged=True, created=long_ago, updated=long_ago)
    intended(journal, ended)
    foreign = msgspec.structs.replace(ended, key="theirs", order_id=5, client_id=4, external=True, created=now())
    intended(journal, foreign)
    journal.close()


def test_a_strategy_is_told_of_its_executions_however_old_so_that_it_knows_what_it_holds(idle: House) -> None:
    journal = Journal(idle.directory / "orders.db")
    long_ago = START - timedelta(days=30)
    bought = Execution(
        "0001.01.01", "k1", 70, 9, 17, "DU1", "AAPL", 1, "BUY", Decimal(10), 150.0, "ISLAND", long_ago, "sample"
    )
    change = Change()
    change.executions["0001.01"] = bought
    change.entries += [(long_ago, Entry("execution", "k1", {})), (now(), Entry("gate", "", {}))]
    journal.write(change)
    journal.close()
    idle.start()
    assert idle.ref.ask(GetExecutions()).items == ()
    assert idle.ref.ask(GetExecutions("sample")).items == (bought,)
    assert idle.ref.ask(GetExecutions("another")).items == ()


# --- kills and cuts -----------------------------------------------------------------------------------


def unknown_after_a_kill(house: House) -> None:
    """An order is handed to Connection, whose answer never comes because Order is killed."""
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    house.ref.tell(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"))
    waiting.get(timeout=5.0)
    house.transmitted()
    house.restart()
    del house.script[Transmit]
    assert house.ref.ask(GetOrder("k1")).status == "UNKNOWN"
    house.wait_gate("reconciling")


def test_an_order_unknown_after_a_kill_is_adopted_when_the_broker_lists_it(house: House) -> None:
    unknown_after_a_kill(house)
    assert "k1" in house.causes.get(timeout=5.0)
    result = house.cut((order_report("Submitted", **mine()),))
    assert kinds(result) == [("order_status", "k1", True)]
    order = house.ref.ask(GetOrder("k1"))
    assert (order.status, order.perm_ids, order.reason) == ("SUBMITTED", (901,), "")
    assert house.sent.empty()


def test_an_order_unknown_after_a_kill_is_found_by_its_key_among_the_completed(house: House) -> None:
    unknown_after_a_kill(house)
    fills = (execution_report("a.b.c.01", 10, **mine()),)
    result = house.cut(completed=(completed_report("Filled", perm_id=901, filled=Decimal(10)),), executions=fills)
    assert kinds(result) == [("execution_missed", "k1", True)]
    order = house.ref.ask(GetOrder("k1"))
    assert (order.status, order.filled) == ("FILLED", 10)
    assert kinds(house.cut(executions=fills)) == []


def test_an_order_absent_in_two_confirmed_cuts_was_not_placed_and_is_never_sent_again(house: House) -> None:
    unknown_after_a_kill(house)
    house.cut(completed=None)
    assert house.ref.ask(GetOrder("k1")).status == "UNKNOWN"
    first = time.monotonic()
    assert kinds(house.cut()) == [("order_missing", "k1", True)]
    assert house.ref.ask(GetOrder("k1")).status == "UNKNOWN"
    assert kinds(house.cut(asked=first + SECOND / 2)) == [("order_missing", "k1", True)]
    house.cut(asked=time.monotonic() + SECOND)
    assert house.ref.ask(GetOrder("k1")).status == "NOT_PLACED"
    assert house.sent.empty()
    assert house.place().status == "NOT_PLACED"


def test_state_is_asked_again_until_an_unknown_order_is_decided(house: House) -> None:
    unknown_after_a_kill(house)
    assert "k1" in house.causes.get(timeout=5.0)
    assert "k1" in house.causes.get(timeout=5.0)


def test_a_question_that_state_cannot_take_up_yet_is_asked_again(house: House) -> None:
    asked: queue.Queue[str] = queue.Queue()

    def not_now(message: Reconcile, _: Sender) -> object:
        asked.put(message.cause)
        raise Rejected("there is no session with the gateway", kind="no_cut")

    house.script[Reconcile] = not_now
    unknown_after_a_kill(house)
    assert asked.get(timeout=5.0) == asked.get(timeout=5.0)


def test_an_order_of_today_is_known_though_the_clock_now_runs_a_month_ahead(idle: House) -> None:
    journal = Journal(idle.directory / "orders.db")
    today = now() - timedelta(days=30)
    intended(journal, order(reported="CANCELLED", acknowledged=True, created=today, updated=today))
    journal.close()
    idle.start()
    assert [each.key for each in idle.ref.ask(GetOrders(all=True)).items] == ["k1"]


def test_ids_never_come_down_not_after_a_kill_nor_with_a_gateway_that_forgot(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", order_id=40, client_id=3, perm_id=55, terms=terms(key="other")))
    house.restart()
    house.broker.next_order_id = 1
    house.wait_gate("reconciling")
    house.cut((order_report("Submitted", **mine()), order_report("Submitted", order_id=60, client_id=4, perm_id=56)))
    assert house.place(key="k2").order_id == 61


def test_a_key_used_long_ago_still_answers_with_its_order(idle: House) -> None:
    old_order(idle)
    house = idle.start().open()
    assert house.ref.ask(GetOrders(all=True)).items == ()
    placed = house.place()
    assert (placed.order_id, placed.status) == (70, "CANCELLED")
    assert house.ref.ask(GetOrder("70")) == placed
    assert house.sent.empty()
    assert house.place(key="k2").order_id > 70


def test_a_key_used_long_ago_answers_also_when_no_order_may_leave_and_one_of_others_never(idle: House) -> None:
    old_order(idle)
    house = idle.start(epoch=0)
    assert house.place(quantity=Decimal(10**6)).order_id == 70
    with pytest.raises(Rejected, match="order of another client"):
        house.place(key="theirs")
    house.begin(1)
    house.open()
    with pytest.raises(Rejected, match="order of another client"):
        house.place(key="theirs")


def test_when_every_order_id_is_used_up_no_order_leaves(idle: House) -> None:
    house = idle.start(epoch=0)
    house.broker.next_order_id = 1_000_000_000
    house.begin(1)
    house.open()
    with pytest.raises(Rejected, match="every order id is used up"):
        house.place()


def test_a_session_that_ends_leaves_the_unacknowledged_unknown_and_the_acknowledged_as_they_were(house: House) -> None:
    house.place()
    house.place(key="k2")
    house.says(order_report("Submitted", **mine()))
    house.end("nightly restart")
    statuses = {order.key: order.status for order in house.ref.ask(GetOrders()).items}
    assert statuses == {"k1": "SUBMITTED", "k2": "UNKNOWN"}
    with pytest.raises(Rejected, match="nightly restart"):
        house.ref.ask(CancelOrder("k1"))


def test_an_order_in_hand_when_the_session_ends_is_what_connection_says_of_it(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    placing = house.ref.ask_future(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"), timeout=5.0)
    connection = waiting.get(timeout=5.0)
    house.end()
    nothing_sent = Rejected("no session; nothing was sent", kind="session_down")
    house.connection.call(lambda: connection.reject(nothing_sent))
    with pytest.raises(Rejected, match="nothing was sent"):
        placing.result(5.0)
    assert house.events("rejected") == ["intent", "rejected"]


def test_what_was_missed_is_booked_named_and_published_once(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", **mine()))
    fills = (execution_report("a.b.c.01", 4, **mine()),)
    lists = (order_report("Submitted", **mine(), filled=Decimal(4)),)
    assert kinds(house.cut(lists, executions=fills)) == [("execution_missed", "k1", True)]
    assert kinds(house.cut(lists, executions=fills)) == []
    house.says(*fills)
    assert house.events("partially_filled").count("fill") == 1
    assert house.ref.ask(GetOrder("k1")).filled == 4


def test_what_was_only_on_its_way_is_not_called_missed(house: House) -> None:
    house.place()
    fill = execution_report("a.b.c.01", 10, **mine())
    house.publish("order_reports", order_report("Submitted", **mine()), fill)
    assert kinds(house.cut(completed=(completed_report("Filled", perm_id=901),), executions=(fill,))) == []


def test_a_cut_does_not_judge_an_order_placed_after_it_was_asked(house: House) -> None:
    asked = time.monotonic()
    house.place()
    house.says(order_report("Submitted", **mine()))
    assert kinds(house.cut(asked=asked)) == []
    assert house.ref.ask(GetOrder("k1")).status == "SUBMITTED"


def test_an_order_that_vanished_is_unknown_then_held_for_a_person_in_every_cut(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", **mine()))
    assert kinds(house.cut()) == [("order_missing", "k1", True)]
    assert kinds(house.cut(asked=time.monotonic() + SECOND)) == [("order_missing", "k1", False)]
    assert kinds(house.cut(asked=time.monotonic() + SECOND)) == [("order_missing", "k1", False)]
    assert house.ref.ask(GetOrder("k1")).status == "UNKNOWN"


def test_other_terms_and_another_status_at_the_broker_are_taken_over_and_named(house: House) -> None:
    house.place()
    house.place(key="k2")
    house.says(order_report("Submitted", **mine()), order_report("Submitted", **mine(2), terms=terms(key="k2")))
    changed = order_report("Submitted", **mine(), terms=terms(limit=148.0))
    result = house.cut((changed,), (completed_report("Cancelled", perm_id=902, terms=terms(key="k2")),))
    assert kinds(result) == [("order_price", "k1", True), ("order_status", "k2", True)]
    first, second = (house.ref.ask(GetOrder(key)) for key in ("k1", "k2"))
    assert (first.limit, second.status) == (148.0, "CANCELLED")


def test_orders_of_others_are_adopted_as_external_shown_and_left_alone(house: House) -> None:
    theirs = order_report("Submitted", order_id=1, client_id=3, perm_id=55, terms=terms(key="theirs"))
    result = house.cut((order_report("Submitted", **manual()), theirs))
    assert kinds(result) == [("order_orphan", "ext:77", True), ("order_orphan", "theirs", True)]
    orders = {order.key: order.external for order in house.ref.ask(GetOrders()).items}
    assert orders == {"ext:77": True, "theirs": True}
    for key, owner in (("ext:77", "a person in TWS"), ("theirs", "client 3")):
        with pytest.raises(Rejected, match=f"belongs to {owner}"):
            house.ref.ask(CancelOrder(key))
    with pytest.raises(Rejected, match="orderRef of an order of another client"):
        house.place(key="theirs")
    assert kinds(house.cut((order_report("Submitted", **manual()), theirs))) == []
    assert house.place().order_id == 2


def test_an_execution_of_an_order_nobody_knows_is_recorded_as_external_and_asked_about(house: House) -> None:
    house.says(execution_report("a.b.c.01", 3, order_id=0, client_id=0, perm_id=77, key=""))
    (execution,) = house.ref.ask(GetExecutions()).items
    assert (execution.key, execution.quantity) == ("ext:77", 3)
    assert "unknown here" in house.causes.get(timeout=5.0)
    house.cut(completed=(completed_report("Filled", perm_id=77, terms=terms(key="", quantity=Decimal(3))),))
    order = house.ref.ask(GetOrder("ext:77"))
    assert (order.status, order.filled, order.external) == ("FILLED", 3, True)


def test_a_status_or_code_of_an_order_nobody_knows_asks_for_a_cut_and_changes_nothing(house: House) -> None:
    house.says(status_report("Submitted", order_id=44, perm_id=9), OrderNotice(1, 1, 45, 201, "rejected"))
    assert "2 reports of orders unknown here" in house.causes.get(timeout=5.0)
    assert house.ref.ask(GetOrders(all=True)).items == ()


def test_a_commission_that_only_the_cut_told_of_is_booked_with_its_execution(house: House) -> None:
    house.place()
    fill, paid = execution_report("a.b.c.01", 4, **mine()), CommissionReport(1, 1, "a.b.c.01", Decimal(1), "USD", None)
    house.says(order_report("Submitted", **mine()), fill)
    for _ in range(2):
        house.cut((order_report("Submitted", **mine()),), executions=(fill,), commissions=(paid,))
    assert house.ref.ask(GetOrder("k1")).commission == 1
    rows = house.ref.ask(FollowJournal(0)).items
    assert [row.kind for row in rows].count("commission") == 1


def test_a_cut_is_not_applied_while_connection_cannot_be_heard(house: House) -> None:
    house.service.kill("connection")
    house.wait_gate("closed")
    with pytest.raises(Rejected, match="was not applied: connection is not available"):
        house.cut()


def test_a_cut_of_another_epoch_is_refused(house: House) -> None:
    house.end()
    house.broker.epoch = 1
    with pytest.raises(Rejected, match="cut 2 is of epoch 1, there is no session"):
        house.cut()


def test_ids_that_the_gateway_once_ruled_out_stay_so_after_a_restart(house: House) -> None:
    house.end()
    house.broker.next_order_id = 500
    house.begin(2)
    house.wait_gate("reconciling")
    house.broker.next_order_id = 1
    house.restart()
    house.wait_gate("reconciling")
    house.cut()
    house.place()
    assert house.transmitted().order_id == 500
