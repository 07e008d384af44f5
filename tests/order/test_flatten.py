"""Closing every position because of a halt: after our orders have ended, each once, also over restarts."""

from __future__ import annotations

import queue
from decimal import Decimal
from typing import Any

import pytest

from actors.messages.broker import OrderNotice, Sending, Transmit, TransmitCancel, Transmitted
from actors.messages.broker_account import PositionReport
from actors.messages.market import GetReference, Reference
from actors.messages.orders import Halt, PlaceOrder, Resume
from actors.messages.risk import ExplainOrder, Mark
from actors.messages.state import FollowJournal
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, execution_report, order_report, terms
from tests.order.neighbours import House, mine
from tests.order.scripted import held


@pytest.fixture(autouse=True)
def _by_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test but that of it waits for the reconciliation at the beginning."""
    monkeypatch.setattr("actors.orders.flatten.FRESH_SECONDS", 0.0)


def hold(house: House, quantity: int, *orders: Any) -> None:
    """The broker lists so many shares, and so does Account."""
    size = Decimal(quantity)
    house.worth(marks=(Mark(AAPL.con_id, "AAPL", "STK", "USD", size, size * 150),))
    house.cut(orders=orders, positions=(listed(quantity),))
    closes = PlaceOrder("AAPL", "SELL" if quantity > 0 else "BUY", abs(size), key="asked")
    while not orders and "not only" in str(house.ref.ask(ExplainOrder(closes))):
        pass  # what Account told is on its way


def listed(quantity: int) -> PositionReport:
    return PositionReport(1, "DU1", AAPL, Decimal(quantity), 100.0)


def flatten(house: House) -> None:
    assert house.ref.ask(Halt("fire", flatten=True, id="fire-1")).state == "halted"


def closing(house: House, number: int = 1) -> Sending:
    sent = house.transmitted()
    assert isinstance(sent, Sending)
    assert sent.terms.key == f"halt-fire-1/DU1/265598/{number}"
    return sent


def fills(house: House, sent: Sending, exec_id: str) -> None:
    """All of an order is executed."""
    mine_ = {"order_id": sent.order_id, "perm_id": 900 + sent.order_id, "key": sent.terms.key}
    house.says(execution_report(exec_id, int(sent.terms.quantity), side=sent.terms.side, **mine_))


def kinds(house: House) -> list[str]:
    return [row.kind for row in house.ref.ask(FollowJournal(0)).items]


def wait_over(house: House) -> None:
    """The broker says as well that nothing is held."""
    while "whether every position is closed" not in house.causes.get(timeout=5.0):
        pass
    assert "flattened" not in kinds(house)
    house.cut()
    while "flattened" not in kinds(house):
        house.heard.get(timeout=5.0)  # the row is published


def test_a_position_is_closed_at_the_market_by_an_order_whose_key_names_the_halt_and_the_halt_stays_on(
    house: House,
) -> None:
    hold(house, 10)
    flatten(house)
    sent = closing(house)
    assert (sent.terms.side, sent.terms.quantity, sent.terms.order_type) == ("SELL", 10, "MKT")
    fills(house, sent, "a.b.c.01")
    wait_over(house)
    assert house.gate() == "halted"
    assert house.broker.gates[-1].passes == "none"
    assert house.sent.empty()


def test_a_short_position_is_bought_back(house: House) -> None:
    hold(house, -3)
    flatten(house)
    sent = closing(house)
    assert (sent.terms.side, sent.terms.quantity) == ("BUY", 3)


def test_nothing_is_closed_before_our_orders_have_ended(house: House) -> None:
    house.place(key="exit", side="SELL", limit=200.0)
    house.transmitted()
    works = order_report("Submitted", **mine(1), terms=terms(key="exit", side="SELL"))
    hold(house, 10, works)
    flatten(house)
    assert house.transmitted() == TransmitCancel(1, 1)
    house.settle()
    assert house.sent.empty()
    house.says(order_report("Cancelled", **mine(1), terms=terms(key="exit", side="SELL")))
    assert closing(house).terms.quantity == 10


def test_what_closes_a_position_already_is_left_alone_by_the_next_order_actor_and_none_is_doubled(house: House) -> None:
    hold(house, 10)
    flatten(house)
    sent = closing(house)
    works = order_report("Submitted", **mine(1), terms=sent.terms)
    house.says(works)
    house.restart()
    while "session 1 is not reconciled yet" not in house.reasons():
        house.wait_gate("halted")
    hold(house, 10, works)
    house.ref.ask(Halt("more fire", id="fire-2"))
    house.settle()
    assert house.sent.empty()
    fills(house, sent, "a.b.c.01")
    wait_over(house)
    assert house.sent.empty()


def test_a_large_position_is_closed_in_orders_of_the_greatest_quantity_one_after_the_other(idle: House) -> None:
    idle.risk = idle.risk.model_copy(update={"max_order_quantity": Decimal(6)})
    house = idle.start().open()
    hold(house, 10)
    flatten(house)
    first = closing(house)
    assert first.terms.quantity == 6
    house.settle()
    assert house.sent.empty()
    fills(house, first, "a.b.c.01")
    second = closing(house, 2)
    assert second.terms.quantity == 4
    fills(house, second, "a.b.d.01")
    wait_over(house)


def test_what_looped_before_the_halt_does_not_keep_positions_from_being_closed(idle: House) -> None:
    tight = {"orders_per_day": 2, "orders_per_minute": 2, "duplicate_window": 3600.0, "max_order_quantity": Decimal(5)}
    idle.risk = idle.risk.model_copy(update=tight)
    house = idle.start().open()
    for number in (1, 2):
        key, quantity = f"loop-{number}", Decimal(number)
        house.place(key=key, quantity=quantity)
        house.transmitted()
        house.says(order_report("Cancelled", **mine(number), terms=terms(key=key, quantity=quantity)))
    with pytest.raises(Rejected, match="orders_per_day"):
        house.place(key="loop-3", quantity=Decimal(3))
    hold(house, 10)
    flatten(house)
    fills(house, closing(house), "a.b.c.01")
    fills(house, closing(house, 2), "a.b.d.01")
    wait_over(house)


def test_what_refuses_an_order_is_told_in_the_journal_and_tried_again(house: House) -> None:
    refusals = iter([Rejected("no price", kind="no_price")])

    def refuse(_: GetReference, __: Sender) -> object:
        error = next(refusals, None)
        if error is not None:
            raise error
        return Reference(house.market.details, house.market.quote)

    hold(house, 10)
    house.script[GetReference] = refuse
    flatten(house)
    closing(house)
    assert kinds(house).count("refused") == 1


def test_a_position_that_came_since_the_last_cut_is_closed_too(house: House) -> None:
    house.place(key="entry")
    entry = house.transmitted()
    mark = Mark(AAPL.con_id, "AAPL", "STK", "USD", Decimal(10), Decimal(1500))
    house.worth(marks=(mark,))
    fills(house, entry, "a.b.c.01")
    flatten(house)
    assert closing(house).terms.quantity == 10


def test_a_resume_ends_it_also_for_an_order_whose_price_was_still_being_looked_up(house: House) -> None:
    asked: queue.Queue[Sender] = queue.Queue()
    hold(house, 10)
    house.script[GetReference] = held(asked)
    flatten(house)
    looks_up = asked.get(timeout=5.0)
    house.ref.ask(Resume("enough"))
    del house.script[GetReference]
    house.market_data.call(lambda: looks_up.reply(Reference(house.market.details, house.market.quote)))
    while "refused" not in kinds(house):
        pass
    house.place(key="mine", side="SELL")
    assert house.transmitted().terms.key == "mine"
    assert house.gate() == "open"


def test_without_any_position_it_is_over_as_soon_as_the_broker_says_so_too(house: House) -> None:
    flatten(house)
    wait_over(house)
    assert house.sent.empty()


def test_a_position_that_only_the_last_reconciliation_finds_is_closed_before_it_is_over(house: House) -> None:
    mark = Mark(AAPL.con_id, "AAPL", "STK", "USD", Decimal(4), Decimal(600))
    house.worth(marks=(mark,))
    flatten(house)
    while "whether every position is closed" not in house.causes.get(timeout=5.0):
        pass
    house.cut(positions=(listed(4),))
    sent = closing(house)
    assert sent.terms.quantity == 4
    fills(house, sent, "a.b.c.01")
    wait_over(house)


def test_nothing_is_sold_that_was_sold_by_hand_a_moment_before_as_it_begins_with_a_reconciliation(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.orders.flatten.FRESH_SECONDS", 60.0)
    hold(house, 10)
    flatten(house)
    while "what is held, which is to be closed" not in house.causes.get(timeout=5.0):
        pass
    house.cut()
    wait_over(house)
    assert house.sent.empty()


def test_a_closing_order_that_still_works_is_cancelled_when_its_position_was_closed_by_hand(house: House) -> None:
    hold(house, 10)
    flatten(house)
    sent = closing(house)
    works = order_report("PreSubmitted", **mine(sent.order_id), terms=sent.terms)
    house.says(works)
    house.cut(orders=(works,), positions=(listed(10),))
    house.cut(orders=(works,), positions=(listed(6),))
    assert house.transmitted() == TransmitCancel(1, sent.order_id)
    house.settle()
    assert house.sent.empty()


def test_when_no_reconciliation_comes_in_time_positions_are_closed_as_they_are_known(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.orders.flatten.FRESH_SECONDS", 0.2)
    hold(house, 10)
    flatten(house)
    assert closing(house).terms.quantity == 10


def test_no_order_leaves_that_account_says_would_turn_the_position_round_until_a_reconciliation_decides(
    house: House,
) -> None:
    house.cut(positions=(listed(10),))  # sold by hand since then: Account tells of no position
    flatten(house)
    while "whose position could not be closed" not in house.causes.get(timeout=5.0):
        pass
    (row,) = (row.data for row in house.ref.ask(FollowJournal(0)).items if row.kind == "refused")
    assert "SELL 10 AAPL: 0 held" in row
    house.cut()
    wait_over(house)
    assert house.sent.empty()


def test_an_order_that_the_broker_rejects_is_told_and_not_followed_by_the_next_at_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def reject(message: Transmit, _: Sender) -> object:
        notice = OrderNotice(1, 1, message.orders[0].order_id, 201, "Order rejected - reason: no margin")
        house.broker.publish("order_reports", notice)
        return Transmitted(message.epoch)

    hold(house, 10)
    house.script[Transmit] = reject
    flatten(house)
    closing(house)
    while "whose position could not be closed" not in house.causes.get(timeout=5.0):
        pass
    assert house.sent.empty()
    assert "its order ended without a fill: REJECTED Order rejected - reason: no margin" in caplog.text
    del house.script[Transmit]
    assert closing(house, 2).terms.quantity == 10


def test_a_key_like_those_of_closing_orders_is_refused_as_no_halt_would_cancel_its_order(house: House) -> None:
    with pytest.raises(Rejected, match="keys like this are kept for orders that close positions for a halt"):
        house.place(key="halt-x/DU1/1/1")
    house.place(key="halt-x")
