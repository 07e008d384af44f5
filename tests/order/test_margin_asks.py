"""The broker's margin says nothing of orders that leave while it is asked: then it is asked once more."""

from __future__ import annotations

import queue
import threading
from typing import Any

import pytest

from actors.messages.broker import FetchPreview
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.order.neighbours import House
from tests.order.scripted import held
from tests.order.test_decisions import preview


@pytest.fixture
def asked(house: House) -> queue.Queue[Sender]:
    """The questions to the broker, which a test answers."""
    box: queue.Queue[Sender] = queue.Queue()
    house.script[FetchPreview] = held(box)
    return box


def placing(house: House, **order: Any) -> queue.Queue[Any]:
    outcome: queue.Queue[Any] = queue.Queue()

    def place() -> None:
        try:
            outcome.put(house.place(what_if=True, **order))
        except Rejected as error:
            outcome.put(error)

    threading.Thread(target=place).start()
    return outcome


def answer(house: House, question: Sender, equity: int, margin: int) -> None:
    house.connection.call(lambda: question.reply(preview(equity, margin)))


def test_of_two_orders_that_the_account_can_bear_one_at_a_time_the_second_is_asked_for_once_more(
    house: House, asked: queue.Queue[Sender]
) -> None:
    first, second = placing(house, key="a"), placing(house, key="b", limit=149.0)
    for question in [asked.get(timeout=5.0), asked.get(timeout=5.0)]:
        answer(house, question, 1000, 600)
    answer(house, asked.get(timeout=5.0), 1000, 1200)
    outcomes = [first.get(timeout=5.0), second.get(timeout=5.0)]
    (refused,) = (each for each in outcomes if isinstance(each, Rejected))
    assert "available funds would be -200.00" in str(refused)
    assert house.transmitted().terms.key in ("a", "b")
    assert house.sent.empty()


def test_an_order_beside_which_others_leave_each_time_is_refused_in_words(
    house: House, asked: queue.Queue[Sender]
) -> None:
    waiting = placing(house, key="a")
    for number in range(3):
        question = asked.get(timeout=5.0)
        house.place(key=f"other{number}", limit=148.0 + number / 10)
        answer(house, question, 1000, 600)
    assert "each of 3 times that the broker was asked other orders left" in str(waiting.get(timeout=5.0))
