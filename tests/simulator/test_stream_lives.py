"""Streams begin, change and end: by requests, entitlements, halts, a lost connection or a reader that is slow."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from simulator.session import CONGESTED
from tests.simulator.rig import ES, EUR_USD, NOON, SPY_CALL, World, contract, stock
from tests.simulator.test_quote_streams import DELAYED_TYPES, TICKS, errors, kinds_of_data, tick_types, watch

SYMBOLS = st.sampled_from(["AAPL", "MSFT"])
REFUSALS = {354, 10089, 10186, 10197}


class QuoteStreams(RuleBasedStateMachine):
    """One client does what it likes; what it is sent must fit what it was told before."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.client = self.world.client()
        self.open: set[int] = set()
        self.silent: set[int] = set()
        self.kinds: dict[int, int] = {}

    def hear(self) -> list[tuple[int, int]]:
        """Take what was sent; returns the errors."""
        found = []
        for fields in self.client.take():
            if fields[0] == "4":
                found.append((int(fields[2]), int(fields[3])))
            elif fields[0] == "58":
                self.kinds[int(fields[2])] = int(fields[3])
            elif fields[0] in TICKS:
                request_id = int(fields[2])
                assert request_id in self.open
                late = tick_types([fields]) <= DELAYED_TYPES | {69, 70, 71}
                assert late == (self.kinds[request_id] in {3, 4}), fields
        lost = {request_id for request_id, code in found if code in REFUSALS}
        self.open -= lost
        self.silent |= lost
        return found

    @rule(request_id=st.integers(1, 4), symbol=SYMBOLS)
    def subscribe(self, request_id, symbol):
        used = request_id in self.open
        before, silent = self.open.copy(), self.silent.copy()
        self.open.add(request_id)
        self.client.reqMktData(request_id, stock(symbol), "", False, False, [])
        codes = [code for _, code in self.hear() if code != 10167]
        if used:
            assert codes == [322]
        elif codes:
            assert len(codes) == 1
            assert codes[0] in REFUSALS
            self.open, self.silent = before, silent
        else:
            self.silent.discard(request_id)

    @rule(request_id=st.integers(1, 4))
    def cancel(self, request_id):
        self.client.cancelMktData(request_id)
        known = request_id in self.open | self.silent
        self.open.discard(request_id)
        self.silent.discard(request_id)
        assert self.hear() == ([] if known else [(request_id, 300)])

    @rule(kind=st.integers(1, 4))
    def ask_for_a_kind_of_data(self, kind):
        self.client.reqMarketDataType(kind)
        self.hear()

    @rule(symbol=SYMBOLS | st.just("all"), mode=st.sampled_from(["live", "live", "delayed", "none", "competing"]))
    def entitle(self, symbol, mode):
        self.world.gateway.entitlements.set(symbol, mode)
        self.hear()

    @rule(symbol=SYMBOLS, on=st.booleans())
    def halt(self, symbol, on):
        self.world.gateway.market.halt(self.world.gateway.universe.shares[symbol], on)

    @rule(seconds=st.sampled_from([0.25, 1.0, 30.0]))
    def wait(self, seconds):
        self.world.step(seconds)
        assert self.hear() == []

    @precondition(lambda self: self.open)
    @rule()
    def lose_the_connection(self):
        self.world.gateway.link(1101)
        self.open.clear()
        self.silent.clear()
        assert self.hear() == [(-1, 1101)]

    @invariant()
    def nobody_follows_what_nobody_watches(self):
        watched = self.world.gateway.quotes.watched(self.client.session)
        assert set(watched) == self.open | self.silent
        assert bool(self.world.gateway.quotes.instruments()) == bool(self.open)


QuoteStreams.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestQuoteStreams = QuoteStreams.TestCase


def everything(client):
    """One stream of each kind, ids from 1 on."""
    ids = itertools.count(1)
    client.reqMktData(next(ids), stock(), "233", False, False, [])
    client.reqTickByTickData(next(ids), stock(), "AllLast", 0, False)
    client.reqTickByTickData(next(ids), stock(), "BidAsk", 0, False)
    client.reqMktDepth(next(ids), stock(), 5, True, [])
    client.reqRealTimeBars(next(ids), stock(), 5, "TRADES", False, [])
    client.reqHistoricalData(next(ids), stock(), "", "60 S", "5 secs", "TRADES", 0, 2, True, [])
    return client.take()


def heard(world, client, seconds=6):
    for _ in range(seconds):
        world.step(1)
    return {fields[0] for fields in client.take()}


CONTRACTS = {
    "share": stock(),
    "foreign share": contract(symbol="AAPL", secType="STK", exchange="MEXI", currency="MXN"),
    "currency": EUR_USD,
    "future": ES,
    "continuous future": contract(symbol="ES", secType="CONTFUT", exchange="CME", currency="USD"),
    "option": SPY_CALL,
    "index": contract(symbol="SPX", secType="IND", exchange="CBOE", currency="USD"),
    "crypto": contract(symbol="BTC", secType="CRYPTO", exchange="PAXOS", currency="USD"),
}
GENERICS = "100,101,104,105,106,165,221,225,232,233,236,258,293,294,295,318,375,411,456,460,588,595,619"


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_stream_of_every_kind_of_contract_is_served_or_refused_by_night_and_by_day(name):
    world = World(now=NOON - 2.5 * 3600 - 10)
    world.gateway.market.hours = "exchange"
    client = world.client()
    asked, answered = CONTRACTS[name], set()
    client.reqMktData(1, asked, GENERICS, False, False, [])
    for number, kind in enumerate(("Last", "AllLast", "BidAsk", "MidPoint"), start=2):
        client.reqTickByTickData(number, asked, kind, 5, False)
    client.reqMktDepth(6, asked, 5, False, [])
    client.reqMktDepth(7, asked, 5, True, [])
    for number, what in enumerate(("TRADES", "BID_ASK", "MIDPOINT"), start=8):
        client.reqRealTimeBars(number, asked, 5, what, False, [])
        client.reqHistoricalData(number + 3, asked, "", "300 S", "10 secs", what, 0, 1, True, [])
        client.reqHeadTimeStamp(number + 6, asked, what, 0, 1)
    client.reqHistogramData(17, asked, False, "1 days")
    for seconds in (1, 10, 10):
        world.step(seconds)
        for method, arguments in client.callbacks():
            if method != "connectionClosed":
                answered.add(arguments[0])
    assert not client.session.over
    assert answered >= set(range(1, 18)) - {3, 7}
    assert answered >= {3, 7} or name == "share"


STREAMED = {"1", "46", "99", "13", "50", "90"}


def test_1101_ends_every_stream_and_1102_none():
    world = World()
    client = world.client()
    everything(client)
    assert heard(world, client) >= STREAMED
    world.gateway.link(1102)
    client.take()
    assert heard(world, client) >= STREAMED
    world.gateway.link(1101)
    client.take()
    assert heard(world, client) == set()
    assert world.gateway.quotes.instruments() == {}
    assert errors(client, everything(client)) == [(4, 2152)]
    assert heard(world, client) >= STREAMED


def test_streams_go_on_when_the_market_takes_up_its_hours():
    world = World()
    client = world.client()
    everything(client)
    heard(world, client)
    world.gateway.market.hours = "exchange"
    assert heard(world, client) >= STREAMED


def test_nothing_is_followed_any_more_for_a_client_that_left():
    world = World()
    client = world.client()
    everything(client)
    world.gateway.disconnect(client.session)
    assert world.gateway.quotes.instruments() == {}
    world.gateway.quotes.most_lines = 1
    assert errors(world.client(2), watch(world.client(3), 1, stock("MSFT"))) == []


def test_a_client_that_reads_slowly_is_sent_no_quotes_and_then_the_whole_quote():
    world = World()
    client = world.client()
    watch(client, 1, stock())
    client.reqMktDepth(2, stock(), 5, True, [])
    client.take()
    client.session.output += b"\0" * (CONGESTED + 1)
    waiting = len(client.session.output)
    for _ in range(20):
        world.step(1)
    assert len(client.session.output) == waiting
    client.session.output.clear()
    world.step(1)
    messages = client.take()
    assert kinds_of_data(messages) == [1]
    assert tick_types(messages) >= {1, 2, 4, 6, 7, 8, 9, 14}
    assert errors(client, messages) == [(2, 317)]
    assert len([fields for fields in messages if fields[0] == "13" and fields[5] == "0"]) == 10


@pytest.mark.parametrize("mode", ["none", "competing"])
def test_every_kind_of_stream_ends_with_a_reason_when_the_entitlement_is_lost(mode):
    world = World()
    client = world.client()
    everything(client)
    world.gateway.entitlements.set("AAPL", mode)
    codes = errors(client, client.take())
    quote = 10197 if mode == "competing" else 354
    assert sorted(codes) == [(1, quote), (2, 10189), (3, 10189), (4, quote), (5, 420), (6, 162)]
    assert heard(world, client) == set()
