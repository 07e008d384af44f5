"""A cancel of what is still being looked up: it is called off, and never sent after its cancel was answered."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from actors.messages.market import GetReference, Reference
from actors.messages.orders import CancelAll, CancelOrder, GetOrders, PlaceBracket, PlaceOrder
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.order.neighbours import House
from tests.order.scripted import held

ORDER = PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1", strategy="s")


class LookedUp:
    """Contracts that are asked for and not answered yet."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._waiting: queue.Queue[Sender] = queue.Queue()
        self._unanswered: list[Sender] = []
        house.script[GetReference] = held(self._waiting)

    def place(self, asked: PlaceOrder | PlaceBracket) -> Any:
        """Ask for an order; its contract is being looked up when this returns."""
        future = self._house.ref.ask_future(asked, timeout=5.0)
        self._unanswered.append(self._waiting.get(timeout=5.0))
        return future

    def refuse(self) -> None:
        """Refuse the question that was asked first."""
        sender = self._unanswered.pop(0)
        self._house.market_data.call(lambda: sender.reject(Rejected("no such contract", kind="contract")))

    def answer(self) -> None:
        """Answer the question that was asked first."""
        sender = self._unanswered.pop(0)
        reference = Reference(self._house.market.details, self._house.market.quote)
        self._house.market_data.call(lambda: sender.reply(reference))


@pytest.fixture
def looked_up(house: House) -> LookedUp:
    return LookedUp(house)


@pytest.mark.parametrize("asked", [ORDER, PlaceBracket(ORDER, take_profit=155.0)], ids=["order", "bracket"])
@pytest.mark.parametrize("cancel", [CancelOrder("k1"), CancelAll(), CancelAll("s")], ids=["one", "all", "strategy"])
def test_it_is_refused_and_never_leaves(house: House, looked_up: LookedUp, asked: Any, cancel: Any) -> None:
    placing = looked_up.place(asked)
    if isinstance(cancel, CancelOrder):
        with pytest.raises(Rejected, match="called off by a cancel, nothing was sent"):
            house.ref.ask(cancel)
    else:
        assert house.ref.ask(cancel).items == ()
    refused = placing.exception(5.0)
    assert isinstance(refused, Rejected)
    assert refused.kind == "called_off"
    looked_up.answer()
    house.settle()
    assert house.sent.empty()
    assert house.ref.ask(GetOrders(all=True)).items == ()


def test_a_cancel_of_an_exit_calls_off_its_bracket(house: House, looked_up: LookedUp) -> None:
    placing = looked_up.place(PlaceBracket(ORDER, take_profit=155.0))
    with pytest.raises(Rejected, match="called off"):
        house.ref.ask(CancelOrder("k1/profit"))
    assert isinstance(placing.exception(5.0), Rejected)
    looked_up.answer()


def test_orders_of_others_go_on_and_the_key_may_be_used_again(house: House, looked_up: LookedUp) -> None:
    first = looked_up.place(ORDER)
    with pytest.raises(Rejected, match="called off"):
        house.ref.ask(CancelOrder("k1"))
    assert isinstance(first.exception(5.0), Rejected)
    again = looked_up.place(ORDER)
    house.ref.ask(CancelAll("another"))
    looked_up.answer()  # of the first: it stays called off
    looked_up.answer()
    assert again.result(5.0).status == "SENT"
    assert house.transmitted().order_id == again.result(5.0).order_id
    assert house.sent.empty()


def test_what_is_told_of_a_contract_too_late_is_nothing_to_who_uses_the_key_again(
    house: House, looked_up: LookedUp
) -> None:
    looked_up.place(ORDER)
    with pytest.raises(Rejected, match="called off"):
        house.ref.ask(CancelOrder("k1"))
    again = looked_up.place(ORDER)
    looked_up.refuse()
    looked_up.answer()
    assert again.result(5.0).status == "SENT"


def test_a_bracket_under_the_key_of_an_order_that_is_still_looked_up_is_refused(
    house: House, looked_up: LookedUp
) -> None:
    future = looked_up.place(ORDER)
    with pytest.raises(Rejected, match="key 'k1' is in use for another kind of ask"):
        house.ref.ask(PlaceBracket(ORDER, take_profit=155.0, stop_loss=145.0))
    looked_up.answer()
    assert future.result(5.0).key == "k1"
