"""From a user's ask to the broker and back."""

from __future__ import annotations

import queue
import sqlite3
from decimal import Decimal

import pytest

from actors.messages.broker import CommissionReport, OrderNotice, Transmit, Transmitted
from actors.messages.market import GetReference, KeepQuotes, Quotes, Reference
from actors.messages.orders import (
    Fill,
    GetExecutions,
    GetOrder,
    GetOrders,
    GetOrdersView,
    PlaceOrder,
)
from config.settings import OrderSettings
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, details, execution_report, order_report, quote, status_report, terms
from tests.order.neighbours import House, mine
from tests.order.scripted import held


def test_working_orders_are_counted_for_each_strategy(house: House) -> None:
    house.place(strategy="dip")
    house.place(strategy="dip", key="k2")
    house.place(key="by hand")
    house.says(order_report("Cancelled", **mine(2), terms=terms(key="k2")))
    view = house.ref.ask(GetOrdersView())
    assert (view.working, view.working_of) == (2, {"dip": 1})


def test_an_order_is_on_disk_before_it_is_sent_and_answered_when_it_is_out(house: House) -> None:
    on_disk: list[tuple[str, str]] = []

    def look(message: Transmit, _: Sender) -> Transmitted:
        db = sqlite3.connect(house.directory / "orders.db")
        on_disk.extend(db.execute("SELECT kind, key FROM journal WHERE sequence = ?", (message.orders[0].receipt,)))
        db.close()
        return Transmitted(message.epoch)

    house.script[Transmit] = look
    placed = house.place(strategy="s")
    assert (placed.key, placed.order_id, placed.status, placed.symbol) == ("k1", 1, "SENT", "AAPL")
    sent = house.transmitted()
    assert (sent.order_id, sent.terms) == (1, terms())
    assert on_disk == [("intent", "k1")]
    assert house.events("sent") == ["intent", "sent"]
    assert house.ref.ask(GetOrder("1")) == house.ref.ask(GetOrder("k1"))


def test_the_brokers_words_become_events_and_fills_and_the_ledger_adds_up(house: House) -> None:
    house.place(strategy="s")
    house.says(
        order_report("PreSubmitted", **mine()),
        status_report("Submitted", **mine()),
        CommissionReport(1, 1, "a.b.c.01", Decimal("0.35"), "USD", None),
        execution_report("a.b.c.01", 4, 149.9, **mine()),
        execution_report("a.b.c.01", 4, 149.9, **mine()),
        execution_report("a.b.d.01", 6, 150.0, **mine()),
        status_report("Filled", **mine(), filled=Decimal(10)),
    )
    words = house.events("filled")
    assert words == ["intent", "sent", "presubmitted", "submitted", "fill", "partially_filled", "fill", "filled"]
    order = house.ref.ask(GetOrder("k1"))
    assert (order.status, order.filled, order.perm_ids) == ("FILLED", 10, (901,))
    assert order.average_price == pytest.approx(149.96)
    first, second = house.ref.ask(GetExecutions()).items
    assert (first.key, first.strategy, first.commission, second.commission) == ("k1", "s", Decimal("0.35"), None)
    assert house.ref.ask(GetOrders()).items == ()
    assert house.ref.ask(GetOrders(all=True)).items == (order,)
    view = house.ref.ask(GetOrdersView())
    assert (view.filled, view.working, view.total, view.executions) == (1, 0, 1, 2)


def test_a_fill_carries_the_execution_and_the_order_after_it(house: House) -> None:
    house.place()
    house.says(execution_report("a.b.c.01", 4, **mine()))
    while not isinstance(message := house.heard.get(timeout=5.0), Fill):
        pass
    assert (message.execution.quantity, message.order.filled, message.order.status) == (4, 4, "SUBMITTED")


def test_the_same_key_answers_with_the_same_order_and_places_nothing(house: House) -> None:
    first = house.place()
    house.transmitted()
    again = house.place(quantity=Decimal(99), side="SELL")
    assert (again.order_id, again.quantity, again.side) == (first.order_id, 10, "BUY")
    house.restart()
    assert house.place().order_id == first.order_id
    assert house.sent.empty()


def test_the_same_key_asked_twice_at_once_is_one_order_with_two_answers(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[GetReference] = held(waiting)
    order = PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1")
    one, two = house.ref.ask_future(order, timeout=5.0), house.ref.ask_future(order, timeout=5.0)
    market_data = waiting.get(timeout=5.0)
    house.settle()
    house.market_data.call(lambda: market_data.reply(Reference(details(), quote())))
    assert one.result(5.0) == two.result(5.0)
    assert house.transmitted().terms.key == "k1"
    assert house.sent.empty()


def test_an_order_without_a_key_gets_one_that_travels(house: House) -> None:
    placed = house.place(key="")
    assert len(placed.key) > 20
    assert house.transmitted().terms.key == placed.key


def test_the_first_order_in_a_contract_asks_for_it_and_its_price_and_those_that_follow_find_both_here(
    house: House,
) -> None:
    house.place(key="a")
    house.place(key="b")
    house.place(key="c", limit=None)
    assert house.market.asked == ["AAPL"]


def test_prices_are_kept_fresh_while_orders_flow(house: House) -> None:
    asked: queue.Queue[KeepQuotes] = queue.Queue()

    def tell(message: KeepQuotes, _: Sender) -> Quotes:
        asked.put(message)
        return Quotes((quote(ask=300.0),))

    house.script[KeepQuotes] = tell
    house.place(key="a", limit=None)
    assert asked.get(timeout=5.0) == KeepQuotes((AAPL.con_id,))
    asked.get(timeout=5.0)  # the answer before it has been heard
    with pytest.raises(Rejected, match=r"30000\.00 USD .*max_order_value"):
        house.place(key="b", limit=None, quantity=100)
    assert house.market.asked == ["AAPL"]


# --- what did not leave, and what may have ----------------------------------------------------------


def test_when_connection_says_that_no_byte_left_the_order_is_rejected_and_so_is_the_ask(house: House) -> None:
    def refuse(_: Transmit, __: Sender) -> object:
        raise Rejected("no session; nothing was sent", kind="session_down")

    house.script[Transmit] = refuse
    with pytest.raises(Rejected, match="nothing was sent"):
        house.place()
    assert house.ref.ask(GetOrder("k1")).status == "REJECTED"


def test_when_some_bytes_may_have_left_the_order_is_unknown_and_state_is_asked_to_reconcile(house: House) -> None:
    def half(_: Transmit, __: Sender) -> object:
        raise Rejected("cut in the middle", kind="outcome_unknown")

    house.script[Transmit] = half
    assert house.place().status == "UNKNOWN"
    assert "cut in the middle" in house.causes.get(timeout=5.0)


def test_when_connection_dies_with_the_order_in_hand_the_order_is_unknown(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    future = house.ref.ask_future(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"), timeout=5.0)
    waiting.get(timeout=5.0)
    house.service.kill("connection")
    assert future.result(5.0).status == "UNKNOWN"


def test_a_sent_order_that_gets_no_answer_becomes_unknown_and_is_asked_about(idle: House) -> None:
    idle.settings = OrderSettings(unanswered_after=0.1)
    house = idle.start().open()
    house.place()
    assert house.events("unknown") == ["intent", "sent", "unknown"]
    assert "has not answered for 0.1 s" in house.causes.get(timeout=5.0)


def test_the_brokers_first_word_answers_an_ask_that_connection_left_open(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    future = house.ref.ask_future(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"), timeout=5.0)
    waiting.get(timeout=5.0)
    house.says(order_report("Submitted", **mine()))
    assert future.result(5.0).status == "SUBMITTED"


def test_the_broker_refuses_in_its_own_words(house: House) -> None:
    house.place()
    house.says(OrderNotice(1, 1, 1, 201, "Order rejected - reason: no margin"))
    order = house.ref.ask(GetOrder("k1"))
    assert order.status == "REJECTED"
    assert "no margin" in order.reason
