"""What leaves Connection for the gateway, and what does not: judged by the bytes that a scripted gateway reads."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from actors.messages import broker, broker_account
from actors.messages.market import Contract
from actors.messages.session import LinkChanged, SessionDown
from supervision.errors import Rejected
from supervision.ref import Hub
from tests.connection.bench import Bench, sending
from tests.connection.script import AAPL, Script, stage, terms

STANDING = {"messages_per_second": 0.1, "burst": 2}  # what finds no token waits longer than any test does
TRIO = {"messages_per_second": 2.0, "burst": 3}
PLACE = "3"
next_receipt = iter(range(10_000, 20_000))


def busy(it: Bench, script: Script) -> int:
    """A session whose pace is used up by a question: what is asked now waits. Returns the epoch."""
    script.start()
    epoch = it.up().epoch
    it.connection.ask_future(broker_account.FetchPositions())
    assert script.read() == ("61", "1")
    return epoch


def placed(it: Bench, epoch: int, *order_ids: int) -> Future[Any]:
    """Orders that were handed over and wait for their turn."""
    before = it.view().requests_waiting
    future = it.connection.ask_future(group(epoch, *order_ids))
    it.view(lambda view: view.requests_waiting == before + 1)
    return future


def group(epoch: int, *order_ids: int, gate: int = 1) -> broker.Transmit:
    """Orders that belong together."""
    return broker.Transmit(
        epoch, gate, tuple(broker.Sending(one, AAPL, terms(f"k{one}"), next(next_receipt)) for one in order_ids)
    )


def kind_of(future: Future[Any]) -> str:
    error = future.exception(5.0)
    assert isinstance(error, Rejected), error
    return error.kind


def sent_ids(script: Script, count: int) -> list[int]:
    """The ids of the orders that the gateway reads next, among so many messages."""
    return [int(fields[1]) for fields in (script.read() for _ in range(count)) if fields[0] == PLACE]


def silent(script: Script, seconds: float = 0.2) -> bool:
    """Whether the gateway gets nothing more."""
    assert script.client is not None
    script.client.settimeout(seconds)
    try:
        return not script.client.recv(1)
    except TimeoutError:
        return True


def test_nothing_leaves_before_order_has_told_where_its_gate_stands_nor_for_another_than_it(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        epoch = it.view(lambda view: view.state == "up").epoch
        with pytest.raises(Rejected, match="has not told where its gate stands") as refused:
            it.connection.ask(group(epoch, 530))
        assert refused.value.kind == "gate"
        it.gate(1, is_open=True)
        stranger = Hub(it.service.run_dir, it.service.codec, sender="stranger")
        assert kind_of(stranger.ask("connection", group(epoch, 531), 5.0)) == "gate"
        stranger.close()
        it.connection.ask(group(epoch, 532))
        assert sent_ids(script, 1) == [532]


def test_a_gate_that_closes_answers_what_waits_and_a_cancel_leaves_all_the_same(tmp_path: Path) -> None:
    with stage(tmp_path, pacing=STANDING) as (it, script):
        epoch = busy(it, script)
        waiting = [placed(it, epoch, 530, 531), placed(it, epoch, 532)]
        it.gate(2, is_open=False, reason="halted: kill switch")
        assert [kind_of(one) for one in waiting] == ["gate", "gate"]
        assert "kill switch" in str(waiting[0].exception())
        assert it.view().requests_waiting == 0
        with pytest.raises(Rejected, match="kill switch"):
            it.connection.ask(group(epoch, 533, gate=2))
        it.connection.ask(broker.TransmitCancel(epoch, 17))
        assert script.read()[:3] == ("4", "1", "17")


def test_an_order_of_a_gate_that_has_closed_and_opened_since_is_refused(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        epoch = it.up().epoch
        it.gate(2, is_open=False, reason="reconciling")
        it.gate(3, is_open=True)
        with pytest.raises(Rejected, match=r"version 1, now 3"):
            it.connection.ask(group(epoch, 530, gate=1))
        it.connection.ask(group(epoch, 531, gate=3))
        assert sent_ids(script, 1) == [531]


def test_when_the_gateway_loses_the_broker_what_waits_is_answered_before_order_can_know(tmp_path: Path) -> None:
    with stage(tmp_path, pacing=STANDING) as (it, script):
        epoch = busy(it, script)
        waiting = placed(it, epoch, 530, 531)
        script.say(4, 2, -1, 1100, "connectivity is lost", "")
        assert kind_of(waiting) == "gate"
        assert "code 1100" in str(waiting.exception())
        with pytest.raises(Rejected, match="code 1100"):
            it.connection.ask(group(epoch, 532))
        assert not it.next(LinkChanged).up
        assert it.view().requests_waiting == 0


def test_orders_of_an_order_actor_that_died_do_not_leave_and_the_next_one_must_tell_its_gate(tmp_path: Path) -> None:
    with stage(tmp_path, pacing={"messages_per_second": 4.0, "burst": 1}) as (it, script):
        epoch = busy(it, script)
        waiting = placed(it, epoch, 530)
        for channel in it.connection._channels.values():  # the connection over which the gate was told
            channel.close()
        assert kind_of(waiting) == "gate"
        assert silent(script, 0.5)
        with pytest.raises(Rejected, match="has not told"):
            it.connection.ask(group(epoch, 531))


def test_a_receipt_that_went_before_never_goes_again_also_in_the_next_session(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        epoch = it.up().epoch
        order = sending(epoch, 530, AAPL, terms())
        it.connection.ask(order)
        assert sent_ids(script, 1) == [530]
        for again in (order, sending(epoch, 531, AAPL, terms(), receipt=order.orders[0].receipt - 1)):
            with pytest.raises(Rejected, match="must be above") as refused:
                it.connection.ask(again)
            assert refused.value.kind == "invalid"
        script.hang_up()
        it.next(SessionDown)
        script.start()
        epoch = it.up(epoch=2).epoch
        with pytest.raises(Rejected, match="must be above"):
            it.connection.ask(broker.Transmit(epoch, 1, order.orders))
        it.connection.ask(sending(epoch, 532, AAPL, terms()))
        assert sent_ids(script, 1) == [532]


def test_a_receipt_that_still_waits_for_its_turn_is_not_taken_again(tmp_path: Path) -> None:
    with stage(tmp_path, pacing=STANDING) as (it, script):
        epoch = busy(it, script)
        orders = group(epoch, 530, 531)
        waiting = it.connection.ask_future(orders)
        it.view(lambda view: view.requests_waiting == 1)
        with pytest.raises(Rejected, match="must be above"):
            it.connection.ask(orders)
        assert it.view().requests_waiting == 1
        assert not waiting.done()


def test_orders_that_belong_together_leave_at_once_and_next_to_each_other(tmp_path: Path) -> None:
    with stage(tmp_path, pacing={"messages_per_second": 6.0, "burst": 3}) as (it, script):
        epoch = busy(it, script)  # two messages could leave now, three may not
        together = it.connection.ask_future(group(epoch, 530, 531, 532))
        it.view(lambda view: view.requests_waiting == 1)
        question = it.connection.ask_future(broker.FetchOpenOrders())
        assert silent(script, 0.2)
        script.client.settimeout(5.0)  # type: ignore[union-attr]
        assert sent_ids(script, 3) == [530, 531, 532]
        assert together.result(5.0).epoch == epoch
        assert script.read()[0] == "16"
        script.say(53, 1)
        assert question.result(5.0).items == ()


def test_the_cancel_of_one_of_them_calls_all_of_them_off_and_too_many_are_refused(tmp_path: Path) -> None:
    with stage(tmp_path, pacing=TRIO) as (it, script):
        epoch = busy(it, script)
        together = it.connection.ask_future(group(epoch, 530, 531, 532))
        it.view(lambda view: view.requests_waiting == 1)
        cancelled = it.connection.ask_future(broker.TransmitCancel(epoch, 531))
        assert kind_of(together) == "called_off"
        assert kind_of(cancelled) == "never_sent"
        with pytest.raises(Rejected, match=r"4 orders: .* pacing.burst lets 3"):
            it.connection.ask(group(epoch, 533, 534, 535, 536))
        assert silent(script)


def test_what_another_client_has_under_the_same_id_does_not_make_our_order_known_to_the_gateway(tmp_path: Path) -> None:
    with stage(tmp_path, pacing=STANDING) as (it, script):
        epoch = busy(it, script)
        together = placed(it, epoch, 530, 531)
        script.say(3, 530, "Submitted", "0", "10", "0", 77, 0, "0", 99, "", "0")
        assert it.next(broker.StatusReport).client_id == 99
        cancelled = it.connection.ask_future(broker.TransmitCancel(epoch, 530))
        assert kind_of(together) == "called_off"
        assert kind_of(cancelled) == "never_sent"


def test_a_hundred_orders_at_once_leave_at_the_pace_in_their_order_and_each_once(tmp_path: Path) -> None:
    rate, burst, count = 50.0, 50, 100
    with stage(tmp_path, pacing={"messages_per_second": rate, "burst": burst}) as (it, script):
        script.start()
        epoch = it.up().epoch
        begun = time.monotonic()
        asked = [it.connection.ask_future(group(epoch, order_id)) for order_id in range(530, 530 + count)]
        assert sent_ids(script, count) == [*range(530, 530 + count)]
        assert all(one.result(5.0).epoch == epoch for one in asked)
        assert time.monotonic() - begun >= (count - burst) / rate - 0.01
        assert silent(script, 0.05)


def test_orders_that_the_kernel_does_not_take_leave_when_the_gateway_reads_again_and_no_cancel_overtakes(
    tmp_path: Path,
) -> None:
    with stage(tmp_path, pacing={"messages_per_second": 50.0, "burst": 50}) as (it, script):
        script.start()
        epoch = it.up().epoch
        big, ids = Contract("A" * 300_000, con_id=1), [*range(530, 560)]
        for one in ids:
            it.connection.ask_future(sending(epoch, one, big, terms(f"k{one}")), timeout=20.0)
        it.view(lambda view: view.requests_waiting > 0)
        it.connection.ask_future(broker.TransmitCancel(epoch, ids[0]))
        read: list[tuple[str, int]] = []
        while len(read) <= len(ids):
            fields = script.read()
            read.append((fields[0], int(fields[1] if fields[0] == PLACE else fields[2])))
        assert [number for kind, number in read if kind == PLACE] == ids
        assert read.index((PLACE, ids[0])) < read.index(("4", ids[0]))


def test_what_was_said_of_orders_is_kept_with_its_number_for_an_order_that_was_away(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        it.up()
        script.say(4, 2, 530, 201, "no margin", "")
        first = it.next(broker.OrderNotice)
        script.hang_up()
        it.next(SessionDown)
        script.start()
        it.up(epoch=2)
        script.say(4, 2, 531, 202, "cancelled", "")
        second = it.next(broker.OrderNotice, lambda notice: notice.order_id == 531)
        assert it.connection.ask(broker.FetchReports(1, 0)) == broker.Reports((first, second), complete=True)
        assert it.connection.ask(broker.FetchReports(1, first.sequence)).items == (second,)
        assert it.connection.ask(broker.FetchReports(2, second.sequence)).items == ()
        assert not it.connection.ask(broker.FetchReports(0, 7)).complete
