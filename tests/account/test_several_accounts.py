"""Several accounts behind one login, profit and loss that falls silent, and margin that runs out: over real sockets."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from decimal import Decimal

import pytest

from actors import account
from actors.accounts import downloads
from actors.messages import MESSAGES
from actors.messages.account import GetAccounts
from actors.messages.broker_account import (
    AccountValueReport,
    FetchPositions,
    PnLReport,
    PortfolioReport,
    PositionList,
    PositionReport,
    StreamAccount,
)
from actors.messages.risk import GetLowMargins, MarginWarning
from actors.messages.session import LinkChanged
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.errors import Rejected
from supervision.message import Done
from tests.account.test_account import AAPL, Broker, held
from tests.account.test_risk_figures import gate, until
from tests.support.local import LocalService


@pytest.fixture
def broker() -> Iterator[Broker]:
    with LocalService(MESSAGES) as service:
        yield Broker(service)


def answered_by_hand(broker: Broker) -> queue.Queue[tuple[str, Sender]]:
    """Downloads end when the test says so."""
    waiting: queue.Queue[tuple[str, Sender]] = queue.Queue()

    def later(message: StreamAccount, sender: Sender) -> object:
        waiting.put((message.account, sender))
        return LATER

    broker.connection.script[StreamAccount] = later
    return waiting


def test_a_second_account_is_downloaded_when_the_first_has_ended_not_in_the_middle_of_it(broker: Broker) -> None:
    broker.connection.accounts = ("DU1", "DU2")
    waiting = answered_by_hand(broker)
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    name, first = waiting.get(timeout=5.0)
    broker.asked(FetchPositions)
    broker.report(AccountValueReport(1, "DU2", "NetLiquidation", "7", "USD"))
    assert until(heard, account="DU2", net_liquidation=Decimal(7)).live is False
    assert (name, waiting.empty()) == ("DU1", True)
    broker.do(lambda: first.reply(Done()))
    name, second = waiting.get(timeout=5.0)
    assert name == "DU2"
    until(heard, account="DU1", live=True)
    broker.do(lambda: second.reply(Done()))
    until(heard, account="DU2", live=True)


def test_a_refresh_waits_for_the_download_that_runs(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "REFRESH", 0.02)
    waiting = answered_by_hand(broker)
    broker.start_account()
    broker.begin(1)
    _, first = waiting.get(timeout=5.0)
    for _ in range(4):
        broker.asked(FetchPositions)  # with the first three of them, everything was to be renewed
    assert waiting.empty()
    broker.do(lambda: first.reply(Done()))
    assert waiting.get(timeout=5.0)[0] == "DU1"


def test_a_download_from_before_the_link_was_lost_does_not_count_for_the_one_after(broker: Broker) -> None:
    broker.connection.accounts = ("DU1", "DU2")
    waiting = answered_by_hand(broker)
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    _, before = waiting.get(timeout=5.0)
    broker.do(lambda: broker.connection.publish("session", LinkChanged(1, 0, False, False, 1100, "words")))
    broker.do(lambda: broker.connection.publish("session", LinkChanged(1, 0, True, False, 1102, "words")))
    _, after = waiting.get(timeout=5.0)
    broker.do(lambda: before.reply(Done()))
    broker.report(AccountValueReport(1, "DU1", "NetLiquidation", "7", "USD"))
    assert until(heard, account="DU1", net_liquidation=Decimal(7)).live is False
    assert waiting.empty(), "DU2 would take the stream of DU1 away"
    broker.do(lambda: after.reply(Done()))
    until(heard, account="DU1", live=True)
    assert waiting.get(timeout=5.0)[0] == "DU2"


def test_one_account_whose_download_fails_keeps_no_other_waiting(broker: Broker) -> None:
    assert downloads.RETRY_SECONDS > 2.0
    broker.connection.accounts = ("DU1", "DU2")
    waiting = answered_by_hand(broker)
    broker.start_account()
    broker.begin(1)
    _, first = waiting.get(timeout=5.0)
    broker.do(lambda: first.reject(Rejected("no answer", kind="timeout")))
    assert waiting.get(timeout=2.0)[0] == "DU2"


def test_one_account_whose_download_fails_is_tried_again_after_the_others(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "RETRY_SECONDS", 0.01)
    broker.connection.accounts = ("DU1", "DU2")
    waiting = answered_by_hand(broker)
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    _, first = waiting.get(timeout=5.0)
    broker.do(lambda: first.reject(Rejected("no answer", kind="timeout")))
    name, second = waiting.get(timeout=5.0)
    assert name == "DU2"
    broker.do(lambda: second.reply(Done()))
    until(heard, account="DU2", live=True)
    name, again = waiting.get(timeout=5.0)
    assert name == "DU1"
    broker.do(lambda: again.reply(Done()))
    until(heard, account="DU1", live=True)


def test_figures_that_cannot_be_downloaded_again_are_not_live_until_they_can(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "REFRESH", 0.05)
    monkeypatch.setattr(downloads, "RETRY_SECONDS", 0.01)
    waiting = answered_by_hand(broker)
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    _, first = waiting.get(timeout=5.0)
    broker.do(lambda: first.reply(Done()))
    until(heard, live=True)
    _, renewed = waiting.get(timeout=5.0)
    broker.do(lambda: renewed.reject(Rejected("no answer", kind="timeout")))
    until(heard, live=False)
    _, again = waiting.get(timeout=5.0)
    broker.do(lambda: again.reply(Done()))
    until(heard, live=True)


def test_figures_are_not_live_while_the_list_of_positions_cannot_be_renewed(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "REFRESH", 0.05)
    monkeypatch.setattr(account, "RETRY_SECONDS", 0.01)
    waiting: queue.Queue[Sender] = queue.Queue()

    def later(_: FetchPositions, sender: Sender) -> object:
        waiting.put(sender)
        return LATER

    broker.connection.script[FetchPositions] = later
    downloads_waiting = answered_by_hand(broker)
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    _, download = downloads_waiting.get(timeout=5.0)
    broker.do(lambda: download.reply(Done()))
    first = waiting.get(timeout=5.0)
    broker.do(lambda: first.reply(PositionList((held(5),))))
    until(heard, live=True)
    renewed = waiting.get(timeout=5.0)
    broker.do(lambda: renewed.reject(Rejected("no answer", kind="timeout")))
    until(heard, live=False)
    again = waiting.get(timeout=5.0)
    broker.do(lambda: again.reply(PositionList((held(5),))))
    until(heard, live=True)


def test_an_account_that_trades_while_another_streams_is_downloaded_so_that_its_position_is_marked(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "SOON", 0.01)
    broker.connection.accounts = ("DU1", "DU2")
    broker.connection.script[FetchPositions] = lambda _, __: PositionList(())
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    until(heard, account="DU2", live=True)
    assert [broker.asked(StreamAccount).account for _ in range(2)] == ["DU1", "DU2"]
    broker.report(held(5))
    assert broker.asked(StreamAccount) == StreamAccount(1, "DU1")
    broker.report(PortfolioReport(1, "DU1", AAPL, Decimal(5), 150.0, 750.0, 100.0, None, None))
    while not (figures := until(heard, account="DU1")).marks or figures.marks[0].value is None:
        continue
    assert figures.marks[0].value == Decimal("750.0")
    broker.report(held(7))  # the stream of DU1 itself tells how this one is marked
    until_quantity = Decimal(7)
    while until(heard, account="DU1").marks[0].quantity != until_quantity:
        continue
    assert broker.connection.asked[StreamAccount].empty()


def test_profit_and_loss_that_is_asked_for_again_and_not_told_is_not_known_any_more(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(account, "PROFIT_TIMEOUT", 0.05)
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    until(heard, live=True)
    broker.report(PnLReport(1, "DU1", 0, Decimal(-5), None, None))
    until(heard, daily=Decimal(-5))
    broker.do(lambda: broker.connection.publish("session", LinkChanged(1, 1, True, True, 1101, "words")))
    until(heard, live=True, daily=None)
    assert "no profit and loss of account DU1 was told" in caplog.text
    assert broker.service.ref("account").ask(GetAccounts()).items[0].pnl.daily is None
    broker.report(PnLReport(1, "DU1", 0, Decimal(-5), None, None))
    until(heard, daily=Decimal(-5))


class Worried(Actor):
    """Keeps margin warnings; they follow the attach, which `ready` proves."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.warned: queue.Queue[MarginWarning] = queue.Queue()

    def on_start(self) -> None:
        self.link("account", topics=("risk",))

    @handles(MarginWarning)
    def _warning(self, warning: MarginWarning, _: Sender) -> None:
        self.warned.put(warning)


def test_an_account_near_a_margin_call_is_warned_of_once_and_once_when_it_is_not_any_more(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    broker.start_account()
    warned: queue.Queue[MarginWarning] = broker.service.start("worried", Worried).actor.warned
    heard = gate(broker)
    broker.begin(1)
    until(heard, live=True)

    def tell(excess: str) -> None:
        broker.report(
            AccountValueReport(1, "DU1", "NetLiquidation", "1000", "USD"),
            AccountValueReport(1, "DU1", "ExcessLiquidity", excess, "USD"),
        )
        until(heard, excess_liquidity=Decimal(excess))

    ref = broker.service.ref("account")
    for excess in ("100", "99", "50", "105"):
        tell(excess)
    assert ref.ask(GetLowMargins()).items == (MarginWarning("DU1", 0.105, 0.1, low=True),)
    for excess in ("111", "120"):
        tell(excess)
    assert ref.ask(GetLowMargins()).items == ()
    assert warned.get(timeout=5.0) == MarginWarning("DU1", 0.099, 0.1, low=True)
    assert warned.get(timeout=5.0) == MarginWarning("DU1", 0.111, 0.1, low=False)
    assert warned.empty()
    assert "excess liquidity is down to 9.9 % of net liquidation, warned of below 10.0 %" in caplog.text


def test_a_position_of_an_account_that_is_not_ours_asks_for_no_download(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "SOON", 0.0)
    broker.connection.accounts = ("DU1", "DU2")
    broker.start_account("DU2")
    heard = gate(broker)
    broker.begin(1)
    until(heard, account="DU2", live=True)
    assert broker.asked(StreamAccount).account == "DU2"
    broker.report(PositionReport(1, "DU1", AAPL, Decimal(9), 1.0), AccountValueReport(1, "DU2", "Cushion", "1", ""))
    broker.report(AccountValueReport(1, "DU2", "NetLiquidation", "3", "USD"))
    until(heard, net_liquidation=Decimal(3))
    assert broker.connection.asked[StreamAccount].empty()
