"""Account over real sockets against a scripted Connection: downloads, outages, answers with their age."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from actors import account
from actors.account import AccountActor
from actors.messages import MESSAGES
from actors.messages.account import AccountEvent, GetAccounts, GetPositions, PnL
from actors.messages.broker_account import (
    AccountValueReport,
    FetchPositions,
    PnLReport,
    PortfolioReport,
    PositionList,
    PositionReport,
    StreamAccount,
    StreamPositionPnL,
)
from actors.messages.market import Contract
from actors.messages.session import LinkChanged
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.errors import Rejected
from supervision.message import Message
from supervision.ref import Ref
from supervision.uplink import Uplink
from tests.market.scripted import ScriptedConnection
from tests.support.local import LocalService

AAPL = Contract("AAPL", con_id=1)


def held(quantity: int, epoch: int = 1) -> PositionReport:
    return PositionReport(epoch, "DU1", AAPL, Decimal(quantity), 100.0)


class Watcher(Actor):
    """Keeps the events of the topic; attached once `attached` is set."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.events: queue.Queue[AccountEvent] = queue.Queue()
        self.attached = threading.Event()

    def on_start(self) -> None:
        self.link("account", topics=("account",), on_up=self._up)

    def _up(self, link: Uplink, _: int) -> None:
        # Asked after the attach over the same connection: any answer means that the attach was handled.
        link.ask(GetPositions(), timeout=5.0, on_error=lambda _: self.attached.set())

    @handles(AccountEvent)
    def _event(self, event: AccountEvent, _: Sender) -> None:
        self.events.put(event)


class Broker:
    """The service under test, with the scripted Connection at hand."""

    def __init__(self, service: LocalService) -> None:
        self.service = service
        service.bind("connection", "account")
        self._running = service.start("connection", ScriptedConnection, epoch=0)
        self.connection: ScriptedConnection = self._running.actor
        self.connection.script[FetchPositions] = lambda _, __: PositionList((held(5),))

    def start_account(self, *accounts: str) -> Ref:
        self.service.start("account", AccountActor, accounts=accounts, margin_cushion=0.1)
        return self.service.ref("account")

    def do(self, function: Callable[[], Any]) -> None:
        self._running.call(function)

    def begin(self, epoch: int) -> None:
        self.do(lambda: self.connection.begin(epoch))

    def report(self, *reports: Message) -> None:
        self.do(lambda: [self.connection.publish("account_reports", report) for report in reports])

    def asked(self, kind: type[Message]) -> Any:
        return self.connection.asked[kind].get(timeout=5.0)

    def watch(self) -> queue.Queue[AccountEvent]:
        """The events from now on; before the first session."""
        watcher: Watcher = self.service.start("watcher", Watcher).actor
        assert watcher.attached.wait(5.0)
        return watcher.events


@pytest.fixture
def broker() -> Iterator[Broker]:
    with LocalService(MESSAGES) as service:
        yield Broker(service)


def test_before_any_session_it_refuses_instead_of_answering_empty(broker: Broker) -> None:
    ref = broker.start_account()
    for question in (GetAccounts(), GetPositions()):
        with pytest.raises(Rejected, match="there was no session with the gateway") as refusal:
            ref.ask(question)
        assert refusal.value.kind == "not_ready"


def test_a_download_that_has_not_ended_is_told_apart_from_an_empty_account(broker: Broker) -> None:
    broker.connection.script[StreamAccount] = lambda _, __: LATER
    broker.connection.script[FetchPositions] = lambda _, __: LATER
    ref = broker.start_account()
    broker.begin(1)
    broker.asked(FetchPositions)
    (view,) = ref.ask(GetAccounts()).items
    assert (view.account, view.complete, view.as_of, view.net_liquidation) == ("DU1", False, None, None)
    with pytest.raises(Rejected, match="the first download of this session has not ended"):
        ref.ask(GetPositions())


def test_it_keeps_what_the_broker_reports_and_says_since_when(broker: Broker) -> None:
    ref = broker.start_account()
    events = broker.watch()
    before = datetime.now(UTC)
    broker.begin(1)
    assert broker.asked(StreamAccount) == StreamAccount(1, "DU1")
    assert broker.asked(StreamPositionPnL) == StreamPositionPnL(1, "DU1", 1)
    broker.report(
        AccountValueReport(1, "DU1", "NetLiquidation", "1000000.25", "USD"),
        PortfolioReport(1, "DU1", AAPL, Decimal(5), 150.0, 750.0, 100.0, Decimal(250), Decimal(0)),
        PnLReport(1, "DU1", 0, Decimal("1.5"), None, None),
        PnLReport(1, "DU1", 1, Decimal("2.5"), None, None),
    )
    told = [events.get(timeout=5.0) for _ in range(4)]  # the position, its mark, the account's and its own profit
    answered = ref.ask(GetPositions())
    (position,) = answered.items
    assert told[-1].position == position
    assert position.daily == Decimal("2.5")
    assert (position.quantity, position.market_value, position.unrealized) == (Decimal(5), 750.0, Decimal(250))
    assert answered.source == "broker"
    assert before <= answered.as_of <= datetime.now(UTC)
    (view,) = ref.ask(GetAccounts()).items
    assert (view.net_liquidation, view.complete) == (Decimal("1000000.25"), True)
    assert view.pnl == PnL("DU1", 0, Decimal("1.5"), None, None)


def test_during_an_outage_the_last_confirmed_answer_stands_with_its_time_and_then_is_replaced(broker: Broker) -> None:
    ref = broker.start_account()
    broker.begin(1)
    broker.asked(StreamPositionPnL)
    confirmed = ref.ask(GetPositions())
    broker.do(broker.connection.end)
    assert ref.ask(GetPositions()) == confirmed
    broker.connection.script[FetchPositions] = lambda _, __: PositionList((held(7, epoch=2),))
    broker.begin(2)
    assert broker.asked(StreamPositionPnL) == StreamPositionPnL(2, "DU1", 1)
    renewed = ref.ask(GetPositions())
    assert renewed.items[0].quantity == Decimal(7)
    assert renewed.as_of > confirmed.as_of


def test_a_failed_download_is_tried_again_while_the_session_lasts(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "RETRY_SECONDS", 0.01)
    answers = [Rejected("timed out", kind="code 321"), PositionList((held(5),))]

    def answer(_: FetchPositions, __: Sender) -> Message:
        answer = answers.pop(0)
        if isinstance(answer, Rejected):
            raise answer
        return answer

    broker.connection.script[FetchPositions] = answer
    ref = broker.start_account()
    broker.begin(1)
    broker.asked(StreamPositionPnL)
    assert ref.ask(GetPositions()).items[0].quantity == Decimal(5)


def test_everything_is_asked_for_again_on_schedule_and_after_the_link_came_back(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "REFRESH", 0.05)
    broker.start_account()
    broker.begin(1)
    for _ in range(3):
        broker.asked(FetchPositions)
        broker.asked(StreamAccount)
    broker.do(lambda: broker.connection.publish("session", LinkChanged(1, 1, True, True, 1101, "words")))
    broker.asked(StreamAccount)
    assert broker.asked(StreamAccount) == StreamAccount(1, "DU1")


def test_changes_are_published_once_each_and_a_closed_position_with_quantity_zero(broker: Broker) -> None:
    broker.start_account()
    events = broker.watch()
    broker.begin(1)
    opened = events.get(timeout=5.0).position
    assert opened is not None
    assert opened.quantity == Decimal(5)
    pnl = PnLReport(1, "DU1", 0, Decimal(1), None, None)
    broker.report(held(5), pnl, pnl, held(0))
    assert events.get(timeout=5.0).pnl == PnL("DU1", 0, Decimal(1), None, None)
    closed = events.get(timeout=5.0).position
    assert closed is not None
    assert (closed.con_id, closed.quantity) == (1, Decimal(0))
    assert events.empty()
    broker.asked(StreamPositionPnL)
    broker.report(held(3))
    assert broker.asked(StreamPositionPnL) == StreamPositionPnL(1, "DU1", 1), "the new position has no profit and loss"


def test_only_configured_accounts_are_followed(broker: Broker) -> None:
    broker.connection.accounts = ("DU1", "DU2")
    ref = broker.start_account("DU2", "DU9")
    broker.begin(1)
    assert broker.asked(StreamAccount) == StreamAccount(1, "DU2")
    assert [view.account for view in ref.ask(GetAccounts()).items] == ["DU2"]
    assert broker.connection.asked[StreamAccount].empty()
