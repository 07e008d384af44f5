"""Connection's questions to the gateway: an answer is whole, or it is a refusal that says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.messages import broker, broker_account
from actors.messages.session import SessionDown
from supervision.errors import Rejected
from supervision.message import Ask
from tests.connection.script import AAPL, stage


def test_a_question_without_an_answer_is_given_up_and_never_an_empty_answer(tmp_path: Path) -> None:
    with stage(tmp_path, request_timeout=0.2) as (it, script):
        script.start()
        it.up()
        with pytest.raises(Rejected) as refused:
            it.connection.ask(broker.FetchOpenOrders())
        assert refused.value.kind == "timeout"
        second = it.connection.ask_future(broker.FetchOpenOrders())
        assert [script.read(), script.read()] == [("16", "1"), ("16", "1")]
        script.say(53, 1)  # the late end of the first: the second goes on
        script.say(53, 1)
        assert second.result(5.0).items == ()


def test_an_answer_that_never_comes_does_not_cost_all_that_follow(tmp_path: Path) -> None:
    with stage(tmp_path, request_timeout=0.2) as (it, script):
        script.start()
        it.up()
        for ends in (0, 1):  # the second is answered, but that might as well be the late end of the first
            asked = it.connection.ask_future(broker.FetchOpenOrders())
            assert script.read() == ("16", "1")
            for _ in range(ends):
                script.say(53, 1)
            assert asked.exception(5.0).kind == "timeout"
        assert "open orders" in it.next(SessionDown).reason
        script.start()
        it.up(epoch=2)
        asked = it.connection.ask_future(broker.FetchOpenOrders())
        assert script.read() == ("16", "1")
        script.say(53, 1)
        assert asked.result(5.0).items == ()


@pytest.mark.parametrize(
    ("ask", "part", "end"),
    [
        (broker.FetchOpenOrders(), (5, "no order id"), (53, 1)),
        (broker.FetchCompletedOrders(), (101, "no contract id"), (102,)),
        (broker_account.FetchPositions(), (61, 3, "DU1234567", "no contract id"), (62, 1)),
    ],
    ids=["open orders", "completed orders", "positions"],
)
def test_an_answer_with_a_part_that_cannot_be_read_is_no_answer(
    tmp_path: Path, ask: Ask[Any], part: tuple[object, ...], end: tuple[object, ...]
) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        it.up()
        asked = it.connection.ask_future(ask)
        script.read()
        script.say(*part)
        script.say(*end)
        refused = asked.exception(5.0)
        assert (type(refused), refused.kind) == (Rejected, "unreadable")
        asked = it.connection.ask_future(ask)  # what was wrong with one answer is not held against the next
        script.read()
        script.say(1, "a tick that cannot be read either")
        script.say(*end)
        assert asked.result(5.0).items == ()


def test_executions_of_which_one_cannot_be_read_are_no_answer(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        it.up()
        asked = it.connection.ask_future(broker.FetchExecutions())
        request_id = script.read()[2]
        script.say(11, request_id, "no order id")
        script.say(55, 1, request_id)
        assert asked.exception(5.0).kind == "unreadable"


def test_a_warning_about_a_question_does_not_end_it(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        it.up()
        asked = it.connection.ask_future(broker.FetchBars(AAPL, None, "1 D", "1 day", "TRADES", True))
        request_id = script.read()[1]
        script.say(4, 2, request_id, 2174, "time zone is assumed", "")
        script.say(17, request_id, "20261119", "20261120", 1, "20261119", 1.0, 2.0, 0.5, 1.5, 100, 1.25, 7)
        bar = asked.result(5.0).items[0]
        assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count) == (
            1,
            2,
            0.5,
            1.5,
            100,
            1.25,
            7,
        )
        assert bar.time.isoformat() == "2026-11-19T00:00:00+00:00"


@pytest.mark.parametrize("message_id", [3, 5, 11, 59], ids=["status", "order", "execution", "commission"])
def test_news_of_an_order_that_cannot_be_read_is_news_all_the_same(tmp_path: Path, message_id: int) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        it.up()
        script.say(message_id, "no number")
        notice = it.next(broker.OrderNotice)
        assert (notice.epoch, notice.order_id) == (1, 0)
        assert notice.text == f"a message about an order (kind {message_id}) cannot be read"
