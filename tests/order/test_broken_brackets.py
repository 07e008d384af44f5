"""An entry whose exit was refused is called back also when it could not be at once: after a crash, a lost session."""

from __future__ import annotations

from decimal import Decimal

import pytest

from actors.messages.broker import OrderNotice, TransmitCancel
from tests.domain.order_builders import execution_report, order_report, status_report, terms
from tests.order.groups import bracket, known, refusing
from tests.order.neighbours import House, mine

WORKING = (
    order_report("Submitted", **mine(1)),
    order_report("PreSubmitted", **mine(2), terms=terms(key="k1/profit", side="SELL", limit=155.0, oca_group="k1")),
)
STOP = terms(key="k1/stop", side="SELL", order_type="STP", limit=None, stop=145.0, oca_group="k1")


@pytest.fixture
def broken(house: House) -> House:
    """The broker took the entry and one exit, refused the other, and the entry could not be cancelled."""
    bracket(house)
    house.transmitted()
    house.script[TransmitCancel] = refusing("session_down")
    house.says(*WORKING, OrderNotice(1, 1, 3, 201, "no stop orders here"))
    assert known(house) == {"k1": "SUBMITTED", "k1/profit": "PRESUBMITTED", "k1/stop": "REJECTED"}
    assert house.sent.empty()
    return house


def test_an_entry_is_called_back_after_a_lost_session(broken: House) -> None:
    del broken.script[TransmitCancel]
    broken.end()
    broken.begin(2)
    broken.cut(WORKING)
    assert broken.transmitted() == TransmitCancel(2, 1)


def test_an_entry_is_called_back_after_a_crash_and_once(broken: House) -> None:
    del broken.script[TransmitCancel]
    broken.restart()
    broken.wait_gate("reconciling")
    broken.cut(WORKING)
    assert broken.transmitted() == TransmitCancel(1, 1)
    broken.says(OrderNotice(1, 1, 1, 10148, "cannot be cancelled"), order_report("Submitted", **mine()))
    broken.cut(WORKING)
    broken.settle()
    assert broken.sent.empty()


def test_an_entry_that_has_filled_meanwhile_is_not_called_back(broken: House) -> None:
    del broken.script[TransmitCancel]
    broken.restart()
    broken.wait_gate("reconciling")
    broken.cut(WORKING, executions=(execution_report("a.b.c.01", 4, **mine()),))
    broken.settle()
    assert broken.sent.empty()


def test_exits_that_work_on_after_their_entry_ended_without_a_fill_are_cancelled_once(house: House) -> None:
    bracket(house)
    house.transmitted()
    house.says(*WORKING, OrderNotice(1, 1, 1, 202, "cancelled in TWS"), status_report("Cancelled", **mine(1)))
    house.settle()
    assert house.sent.empty(), "the broker ends them itself, as a rule"
    exits = (WORKING[1], order_report("PreSubmitted", **mine(3), terms=STOP))
    house.cut(exits)
    assert {house.transmitted(), house.transmitted()} == {TransmitCancel(1, 2), TransmitCancel(1, 3)}
    house.cut(exits)
    house.settle()
    assert house.sent.empty()


def test_exits_of_an_entry_that_filled_in_part_and_ended_work_on(house: House) -> None:
    bracket(house)
    house.transmitted()
    house.says(*WORKING, execution_report("a.b.c.01", 4, **mine(1)))
    house.says(OrderNotice(1, 1, 1, 202, "cancelled in TWS"), status_report("Cancelled", **mine(1), filled=Decimal(4)))
    house.cut((WORKING[1],), executions=(execution_report("a.b.c.01", 4, **mine(1)),))
    house.settle()
    assert house.sent.empty()
