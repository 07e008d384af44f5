"""Sessions come and go, processes die: lines are rebuilt from what is wanted, and subscribers are told."""

from __future__ import annotations

import time

import pytest

from actors.messages.broker import CloseLine, GetLiveLines, LiveLine, OpenLine
from actors.messages.market import Gap, GetQuote, GetReference, Hold, Quote, ResolveContract, Resumed, Subscribe, Ticks
from actors.messages.session import LinkChanged
from supervision.actor import LATER
from supervision.errors import Rejected
from supervision.message import Done
from tests.market.conftest import Market
from tests.market.scripted import STOCKS, stock

AAPL, MSFT = STOCKS["AAPL"], STOCKS["MSFT"]


def test_a_new_session_rebuilds_every_line_the_operators_first_and_announces_gap_and_resumption(market: Market) -> None:
    client, watcher = market.client(), market.client("market")
    line = market.subscribe(client, "AAPL")
    watcher.ask(Subscribe("AAPL"))
    client.ask(Hold("MSFT"))
    market.opened("MSFT")
    market.tick((line, 4, 100.0, 1.0), time_ns=time.time_ns())
    assert client.next(Quote).state == "live"

    market.do(market.connection.end)
    lost = "the session with the gateway ended: the gateway closed the socket"
    assert client.next(Gap) == Gap((AAPL,), lost)
    assert watcher.next(Gap) == Gap((AAPL, MSFT), lost)
    gone = client.next(Quote)
    assert (gone.state, gone.last, gone.note) == ("gap", 100.0, lost)

    market.do(lambda: market.connection.begin(2))
    assert [market.asked(OpenLine).contract.symbol for _ in range(2)] == ["MSFT", "AAPL"]
    aapl, msft = (market.do(lambda s=symbol: market.connection.request_of(s)) for symbol in ("AAPL", "MSFT"))
    assert aapl != line
    market.tick((aapl, 4, 101.0, 1.0), (msft, 4, 50.0, 1.0), time_ns=time.time_ns())
    assert client.next(Resumed) == Resumed((AAPL,))
    assert sorted(watcher.next(Resumed).con_ids) == [AAPL, MSFT]
    back = client.next(Quote)
    assert (back.state, back.last, back.note) == ("live", 101.0, "")
    assert client.got[Gap].empty()
    assert watcher.got[Gap].empty(), "who listens to the topic was told twice"


def test_a_restart_of_connection_is_a_gap_and_ticks_of_the_old_session_are_not_believed(market: Market) -> None:
    client = market.client()
    market.subscribe(client, "AAPL", ticks=True)
    market.service.kill("connection")
    assert client.next(Gap).reason == "Connection is being restarted"
    market.start_connection(epoch=2)
    again = market.opened("AAPL")
    market.connection.epoch = 1
    market.tick((again, 4, 1.0, 1.0))
    market.connection.epoch = 2
    market.tick((again, 4, 100.0, 1.0))
    assert client.next(Resumed) == Resumed((AAPL,))
    assert client.next(Ticks).prices == [100.0]


def test_lost_data_reopens_the_lines_of_the_same_socket_kept_data_does_not(market: Market) -> None:
    client = market.client()
    line = market.subscribe(client, "AAPL")
    link = lambda code, up, lost: LinkChanged(1, 0, up, lost, code, "words")  # noqa: E731
    market.do(lambda: market.connection.publish("session", link(1100, False, False)))
    assert client.next(Gap) == Gap((AAPL,), "1100: words")
    market.do(lambda: market.connection.publish("session", link(1102, True, False)))
    market.tick((line, 4, 100.0, 1.0))
    assert client.next(Resumed) == Resumed((AAPL,))
    market.do(lambda: market.connection.publish("session", link(1101, True, True)))
    assert client.next(Gap) == Gap((AAPL,), "1101: words")
    assert market.asked(CloseLine) == CloseLine(1, line)
    assert market.opened("AAPL") != line


def test_after_its_own_restart_it_adopts_the_lines_it_finds_and_renews_those_that_are_claimed(
    market: Market,
) -> None:
    client = market.client()
    market.subscribe(client, "AAPL")
    line = market.subscribe(client, "MSFT")
    held_back: list = []
    market.connection.script[CloseLine] = lambda message, sender: held_back.append((message, sender)) or LATER
    market.service.kill("market_data")
    market.start_market()
    market.asked(GetLiveLines)
    client.ask(Subscribe("MSFT"))
    market.tick((line, 4, 50.0, 1.0), time_ns=time.time_ns())
    assert client.next(Quote).last == 50.0, "the adopted line does not serve"
    assert market.asked(CloseLine) == CloseLine(1, line), "it was not renewed"
    assert market.connection.asked[OpenLine].empty(), "a second line was opened"
    market.connection.lines.pop(line)
    ((_, sender),) = held_back
    market.do(lambda: sender.reply(Done()))
    assert market.opened("MSFT") != line


def test_what_is_subscribed_during_an_outage_gets_its_line_with_the_next_session(market: Market) -> None:
    client = market.client()
    client.ask(ResolveContract("AAPL"))
    _end_session(market)
    reply = client.ask(Subscribe("AAPL"))
    assert (reply.quote.state, reply.quote.last) == ("waiting", None)
    assert market.connection.asked[OpenLine].empty()
    market.do(lambda: market.connection.begin(2))
    assert [market.asked(OpenLine).contract.symbol for _ in range(2)] == ["SPY", "AAPL"]


def test_a_question_waits_a_moment_for_the_first_session_then_is_refused_in_words(market: Market) -> None:
    _end_session(market)
    client = market.client()
    with pytest.raises(Rejected, match=r"AAPL .* there is no session with the gateway"):
        client.ask(Subscribe("AAPL"))
    market.do(lambda: market.connection.begin(2))
    assert client.ask(Subscribe("AAPL")).details == stock("AAPL")


def test_a_line_of_unknown_outcome_is_looked_for_before_it_is_opened_again(market: Market) -> None:
    client = market.client()
    market.asked(GetLiveLines)

    def fail(message: OpenLine, _: object) -> object:
        del market.connection.script[OpenLine]
        market.connection.lines[77] = message.contract.con_id
        raise Rejected("the session ended while it was sent", kind="outcome_unknown")

    market.connection.script[OpenLine] = fail
    client.ask(Subscribe("AAPL"))
    market.asked(OpenLine)
    market.asked(GetLiveLines)
    market.tick((77, 4, 100.0, 1.0))
    assert client.next(Quote).last == 100.0
    assert market.connection.asked[OpenLine].empty()


def test_a_reference_opens_a_line_waits_for_a_price_and_says_what_it_is_worth(market: Market) -> None:
    client = market.client()
    market.connection.script[OpenLine] = lambda message, _: _open_and_tick(market, message)
    reference = client.ask(GetReference("AAPL"))
    assert reference.details == stock("AAPL")
    assert (reference.quote.last, reference.quote.state) == (100.0, "live")
    assert client.ask(GetReference("AAPL")).quote.last == 100.0
    assert market.connection.asked[OpenLine].qsize() == 1
    assert client.ask(GetQuote("AAPL")).last == 100.0, "the line is not kept for the next order"
    del market.connection.script[OpenLine]
    began = time.monotonic()
    unpriced = client.ask(GetReference("MSFT"))
    assert (unpriced.quote.state, unpriced.quote.last) == ("waiting", None)
    assert time.monotonic() - began >= 3.0


def test_a_reference_does_not_wait_for_a_line_that_the_broker_refuses(market: Market) -> None:
    def refuse(_: OpenLine, __: object) -> object:
        raise Rejected("Requested market data is not subscribed", kind="code 354")

    market.connection.script[OpenLine] = refuse
    began = time.monotonic()
    reference = market.client().ask(GetReference("AAPL"))
    assert reference.quote.note == "Requested market data is not subscribed"
    assert time.monotonic() - began < 3.0


def _end_session(market: Market) -> None:
    """End the session, and return once MarketData knows."""
    witness = market.client()
    market.subscribe(witness, "SPY")
    market.do(market.connection.end)
    witness.next(Gap)


def _open_and_tick(market: Market, message: OpenLine) -> LiveLine:
    connection = market.connection
    connection.lines[55] = message.contract.con_id
    connection.reactor.after(0.0, lambda: connection.tick((55, 4, 100.0, 1.0), time_ns=time.time_ns()))
    return LiveLine(55, message.contract.con_id)
