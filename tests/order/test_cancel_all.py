"""Cancelling everything at once, and settling what nobody can find out."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from actors.messages.broker import Transmit, TransmitCancel, Transmitted
from actors.messages.orders import CancelAll, GetOrder, SettleOrder
from actors.messages.state import FollowJournal
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import order_report, terms
from tests.order.neighbours import House, manual, mine
from tests.support.disk import disk_full


def works(house: House, *strategies: str) -> None:
    """Orders k1, k2 and so on work at the broker, one for each strategy."""
    for number, strategy in enumerate(strategies, 1):
        house.place(key=f"k{number}", strategy=strategy)
        house.transmitted()
        house.says(order_report("Submitted", **mine(number), terms=terms(key=f"k{number}")))


def refuse(*_: Any) -> object:
    raise Rejected("cut in the middle", kind="outcome_unknown")


def settle(house: House, outcome: Any = "not_placed", reason: str = "not in TWS, positions agree") -> Any:
    return house.ref.ask(SettleOrder("k1", outcome, reason, "ada"))


def test_cancel_all_asks_for_every_order_of_ours_or_of_one_strategy_and_for_none_twice(house: House) -> None:
    works(house, "dip", "", "dip")
    house.says(order_report("Submitted", **manual()))
    assert [each.key for each in house.ref.ask(CancelAll("dip")).items] == ["k1", "k3"]
    assert [house.transmitted(), house.transmitted()] == [TransmitCancel(1, 1), TransmitCancel(1, 3)]
    (other,) = house.ref.ask(CancelAll()).items
    assert (other.key, other.status) == ("k2", "PENDING_CANCEL")
    assert house.transmitted() == TransmitCancel(1, 2)
    assert house.ref.ask(CancelAll()).items == ()
    assert house.sent.empty()


def test_cancel_all_passes_a_closed_gate_and_tells_which_cancels_did_not_leave(house: House) -> None:
    def but_the_second(message: TransmitCancel, _: Sender) -> object:
        if message.order_id == 2:
            raise Rejected("the line is cut", kind="session_down")
        return Transmitted(message.epoch)

    works(house, "", "", "")
    house.script[TransmitCancel] = but_the_second
    with pytest.raises(Rejected) as refused:
        house.ref.ask(CancelAll())
    assert refused.value.reasons == (
        "order k2 was not cancelled: the line is cut",
        "the cancels of k1, k3 were sent",
    )
    assert house.ref.ask(GetOrder("k3")).status == "PENDING_CANCEL"
    house.end()
    with pytest.raises(Rejected, match=r"order k2 was not cancelled: .*socket closed"):
        house.ref.ask(CancelAll())


def test_what_is_unknown_can_be_settled_by_a_person_for_a_reason_that_is_kept(house: House) -> None:
    house.script[Transmit] = refuse
    house.place()
    with pytest.raises(Rejected, match="needs a reason"):
        settle(house, reason=" ")
    settled = settle(house)
    assert settled.status == "NOT_PLACED"
    assert settled.reason == "settled as not_placed by ada: not in TWS, positions agree"
    house.service.kill("order")
    db = sqlite3.connect(house.directory / "orders.db")
    ((data,),) = db.execute("SELECT data FROM journal WHERE key = 'k1' ORDER BY sequence DESC LIMIT 1").fetchall()
    db.close()
    assert "by ada: not in TWS" in data
    house.start_order()
    assert house.ref.ask(GetOrder("k1")).status == "NOT_PLACED"


def test_what_is_known_is_not_settled_and_nothing_is_while_the_disk_refuses(house: House) -> None:
    works(house, "")
    with pytest.raises(Rejected, match="k1 is SUBMITTED: only what is held or UNKNOWN"):
        settle(house, "cancelled")
    house.script[Transmit] = refuse
    house.place(key="k2")
    house.ref.ask(FollowJournal(0))  # what lingered is written now
    with disk_full(house.directory / "orders.db"), pytest.raises(Rejected, match="k2 was not settled"):
        house.ref.ask(SettleOrder("k2", "not_placed", "looked"))
    assert house.ref.ask(GetOrder("k2")).status == "UNKNOWN"
