"""Cancelling and modifying orders that were placed."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from actors.messages.broker import OrderNotice, Transmit, TransmitCancel, Transmitted
from actors.messages.orders import (
    CancelOrder,
    GetOrder,
    ModifyOrder,
    PlaceOrder,
)
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import execution_report, order_report, status_report
from tests.order.neighbours import House, mine
from tests.order.scripted import held


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
