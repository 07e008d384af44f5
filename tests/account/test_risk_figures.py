"""The figures that limits are measured against, over real sockets: told on change, and live only while they are."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from decimal import Decimal

import pytest

from actors.accounts import telling
from actors.messages import MESSAGES
from actors.messages.account import GetAccounts
from actors.messages.broker_account import AccountValueReport, PnLReport, StreamAccount
from actors.messages.risk import RiskFigures
from actors.messages.session import LinkChanged
from supervision.actor import LATER, Actor, Context, Sender, handles
from supervision.message import Done
from tests.account.test_account import Broker
from tests.support.local import LocalService


class Gate(Actor):
    """Keeps the figures it hears, as Order does."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.heard: queue.Queue[RiskFigures] = queue.Queue()

    def on_start(self) -> None:
        self.link("account", topics=("risk_figures",))

    @handles(RiskFigures)
    def _figures(self, figures: RiskFigures, _: Sender) -> None:
        self.heard.put(figures)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with LocalService(MESSAGES) as service:
        yield Broker(service)


def gate(broker: Broker) -> queue.Queue[RiskFigures]:
    heard: queue.Queue[RiskFigures] = broker.service.start("gate", Gate).actor.heard
    return heard


def until(heard: queue.Queue[RiskFigures], **wanted: object) -> RiskFigures:
    """The first figures with these values."""
    while True:
        figures = heard.get(timeout=5.0)
        if all(getattr(figures, name) == value for name, value in wanted.items()):
            return figures


def test_figures_are_live_from_the_end_of_the_download_to_the_end_of_the_session(broker: Broker) -> None:
    replies: queue.Queue[Sender] = queue.Queue()

    def later(_: StreamAccount, sender: Sender) -> object:
        replies.put(sender)
        return LATER

    broker.connection.script[StreamAccount] = later
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    sender = replies.get(timeout=5.0)
    broker.report(AccountValueReport(1, "DU1", "NetLiquidation", "1000.25", "USD"))
    told = until(heard, net_liquidation=Decimal("1000.25"))
    assert (told.live, told.daily) == (False, None)
    assert [(mark.con_id, mark.quantity) for mark in told.marks] == [(1, Decimal(5))]
    broker.do(lambda: sender.reply(Done()))
    until(heard, live=True)
    broker.report(PnLReport(1, "DU1", 0, Decimal("-7.5"), None, None))
    until(heard, live=True, daily=Decimal("-7.5"))
    broker.do(broker.connection.end)
    ended = until(heard, live=False)
    assert (ended.daily, ended.net_liquidation) == (Decimal("-7.5"), Decimal("1000.25"))
    broker.begin(2)
    sender = replies.get(timeout=5.0)
    broker.do(lambda: sender.reply(Done()))
    until(heard, live=True, daily=None)
    broker.report(PnLReport(2, "DU1", 0, Decimal("-7.5"), None, None))
    until(heard, live=True, daily=Decimal("-7.5"))


def test_figures_stand_still_while_the_gateway_has_lost_the_broker(broker: Broker) -> None:
    broker.start_account()
    heard = gate(broker)
    broker.begin(1)
    until(heard, live=True)
    broker.do(lambda: broker.connection.publish("session", LinkChanged(1, 0, False, False, 1100, "words")))
    until(heard, live=False)
    broker.do(lambda: broker.connection.publish("session", LinkChanged(1, 0, True, False, 1102, "words")))
    until(heard, live=True)


def test_who_attaches_is_told_at_once_and_nothing_twice(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "EVERY", 0.0)
    ref = broker.start_account()
    first = gate(broker)
    broker.begin(1)
    until(first, live=True)
    broker.report(PnLReport(1, "DU1", 0, Decimal(2), None, None))
    until(first, daily=Decimal(2))
    broker.service.bind("second")
    second: queue.Queue[RiskFigures] = broker.service.start("second", Gate).actor.heard
    assert second.get(timeout=5.0).daily == Decimal(2)
    broker.report(PnLReport(1, "DU1", 0, Decimal(2), None, None))
    for _ in range(3):
        ref.ask(GetAccounts())  # the first may overtake the report, the third comes after what follows from it
    broker.report(PnLReport(1, "DU1", 0, Decimal(4), None, None))
    assert first.get(timeout=5.0).daily == Decimal(4), "figures that did not change were told again"


def test_accounts_that_are_not_ours_have_no_figures(broker: Broker) -> None:
    broker.connection.accounts = ("DU1", "DU2")
    broker.start_account("DU2")
    heard = gate(broker)
    broker.begin(1)
    until(heard, live=True, account="DU2")
    broker.report(
        AccountValueReport(1, "DU1", "NetLiquidation", "1", "USD"),
        AccountValueReport(1, "DU2", "NetLiquidation", "2", "USD"),
    )
    told = [heard.get(timeout=5.0)]
    while told[-1].net_liquidation != Decimal(2):
        told.append(heard.get(timeout=5.0))
    assert {figures.account for figures in told} == {"DU2"}
