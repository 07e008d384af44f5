"""What-ifs through Order: no gate and no limit, nothing in the book, and an order id that is gone for good."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from actors.messages.broker import FetchPreview
from actors.messages.orders import GetOrders, Halt, OrderPreview, PlaceOrder, PreviewOrder
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.order.neighbours import House

FIGURES = OrderPreview(*[Decimal(1)] * 12, currency="USD")


def what_if(house: House, **order: Any) -> OrderPreview:
    return house.ref.ask(PreviewOrder(PlaceOrder("AAPL", "BUY", **({"quantity": 10, "limit": 150.0} | order))))


def test_a_what_if_passes_gate_and_limits_leaves_no_order_and_its_id_is_never_used_again(house: House) -> None:
    asked: list[FetchPreview] = []

    def answer(message: FetchPreview, _: Sender) -> OrderPreview:
        asked.append(message)
        return FIGURES

    house.script[FetchPreview] = answer
    house.ref.ask(Halt("a test"))
    assert what_if(house, quantity=900) == FIGURES  # 135,000, far above max_order_value
    assert what_if(house, limit=None, trail=1.0) == FIGURES
    assert [(each.order_id, each.terms.order_type) for each in asked] == [(1, "LMT"), (2, "TRAIL")]
    assert house.ref.ask(GetOrders(all=True)).items == ()
    house.restart()
    while "no session" in house.reasons():
        house.heard.get(timeout=5.0)
    assert what_if(house) == FIGURES
    assert asked[-1].order_id == 3


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"quantity": 0}, "quantity 0"),
        ({"limit": 150.001}, "not on the tick of 0.01"),
        ({"account": "U999"}, "account U999"),
        ({"trail": 1.0}, "takes no limit price"),
    ],
)
def test_a_what_if_of_an_order_that_makes_no_sense_is_refused_before_it_is_asked(
    house: House, order: dict[str, Any], words: str
) -> None:
    with pytest.raises(Rejected, match=words):
        what_if(house, **order)


def test_a_what_if_that_cannot_be_asked_or_is_refused_says_so_in_the_words_there_are(house: House) -> None:
    def refuse(_: FetchPreview, __: Sender) -> object:
        raise Rejected("what-if of AAPL: no margin (code 201)", kind="code 201")

    house.script[FetchPreview] = refuse
    with pytest.raises(Rejected, match=r"no margin \(code 201\)"):
        what_if(house)
    house.end("socket closed")
    with pytest.raises(Rejected, match="cannot be asked: no session") as refused:
        what_if(house)
    assert refused.value.kind == "session_down"
