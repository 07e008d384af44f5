"""What lost and regained sessions, links and neighbours do to cuts."""

from __future__ import annotations

import threading

import pytest

import actors.store.reconciler
from actors.messages.broker import ExecutionList
from actors.messages.session import LinkChanged, SessionDown
from actors.messages.state import (
    GetReconciliation,
    Reconcile,
)
from supervision.errors import Rejected
from tests.state.house import PATIENCE, QUERIES, House
from tests.state.neighbours import (
    NOON,
    bought,
    holding,
    session,
    session_up,
)


def test_a_lost_session_ends_the_cut_and_the_next_one_brings_another(house: House) -> None:
    house.start()
    house.broker.held = {"FetchCompletedOrders"}
    future = house.service.ref("state").ask_future(Reconcile("operator"), timeout=PATIENCE)
    while house.broker.asked.get(timeout=PATIENCE) != "FetchCompletedOrders":
        pass
    waiting = house.service.ref("state").ask_future(Reconcile("behind it"), timeout=PATIENCE)
    assert house.service.ref("state").ask_future(GetReconciliation(), timeout=PATIENCE).result(PATIENCE).running
    publish = house.connection.actor.publish
    house.connection.call(lambda: publish("session", SessionDown(1, "connection reset", NOON)))

    view = future.result(PATIENCE)
    with pytest.raises(Rejected, match="no session with the gateway"):
        waiting.result(PATIENCE)
    assert not view.confirmed
    assert {part.error for part in view.parts if part.error} == {"session lost: connection reset"}
    with pytest.raises(
        Rejected, match="no session with the gateway: connection reset; a reconciliation follows by itself"
    ):
        house.ask(Reconcile("operator"))
    assert house.next_cut() == view
    house.connection.call(house.broker.release("FetchCompletedOrders"))  # too late, and ignored
    house.connection.call(lambda: publish("session", session_up(2)))
    cut = house.next_cut()
    assert (cut.epoch, cut.confirmed, cut.cause) == (2, True, "session epoch 2")


def test_a_session_told_twice_brings_one_cut(house: House) -> None:
    house.start()
    house.connection.call(lambda: house.connection.actor.publish("session", session_up(1)))
    house.settle()

    assert house.ask(Reconcile("operator")).cut == 2


@pytest.mark.parametrize("refusal", [None, Rejected("too late")], ids=["answer", "refusal"])
def test_an_answer_that_comes_after_its_session_changes_nothing(house: House, refusal: Rejected | None) -> None:
    house.start()
    house.broker.held = {"FetchExecutions"}
    house.broker.answers["FetchExecutions"] = ExecutionList((bought(1, 10),), ())
    house.broker.answers["FetchPositions"] = holding(10)
    future = house.service.ref("state").ask_future(Reconcile("operator"), timeout=PATIENCE)
    assert house.broker.asked.get(timeout=PATIENCE) == "FetchExecutions"
    publish = house.connection.actor.publish
    house.connection.call(lambda: publish("session", SessionDown(1, "connection reset", NOON)))
    assert not future.result(PATIENCE).confirmed
    house.connection.call(house.broker.release("FetchExecutions", refusal))
    house.settle()
    assert house.rows("SELECT exec_id FROM known_executions") == []

    house.connection.call(lambda: publish("session", session_up(2)))
    assert not house.next_cut().confirmed
    assert house.next_cut().differences == ()
    assert house.rows("SELECT exec_id, counted FROM known_executions") == [("0000e0d5.0001.01", "10")]


def test_a_session_lost_while_positions_settle_ends_the_cut_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.start()
    monkeypatch.setattr(actors.store.reconciler, "SETTLE_SECONDS", 0.05)
    house.broker.answers["FetchPositions"] = holding(10)
    future = house.service.ref("state").ask_future(Reconcile("operator"), timeout=PATIENCE)
    for name in QUERIES:
        assert house.broker.asked.get(timeout=PATIENCE) == name
    house.settle()
    publish = house.connection.actor.publish
    house.connection.call(lambda: publish("session", SessionDown(1, "connection reset", NOON)))
    assert not future.result(PATIENCE).confirmed

    after = threading.Event()
    state = house.service._running["state"]
    state.call(lambda: state.actor.reactor.after(0.06, after.set))
    assert after.wait(PATIENCE)  # a timer of the lost cut would have gone off by now
    house.broker.answers["FetchPositions"] = holding(0)
    house.connection.call(lambda: publish("session", session_up(2)))
    assert [house.next_cut().cut for _ in range(2)] == [2, 3]


def test_no_cut_while_the_gateway_has_lost_the_broker_and_one_when_it_is_back(house: House) -> None:
    house.start()
    publish = house.connection.actor.publish
    lost = LinkChanged(1, 0, up=False, data_lost=False, code=1100, text="connectivity lost")
    back = LinkChanged(1, 0, up=True, data_lost=False, code=1102, text="connectivity restored")
    house.connection.call(lambda: publish("session", lost))
    house.settle()
    with pytest.raises(Rejected, match="lost its link to the broker"):
        house.ask(Reconcile("operator"))
    house.connection.call(lambda: publish("session", back))

    assert house.next_cut().cause == "1102 connectivity restored"
    assert [kind for (kind,) in house.rows("SELECT kind FROM audit WHERE kind LIKE 'link%'")] == [
        "link_down",
        "link_up",
    ]


def test_a_state_that_has_just_started_does_not_say_that_there_is_no_session(house: House) -> None:
    house.start_state()
    with pytest.raises(Rejected, match="state has just started and has not heard of the session yet; a reconciliation"):
        house.ask(Reconcile("operator"))


def test_nothing_is_asked_of_the_broker_without_order_and_its_return_brings_a_cut(house: House) -> None:
    house.start_connection()
    house.start_state()
    assert house.broker.attached.get(timeout=PATIENCE) == "state"
    house.settle()
    with pytest.raises(Rejected, match="order is away"):
        house.ask(Reconcile("operator"))
    assert house.drain(house.broker.asked) == []

    house.start_order()
    assert house.next_cut().cause == "order (incarnation 1) is there"
    house.service.kill("order")
    house.start_order()
    assert house.next_cut().cause == "order (incarnation 2) is there"


def test_a_connection_that_dies_is_a_lost_session(house: House) -> None:
    house.start()
    house.broker.held = {"FetchPositions"}
    future = house.service.ref("state").ask_future(Reconcile("operator"), timeout=PATIENCE)
    while house.broker.asked.get(timeout=PATIENCE) != "FetchPositions":
        pass
    house.service.kill("connection")
    assert not future.result(PATIENCE).confirmed

    house.broker.held = set()
    house.broker.session = session("connecting", epoch=1)
    house.start_connection()
    with pytest.raises(Rejected, match="no session with the gateway"):
        house.ask(Reconcile("operator"))
