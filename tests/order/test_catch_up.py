"""Order was away, or did not hear Connection: it hears what the broker said meanwhile, once and in order."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from actors.domain.report_log import ReportLog
from actors.messages.broker import FetchReports, OrderNotice, Report, Reports
from actors.messages.orders import GetOrder, GetOrdersView, OrderEvent
from actors.orders.catch_up import CatchUp
from actors.orders.journal import JournalError
from supervision.actor import Sender
from supervision.errors import ActorDied, Rejected
from tests.domain.order_builders import execution_report, order_report, status_report
from tests.order.neighbours import House, mine
from tests.order.scripted import held


@pytest.fixture
def log(house: House) -> ReportLog:
    """Connection's log; order k1 was placed and works, as far as was heard."""
    log = ReportLog()
    log.begin(1)
    house.script[FetchReports] = lambda asked, _: log.since(asked.epoch, asked.after)
    house.place()
    house.transmitted()
    say(house, log, order_report("Submitted", **mine(), sequence=1))
    return log


def say(house: House, log: ReportLog, *reports: Report) -> None:
    """The broker speaks, and Order listens."""
    for report in reports:
        log.add(report)
    house.says(*reports)


def away(house: House, meanwhile: Callable[[], object]) -> None:
    """Order dies, something happens, Order comes back and has heard everything."""
    house.service.kill("order")
    meanwhile()
    house.start_order()
    house.wait_gate("reconciling")
    house.settle()


def await_cut(house: House) -> None:
    """A cut has reached Order and waits there."""
    deadline = time.monotonic() + 5.0
    while not house.order.actor._catch_up._held:
        assert time.monotonic() < deadline, "the cut has not come"
        time.sleep(0.001)


def rejection(sequence: int) -> OrderNotice:
    return OrderNotice(1, sequence, 1, 201, "Order rejected - reason: no margin")


def test_a_rejection_spoken_while_order_was_dead_is_heard(house: House) -> None:
    """Nobody would ever say it again: no list of the broker's has an order that was refused."""
    log = ReportLog()
    log.begin(1)
    house.script[FetchReports] = lambda asked, _: log.since(asked.epoch, asked.after)
    house.place()
    house.transmitted()
    away(house, lambda: log.add(rejection(1)))
    order = house.ref.ask(GetOrder("k1"))
    assert (order.status, "no margin" in order.reason) == ("REJECTED", True)
    assert house.sent.empty()


def test_fills_and_the_end_of_an_order_while_order_was_dead_are_no_difference_to_the_cut(
    house: House, log: ReportLog
) -> None:
    fills = (
        execution_report("a.b.c.01", 4, **mine(), sequence=2),
        execution_report("d.e.f.01", 6, **mine(), sequence=4),
    )
    status = status_report("Filled", **mine(), sequence=3, filled=10, remaining=0)
    away(house, lambda: [log.add(one) for one in (fills[0], status, fills[1])])
    order = house.ref.ask(GetOrder("k1"))
    assert (order.status, order.filled) == ("FILLED", 10)
    assert house.cut(executions=fills).differences == ()
    assert house.gate() == "open"


def test_what_was_handled_is_not_asked_for_again(house: House, log: ReportLog) -> None:
    asked: list[FetchReports] = []

    def answer(message: FetchReports, _: Sender) -> Reports:
        asked.append(message)
        return log.since(message.epoch, message.after)

    house.script[FetchReports] = answer
    say(house, log, execution_report("a.b.c.01", 4, **mine(), sequence=7))
    away(house, lambda: log.add(execution_report("d.e.f.01", 6, **mine(), sequence=9)))
    assert asked == [FetchReports(1, 7), FetchReports(1, 9)]
    house.restart()
    house.wait_gate("reconciling")
    house.settle()
    assert asked[2:] == [FetchReports(1, 9)]


def test_how_far_it_has_heard_is_on_disk_together_with_what_it_heard_or_not_at_all(
    house: House, log: ReportLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise JournalError("disk full")

    monkeypatch.setattr(house.order.actor._records._journal, "write", refuse)
    say(house, log, execution_report("a.b.c.01", 10, **mine(), sequence=2))
    assert house.ref.ask(GetOrder("k1")).filled == 10
    assert house.gate() == "closed"
    away(house, monkeypatch.undo)  # what could not be written died with Order
    assert house.ref.ask(GetOrder("k1")).filled == 10


def test_live_reports_wait_for_those_before_them_and_none_is_handled_twice(house: House, log: ReportLog) -> None:
    asks: queue.Queue[Sender] = queue.Queue()
    house.script[FetchReports] = held(asks)
    log.add(execution_report("a.b.c.01", 4, **mine(), sequence=2))
    house.service.kill("order")
    house.start_order()
    page = asks.get(timeout=5.0)
    house.wait_gate("reconciling")
    live = order_report("Cancelled", **mine(), sequence=3)
    log.add(live)
    house.publish("order_reports", live)
    assert house.ref.ask(GetOrder("k1")).status == "SUBMITTED"
    house.connection.call(lambda: page.reply(log.since(1, 1)))
    last = asks.get(timeout=5.0)
    house.connection.call(lambda: last.reply(log.since(1, 3)))
    house.settle()
    told = [(one.order.filled, one.order.status) for one in list(house.heard.queue) if isinstance(one, OrderEvent)]
    assert told[-2:] == [(4, "SUBMITTED"), (4, "CANCELLED")]


def test_a_cut_waits_until_everything_is_heard(house: House, log: ReportLog) -> None:
    asks: queue.Queue[Sender] = queue.Queue()
    house.script[FetchReports] = held(asks)
    fill = execution_report("a.b.c.01", 10, **mine(), sequence=2)
    log.add(fill)
    house.service.kill("order")
    house.start_order()
    page = asks.get(timeout=5.0)
    house.wait_gate("reconciling")
    results: queue.Queue[Any] = queue.Queue()
    cut = threading.Thread(target=lambda: results.put(house.cut(executions=(fill,))))
    cut.start()
    await_cut(house)
    house.connection.call(lambda: page.reply(log.since(1, 1)))
    last = asks.get(timeout=5.0)
    assert results.empty()
    house.connection.call(lambda: last.reply(log.since(1, 2)))
    cut.join(5.0)
    assert results.get(timeout=5.0).differences == ()
    assert house.gate() == "open"


@pytest.mark.usefixtures("log")
def test_what_is_forgotten_is_left_to_the_cut(house: House) -> None:
    fill = execution_report("a.b.c.01", 10, **mine(), sequence=2)
    house.script[FetchReports] = lambda *_: Reports((), complete=False)
    away(house, lambda: None)
    result = house.cut(executions=(fill,))
    assert [one.kind for one in result.differences][:1] == ["execution_missed"]
    assert house.gate() == "open"


def test_a_page_that_is_not_answered_is_asked_for_again(house: House, log: ReportLog) -> None:
    refusals = iter([Rejected("not now")])

    def answer(asked: FetchReports, _: Sender) -> Reports:
        for refusal in refusals:
            raise refusal
        return log.since(asked.epoch, asked.after)

    house.script[FetchReports] = answer
    away(house, lambda: log.add(rejection(2)))
    assert next(refusals, None) is None
    assert house.ref.ask(GetOrder("k1")).reason


def test_a_report_that_broke_order_twice_is_left_out_of_a_page_and_the_others_are_heard(
    house: House, log: ReportLog
) -> None:
    asks: queue.Queue[Sender] = queue.Queue()
    house.script[FetchReports] = held(asks)
    log.add(execution_report("a.b.c.01", 4, **mine(), sequence=2))
    log.add(execution_report("d.e.f.01", 6, **mine(), sequence=3))
    house.service.kill("order")
    house.start_order()
    page = asks.get(timeout=5.0)
    house.order.actor.hand.quarantined = ("ExecutionReport d.e.f.01",)
    house.connection.call(lambda: page.reply(log.since(1, 1)))
    last = asks.get(timeout=5.0)
    house.connection.call(lambda: last.reply(log.since(1, 3)))
    house.wait_gate("reconciling")
    house.settle()
    assert house.ref.ask(GetOrder("k1")).filled == 4


def test_connection_knows_where_the_gate_stands_from_the_first_moment_and_at_each_change(house: House) -> None:
    gate, told = house.ref.ask(GetOrdersView()).gate, house.broker.gates
    versions = sorted({one.version for one in told})
    assert versions == list(range(versions[0], gate.version + 1))  # the gate may have changed before they met
    assert (told[-1].passes, told[-1].version) == ("all", gate.version)
    house.service.kill("connection")
    house.wait_gate("closed")
    house.start_broker()
    house.wait_gate("reconciling")
    house.settle()
    again = house.broker.gates
    assert {one.passes for one in again} == {"none"}
    assert again[0].reason.startswith("closed: no session")
    assert "is not reconciled yet" in again[-1].reason


class Question(NamedTuple):
    asked: FetchReports
    reply: Callable[[Reports], None]
    fail: Callable[[Exception], None]


class Alone:
    """Catching up without an actor around it: what was asked and heard, and what is due later."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.heard: list[Report] = []
        self.later: list[Callable[[], None]] = []
        whole: Any = SimpleNamespace(
            heard=(1, 5),
            hear=self.heard.append,
            ask=self._ask,
            after=lambda _, callback: self.later.append(callback),
            each=lambda _, items: items,
        )
        self.catch_up = CatchUp(whole, whole, whole, whole, whole, logging.getLogger("test"))

    def _ask(self, message: FetchReports, *, timeout: float, on_reply: Any, on_error: Any) -> None:
        assert timeout > 0
        self.questions.append(Question(message, on_reply, on_error))


def test_answers_to_a_question_from_before_connection_was_lost_count_no_more() -> None:
    alone = Alone()
    alone.catch_up.connection_came()
    old = alone.questions[0]
    old.fail(ActorDied("connection", 1))
    alone.catch_up.connection_went()
    alone.catch_up.connection_came()
    alone.later[0]()
    old.reply(Reports((rejection(6),), complete=True))
    assert [one.asked for one in alone.questions] == [FetchReports(1, 5)] * 2
    assert alone.heard == []
    alone.questions[1].reply(Reports((rejection(6),), complete=True))
    assert alone.heard == [rejection(6)]


def test_a_cut_that_waits_when_connection_is_lost_is_refused(house: House) -> None:
    house.script[FetchReports] = held(queue.Queue())
    house.service.kill("order")
    house.start_order()
    house.wait_gate("reconciling")
    refused: queue.Queue[Rejected] = queue.Queue()

    def cut() -> None:
        with pytest.raises(Rejected, match="connection is not available") as error:
            house.cut()
        refused.put(error.value)

    bringing = threading.Thread(target=cut)
    bringing.start()
    await_cut(house)
    house.service.kill("connection")
    bringing.join(5.0)
    assert refused.get(timeout=5.0).kind == "no_session"
