"""Subscriptions: one line for all, quotes and ticks to each who asked, nothing left when they go."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from actors.messages.broker import CloseLine, ContractList, FetchContracts, GetLiveLines, LineNotice, OpenLine
from actors.messages.market import (
    Contract,
    Gap,
    GetMarketData,
    GetQuote,
    GetQuotes,
    MarketDataView,
    Quote,
    ResolveContract,
    Resumed,
    Subscribe,
    Subscribed,
    Ticks,
    Unsubscribe,
)
from supervision.actor import LATER, Sender
from supervision.errors import Rejected
from supervision.message import Done
from tests.market.conftest import Market
from tests.market.scripted import STOCKS, stock

AAPL, MSFT, SPY = STOCKS["AAPL"], STOCKS["MSFT"], STOCKS["SPY"]


def test_two_subscribers_share_one_line_and_each_gets_one_quote_per_batch(market: Market) -> None:
    first, second = market.client(), market.client()
    reply = first.ask(Subscribe("AAPL"))
    assert reply == Subscribed(stock("AAPL"), Quote("AAPL", AAPL))
    line = market.opened("AAPL")
    assert second.ask(Subscribe(Contract("AAPL"))).details == stock("AAPL")
    now = time.time_ns()
    market.tick((line, 1, 99.0, 3.0), (line, 2, 101.0, 4.0), (line, 1, 99.5, 5.0), time_ns=now)
    for client in (first, second):
        quote = client.next(Quote)
        assert (quote.bid, quote.ask, quote.bid_size, quote.state, quote.time_ns) == (99.5, 101.0, 5.0, "live", now)
    market.tick((line, 4, 100.0, 1.0), time_ns=now)
    assert first.next(Quote).last == 100.0
    assert market.connection.asked[OpenLine].empty(), "a second line was opened"
    assert market.connection.asked[FetchContracts].qsize() == 1, "the contract was looked up twice"


def test_the_line_closes_when_the_last_subscriber_has_gone_not_before(market: Market) -> None:
    leaving, staying = market.client(), market.client()
    line = market.subscribe(leaving, "AAPL")
    staying.ask(Subscribe("AAPL"))
    assert leaving.ask(Unsubscribe("AAPL")) == Done()
    market.tick((line, 4, 100.0, 1.0))
    assert staying.next(Quote).last == 100.0
    assert leaving.got[Quote].empty()
    with pytest.raises(Rejected, match="AAPL is not subscribed over this connection"):
        leaving.ask(Unsubscribe("AAPL"))
    market.service.kill("client2")
    assert market.asked(CloseLine) == CloseLine(1, line)
    with pytest.raises(Rejected, match="nobody holds a line for AAPL; subscribe"):
        leaving.ask(GetQuote("AAPL"))


def test_last_ticks_of_a_closed_line_neither_alarm_nor_reach_its_successor(market: Market) -> None:
    client = market.client()
    closed = market.subscribe(client, "AAPL", ticks=True)
    client.ask(Unsubscribe("AAPL"))
    assert market.asked(CloseLine) == CloseLine(1, closed)
    line = market.subscribe(client, "AAPL", ticks=True)
    market.tick((closed, 4, 99.0, 1.0))
    market.tick((line, 4, 100.0, 1.0))
    assert client.next(Ticks).prices == [100.0]
    assert market.connection.asked[GetLiveLines].qsize() == 1


def test_subscribers_of_ticks_get_the_columns_of_their_contracts_in_order(market: Market) -> None:
    every, one, quotes_only = market.client(), market.client(), market.client()
    aapl, msft = market.subscribe(every, "AAPL", ticks=True), market.subscribe(every, "MSFT", ticks=True)
    one.ask(Subscribe("MSFT", ticks=True))
    quotes_only.ask(Subscribe("MSFT"))
    market.tick((aapl, 1, 99.0, 3.0), (msft, 0, -1.0, 7.0), (aapl, 2, 99.1, 1.0), time_ns=5)
    assert every.next(Ticks) == Ticks(5, [AAPL, MSFT, AAPL], [1, 0, 2], [99.0, -1.0, 99.1], [3.0, 7.0, 1.0])
    assert one.next(Ticks) == Ticks(5, [MSFT], [0], [-1.0], [7.0])
    market.tick((aapl, 4, 99.0, 3.0), time_ns=6)
    market.tick((msft, 4, 50.0, 3.0), time_ns=7)
    assert one.next(Ticks).time_ns == 7, "a batch without its contracts reached a subscriber"
    assert quotes_only.next(Quote).bid_size == 7.0
    assert quotes_only.got[Ticks].empty()


def test_beyond_the_limit_of_lines_a_subscription_is_refused_with_what_to_do(market: Market) -> None:
    market.service.kill("market_data")
    market.start_market(max_lines=2)
    client = market.client()
    market.subscribe(client, "AAPL")
    market.subscribe(client, "MSFT")
    with pytest.raises(Rejected, match=r"no line left for SPY: market_data.max_lines = 2"):
        client.ask(Subscribe("SPY"))
    view = client.ask(GetMarketData())
    assert isinstance(view, MarketDataView)
    assert (view.lines, view.max_lines, view.subscribers) == (2, 2, 1)


def test_unknown_and_ambiguous_contracts_are_refused_and_asked_again_next_time(market: Market) -> None:
    client = market.client()
    with pytest.raises(Rejected, match="knows no contract for XYZ"):
        client.ask(Subscribe("XYZ"))
    market.connection.script[FetchContracts] = _refuse("code 200", "No security definition has been found")
    with pytest.raises(Rejected, match=r"knows no contract for XYZ .*No security definition"):
        client.ask(ResolveContract("XYZ"))
    del market.connection.script[FetchContracts]
    assert client.ask(ResolveContract("AAPL")) == stock("AAPL")
    assert market.connection.asked[FetchContracts].qsize() == 3


def test_a_question_that_many_ask_at_once_goes_to_the_broker_once_and_who_has_left_gets_nothing(market: Market) -> None:
    waiting: list[Sender] = []
    market.connection.script[FetchContracts] = lambda _, sender: waiting.append(sender) or LATER
    leaving, first, second = market.client(), market.client(), market.client()
    leaving.ask_future(Subscribe("MSFT"))
    market.asked(FetchContracts)
    market.service.kill("client1")
    futures = [client.ask_future(Subscribe("AAPL")) for client in (first, second)]
    market.asked(FetchContracts)
    second.ask(GetQuotes())  # answered after its question has been looked at
    for sender, symbol in zip(waiting, ("MSFT", "AAPL"), strict=True):
        market.do(lambda s=sender, t=symbol: s.reply(ContractList((stock(t),))))
    assert [future.result(5.0).details for future in futures] == [stock("AAPL")] * 2
    market.opened("AAPL")
    assert [quote.symbol for quote in first.ask(GetQuotes()).items] == ["AAPL"]


def test_the_brokers_refusal_of_a_line_reaches_the_subscriber_in_words(market: Market) -> None:
    client = market.client()
    line = market.subscribe(client, "AAPL")
    words = "Requested market data is not subscribed"
    market.do(lambda: market.connection.publish("ticks", LineNotice(1, line, 10167, "delayed data is shown")))
    market.do(lambda: market.connection.publish("ticks", LineNotice(1, line, 354, words)))
    assert client.next(Gap) == Gap((AAPL,), f"354: {words}")
    quote = client.next(Quote)
    assert (quote.state, quote.note) == ("waiting", f"354: {words}")
    assert market.asked(CloseLine).request_id == line
    client.ask(Subscribe("AAPL"))
    again = market.opened("AAPL")
    market.tick((again, 4, 100.0, 1.0), time_ns=time.time_ns())
    assert client.next(Resumed) == Resumed((AAPL,))
    assert client.next(Quote).note == ""


def test_a_quote_that_gets_no_ticks_is_told_stale_once(market: Market) -> None:
    market.service.kill("market_data")
    market.start_market(stale_after=0.05)
    client = market.client()
    line = market.subscribe(client, "AAPL")
    market.tick((line, 4, 100.0, 1.0), time_ns=time.time_ns())
    assert client.next(Quote).last == 100.0
    stale = client.next(Quote)
    assert (stale.state, stale.last) == ("stale", 100.0)
    assert stale.age is not None
    assert stale.age > 0.05


def test_ticks_of_a_line_that_nobody_opened_make_it_look_and_close_what_is_doubled(market: Market) -> None:
    client = market.client()
    line = market.subscribe(client, "AAPL")
    market.asked(GetLiveLines)
    doubled = 999_000_001
    market.connection.lines[doubled] = AAPL
    market.tick((doubled, 4, 7.0, 1.0), (line, 4, 100.0, 1.0))
    assert client.next(Quote).last == 100.0
    market.asked(GetLiveLines)
    assert market.asked(CloseLine) == CloseLine(1, doubled)
    assert [quote.last for quote in client.ask(GetQuotes()).items] == [100.0]


def _refuse(kind: str, reason: str) -> Callable[[object, object], object]:
    def script(_: object, __: object) -> object:
        raise Rejected(reason, kind=kind)

    return script
