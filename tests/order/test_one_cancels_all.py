"""Orders of which one cancels the others, among scripted neighbours: all or nothing, once, refused in words."""

from __future__ import annotations

import queue

import pytest

from actors.messages.broker import Transmit, TransmitCancel
from actors.messages.market import GetReference, Reference
from actors.messages.orders import CancelOrder, GetOrder, PlaceOneCancelsAll, PlaceOrder
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import details, quote
from tests.order.groups import known, limit, one_cancels_all
from tests.order.neighbours import House
from tests.order.scripted import held


def test_orders_of_which_one_cancels_the_others_leave_together_under_the_name_of_the_group(house: House) -> None:
    placed = one_cancels_all(house, limit(149.0), limit(148.0, key="mine"))
    assert [(each.key, each.oca_group, each.parent) for each in placed.items] == [("g/1", "g", ""), ("mine", "g", "")]
    sent = house.sent.get(timeout=5.0)
    assert [(each.terms.oca_group, each.terms.oca_type, each.terms.transmit) for each in sent.orders] == [
        ("g", 1, True)
    ] * 2
    house.restart()
    assert [each.key for each in one_cancels_all(house, limit(1.0), limit(2.0), limit(3.0)).items] == ["g/1", "mine"]
    assert house.sent.empty()


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ((limit(149.0),), "there must be two orders or more"),
        ((limit(149.0, key="a"), limit(148.0, key="a")), "keys must differ within a group: a more than once"),
        ((limit(149.0), limit(148.0, account="DU2")), "orders of a group are of one account"),
        ((limit(149.0),) * 6, r"6 orders that leave at once.*\(accepted: up to 5\)"),
        ((limit(149.0), limit(148.005)), "order 2: limit 148.005 is not on the tick"),
    ],
)
def test_a_group_that_cannot_be_is_refused_in_words(house: House, orders: tuple[PlaceOrder, ...], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        one_cancels_all(house, *orders)
    assert known(house) == {}
    assert house.sent.empty()


def test_a_contract_that_is_unknown_refuses_the_group(house: House) -> None:
    def refuse(message: GetReference, _: Sender) -> object:
        if message.contract == "AAPL":
            return Reference(details(), quote())
        raise Rejected("no contract is called NOPE", kind="contract")

    house.script[GetReference] = refuse
    with pytest.raises(Rejected, match="NOPE"):
        one_cancels_all(house, limit(149.0), limit(3.0, contract="NOPE"))
    assert known(house) == {}
    assert house.sent.empty()


def test_a_cancel_of_one_that_still_waits_calls_the_group_off(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    future = house.ref.ask_future(PlaceOneCancelsAll((limit(149.0), limit(148.0)), "g"), timeout=5.0)
    transmit = waiting.get(timeout=5.0)

    def call_off(_: TransmitCancel, __: Sender) -> object:
        transmit.reject(Rejected("called off with order 1; nothing was sent", kind="called_off"))
        raise Rejected("no cancel is needed", kind="never_sent")

    house.script[TransmitCancel] = call_off
    assert house.ref.ask(CancelOrder("g/1")).status == "REJECTED"
    with pytest.raises(Rejected, match="called off"):
        future.result(5.0)
    assert house.ref.ask(GetOrder("g/2")).status == "REJECTED"
