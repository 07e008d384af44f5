"""What is computed of options, with their quotes and on request; combos, quoted from their legs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.contract import ComboLeg

from simulator.market.option_model import price_option
from simulator.services.option_computations import implied_volatility
from tests.simulator.rig import NOON, SPY_CALL, VERSIONS, World, contract, stock
from tests.simulator.test_quote_streams import errors, tick_types, watch


@pytest.mark.parametrize("version", VERSIONS)
def test_options_are_computed_of_bid_ask_last_and_model_unless_the_underlying_is_not_seen(version):
    world = World()
    client = world.client(1, version)
    assert {10, 11, 12, 13} <= tick_types(watch(client, 1, SPY_CALL))
    (option,) = world.gateway.quotes.watched(client.session).values()
    world.gateway.entitlements.set(option.local_symbol, "live")
    assert client.take() == []
    world.gateway.entitlements.set("SPY", "delayed")
    assert errors(client, client.take()) == [(1, 10090)]
    messages = watch(client, 2, SPY_CALL)
    assert errors(client, messages) == [(2, 10090)]
    assert not {10, 11, 12, 13} & tick_types(messages)
    assert {1, 2} <= tick_types(messages)


def test_delayed_options_are_computed_under_types_of_their_own():
    world = World()
    client = world.client()
    client.reqMarketDataType(3)
    world.gateway.entitlements.set("SPY", "delayed")
    messages = watch(client, 1, SPY_CALL, "233")
    assert errors(client, messages) == [(1, 10167)]
    assert {80, 81, 82, 83} <= tick_types(messages)
    seen = set()
    for _ in range(40):
        world.step(1)
        seen |= tick_types(client.take())
    assert seen >= {80, 81, 83}
    assert not seen & {10, 11, 12, 13, 48}


@pytest.mark.parametrize("version", VERSIONS)
def test_calculations_on_request_are_each_others_inverse(version):
    client = World().client(1, version)
    client.calculateOptionPrice(1, SPY_CALL, 0.31, 565.0, [])
    (price,) = client.take()
    assert price[:3] == ["21", "1", "53"]
    client.calculateImpliedVolatility(2, SPY_CALL, float(price[6]), 565.0, [])
    (volatility,) = client.take()
    assert float(volatility[4]) == pytest.approx(0.31, abs=1e-6)
    client.calculateImpliedVolatility(3, SPY_CALL, 0.01, 900.0, [])
    (impossible,) = client.take()
    assert impossible[4:6] == ["-1", "-2"]
    client.cancelCalculateImpliedVolatility(2)
    assert client.take() == []
    client.calculateImpliedVolatility(4, stock(), 1.0, 1.0, [])
    assert errors(client, client.take()) == [(4, 321)]


@given(
    volatility=st.floats(0.05, 2.0),
    moneyness=st.floats(0.9, 1.1),
    right=st.sampled_from("CP"),
)
def test_what_is_implied_of_a_model_price_is_the_volatility_it_was_made_with(volatility, moneyness, right):
    option = contract(expiry="20261218", strike=560, right=right)
    spot = 560 * moneyness
    price = price_option(option, spot, NOON, volatility).price
    implied = implied_volatility(option, price, spot, NOON)
    assert implied is not None
    assert price_option(option, spot, NOON, implied).price == pytest.approx(price, abs=1e-7)


@pytest.mark.parametrize("version", VERSIONS)
def test_combos_are_quoted_from_their_legs(version):
    world = World()
    client = world.client(1, version)
    legs = []
    for con_id, action in ((265598, "BUY"), (272093, "SELL")):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = con_id, 1, action, "SMART"
        legs.append(leg)
    combo = contract(symbol="AAPL,MSFT", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)
    messages = watch(client, 1, combo)
    bid = next(float(f[4]) for f in messages if f[0] == "1" and f[3] == "1")
    assert bid < 0
    for _ in range(10):
        world.step(1)
    assert client.take()
