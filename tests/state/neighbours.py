"""State's neighbours, scripted: a Connection, an Order and an Account that do what a test says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from queue import Queue
from typing import Any

from actors.messages.account import Accounts, GetAccounts, GetPositions, Positions
from actors.messages.broker import (
    ExecutionList,
    ExecutionReport,
    FetchCompletedOrders,
    FetchExecutions,
    FetchOpenOrders,
    OpenOrders,
    Snapshot,
)
from actors.messages.broker_account import FetchPositions, PositionList, PositionReport
from actors.messages.market import Contract
from actors.messages.session import SessionUp, SessionView
from actors.messages.state import (
    ApplyCut,
    CutFinished,
    CutResult,
    CutView,
    FollowJournal,
    GetMemory,
    JournalRow,
    JournalRows,
    Storing,
)
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.errors import Rejected
from supervision.message import Message
from supervision.peer import Peer
from supervision.uplink import Uplink
from tests.state.samples import NOON

AAPL = Contract("AAPL", con_id=265598)


def session(state: str = "up", epoch: int = 1) -> SessionView:
    return SessionView(
        state=state, since=NOON, epoch=epoch, generation=0, host="127.0.0.1", port=4002, client_id=17,
        server_version=176, accounts=("DU1",), next_order_id=1, reconnects=0, last_heartbeat=None, retry_at=None,
        reason="", requests_waiting=0, callback_errors=0,
    )  # type: ignore[arg-type] # fmt: skip


def session_up(epoch: int) -> SessionUp:
    return SessionUp(epoch, 0, 176, ("DU1",), 1, NOON)


def holding(quantity: int) -> PositionList:
    return PositionList((PositionReport(1, "DU1", AAPL, Decimal(quantity), 150.0),))


def bought(number: int, quantity: int) -> ExecutionReport:
    return ExecutionReport(
        epoch=1, sequence=number, exec_id=f"0000e0d5.{number:04}.01", order_id=number, client_id=17, perm_id=number,
        key=f"key-{number}", account="DU1", contract=AAPL, side="BUY", quantity=Decimal(quantity), price=150.0,
        cumulative=Decimal(quantity), exchange="SIM", time=NOON,
    )  # fmt: skip


class Broker:
    """What the scripted Connection answers; a query named in `held` waits in `waiting` for `release`."""

    def __init__(self, state: str = "up") -> None:
        self.session = session(state)
        self.attached: Queue[str] = Queue()
        self.asked: Queue[str] = Queue()
        self.answers: dict[str, Message] = {
            "FetchOpenOrders": OpenOrders(()),
            "FetchCompletedOrders": OpenOrders(()),
            "FetchExecutions": ExecutionList((), ()),
            "FetchPositions": PositionList(()),
        }
        self.refusals: dict[str, list[Rejected]] = {}
        self.held: set[str] = set()
        self.waiting: dict[str, Sender] = {}

    def query(self, message: Message, sender: Sender) -> Any:
        name = type(message).__name__
        if name in self.held:
            self.waiting[name] = sender
            self.asked.put(name)
            return LATER
        self.asked.put(name)
        if self.refusals.get(name):
            raise self.refusals[name].pop(0)
        return self.answers[name]

    def release(self, name: str, refusal: Rejected | None = None) -> Callable[[], None]:
        """To be run in Connection's thread: answers, or refuses, the query that was held, if it came already."""

        def answer() -> None:
            self.held.discard(name)
            sender = self.waiting.pop(name, None)
            if sender is not None and refusal is not None:
                sender.reject(refusal)
            elif sender is not None:
                sender.reply(self.answers[name])

        return answer


class ScriptedConnection(Actor):
    def __init__(self, context: Context, *, broker: Broker) -> None:
        super().__init__(context)
        self.broker = broker

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:
        assert topics == ("session",)
        peer.send(Snapshot(self.broker.session))
        self.broker.attached.put(peer.name)

    @handles(FetchOpenOrders)
    def _open_orders(self, message: FetchOpenOrders, sender: Sender) -> Any:
        return self.broker.query(message, sender)

    @handles(FetchCompletedOrders)
    def _completed(self, message: FetchCompletedOrders, sender: Sender) -> Any:
        return self.broker.query(message, sender)

    @handles(FetchExecutions)
    def _executions(self, message: FetchExecutions, sender: Sender) -> Any:
        return self.broker.query(message, sender)

    @handles(FetchPositions)
    def _positions(self, message: FetchPositions, sender: Sender) -> Any:
        return self.broker.query(message, sender)


class Journal:
    """What the scripted Order has journalled, and what it was told of cuts."""

    def __init__(self, page: int = 2) -> None:
        self.rows: list[JournalRow] = []
        self.page = page
        self.followed: Queue[int] = Queue()
        self.cuts: Queue[ApplyCut] = Queue()
        self.result = CutResult(())

    def write(self, kind: str, data: str = "{}", key: str = "key-1") -> JournalRow:
        self.rows.append(JournalRow(len(self.rows) + 1, NOON, kind, key, data))
        return self.rows[-1]


class ScriptedOrder(Actor):
    def __init__(self, context: Context, *, journal: Journal) -> None:
        super().__init__(context)
        self.journal = journal

    @handles(FollowJournal)
    def _follow(self, message: FollowJournal, _: Sender) -> JournalRows:
        self.journal.followed.put(message.after)
        return JournalRows(tuple(row for row in self.journal.rows if row.sequence > message.after)[: self.journal.page])

    @handles(ApplyCut)
    def _apply(self, message: ApplyCut, _: Sender) -> CutResult:
        self.journal.cuts.put(message)
        return self.journal.result


class Ledger:
    """What the scripted Account knows."""

    def __init__(self, accounts: Accounts, positions: Positions) -> None:
        self.accounts = accounts
        self.positions = positions
        self.asked: Queue[str] = Queue()


class ScriptedAccount(Actor):
    def __init__(self, context: Context, *, ledger: Ledger) -> None:
        super().__init__(context)
        self.ledger = ledger

    @handles(GetAccounts)
    def _accounts(self, _: GetAccounts, __: Sender) -> Accounts:
        self.ledger.asked.put("accounts")
        return self.ledger.accounts

    @handles(GetPositions)
    def _positions(self, _: GetPositions, __: Sender) -> Positions:
        self.ledger.asked.put("positions")
        return self.ledger.positions


class Listener(Actor):
    """Hears of every cut that State finishes, and whether it can store.

    `attached` gets each incarnation of State that has it on its list.
    """

    def __init__(self, context: Context, *, heard: Queue[CutView], storage: Queue[str], attached: Queue[int]) -> None:
        super().__init__(context)
        self.heard = heard
        self.storage = storage
        self.attached = attached

    def on_start(self) -> None:
        self.link("state", topics=("risk", "storage"), on_up=self._up)

    def _up(self, link: Uplink, incarnation: int) -> None:
        # The answer to anything comes after the attach, which went before on the same connection.
        link.ask(GetMemory(), timeout=5.0, on_reply=lambda _: self.attached.put(incarnation))

    @handles(CutFinished)
    def _finished(self, message: CutFinished, _: Sender) -> None:
        self.heard.put(message.cut)

    @handles(Storing)
    def _storing(self, message: Storing, _: Sender) -> None:
        self.storage.put(message.trouble)
