"""State among scripted neighbours, over real sockets and a real database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from queue import Empty, Queue

import msgspec
import orjson
import pytest

import actors.reconciler
from actors.audit import AuditTrail
from actors.database import Database
from actors.domain.order_words import execution_facts
from actors.messages import MESSAGES
from actors.messages.account import AccountEvent, Accounts, Positions
from actors.messages.broker import ExecutionList
from actors.messages.market import ContractDetails
from actors.messages.orders import Execution
from actors.messages.session import LinkChanged, SessionDown
from actors.messages.state import (
    CutResult,
    CutView,
    Difference,
    GetCachedAccounts,
    GetCachedPositions,
    GetMemory,
    GetReconciliation,
    JournalRows,
    Reconcile,
    RememberContracts,
    RememberHold,
)
from actors.state import StateActor
from config.settings import StateSettings
from supervision.errors import Rejected
from tests.state.neighbours import (
    AAPL,
    NOON,
    Broker,
    Journal,
    Ledger,
    Listener,
    ScriptedAccount,
    ScriptedConnection,
    ScriptedOrder,
    bought,
    holding,
    session,
    session_up,
)
from tests.state.samples import ACCOUNT, HELD
from tests.support.local import LocalActor, LocalService

PATIENCE = 5.0
QUERIES = ["FetchExecutions", "FetchOpenOrders", "FetchCompletedOrders", "FetchPositions", "FetchExecutions"]


class House:
    """State with its neighbours; each can be started, killed and started again."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.service = LocalService(MESSAGES)
        self.broker = Broker()
        self.journal = Journal()
        self.ledger = Ledger(Accounts(()), Positions((), None, "broker"))
        self.cuts: Queue[CutView] = Queue()
        self.service.bind("connection", "order", "account", "state")
        self.attached: Queue[int] = Queue()
        self.service.start("listener", Listener, heard=self.cuts, attached=self.attached)

    def start_connection(self) -> LocalActor:
        self.connection = self.service.start("connection", ScriptedConnection, broker=self.broker)
        return self.connection

    def start_order(self) -> LocalActor:
        return self.service.start("order", ScriptedOrder, journal=self.journal)

    def start_account(self) -> LocalActor:
        return self.service.start("account", ScriptedAccount, ledger=self.ledger)

    def start_state(self, every: float = 300.0) -> LocalActor:
        """Up to where every cut is heard of: the first query of the first one waits for that."""
        self.broker.held.add("FetchExecutions")
        settings = StateSettings(reconcile_every=every)
        state = self.service.start("state", StateActor, settings=settings, directory=self.directory)
        self.attached.get(timeout=PATIENCE)
        if "connection" in self.service._running:
            self.connection.call(self.broker.release("FetchExecutions"))
        else:
            self.broker.held.clear()
        return state

    def start(self) -> None:
        """Everyone, up to the end of the first cut."""
        self.start_connection()
        self.order = self.start_order()
        self.start_state()
        assert self.next_cut().confirmed
        self.drain(self.broker.asked)

    def kill_state(self) -> None:
        self.service.kill("state")

    def next_cut(self) -> CutView:
        return self.cuts.get(timeout=PATIENCE)

    def ask(self, message, timeout: float = PATIENCE):
        return self.service.ref("state").ask(message, timeout=timeout)

    def settle(self) -> None:
        """State has handled what its neighbours sent before this call.

        Their sockets are flushed before they come to our empty function. The first question may be read
        in one go with what they sent, and before it; the second one comes after both.
        """
        for name in ("connection", "order", "account"):
            if name in self.service._running:
                self.service._running[name].call(lambda: None)
        self.ask(GetMemory())
        self.ask(GetMemory())

    @staticmethod
    def drain(queue: Queue) -> list:
        found = []
        try:
            while True:
                found.append(queue.get_nowait())
        except Empty:
            return found

    def rows(self, sql: str) -> list[tuple]:
        with sqlite3.connect(self.directory / "state.db") as reader:
            found = reader.execute(sql).fetchall()
        reader.close()
        return found

    def close(self) -> None:
        if "state" in self.service._running:
            assert self.service._running["state"].host.error is None
            self.kill_state()
        self.service.__exit__()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


# --- cuts -------------------------------------------------------------------------------------------


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
    monkeypatch.setattr(actors.reconciler, "RETRY_SECONDS", (0.01,))
    house.broker.refusals["FetchOpenOrders"] = [Rejected("max rate of messages", kind="code 100")]

    view = house.ask(Reconcile("operator"))
    assert not view.confirmed
    assert [(part.name, part.error) for part in view.parts if part.error] == [("open_orders", "max rate of messages")]
    assert house.journal.cuts.get(timeout=PATIENCE).orders is None
    assert house.next_cut() == view
    again = house.next_cut()
    assert again.confirmed
    assert again.cause == "cut 2 was not confirmed"


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
    with pytest.raises(Rejected, match="no session with the gateway; a reconciliation follows by itself"):
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
    monkeypatch.setattr(actors.reconciler, "SETTLE_SECONDS", 0.05)
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


def test_executions_that_nobody_reports_any_more_are_forgotten(house: House) -> None:
    house.broker.answers["FetchExecutions"] = ExecutionList((bought(1, 10),), ())
    house.broker.answers["FetchPositions"] = holding(10)
    house.start()
    later = msgspec.structs.replace(bought(2, 5), time=NOON + timedelta(days=3))
    house.broker.answers["FetchExecutions"] = ExecutionList((later,), ())
    house.broker.answers["FetchPositions"] = holding(15)

    assert house.ask(Reconcile("operator")).differences == ()
    assert house.rows("SELECT exec_id, counted FROM known_executions") == [("0000e0d5.0002.01", "5")]
    assert house.ask(Reconcile("operator")).differences == ()


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


# --- differences --------------------------------------------------------------------------------------


def test_a_position_that_moved_while_state_was_dead_is_named_stored_and_accepted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors.reconciler, "SETTLE_SECONDS", 0.01)
    house.broker.answers["FetchPositions"] = holding(10)
    house.start()
    house.kill_state()
    house.broker.answers["FetchExecutions"] = ExecutionList((bought(1, 5),), ())
    house.broker.answers["FetchPositions"] = holding(18)
    house.start_state()

    (found,) = house.next_cut().differences
    assert (found.kind, found.subject, found.ours, found.theirs) == ("position", "AAPL in DU1", "15", "18")
    assert house.ask(Reconcile("again")).differences == ()
    assert house.rows("SELECT kind, ours, theirs, repaired FROM differences") == [("position", "15", "18", 1)]
    assert house.rows("SELECT symbol, quantity FROM confirmed_positions") == [("AAPL", "18")]


def test_trading_over_kills_of_state_makes_no_difference(house: House) -> None:
    house.start()
    for number in range(1, 6):
        house.kill_state()
        reports = tuple(bought(each, 3) for each in range(1, number + 1))
        house.broker.answers["FetchExecutions"] = ExecutionList(reports, ())
        house.broker.answers["FetchPositions"] = holding(3 * number)
        house.start_state()
        assert house.next_cut().differences == ()


def test_an_execution_of_yesterday_that_only_the_journal_knows_is_no_difference(house: House) -> None:
    house.start()
    yesterday = Execution(
        "0000e0d5.0001.01", "key-1", 1, 1, 17, "DU1", "AAPL", AAPL.con_id, "BUY", Decimal(10), 150.0, "SIM", NOON
    )
    euros = msgspec.structs.replace(yesterday, exec_id="0000e0d5.0002.01", symbol="EUR", con_id=12087792)
    for execution, sec_type in ((yesterday, "STK"), (euros, "CASH")):
        house.journal.write("execution", orjson.dumps(execution_facts(execution, sec_type), default=str).decode())
    next_row = house.journal.write("noted")
    house.order.call(lambda: house.order.actor.publish("journal", JournalRows((next_row,))))
    while house.journal.followed.get(timeout=PATIENCE) != next_row.sequence:
        pass
    house.broker.answers["FetchPositions"] = holding(10)  # and its executions are those since midnight: none

    assert house.ask(Reconcile("operator")).differences == ()


def test_what_order_could_not_decide_stays_open_until_it_does(house: House) -> None:
    house.start()
    undecided = Difference("order_missing", "key-9", "UNKNOWN", "absent", "a person must decide", repaired=False)
    house.journal.result = CutResult((undecided,))
    assert house.ask(Reconcile("operator")).differences == (undecided,)
    assert house.ask(GetReconciliation()).open_differences == 1

    house.journal.result = CutResult(())
    house.ask(Reconcile("operator"))
    assert house.ask(GetReconciliation()).open_differences == 0


# --- audit trail ----------------------------------------------------------------------------------------


def test_the_journal_is_followed_in_pages_then_live_then_over_gaps_and_restarts(house: House) -> None:
    for number in range(5):
        house.journal.write("intent", f'{{"n":{number}}}')
    order = house.start_order()
    state = house.start_state()
    for after in (0, 2, 4, 5):
        assert house.journal.followed.get(timeout=PATIENCE) == after

    live = house.journal.write("sent")
    order.call(lambda: order.actor.publish("journal", JournalRows((live,))))
    house.journal.write("missed")
    after_gap = house.journal.write("acknowledged")
    order.call(lambda: order.actor.publish("journal", JournalRows((after_gap,))))
    for after in (6, 8):
        assert house.journal.followed.get(timeout=PATIENCE) == after

    house.kill_state()
    house.journal.write("while_dead")
    state = house.start_state()
    for after in (8, 9):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    state.call(lambda: None)
    kinds = house.rows("SELECT journal_sequence, kind FROM audit WHERE journal_sequence > 0 ORDER BY sequence")
    assert kinds == [(row.sequence, row.kind) for row in house.journal.rows]
    house.service.stop("state")
    database = Database(house.directory / "state.db")
    assert AuditTrail(database).verify() is None
    database.close()


def test_a_journal_that_was_replaced_is_a_finding_and_followed_anew(house: House) -> None:
    for number in range(3):
        house.journal.write("intent", f'{{"old":{number}}}')
    order = house.start_order()
    house.start_state()
    for after in (0, 2, 3):
        assert house.journal.followed.get(timeout=PATIENCE) == after

    house.journal.rows.clear()
    new = house.journal.write("intent", '{"new":1}')
    order.call(lambda: order.actor.publish("journal", JournalRows((new,))))
    for after in (0, 1):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    kinds = [kind for (kind,) in house.rows("SELECT kind FROM audit ORDER BY sequence")]
    assert kinds == ["intent", "intent", "intent", "journal_replaced", "intent"]


def test_a_damaged_trail_is_reported_at_the_next_start(house: House, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(4):
        house.journal.write("intent", f'{{"n":{number}}}')
    house.start_order()
    house.start_state()
    for after in (0, 2, 4):
        assert house.journal.followed.get(timeout=PATIENCE) == after
    house.kill_state()
    with sqlite3.connect(house.directory / "state.db") as editor:
        editor.execute("UPDATE audit SET data = '{\"n\":99}' WHERE sequence = 2")
    editor.close()

    house.start_state()
    assert "row 2 is damaged: its hash does not follow from its contents" in caplog.text


# --- caches ---------------------------------------------------------------------------------------------


def test_caches_are_served_with_their_age_while_account_is_away(house: House) -> None:
    house.start_state()
    with pytest.raises(Rejected, match="no positions were ever confirmed"):
        house.ask(GetCachedPositions())
    house.ledger = Ledger(Accounts((ACCOUNT,)), Positions((HELD,), NOON, "broker"))
    account = house.start_account()
    assert [house.ledger.asked.get(timeout=PATIENCE) for _ in range(2)] == ["accounts", "positions"]
    account.call(lambda: account.actor.publish("account", AccountEvent("DU1")))
    house.settle()
    house.service.kill("account")
    house.kill_state()
    house.start_state()

    assert house.ask(GetCachedPositions()) == Positions((HELD,), NOON, "cache")
    (view,) = house.ask(GetCachedAccounts()).items
    assert (view.source, view.as_of, view.net_liquidation) == ("cache", NOON, ACCOUNT.net_liquidation)
    assert house.drain(house.ledger.asked) == []  # the change came within five seconds of the last question


def test_contracts_and_holds_are_remembered_over_a_kill(house: House) -> None:
    house.start_state()
    details = ContractDetails(AAPL, "Apple Inc")
    state = house.service.ref("state")
    state.tell(RememberContracts((details,)))
    state.ask(RememberHold(details, held=True))
    house.kill_state()
    house.start_state()

    memory = house.ask(GetMemory())
    assert (memory.contracts, memory.held) == ((details,), (details,))
    assert house.rows("SELECT kind, key FROM audit") == [("hold", "AAPL")]
