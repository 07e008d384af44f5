"""A Connection that does what the test says, and a client that writes down what it gets."""

from __future__ import annotations

import concurrent.futures
import itertools
import queue
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from actors.messages.broker import (
    BarList,
    CloseLine,
    ContractList,
    FetchBars,
    FetchContracts,
    GetLiveLines,
    LiveLine,
    LiveLines,
    OpenLine,
    Snapshot,
    TickBatch,
)
from actors.messages.broker_account import FetchPositions, PositionList, StreamAccount, StreamPositionPnL
from actors.messages.market import Contract, ContractDetails, Gap, Quote, Resumed, Ticks
from actors.messages.session import SessionDown, SessionUp, SessionView
from actors.messages.state import GetMemory, Memory, RememberContracts, RememberHold
from supervision import clock
from supervision.actor import Actor, Context, Sender, handles
from supervision.errors import Rejected
from supervision.message import Ask, Done, Message
from supervision.peer import Peer

M = TypeVar("M", bound=Message)
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
STOCKS = {symbol: number for number, symbol in enumerate(("AAPL", "MSFT", "SPY", "TSLA"), start=101)}


def stock(symbol: str) -> ContractDetails:
    return ContractDetails(Contract(symbol, con_id=STOCKS[symbol], primary_exchange="NASDAQ"))


class ScriptedConnection(Actor):
    """Answers like a session with epoch `epoch` (0: none), unless `script` has another answer for a message type.

    A script returns the reply, raises Rejected, or returns LATER to leave the ask open. `asked` has every ask.
    """

    def __init__(self, context: Context, *, epoch: int = 1, accounts: tuple[str, ...] = ("DU1",)) -> None:
        super().__init__(context)
        self.epoch = epoch
        self.accounts = accounts
        self.lines: dict[int, int] = {}
        self.asked: dict[type[Message], queue.Queue[Any]] = defaultdict(queue.Queue)
        self.script: dict[type[Message], Callable[[Any, Sender], object]] = {}
        self._ids = itertools.count(1_000_000_000)

    def view(self) -> SessionView:
        state = "up" if self.epoch else "down"
        return SessionView(
            state=state,
            since=NOW,
            epoch=self.epoch,
            generation=0,
            host="h",
            port=1,
            client_id=17,
            server_version=176,
            accounts=self.accounts,
            next_order_id=1,
            reconnects=0,
            last_heartbeat=None,
            retry_at=None,
            reason="no gateway",
            requests_waiting=0,
            callback_errors=0,
        )

    def on_attach(self, peer: Peer, topics: tuple[str, ...]) -> None:  # noqa: ARG002
        peer.send(Snapshot(self.view()))

    def begin(self, epoch: int) -> None:
        self.epoch = epoch
        self.publish("session", SessionUp(epoch, 0, 176, self.accounts, 1, NOW))

    def end(self, reason: str = "the gateway closed the socket") -> None:
        over, self.epoch = self.epoch, 0
        self.lines.clear()
        self.publish("session", SessionDown(over, reason, NOW))

    def tick(self, *ticks: tuple[int, int, float, float], time_ns: int = 1) -> None:
        columns = [list(column) for column in zip(*ticks, strict=True)]
        self.publish("ticks", TickBatch(self.epoch, time_ns, clock.elapsed_ns(), *columns))

    def request_of(self, symbol: str) -> int:
        (found,) = [request for request, con_id in self.lines.items() if con_id == STOCKS[symbol]]
        return found

    def _play(self, message: Message, sender: Sender, usual: Callable[[], object]) -> object:
        scripted = self.script.get(type(message))
        try:
            return usual() if scripted is None else scripted(message, sender)
        finally:
            self.asked[type(message)].put(message)

    @handles(FetchContracts)
    def _contracts(self, message: FetchContracts, sender: Sender) -> object:
        def usual() -> ContractList:
            if not self.epoch:
                raise Rejected("no session", kind="session_down")
            wanted = message.contract
            matches = [one for one in STOCKS if one == wanted.symbol or STOCKS[one] == wanted.con_id]
            return ContractList(tuple(stock(symbol) for symbol in matches))

        return self._play(message, sender, usual)

    @handles(OpenLine)
    def _open(self, message: OpenLine, sender: Sender) -> object:
        def usual() -> LiveLine:
            if message.epoch != self.epoch:
                raise Rejected("another session", kind="session_down")
            request = next(self._ids)
            self.lines[request] = message.contract.con_id
            return LiveLine(request, message.contract.con_id)

        return self._play(message, sender, usual)

    @handles(CloseLine)
    def _close(self, message: CloseLine, sender: Sender) -> object:
        def usual() -> Done:
            self.lines.pop(message.request_id, None)
            return Done()

        return self._play(message, sender, usual)

    @handles(GetLiveLines)
    def _live_lines(self, message: GetLiveLines, sender: Sender) -> object:
        def usual() -> LiveLines:
            return LiveLines(self.epoch, tuple(LiveLine(*line) for line in self.lines.items()))

        return self._play(message, sender, usual)

    @handles(FetchBars)
    def _bars(self, message: FetchBars, sender: Sender) -> object:
        return self._play(message, sender, lambda: BarList(()))

    @handles(StreamAccount)
    def _stream_account(self, message: StreamAccount, sender: Sender) -> object:
        return self._play(message, sender, Done)

    @handles(FetchPositions)
    def _positions(self, message: FetchPositions, sender: Sender) -> object:
        return self._play(message, sender, lambda: PositionList(()))

    @handles(StreamPositionPnL)
    def _stream_pnl(self, message: StreamPositionPnL, sender: Sender) -> object:
        return self._play(message, sender, Done)


class Client(Actor):
    """Asks over one lasting connection, as a strategy does, and keeps what arrives over it."""

    def __init__(self, context: Context, *, to: str, topics: tuple[str, ...] = ()) -> None:
        super().__init__(context)
        self.got: dict[type[Message], queue.Queue[Any]] = defaultdict(queue.Queue)
        self._to = to
        self._topics = topics

    def on_start(self) -> None:
        self._uplink = self.link(self._to, topics=self._topics)

    def ask(self, message: Ask[Any], timeout: float = 8.0) -> Any:
        """From the test's thread: the reply, or the error raised."""
        return self.ask_future(message, timeout).result(timeout + 2.0)

    def ask_future(self, message: Ask[Any], timeout: float = 8.0) -> concurrent.futures.Future[Any]:
        """From the test's thread: the reply to come."""
        answer: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self.reactor.after(
            0.0,
            lambda: self._uplink.ask(
                message, timeout=timeout, on_reply=answer.set_result, on_error=answer.set_exception
            ),
        )
        self.reactor.wake()
        return answer

    def next(self, kind: type[M]) -> M:
        """The next message of this kind, waited for."""
        return self.got[kind].get(timeout=5.0)  # type: ignore[no-any-return]

    @handles(Quote)
    def _quote(self, message: Quote, _: Sender) -> None:
        self.got[Quote].put(message)

    @handles(Ticks)
    def _ticks(self, message: Ticks, _: Sender) -> None:
        self.got[Ticks].put(message)

    @handles(Gap)
    def _gap(self, message: Gap, _: Sender) -> None:
        self.got[Gap].put(message)

    @handles(Resumed)
    def _resumed(self, message: Resumed, _: Sender) -> None:
        self.got[Resumed].put(message)


class ScriptedState(Actor):
    """Remembers as State does; `told` has what it was told."""

    def __init__(self, context: Context, *, memory: Memory) -> None:
        super().__init__(context)
        self.memory = memory
        self.told: queue.Queue[Message] = queue.Queue()

    @handles(GetMemory)
    def _memory(self, _: GetMemory, __: Sender) -> Memory:
        return self.memory

    @handles(RememberContracts)
    def _contracts(self, message: RememberContracts, _: Sender) -> None:
        self.told.put(message)

    @handles(RememberHold)
    def _hold(self, message: RememberHold, _: Sender) -> Done:
        self.told.put(message)
        return Done()
