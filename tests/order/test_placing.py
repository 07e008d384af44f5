"""From a user's ask to the broker and back."""

from __future__ import annotations

import queue
import sqlite3
from decimal import Decimal
from typing import Any

import pytest

from actors.messages.broker import CommissionReport, OrderNotice, Transmit, TransmitCancel, Transmitted
from actors.messages.market import GetReference, Reference
from actors.messages.orders import (
    CancelOrder,
    Fill,
    GetExecutions,
    GetOrder,
    GetOrders,
    GetOrdersView,
    ModifyOrder,
    PlaceOrder,
)
from config.settings import OrderSettings
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import OUR_CLIENT, details, execution_report, order_report, quote, status_report, terms
from tests.order.neighbours import House, held


def mine(order_id: int = 1) -> dict[str, Any]:
    """The identity of the first order placed."""
    return {"order_id": order_id, "client_id": OUR_CLIENT, "perm_id": 900 + order_id}


def test_an_order_is_on_disk_before_it_is_sent_and_answered_when_it_is_out(house: House) -> None:
    on_disk: list[tuple[str, str]] = []

    def look(message: Transmit, _: Sender) -> Transmitted:
        db = sqlite3.connect(house.directory / "orders.db")
        on_disk.extend(db.execute("SELECT kind, key FROM journal WHERE sequence = ?", (message.receipt,)))
        db.close()
        return Transmitted(message.epoch)

    house.script[Transmit] = look
    placed = house.place(strategy="s")
    assert (placed.key, placed.order_id, placed.status, placed.symbol) == ("k1", 1, "SENT", "AAPL")
    sent = house.transmitted()
    assert (sent.order_id, sent.epoch, sent.terms) == (1, 1, terms())
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


def test_a_limit_order_asks_for_its_contract_once_a_market_order_for_a_price_each_time(house: House) -> None:
    house.place(key="a")
    house.place(key="b")
    house.place(key="c", limit=None)
    assert house.market.asked == ["AAPL", "AAPL"]


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


# --- cancel and modify ---------------------------------------------------------------------------------


def test_a_cancel_whose_sending_is_uncertain_raises_a_question_and_one_unsent_is_refused(house: House) -> None:
    def refuse(_: TransmitCancel, __: Sender) -> object:
        raise Rejected("cut in the middle", kind=kind)

    house.place()
    house.says(order_report("Submitted", **mine()))
    house.script[TransmitCancel] = refuse
    kind = "session_down"
    with pytest.raises(Rejected, match="cut in the middle"):
        house.ref.ask(CancelOrder("k1"))
    kind = "outcome_unknown"
    assert house.ref.ask(CancelOrder("k1")).status == "SUBMITTED"
    assert "whether the cancel was sent is unknown" in house.causes.get(timeout=5.0)


def test_a_modify_of_which_no_byte_left_is_refused_and_the_order_stays(house: House) -> None:
    def refuse(_: Transmit, __: Sender) -> object:
        raise Rejected("no session; nothing was sent", kind="session_down")

    house.place()
    house.says(order_report("Submitted", **mine()))
    house.script[Transmit] = refuse
    with pytest.raises(Rejected, match="nothing was sent"):
        house.ref.ask(ModifyOrder("k1", limit=149.0))
    house.script[Transmit] = lambda message, _: Transmitted(message.epoch)
    assert house.ref.ask(ModifyOrder("k1", limit=148.0)).status == "SUBMITTED"


@pytest.mark.parametrize("reference", ["k1", "1"])
def test_a_cancel_by_key_or_order_id_is_sent_and_ends_with_the_brokers_word(house: House, reference: str) -> None:
    house.place()
    house.transmitted()
    house.says(status_report("Submitted", **mine()))
    assert house.ref.ask(CancelOrder(reference)).status == "PENDING_CANCEL"
    assert house.transmitted() == TransmitCancel(1, 1)
    house.says(OrderNotice(1, 1, 1, 202, "Order Canceled"), status_report("Cancelled", **mine()))
    assert house.ref.ask(GetOrder("k1")).status == "CANCELLED"
    with pytest.raises(Rejected, match="k1 is CANCELLED"):
        house.ref.ask(CancelOrder("k1"))


def test_a_cancel_of_an_unknown_order_is_refused_in_words(house: House) -> None:
    for reference in ("nobody", "4711"):
        with pytest.raises(Rejected, match=f"no order has the key or order id '{reference}'"):
            house.ref.ask(CancelOrder(reference))
    assert house.sent.empty()


def test_a_cancel_that_calls_an_order_off_before_it_was_sent_answers_with_its_end(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    placing = house.ref.ask_future(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"), timeout=5.0)
    transmit = waiting.get(timeout=5.0)

    def call_off(_: TransmitCancel, __: Sender) -> object:
        transmit.reject(Rejected("order 1 was cancelled before this was sent; nothing was sent", kind="called_off"))
        raise Rejected("it was called off, no cancel is needed", kind="never_sent")

    house.script[TransmitCancel] = call_off
    assert house.ref.ask(CancelOrder("k1")).status == "REJECTED"
    with pytest.raises(Rejected, match="cancelled before this was sent"):
        placing.result(5.0)


def test_a_modify_is_durable_then_sent_and_holds_when_the_broker_repeats_it(house: House) -> None:
    house.place()
    first = house.transmitted()
    house.says(order_report("Submitted", **mine()))
    house.ref.ask(ModifyOrder("k1", quantity=20, limit=149.5))
    sent = house.transmitted()
    assert (sent.order_id, sent.terms.quantity, sent.terms.limit) == (1, 20, 149.5)
    assert sent.receipt > first.receipt
    house.says(order_report("Submitted", **mine(), terms=sent.terms))
    order = house.ref.ask(GetOrder("k1"))
    assert (order.quantity, order.limit, order.status) == (20, 149.5, "SUBMITTED")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "nothing to modify"),
        ({"quantity": 4}, "4 are filled already"),
        ({"quantity": 5000}, "above max_order_quantity"),
        ({"limit": 149.005}, "not on the tick"),
        ({"stop": 140.0}, "takes no stop price"),
        ({"quantity": -1}, "above zero"),
    ],
)
def test_a_modify_that_breaks_a_rule_is_refused_and_the_order_stays(
    house: House, change: dict[str, Any], words: str
) -> None:
    house.place()
    house.transmitted()
    house.says(order_report("Submitted", **mine()), execution_report("a.b.c.01", 4, **mine()))
    with pytest.raises(Rejected, match=words):
        house.ref.ask(ModifyOrder("k1", **change))
    assert house.sent.empty()
    assert house.ref.ask(GetOrder("k1")).limit == 150.0


def test_a_modify_of_what_cannot_be_modified_says_why(house: House) -> None:
    house.place()
    with pytest.raises(Rejected, match="it is SENT"):
        house.ref.ask(ModifyOrder("k1", limit=149.0))
    house.says(order_report("Submitted", **mine()))
    house.ref.ask(ModifyOrder("k1", limit=149.0))
    with pytest.raises(Rejected, match="not answered the modify before"):
        house.ref.ask(ModifyOrder("k1", limit=148.0))
    house.says(OrderNotice(1, 1, 1, 105, "Order being modified does not match"))
    assert house.ref.ask(GetOrder("k1")).status == "SUBMITTED"
    house.ref.ask(CancelOrder("k1"))
    with pytest.raises(Rejected, match="a cancel is under way"):
        house.ref.ask(ModifyOrder("k1", limit=148.0))


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"quantity": -5}, "quantity -5: must be a number above zero"),
        ({"quantity": 0}, "quantity 0"),
        ({"quantity": Decimal("NaN")}, "quantity NaN"),
        ({"quantity": Decimal("1.5")}, r"not a multiple of 1 \(accepted: 1 or 2\)"),
        ({"quantity": 1001}, r"above max_order_quantity \(accepted: up to 1000\)"),
        ({"quantity": 200}, r"value 30000.00 USD \(200 at 150\) is above max_order_value"),
        ({"limit": None, "type": "LMT"}, "limit is missing: an order of type LMT needs a limit price"),
        ({"type": "MKT"}, "limit 150: an order of type MKT takes no limit price"),
        ({"type": "ICEBERG"}, r"type 'ICEBERG' is not known \(accepted: MKT, LMT, STP, STP LMT\)"),
        ({"limit": float("nan")}, "limit nan: must be a finite number"),
        ({"limit": -1.0}, "must be above zero"),
        ({"limit": 150.001}, r"not on the tick of 0.01 \(accepted: 150 or 150.01\)"),
        ({"tif": "FOREVER"}, r"tif 'FOREVER' is not known \(accepted: DAY, GTC, IOC\)"),
        ({"account": "U999"}, r"account U999 is not one of this service's \(accepted: DU1\)"),
        ({"key": "12345"}, "digits alone are read as an order id"),
        ({"key": "a\0b"}, "printable ASCII"),
        ({"key": "ext:1"}, "kept for orders of other clients"),
    ],
)
def test_a_refused_order_says_which_rule_which_value_and_what_would_be_accepted(
    house: House, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        house.place(**change)
    assert house.ref.ask(GetOrders(all=True)).items == ()
    assert house.sent.empty()


def test_every_broken_rule_is_told_at_once(house: House) -> None:
    with pytest.raises(Rejected) as refused:
        house.place(quantity=-1, tif="X", limit=None, type="LMT")
    assert len(refused.value.reasons) == 3


def test_a_market_order_without_a_current_price_is_refused(house: House) -> None:
    house.market.quote = quote(bid=None, ask=None, last=None)
    with pytest.raises(Rejected, match="neither a price on that side nor a last trade"):
        house.place(limit=None)
    house.market.quote = quote(state="stale", age=45.0)
    with pytest.raises(Rejected, match=r"stale \(last tick 45 s ago\)"):
        house.place(limit=None)


def test_a_symbol_that_market_data_refuses_is_refused_in_its_words(house: House) -> None:
    def refuse(_: GetReference, __: Sender) -> object:
        raise Rejected("no contract is called AAPLX", kind="unknown")

    house.script[GetReference] = refuse
    with pytest.raises(Rejected, match="AAPLX"):
        house.place(contract="AAPLX")
