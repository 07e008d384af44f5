"""Positions in contracts that expire: settled in cash or shares, told to clients, the sum of all fills as ever."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from simulator.market.hours import day_start, local, parse_stamp
from simulator.market.universe import Query
from tests.simulator.rig import World, contract, order

AAPL = 265598
AFTER = "20261222 12:00:00"
CENT = Decimal("0.01")


@pytest.fixture
def world():
    made = World(cash=Decimal(10_000_000))
    made.gateway.move_price("AAPL", Decimal(200))
    made.gateway.market.frozen = True
    return made


def option(world, symbol: str, right: str, strike: int, expiry: str = "202612", **parts: str):
    return world.gateway.universe.find(
        Query(symbol=symbol, sec_type="OPT", expiry=expiry, right=right, strike=Decimal(strike), **parts)
    )[0]


def hold(world, client, order_id: int, item, action: str, quantity: int) -> Decimal:
    """Trade at the market until it is filled; the price of the last fill."""
    client.placeOrder(order_id, contract(conId=item.con_id), order(action, quantity, tif="GTC"))
    for one in world.gateway.exchange.open_orders():
        world.gateway.exchange.fill(one.perm_id, None, None, world.gateway.trading)
    return Decimal([fields for fields in client.take() if fields[0] == "11"][-1][20])


def jump(world, text: str = AFTER) -> None:
    moment = parse_stamp(text)
    assert moment is not None
    world.step(moment - world.now)


def told(client) -> list[tuple[str, str, Decimal, Decimal]]:
    """Security type, side, quantity and price of every execution; its charge is asserted to be nothing."""
    messages = client.take()
    assert {fields[3] for fields in messages if fields[0] == "59"} <= {"0"}
    return [
        (fields[5], fields[18], Decimal(fields[19]), Decimal(fields[20])) for fields in messages if fields[0] == "11"
    ]


def held(world) -> dict[int, Decimal]:
    return {one.instrument.con_id: one.quantity for one in world.gateway.account.positions.values() if one.quantity}


def balances(world) -> bool:
    """Whether cash and positions are the sum of the ledger's executions."""
    account = world.gateway.account
    fills = world.gateway.exchange.fills.since(local(0.0).date())
    quantities: dict[int, Decimal] = {}
    cash = Decimal(10_000_000)
    for fill in fills:
        con_id = fill.instrument.con_id
        quantities[con_id] = quantities.get(con_id, Decimal(0)) + fill.signed
        cash -= fill.commission + fill.signed * fill.price * fill.instrument.factor
    return account.cash == {"USD": cash} and held(world) == {key: one for key, one in quantities.items() if one}


def test_a_future_is_settled_in_cash_at_its_last_price_and_all_who_follow_are_told(world):
    zero, one = world.client(0), world.client(1)
    future = world.gateway.universe.named("ESZ6")
    hold(world, one, 1, future, "BUY", 2)
    one.reqPositions()
    one.reqAccountUpdates(True, "")
    one.callbacks()
    last = world.gateway.market.last_price(future, world.now)
    jump(world)
    assert told(zero) == [("FUT", "SLD", 2, last)]
    calls = one.callbacks()
    assert [call[1][2] for call in calls if call[0] == "position"] == [0]
    assert [call[1][1] for call in calls if call[0] == "updatePortfolio"][:1] == [0]
    assert held(world) == {}
    assert balances(world)
    figures = world.gateway.account.figures()
    assert (figures["InitMarginReq"], figures["FuturesPNL"]) == (0, 0)


@pytest.mark.parametrize(
    ("right", "strike", "action", "shares"),
    [
        ("C", 190, "BUY", ("BOT", 100)),
        ("C", 190, "SELL", ("SLD", -100)),
        ("P", 210, "BUY", ("SLD", -100)),
        ("P", 210, "SELL", ("BOT", 100)),
        ("C", 210, "BUY", None),
        ("P", 190, "SELL", None),
        ("C", 200, "BUY", None),
    ],
)
def test_an_option_on_shares_goes_at_0_and_leaves_shares_at_its_strike_when_it_is_in_the_money(
    world, right, strike, action, shares
):
    zero = world.client(0)
    item = option(world, "AAPL", right, strike)
    world.gateway.move_price("AAPL", Decimal(200))
    hold(world, zero, 1, item, action, 1)
    jump(world)
    removal = ("OPT", "SLD" if action == "BUY" else "BOT", 1, 0)
    moved = [] if shares is None else [("STK", shares[0], 100, strike)]
    assert told(zero) == [removal, *moved]
    assert held(world) == ({} if shares is None else {AAPL: shares[1]})
    assert balances(world)


@pytest.mark.parametrize(("right", "action"), [("C", "BUY"), ("P", "SELL"), ("P", "BUY"), ("C", "SELL")])
def test_an_option_on_an_index_is_settled_in_cash_at_what_it_is_in_the_money(world, right, action):
    zero, universe = world.client(0), world.gateway.universe
    spot = world.gateway.market.last_price(universe.named("SPX"), world.now)
    strike = int(spot // 25 * 25)
    hold(world, zero, 1, option(world, "SPX", right, strike, trading_class="SPX"), action, 1)
    jump(world)
    gain = spot - strike if right == "C" else Decimal(0)
    assert told(zero) == [("OPT", "SLD" if action == "BUY" else "BOT", 1, gain)]
    assert held(world) == {}
    assert balances(world)


def test_days_that_are_jumped_over_settle_each_contract_at_the_end_of_its_own():
    world = World(cash=Decimal(10_000_000))
    client, universe = world.client(0), world.gateway.universe
    call = option(world, "SPX", "C", 5000, trading_class="SPX")
    items = [universe.named("ESZ6"), universe.named("CLF27"), call]
    for order_id, item in enumerate(items, start=1):
        hold(world, client, order_id, item, "BUY", 1)
    jump(world)
    ends = [fill for fill in world.gateway.exchange.fills.since(local(world.now - 9e6).date()) if not fill.order_id]
    days = [f"{local(fill.time):%Y%m%d}" for fill in ends]
    assert days == sorted(item.expiry for item in items)
    assert len(set(days)) == 3
    prices = {fill.instrument.con_id: fill.price for fill in ends}
    for item in items:
        market = World(now=day_start(date.fromisoformat(item.expiry)) + 86_399.75).gateway.market
        priced = universe.named("SPX") if item is call else item
        assert prices[item.con_id] == market.last_price(priced, market.now) - item.strike
    assert balances(world)


def test_what_expired_while_the_simulator_was_not_running_is_settled_when_it_starts(tmp_path):
    world = World(tmp_path, cash=Decimal(10_000_000))
    future = world.gateway.universe.named("ESZ6")
    hold(world, world.client(), 1, future, "BUY", 1)
    world.close()
    for _ in range(2):
        world = World(tmp_path, now=parse_stamp(AFTER))
        assert held(world) == {}
        assert balances(world)
        world.close()
