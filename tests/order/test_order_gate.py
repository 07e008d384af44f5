"""The gate in the running actor, the kill switch, a disk that refuses, and leaving."""

from __future__ import annotations

import queue
import socket
import time
from contextlib import AbstractContextManager
from decimal import Decimal

import orjson
import pytest

from actors.messages.broker import Sending, Transmit, TransmitCancel, Transmitted
from actors.messages.market import GetReference, Reference
from actors.messages.orders import CancelOrder, GetOrder, GetOrdersView, Halt, ModifyOrder, PlaceOrder, Resume
from actors.messages.session import ClockJudged, LinkChanged
from actors.messages.state import FollowJournal, Storing
from actors.orders.change import Change
from config.settings import OrderSettings
from supervision.actor import Sender
from supervision.errors import ConfigurationError, Rejected
from supervision.lifecycle import Stop
from tests.domain.order_builders import details, execution_report, order_report, quote, status_report
from tests.order.neighbours import House, manual, mine
from tests.order.scripted import held
from tests.support.disk import damage, disk_full
from tests.support.local import wait_called

# --- the gate ---------------------------------------------------------------------------------------


def test_the_gate_opens_only_with_a_confirmed_cut_of_this_epoch_that_order_could_hear(idle: House) -> None:
    house = idle.start(epoch=0)
    while "gateway refused" not in house.wait_gate("closed").gate.reasons[0]:
        pass  # before Connection was there it had another reason
    house.begin(1)
    early = time.monotonic() - 1.0
    with pytest.raises(Rejected, match="gate reconciling: session 1 is not reconciled yet"):
        house.place()
    for part in ("orders", "completed", "executions"):
        result = house.cut(**{part: None})
        assert [each.kind for each in result.differences] == ["part_failed"]
        assert "no answer about" in house.reasons()
    house.cut(asked=early)
    assert house.gate() == "reconciling"
    assert "before Order could hear" in house.causes.get(timeout=5.0)
    house.cut()
    assert house.gate() == "open"
    house.end()
    house.begin(2)
    assert house.gate() == "reconciling"


def test_a_halt_cancels_what_it_can_and_says_in_the_journal_what_it_could_not(house: House) -> None:
    def refuse(_: TransmitCancel, __: Sender) -> object:
        raise Rejected("the queue is full; nothing was sent", kind="paced")

    house.place()
    house.says(order_report("Submitted", **mine()))
    house.script[TransmitCancel] = refuse
    house.ref.ask(Halt("test", cancel="own"))
    house.settle()
    (row,) = [row for row in house.ref.ask(FollowJournal(0)).items if row.kind == "cancel_unsent"]
    assert (row.key, "the queue is full" in row.data) == ("k1", True)


def test_a_halt_goes_on_cancelling_what_it_could_not_over_sessions_and_restarts(house: House) -> None:
    house.place()
    house.transmitted()
    works = order_report("Submitted", **mine())
    house.says(works)
    house.end()
    house.ref.ask(Halt("test", cancel="own"))
    house.restart()
    house.begin(2)
    house.cut(orders=(works,))
    assert house.transmitted() == TransmitCancel(2, 1)
    house.settle()
    house.cut(orders=(works,))  # that cancel had no effect
    assert house.transmitted() == TransmitCancel(2, 1)
    house.ref.ask(Resume("over"))
    house.cut(orders=(works,))
    house.place(key="k2")
    assert isinstance(house.transmitted(), Sending)


def test_a_halt_that_comes_while_an_order_is_being_checked_stops_it(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[GetReference] = held(waiting)
    placing = house.ref.ask_future(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"), timeout=5.0)
    market_data = waiting.get(timeout=5.0)
    house.ref.ask(Halt("stop"))
    house.market_data.call(lambda: market_data.reply(Reference(details(), quote())))
    with pytest.raises(Rejected, match="gate halted: kill switch: stop"):
        placing.result(5.0)
    assert house.sent.empty()
    with pytest.raises(Rejected, match="gate halted: kill switch: stop"):
        house.place(key="k2", contract="MSFT")
    assert house.market.asked == ["AAPL"]


def test_a_broken_link_to_a_connection_that_lives_on_is_asked_about_at_once(house: House) -> None:
    (peer,) = [peer for peer in house.broker._listener.peers if peer.name == "order"]
    house.connection.call(lambda: peer._socket.shutdown(socket.SHUT_RDWR))
    assert "was not heard for a while" in house.causes.get(timeout=5.0)
    assert house.gate() == "reconciling"
    house.cut()
    assert house.gate() == "open"


def test_a_degraded_link_pauses_new_orders_and_modifies_but_not_cancels(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", **mine()))
    house.transmitted()
    house.publish("session", LinkChanged(1, 0, False, False, 1100, "connectivity lost"))
    house.settle()
    for ask in (PlaceOrder("AAPL", "BUY", 1, limit=1.0), ModifyOrder("k1", limit=149.0)):
        with pytest.raises(Rejected, match="gate paused: the gateway lost its link to the broker"):
            house.ref.ask(ask)
    house.ref.ask(CancelOrder("k1"))
    assert isinstance(house.transmitted(), TransmitCancel)
    house.publish("session", LinkChanged(1, 0, True, False, 1102, "restored"))
    house.settle()
    assert house.gate() == "reconciling"
    house.cut()
    assert house.gate() == "open"


def test_a_clock_that_is_off_pauses_new_orders_and_not_cancels_until_it_is_right(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", **mine()))
    house.transmitted()
    house.publish("clock", ClockJudged("the clock of this machine is 60 s behind the gateway's"))
    house.settle()
    with pytest.raises(Rejected, match="gate paused: the clock of this machine is 60 s behind"):
        house.ref.ask(PlaceOrder("AAPL", "BUY", 1, limit=1.0))
    house.ref.ask(CancelOrder("k1"))
    assert isinstance(house.transmitted(), TransmitCancel)
    house.publish("clock", ClockJudged(""))
    house.settle()
    assert house.gate() == "open"


def test_an_order_that_was_away_hears_of_a_clock_that_is_off(house: House) -> None:
    house.connection.actor.clock_problem = "the clock of this machine is 60 s behind the gateway's"
    house.restart()
    house.wait_gate("paused")
    house.cut()
    assert house.reasons() == "the clock of this machine is 60 s behind the gateway's"


def test_new_orders_are_refused_without_state_beyond_its_grace_and_not_before(idle: House) -> None:
    idle.settings = OrderSettings(state_grace=0.3)
    house = idle.start().open()
    house.service.kill("state")
    house.place()
    assert "state has been away for more than 0.3 s" in house.wait_gate("paused").gate.reasons[0]
    with pytest.raises(Rejected, match="gate paused"):
        house.place(key="k2")
    house.start_state()
    house.wait_gate("open")


def test_a_halt_refuses_new_orders_over_restarts_cancels_ours_and_needs_a_reason_to_lift(house: House) -> None:
    house.place()
    house.says(order_report("Submitted", **mine()), order_report("Submitted", **manual()))
    house.transmitted()
    assert house.ref.ask(Halt("fat finger", cancel="own")).state == "halted"
    assert house.transmitted() == TransmitCancel(1, 1)
    assert house.sent.empty()
    house.restart()
    house.wait_gate("halted")
    with pytest.raises(Rejected, match=r"kill switch: fat finger \(by operator\)"):
        house.place(key="k2")
    house.says(order_report("Submitted", **mine()))
    house.ref.ask(CancelOrder("k1"))
    with pytest.raises(Rejected, match="needs a reason"):
        house.ref.ask(Resume("  "))
    house.ref.ask(Resume("checked"))
    house.cut((order_report("Submitted", **mine()),))
    assert house.gate() == "open"


def test_new_orders_are_refused_while_state_cannot_store_and_leave_again_when_it_can(idle: House) -> None:
    idle.settings = OrderSettings(state_grace=0.3)
    house = idle.start().open()
    tell = house.state.actor.publish
    house.state.call(lambda: tell("storage", Storing("no space left")))
    reason = "state has been unable to store (no space left) for more than 0.3 s"
    assert house.wait_gate("paused").gate.reasons == (reason,)
    with pytest.raises(Rejected, match="gate paused: state has been unable to store"):
        house.place()
    house.state.call(lambda: tell("storage", Storing("")))
    house.wait_gate("open")
    house.place()


# --- the disk -----------------------------------------------------------------------------------------


def no_room(house: House) -> AbstractContextManager[None]:
    house.ref.ask(FollowJournal(0))  # what lingers is written first
    return disk_full(house.directory / "orders.db")


def wait_probed(house: House) -> None:
    """Everything that gathered was tried once more, in vain."""
    wait_called(house.order, house.order.actor._records, "failed")


def test_with_a_full_disk_no_order_leaves_cancels_do_nothing_is_forgotten_and_work_goes_on_after(house: House) -> None:
    house.place()
    house.transmitted()
    house.says(order_report("Submitted", **mine()))
    with no_room(house):
        asked_before = time.monotonic()
        with pytest.raises(Rejected, match=r"not placed.*orders\.db could not be written"):
            house.place(key="k2")
        assert house.sent.empty()
        assert house.gate() == "closed"
        assert "order journal cannot be written" in house.reasons()
        assert house.ref.ask(CancelOrder("k1")).status == "PENDING_CANCEL"
        with pytest.raises(Rejected, match="gate closed"):
            house.ref.ask(ModifyOrder("k1", limit=149.0))
        with pytest.raises(Rejected, match="still halted"):
            house.ref.ask(Resume("please"))
        house.says(execution_report("a.b.c.01", 4, **mine()), status_report("Cancelled", **mine(), filled=Decimal(4)))
        assert house.ref.ask(GetOrder("k1")).status == "CANCELLED"
        assert house.sent.qsize() == 1
        with pytest.raises(Rejected, match="no order has the key"):
            house.ref.ask(GetOrder("k2"))
        wait_probed(house)
    house.wait_gate("closed")
    house.wait_gate("reconciling")
    while "the journal could not be written for a while" not in house.causes.get(timeout=5.0):
        pass
    with pytest.raises(Rejected, match="gate reconciling"):
        house.place(key="k3")
    house.cut(asked=asked_before)
    assert house.gate() == "reconciling"  # it was asked for while the journal could not be written
    house.cut()
    assert house.gate() == "open"
    rows = house.ref.ask(FollowJournal(0)).items
    kinds = [row.kind for row in rows]
    assert kinds.count("execution") == 1
    assert kinds.index("execution") < kinds.index("cancelled")
    house.restart()
    order = house.ref.ask(GetOrder("k1"))
    assert (order.status, order.filled) == ("CANCELLED", 4)


def test_while_the_disk_is_full_it_is_tried_ever_more_seldom_not_with_every_message(house: House) -> None:
    house.place()
    house.transmitted()
    tried = []
    with no_room(house):
        records = house.order.actor._records
        write = records._journal.write

        def counting(change: Change) -> object:
            tried.append(change)
            return write(change)

        house.order.call(lambda: setattr(records._journal, "write", counting))
        house.says(*(status_report("Submitted", **mine(), filled=Decimal(part)) for part in range(9)))
        assert "order journal cannot be written" in "; ".join(house.wait_gate("closed").gate.reasons)
        assert len(tried) < 6, "the first, and probes that come ever more seldom; nine messages came"
    house.wait_gate("reconciling")


def test_a_damaged_journal_is_a_configuration_error_and_never_made_anew(house: House) -> None:
    house.place()
    house.service.stop("order")
    damage(house.directory / "orders.db")
    with pytest.raises(ConfigurationError, match=r"orders\.db is damaged.*restore it from a backup"):
        house.start_order()


def test_a_halt_holds_without_a_disk_says_that_a_restart_would_forget_it_and_is_written_later(house: House) -> None:
    with no_room(house):
        (reason, journal) = house.ref.ask(Halt("test", cancel="own")).reasons
        assert reason == "kill switch: test (by operator); not on disk yet, a restart now would forget it"
        assert "cannot be written" in journal
    while house.ref.ask(GetOrdersView()).gate.reasons[0] != "kill switch: test (by operator)":
        house.wait_gate("halted")
    house.restart()
    assert house.reasons().startswith("kill switch: test (by operator)")


def test_a_modify_that_the_disk_does_not_take_is_not_sent(house: House) -> None:
    house.place()
    house.transmitted()
    house.says(order_report("Submitted", **mine()))
    with no_room(house), pytest.raises(Rejected, match="the order was not modified"):
        house.ref.ask(ModifyOrder("k1", limit=149.0))
    assert house.sent.empty()
    house.wait_gate("closed")
    house.wait_gate("reconciling")
    house.cut((order_report("Submitted", **mine()),))
    house.ref.ask(ModifyOrder("k1", limit=149.0))
    assert house.transmitted().terms.limit == 149.0


# --- leaving, and being followed ------------------------------------------------------------------------


def test_a_stop_takes_no_new_orders_and_waits_for_what_is_on_its_way(house: House) -> None:
    waiting: queue.Queue[Sender] = queue.Queue()
    house.script[Transmit] = held(waiting)
    placing = house.ref.ask_future(PlaceOrder("AAPL", "BUY", 10, limit=150.0, key="k1"), timeout=5.0)
    transmit = waiting.get(timeout=5.0)
    house.order.actor.context.mailbox.put_control(Stop(5.0))
    house.wait_gate("closed")
    with pytest.raises(Rejected, match="the service is stopping"):
        house.place(key="k2")
    assert not house.order.host.has_ended.is_set()
    house.connection.call(lambda: transmit.reply(Transmitted(1)))
    assert placing.result(5.0).status == "SENT"
    assert house.order.host.has_ended.wait(5.0)


def test_a_follower_gets_every_row_once_in_pages_and_live(house: House) -> None:
    house.place()
    rows = house.ref.ask(FollowJournal(0)).items
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    assert "intent" in [row.kind for row in rows]
    assert house.ref.ask(FollowJournal(rows[-1].sequence)).items == ()
    house.says(execution_report("a.b.c.01", 4, **mine()))
    new = house.ref.ask(FollowJournal(rows[-1].sequence)).items
    assert [row.kind for row in new] == ["execution", "submitted"]
    facts = orjson.loads(new[0].data)
    assert (facts["exec_id"], facts["quantity"], facts["sec_type"]) == ("a.b.c.01", "4", "STK")
    live = house.journalled(new[-1].sequence)
    assert live == [*rows, *new][-len(live) :]
