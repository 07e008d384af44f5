"""What survives a restart of MarketData: contracts and the operator's holds, kept by State, which may be away."""

from __future__ import annotations

import pytest

from actors.messages.broker import CloseLine, FetchContracts
from actors.messages.market import Contract, Drop, GetQuote, Hold, ResolveContract, Subscribe
from actors.messages.state import Memory, RememberContracts, RememberHold
from supervision.actor import LATER
from supervision.errors import Rejected
from supervision.message import Done
from tests.market.conftest import Market
from tests.market.scripted import ScriptedState, stock

NOTHING = Memory((), ())


def start_state(market: Market, memory: Memory = NOTHING) -> ScriptedState:
    state: ScriptedState = market.service.start("state", ScriptedState, memory=memory).actor
    return state


def test_a_hold_is_remembered_and_ends_with_drop(market: Market) -> None:
    state = start_state(market)
    client = market.client()
    client.ask(Hold("AAPL"))
    line = market.opened("AAPL")
    assert state.told.get(timeout=5.0) == RememberContracts((stock("AAPL"),))
    assert state.told.get(timeout=5.0) == RememberHold(stock("AAPL"), held=True)
    with pytest.raises(Rejected, match="nobody holds a line for MSFT"):
        client.ask(Drop("MSFT"))
    assert client.ask(Drop("AAPL")) == Done()
    assert market.asked(CloseLine).request_id == line
    forgotten = state.told.get(timeout=5.0)
    assert isinstance(forgotten, RememberHold)
    assert (forgotten.details.contract, forgotten.held) == (stock("AAPL").contract, False)


def test_drop_of_what_only_others_hold_is_refused(market: Market) -> None:
    client = market.client()
    market.subscribe(client, "AAPL")
    with pytest.raises(Rejected, match="the operator does not hold AAPL"):
        client.ask(Drop("AAPL"))


def test_a_restart_brings_back_holds_and_contracts_without_waiting_for_the_broker(market: Market) -> None:
    market.connection.script[FetchContracts] = lambda _, __: LATER
    market.service.kill("market_data")
    start_state(market, Memory((stock("MSFT"),), (stock("AAPL"),)))
    market.start_market()
    client = market.client()
    line = market.opened("AAPL")
    assert client.ask(ResolveContract("MSFT")) == stock("MSFT")
    assert client.ask(GetQuote("AAPL")).symbol == "AAPL", "a hold is found by its plain symbol"
    assert market.asked(FetchContracts).contract == Contract("MSFT"), "what was remembered is not refreshed"
    assert client.ask(ResolveContract("MSFT")) == stock("MSFT")
    assert market.connection.asked[FetchContracts].empty()
    client.ask(Drop("AAPL"))
    assert market.asked(CloseLine).request_id == line


def test_without_state_everything_works_and_what_was_done_meanwhile_wins_when_it_comes(market: Market) -> None:
    client = market.client()
    client.ask(Hold("AAPL"))
    client.ask(Drop("AAPL"))
    client.ask(Hold("MSFT"))
    state = start_state(market, Memory((), (stock("AAPL"),)))
    told = [state.told.get(timeout=5.0) for _ in range(3)]
    assert RememberContracts((stock("AAPL"), stock("MSFT"))) in told
    holds = [(one.details.contract.symbol, one.held) for one in told if isinstance(one, RememberHold)]
    assert sorted(holds) == [("AAPL", False), ("MSFT", True)]
    client.ask(Subscribe("SPY"))  # a further exchange: by now the memory has been taken in
    assert isinstance(state.told.get(timeout=5.0), RememberContracts)
    with pytest.raises(Rejected, match=r"the operator does not hold AAPL|nobody holds a line for AAPL"):
        client.ask(Drop("AAPL"))
