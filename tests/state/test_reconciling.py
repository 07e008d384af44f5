"""When State takes cuts, what it asks, and who hears of the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import actors.store.reconciler
from actors.messages.state import (
    GetReconciliation,
    Reconcile,
)
from supervision.errors import Rejected
from tests.state.house import PATIENCE, QUERIES, House
from tests.state.neighbours import (
    holding,
)


def test_a_session_brings_a_cut_that_order_is_told_and_everybody_hears_of(house: House) -> None:
    house.broker.answers["FetchPositions"] = holding(10)
    house.start_order()
    house.start_state()
    assert house.journal.followed.get(timeout=PATIENCE) == 0  # so State knows that Order is there
    house.start_connection()

    heard = house.next_cut()
    told = house.journal.cuts.get(timeout=PATIENCE)
    assert house.drain(house.broker.asked) == QUERIES
    assert (told.cut, told.epoch, told.positions) == (1, 1, holding(10))
    assert told.orders is not None
    assert heard.confirmed
    assert heard.cause == "session epoch 1"
    view = house.ask(GetReconciliation())
    assert (view.last, view.running, view.open_differences) == (heard, False, 0)
    assert house.rows("SELECT cut, confirmed FROM cuts") == [(1, 1)]


def test_a_request_during_a_cut_is_answered_by_one_that_started_after_it(house: House) -> None:
    house.start()
    house.broker.held = {"FetchPositions"}
    state = house.service.ref("state")
    first = state.ask_future(Reconcile("first"), timeout=PATIENCE)
    while house.broker.asked.get(timeout=PATIENCE) != "FetchPositions":
        pass
    second = state.ask_future(Reconcile("second"), timeout=PATIENCE)
    third = state.ask_future(Reconcile("third"), timeout=PATIENCE)
    assert state.ask_future(GetReconciliation(), timeout=PATIENCE).result(PATIENCE).running  # it came behind them
    house.connection.call(house.broker.release("FetchPositions"))

    assert first.result(PATIENCE).cut == 2
    assert second.result(PATIENCE) == third.result(PATIENCE)
    assert (second.result().cut, second.result().cause) == (3, "second, third")
    assert second.result().started >= first.result().finished


def test_a_failed_query_leaves_the_cut_unconfirmed_and_it_is_taken_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.start()
    house.journal.cuts.get(timeout=PATIENCE)
    monkeypatch.setattr(actors.store.reconciler, "RETRY_SECONDS", (0.01,))
    house.broker.refusals["FetchOpenOrders"] = [Rejected("max rate of messages", kind="code 100")]

    view = house.ask(Reconcile("operator"))
    assert not view.confirmed
    assert ("open_orders", "max rate of messages") in [(part.name, part.error) for part in view.parts]
    assert house.journal.cuts.get(timeout=PATIENCE).orders is None
    assert house.next_cut() == view
    again = house.next_cut()
    assert again.confirmed
    assert again.cause == "cut 2 was not confirmed"


def test_the_schedule_takes_cuts(house: House) -> None:
    house.start_connection()
    house.start_order()
    house.start_state(every=1.0)
    house.next_cut()

    due = house.ask(GetReconciliation()).next_due
    assert due is not None
    assert timedelta(0) < due - datetime.now(UTC) <= timedelta(seconds=1)
    assert house.next_cut().cause == "schedule"
    assert house.next_cut().cause == "schedule"
