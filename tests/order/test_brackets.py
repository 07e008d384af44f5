"""Brackets among scripted neighbours: all or nothing, once, and what each leg is told."""

from __future__ import annotations

import queue
import sqlite3
import time
from decimal import Decimal
from typing import Any

import pytest

from actors.messages.broker import OrderNotice, Transmit, TransmitCancel, Transmitted
from actors.messages.market import GetReference, Reference
from actors.messages.orders import Halt, ModifyOrder, PlaceBracket, PlaceOrder
from actors.orders.change import Change, Entry
from actors.orders.journal import Journal
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import details, execution_report, order, order_report, quote, terms
from tests.order.groups import ENTRY, bracket, known, limit, one_cancels_all, refusing
from tests.order.neighbours import House, mine
from tests.order.scripted import held
from tests.support.disk import disk_full

BRACKET = PlaceBracket(ENTRY, take_profit=155.0, stop_loss=145.0)
KEYS = ["k1", "k1/profit", "k1/stop"]


def test_a_bracket_is_on_disk_whole_before_it_leaves_in_one_message_that_its_last_order_releases(house: House) -> None:
    on_disk: list[tuple[str]] = []

    def look(message: Transmit, _: Sender) -> Transmitted:
        db = sqlite3.connect(house.directory / "orders.db")
        on_disk.extend(db.execute("SELECT key FROM orders ORDER BY order_id"))
        db.close()
        return Transmitted(message.epoch)

    house.script[Transmit] = look
    placed = bracket(house, stop_limit=144.5).items
    assert [key for (key,) in on_disk] == KEYS
    assert [(each.key, each.status, each.parent, each.strategy) for each in placed] == [
        ("k1", "SENT", "", "s"),
        ("k1/profit", "SENT", "k1", "s"),
        ("k1/stop", "SENT", "k1", "s"),
    ]
    message = house.sent.get(timeout=5.0)
    assert isinstance(message, Transmit)
    entry, profit, stop = (each.terms for each in message.orders)
    assert [(each.side, each.quantity, each.order_type) for each in (entry, profit, stop)] == [
        ("BUY", 10, "LMT"),
        ("SELL", 10, "LMT"),
        ("SELL", 10, "STP LMT"),
    ]
    assert (profit.limit, stop.stop, stop.limit) == (155.0, 145.0, 144.5)
    assert [each.parent_id for each in (entry, profit, stop)] == [0, 1, 1]
    assert [each.oca_group for each in (entry, profit, stop)] == ["", "k1", "k1"]
    assert [each.transmit for each in (entry, profit, stop)] == [False, False, True]
    receipts = [each.receipt for each in message.orders]
    assert receipts == sorted(set(receipts))


def test_a_modify_of_an_entry_is_not_held_back_at_the_gateway(house: House) -> None:
    bracket(house)
    house.transmitted()
    house.says(order_report("Submitted", **mine()))
    house.ref.ask(ModifyOrder("k1", limit=149.0))
    assert house.transmitted().terms.transmit


def test_no_exit_is_ever_for_more_than_an_entry_that_lives(house: House) -> None:
    bracket(house)
    house.transmitted()
    house.says(*(order_report("Submitted", **mine(n), terms=terms(key=key)) for n, key in enumerate(KEYS, 1)))
    with pytest.raises(Rejected) as refused:
        house.ref.ask(ModifyOrder("k1", quantity=8))
    assert refused.value.reasons == tuple(
        f"quantity 8: its exit k1/{name} is for 10; change that one first" for name in ("profit", "stop")
    )
    with pytest.raises(Rejected, match=r"quantity 11: its entry is for 10 \(accepted: up to 10\)"):
        house.ref.ask(ModifyOrder("k1/profit", quantity=11))
    assert house.sent.empty()
    house.ref.ask(ModifyOrder("k1", quantity=12))
    house.says(
        order_report("Submitted", **mine(), terms=terms(quantity=Decimal(12))),
        execution_report("a.b.c.01", 12, **mine()),
    )
    house.ref.ask(ModifyOrder("k1/profit", quantity=13))


def test_the_same_key_answers_with_the_same_bracket_also_after_a_restart_and_places_nothing(house: House) -> None:
    first = bracket(house)
    house.transmitted()
    assert [each.order_id for each in bracket(house, take_profit=200.0).items] == [1, 2, 3]
    house.restart()
    again = bracket(house, entry=limit(1.0, key="k1"))
    assert [each.order_id for each in again.items] == [each.order_id for each in first.items]
    assert house.place().order_id == 1
    assert house.sent.empty()


def test_the_key_of_a_single_order_is_no_brackets_and_no_groups_as_its_asker_would_believe_there_are_exits(
    house: House,
) -> None:
    house.place()
    bracket(house, entry=limit(150.0, key="k2"))
    for key in ("k1", "k2/stop"):
        with pytest.raises(Rejected, match=f"key '{key}' is of a single order, not of a bracket or group; choose"):
            bracket(house, entry=limit(150.0, key=key))
        with pytest.raises(Rejected, match="is of a single order"):
            one_cancels_all(house, limit(150.0), limit(151.0), key=key)


def test_a_bracket_asked_twice_at_once_is_placed_once_and_answers_both(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[GetReference] = held(waiting)
    one, two = house.ref.ask_future(BRACKET, timeout=5.0), house.ref.ask_future(BRACKET, timeout=5.0)
    market_data = waiting.get(timeout=5.0)
    house.settle()
    house.market_data.call(lambda: market_data.reply(Reference(details(), quote())))
    assert one.result(5.0).items == two.result(5.0).items
    assert [each.terms.key for each in house.sent.get(timeout=5.0).orders] == KEYS
    assert house.sent.empty()


def test_one_leg_that_cannot_be_refuses_the_bracket_and_every_reason_is_told(house: House) -> None:
    with pytest.raises(Rejected) as refused:
        bracket(house, take_profit=149.0, stop_loss=151.005)
    assert [*map(str, refused.value.reasons)] == [
        "stop: stop 151.005 is not on the tick of 0.01 (accepted: 151 or 151.01)",
        "take_profit 149 must be above the entry's price of 150, which is a BUY (accepted: more than 150)",
        "stop_loss 151.005 must be below the entry's price of 150, which is a BUY (accepted: less than 150)",
    ]
    with pytest.raises(Rejected) as refused:
        bracket(house, entry=limit(150.0, quantity=-1, key="k1"), exit_tif="IOC", stop_loss=None, stop_limit=3.0)
    assert len(refused.value.reasons) == 3  # what the legs have in common is told once
    assert known(house) == {}
    assert house.sent.empty()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"take_profit": None, "stop_loss": None}, r"needs an exit \(accepted: take_profit, stop_loss, trail"),
        ({"exit_tif": "IOC"}, r"exit_tif 'IOC'.*\(accepted: DAY, GTC\)"),
        ({"entry": limit(150.0, key="k" * 62)}, "key 'k+/profit': 1 to 64"),
        ({"entry": limit(150.0, key="k1", quantity=1001)}, "entry: quantity 1001 is above max_order_quantity"),
    ],
)
def test_a_bracket_that_makes_no_sense_is_refused_in_words(house: House, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Rejected, match=words):
        bracket(house, **changes)
    assert known(house) == {}
    assert house.sent.empty()


def test_the_exits_of_a_market_entry_are_held_against_the_quote(house: House) -> None:
    entry = PlaceOrder("AAPL", "SELL", 10, key="k1")
    with pytest.raises(Rejected, match=r"take_profit 149.95 must be below the entry's price of 149.9, which is a SELL"):
        bracket(house, entry=entry, take_profit=149.95, stop_loss=155.0)
    assert len(bracket(house, entry=entry, take_profit=149.8, stop_loss=155.0).items) == 3


def test_a_gate_that_closes_while_a_bracket_is_looked_up_keeps_all_of_it_back(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[GetReference] = held(waiting)
    future = house.ref.ask_future(BRACKET, timeout=5.0)
    market_data = waiting.get(timeout=5.0)
    house.ref.ask(Halt("stop"))
    house.market_data.call(lambda: market_data.reply(Reference(details(), quote())))
    with pytest.raises(Rejected, match="kill switch"):
        future.result(5.0)
    assert known(house) == {}
    assert house.sent.empty()


def test_of_a_bracket_whose_key_is_used_by_half_nothing_is_placed(house: House) -> None:
    house.place(key="k1/stop")
    house.transmitted()
    with pytest.raises(Rejected, match="key 'k1/stop' is of an order that is not of this group"):
        bracket(house)
    assert known(house) == {"k1/stop": "SENT"}
    assert house.sent.empty()


def test_an_intent_of_several_is_durable_whole_or_not_at_all(house: House) -> None:
    journal = Journal(house.directory / "orders.db")
    taken = order(order_id=3, terms=terms(key="by another"), key="by another")  # the id of the third
    change = Change()
    change.intend(taken, Entry("intent", "by another", {}))
    journal.write(change)
    journal.close()
    with pytest.raises(Rejected, match=r"not placed.*order id 3 exists"):
        bracket(house)
    assert known(house) == {}
    assert house.sent.empty()
    house.restart()
    assert set(known(house)) == {"by another"}


def test_with_a_full_disk_nothing_of_a_bracket_leaves(house: House) -> None:
    with disk_full(house.directory / "orders.db"), pytest.raises(Rejected, match="not placed"):
        bracket(house)
    assert known(house) == {}
    assert house.sent.empty()


@pytest.mark.parametrize(("kind", "status"), [("gate", "REJECTED"), ("outcome_unknown", "UNKNOWN")])
def test_what_becomes_of_a_bracket_that_did_not_or_perhaps_left_is_told_of_each_leg(
    house: House, kind: str, status: str
) -> None:
    house.script[Transmit] = refusing(kind)
    if status == "REJECTED":
        with pytest.raises(Rejected, match="the reason"):
            bracket(house)
    else:
        assert [each.status for each in bracket(house).items] == ["UNKNOWN"] * 3
    assert known(house) == dict.fromkeys(KEYS, status)


def test_connections_death_with_a_bracket_in_hand_leaves_every_leg_unknown(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    future = house.ref.ask_future(BRACKET, timeout=5.0)
    waiting.get(timeout=5.0)
    house.service.kill("connection")
    assert [each.status for each in future.result(5.0).items] == ["UNKNOWN"] * 3


def test_the_brokers_word_of_every_leg_answers_an_ask_that_connection_left_open(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    future = house.ref.ask_future(BRACKET, timeout=5.0)
    waiting.get(timeout=5.0)
    for number, key in enumerate(KEYS, 1):
        assert not future.done()
        house.says(order_report("PreSubmitted", **mine(number), terms=terms(key=key)))
    assert [each.status for each in future.result(5.0).items] == ["PRESUBMITTED"] * 3


def test_an_entry_whose_exit_the_broker_refuses_is_cancelled_once_and_asked_about(house: House) -> None:
    bracket(house)
    house.transmitted()
    house.says(order_report("PreSubmitted", **mine()), OrderNotice(1, 1, 3, 201, "no stop orders here"))
    assert house.transmitted() == TransmitCancel(1, 1)
    assert "cancelled because its bracket is not whole" in house.causes.get(timeout=5.0)
    house.says(OrderNotice(1, 1, 1, 10148, "cannot be cancelled"), order_report("Submitted", **mine()))
    assert house.sent.empty()


def test_an_entry_whose_cancel_did_not_leave_is_cancelled_at_the_next_word_about_it(house: House) -> None:
    bracket(house)
    house.transmitted()
    house.script[TransmitCancel] = refusing("session_down")
    house.says(order_report("PreSubmitted", **mine()), OrderNotice(1, 1, 3, 201, "no stop orders here"))
    house.settle()
    del house.script[TransmitCancel]
    house.says(order_report("Submitted", **mine()))
    assert house.transmitted() == TransmitCancel(1, 1)


def test_an_entry_that_has_filled_stays_when_an_exit_is_refused(house: House) -> None:
    bracket(house)
    house.transmitted()
    house.says(execution_report("a.b.c.01", 4, **mine()), OrderNotice(1, 1, 3, 201, "no stop orders here"))
    assert known(house)["k1/stop"] == "REJECTED"
    assert house.sent.empty()


def test_a_bracket_that_never_left_is_found_absent_and_nothing_is_cancelled(house: House) -> None:
    house.script[Transmit] = refusing("outcome_unknown")
    bracket(house)
    house.cut()
    house.cut(asked=time.monotonic() + 2.0)
    assert known(house) == dict.fromkeys(KEYS, "NOT_PLACED")
    house.settle()
    assert house.sent.empty()


def test_a_leg_that_the_broker_knows_is_not_called_unsent_whatever_connection_says(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    future = house.ref.ask_future(BRACKET, timeout=5.0)
    connection = waiting.get(timeout=5.0)
    house.says(order_report("PreSubmitted", **mine()))
    house.connection.call(lambda: connection.reject(Rejected("the reason", kind="gate")))
    assert [each.status for each in future.result(5.0).items] == ["PRESUBMITTED", "REJECTED", "REJECTED"]


def test_while_it_cannot_be_read_whether_a_key_was_used_nothing_is_placed(house: House) -> None:
    db = sqlite3.connect(house.directory / "orders.db")
    db.execute("ALTER TABLE orders RENAME TO elsewhere")
    db.close()
    with pytest.raises(Rejected, match="whether key 'k1' was used before cannot be read"):
        bracket(house)
    assert house.sent.empty()
