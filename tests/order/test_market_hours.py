"""What Order keeps of hours, whom it asks and when, and what it says while nobody answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

import pytest

from actors.domain.hours import HoursFact
from actors.messages.broker import ContractList, FetchContracts
from actors.messages.market import ComboLeg, Contract, ContractDetails
from actors.messages.risk import GetSessions, Sessions
from actors.orders import market_hours
from actors.orders.market_hours import AGAIN_SECONDS, REFRESH_SECONDS, MarketHours
from supervision.errors import ActorUnavailable, Rejected
from supervision.uplink import Uplink
from tests.domain.order_builders import terms

OPEN = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
CLOSED = datetime(2026, 11, 19, 22, 0, tzinfo=UTC)
HOURS = "20261119:0930-20261119:1600;20261120:0930-20261120:1600"
EXTENDED = "20261119:0400-20261119:2000;20261120:0400-20261120:2000"
SESSIONS = Sessions(
    "XNYS",
    datetime(2026, 11, 13, tzinfo=UTC),
    datetime(2027, 11, 19, tzinfo=UTC),
    tuple((datetime(2026, 11, day, 14, 30, tzinfo=UTC), datetime(2026, 11, day, 21, tzinfo=UTC)) for day in (19, 20)),
)


class Asked(NamedTuple):
    question: Any
    reply: Callable[[Any], None]
    refuse: Callable[[Any], None]


class Neighbour:
    """An actor that is asked, and answers when the test wants."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []

    def ask(self, question: Any, *, timeout: float, on_reply: Any, on_error: Any) -> None:
        assert timeout > 0
        self.asked.append(Asked(question, on_reply, on_error))

    def questions(self) -> list[Any]:
        return [one.question for one in self.asked]


class Desk:
    """MarketHours with its two neighbours and a clock; it counts how often it was ready."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, never_closes: bool = False) -> None:
        self.now, self.seconds = OPEN, 5000.0
        monkeypatch.setattr(market_hours.clock, "now", lambda: self.now)
        monkeypatch.setattr(market_hours.time, "monotonic", lambda: self.seconds)
        self.broker, self.calendar = Neighbour(), Neighbour()
        calendar = None if never_closes else cast("Uplink", self.calendar)
        log = logging.getLogger("hours")
        self.hours = MarketHours(connection=cast("Uplink", self.broker), calendar=calendar, log=log)
        self.ready = 0

    def prepare(self, *several: ContractDetails) -> None:
        self.hours.prepare(several, self._ready)

    def _ready(self) -> None:
        self.ready += 1

    def fact(self, details: ContractDetails, **changes: Any) -> HoursFact:
        return self.hours.fact(details, terms(**changes), self.now)


def share(symbol: str = "AAPL", con_id: int = 1, hours: str = HOURS, **changes: Any) -> ContractDetails:
    contract = Contract(symbol, con_id=con_id, **({"primary_exchange": "NASDAQ"} | changes))
    extended = EXTENDED if hours == HOURS else hours
    return ContractDetails(contract, time_zone="US/Eastern", trading_hours=extended, liquid_hours=hours)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def test_the_first_order_waits_for_the_calendar_and_the_next_ones_for_nothing(desk: Desk) -> None:
    desk.prepare(share())
    assert (desk.ready, desk.calendar.questions()) == (0, [GetSessions("NASDAQ")])
    desk.calendar.asked[0].reply(SESSIONS)
    assert desk.ready == 1
    assert desk.fact(share()) == HoursFact(open=True, text="open until Thu 2026-11-19 16:00 US/Eastern")
    desk.prepare(share())
    desk.prepare(share("IBM", 2, primary_exchange="NYSE"))
    assert (desk.ready, len(desk.calendar.asked)) == (3, 1), "one calendar for all exchanges that share it"


def test_regular_and_extended_hours_are_told_apart_by_the_order(desk: Desk) -> None:
    desk.prepare(share())
    desk.calendar.asked[0].reply(SESSIONS)
    desk.now = CLOSED
    assert not desk.fact(share()).open
    assert desk.fact(share(), outside_rth=True).open


def test_orders_that_come_while_the_calendar_is_asked_wait_with_the_first_and_ask_nothing(desk: Desk) -> None:
    desk.prepare(share())
    desk.prepare(share("IBM", 2))
    desk.seconds += AGAIN_SECONDS
    desk.prepare(share())
    assert (desk.ready, len(desk.calendar.asked)) == (0, 1)
    desk.calendar.asked[0].reply(SESSIONS)
    assert desk.ready == 3


def test_a_calendar_that_does_not_answer_refuses_in_its_words_and_is_asked_again(desk: Desk) -> None:
    desk.prepare(share())
    desk.calendar.asked[0].refuse(ActorUnavailable("calendar", "no answer to the hello"))
    assert desk.ready == 1
    fact = desk.fact(share())
    assert not fact.open
    assert fact.text.startswith("the calendar XNYS of its exchange is not known: calendar")
    desk.prepare(share())
    assert (desk.ready, len(desk.calendar.asked)) == (2, 1), "not again at once: the order need not wait"
    desk.seconds += AGAIN_SECONDS
    desk.prepare(share())
    desk.calendar.asked[1].reply(SESSIONS)
    assert (desk.ready, desk.fact(share()).open) == (3, True)


def test_a_calendar_that_goes_leaves_what_is_known_in_force(desk: Desk) -> None:
    desk.prepare(share())
    desk.calendar.asked[0].reply(SESSIONS)
    desk.seconds += REFRESH_SECONDS
    desk.prepare(share())
    assert (desk.ready, len(desk.calendar.asked)) == (2, 2), "asked again, but nobody waits"
    desk.calendar.asked[1].refuse(ActorUnavailable("calendar", "gone"))
    assert desk.fact(share()).open


def test_sessions_that_end_before_now_are_asked_for_again_and_waited_for(desk: Desk) -> None:
    desk.prepare(share())
    old = Sessions("XNYS", SESSIONS.known_from - timedelta(400), OPEN - timedelta(1), ())
    desk.calendar.asked[0].reply(old)
    assert "is known from" in desk.fact(share()).text
    desk.seconds += AGAIN_SECONDS
    desk.prepare(share())
    assert desk.ready == 1
    desk.calendar.asked[1].reply(SESSIONS)
    assert (desk.ready, desk.fact(share()).open) == (2, True)


def test_a_contract_that_is_seen_first_is_asked_about_behind_the_order_and_then_once_a_day(desk: Desk) -> None:
    desk.prepare(share())
    assert desk.broker.questions() == [FetchContracts(share().contract)]
    desk.calendar.asked[0].reply(SESSIONS)
    assert desk.ready == 1, "what came with it counts meanwhile"
    shut = share(hours="20261119:CLOSED")
    desk.broker.asked[0].reply(ContractList((share("OTHER", 7), shut)))
    assert not desk.fact(share()).open, "the newer answer counts"
    desk.prepare(share())
    assert len(desk.broker.asked) == 1
    desk.seconds += REFRESH_SECONDS
    desk.prepare(share())
    assert len(desk.broker.asked) == 2


def test_hours_of_another_week_are_asked_for_again_before_the_order_is_judged(desk: Desk) -> None:
    stale = share(hours="20261112:0930-20261112:1600")
    desk.prepare(stale)
    assert (desk.ready, desk.calendar.asked) == (0, []), "its hours first"
    desk.broker.asked[0].reply(ContractList((share(),)))
    desk.calendar.asked[0].reply(SESSIONS)
    assert (desk.ready, desk.fact(stale).open) == (1, True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ContractList(()), "the broker told them for Thu 2026-11-12"),
        (Rejected("no session", kind="session_down"), "the broker told them for Thu 2026-11-12"),
    ],
)
def test_hours_that_cannot_be_renewed_refuse(desk: Desk, answer: Any, words: str) -> None:
    stale = share(hours="20261112:0930-20261112:1600")
    desk.prepare(stale)
    one = desk.broker.asked[0]
    one.refuse(answer) if isinstance(answer, Rejected) else one.reply(answer)
    desk.calendar.asked[0].reply(SESSIONS)
    assert desk.ready == 1
    fact = desk.fact(stale)
    assert (fact.open, words in fact.text) == (False, True)


def test_an_exchange_without_a_calendar_is_judged_by_the_brokers_hours_alone(desk: Desk) -> None:
    pair = share("EUR", 3, sec_type="CASH", exchange="IDEALPRO", primary_exchange="")
    desk.prepare(pair)
    assert (desk.ready, desk.calendar.asked) == (1, [])
    assert desk.fact(pair).open
    desk.now = CLOSED
    assert not desk.fact(pair).open


def test_a_combo_has_the_hours_of_its_legs_which_are_looked_up(desk: Desk) -> None:
    legs = (ComboLeg(1, 1, "BUY"), ComboLeg(2, 1, "SELL"))
    combo = ContractDetails(Contract("A,B", "BAG", currency="EUR", legs=legs))
    desk.prepare(combo)
    asked = [FetchContracts(Contract("", "", "SMART", "EUR", con_id)) for con_id in (1, 2)]
    assert desk.broker.questions() == asked
    desk.broker.asked[0].reply(ContractList((share(),)))
    desk.calendar.asked[0].reply(SESSIONS)
    assert desk.ready == 0
    desk.broker.asked[1].refuse(Rejected("no such contract", kind="code 200"))
    assert desk.ready == 1
    assert desk.fact(combo).text == "conId 2: its hours are not known: no such contract"
    desk.seconds += AGAIN_SECONDS
    desk.prepare(combo)
    desk.broker.asked[2].reply(ContractList((share("IBM", 2),)))
    assert (desk.ready, desk.fact(combo).open) == (2, True)
    desk.now = CLOSED
    fact = desk.fact(combo)
    assert fact.text.startswith("AAPL: closed by its own hours until Fri 2026-11-20 09:30")
    assert fact.next_open == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)


def test_several_contracts_are_ready_when_the_last_of_them_is(desk: Desk) -> None:
    desk.prepare(share(), share("ES", 5, sec_type="FUT", exchange="CME", primary_exchange=""))
    assert desk.calendar.questions() == [GetSessions("NASDAQ"), GetSessions("CME")]
    desk.calendar.asked[1].reply(SESSIONS)
    assert desk.ready == 0
    desk.calendar.asked[0].reply(SESSIONS)
    assert desk.ready == 1


def test_a_simulated_market_that_never_closes_is_open_and_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, never_closes=True)
    desk.prepare(share(hours=""))
    assert (desk.ready, desk.broker.asked) == (1, [])
    assert desk.fact(share(hours="")).open
