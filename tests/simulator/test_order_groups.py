"""Brackets, one-cancels-all groups, combos and conditions through the whole gateway in memory."""

from __future__ import annotations

from decimal import Decimal

import pytest
from ibapi.contract import ComboLeg
from ibapi.order_condition import Create, OrderCondition
from ibapi.tag_value import TagValue

from simulator.market.universe import Query
from tests.simulator.rig import World, cancellation, contract, order, stock, story


@pytest.fixture
def world():
    made = World()
    made.gateway.move_price("AAPL", Decimal(200))
    made.gateway.market.frozen = True
    return made


def bracket(client, *, entry: str = "LMT", **parts: object) -> None:
    client.placeOrder(10, stock(), order("BUY", 100, entry, lmtPrice=199.0, transmit=False, **parts))
    client.placeOrder(11, stock(), order("SELL", 100, "LMT", lmtPrice=210.0, parentId=10, transmit=False))
    assert client.take() == []
    client.placeOrder(12, stock(), order("SELL", 100, "STP", auxPrice=190.0, parentId=10))


def fill(world, order_id: int, quantity: int | None = None) -> None:
    (working,) = [one for one in world.gateway.exchange.open_orders() if one.order_id == order_id]
    amount = None if quantity is None else Decimal(quantity)
    world.gateway.exchange.fill(working.perm_id, amount, None, world.gateway.trading)


def statuses(messages) -> list[tuple[str, str, str]]:
    return [(fields[1], fields[2], fields[10]) for fields in messages if fields[0] == "3"]


def live(world) -> dict[int, tuple[str, Decimal]]:
    return {one.order_id: (one.status, one.remaining) for one in world.gateway.exchange.open_orders()}


def test_a_bracket_is_silent_until_its_last_child_transmits_it_whole_and_holds_the_children(world):
    client = world.client()
    bracket(client)
    told = client.take()
    assert statuses(told) == [
        ("10", "PreSubmitted", ""),
        ("11", "PreSubmitted", "child"),
        ("12", "PreSubmitted", "child,trigger"),
        ("10", "Submitted", ""),
    ]
    parent, child = [fields for fields in told if fields[0] == "5"][:2]
    assert (child[19], child[53], child[57]) == (parent[25], "3", "10")
    world.gateway.move_price("AAPL", Decimal(211))
    assert client.take() == []


def test_children_wake_when_their_parent_fills_and_the_first_to_fill_ends_the_other(world):
    client = world.client()
    bracket(client)
    world.gateway.move_price("AAPL", Decimal("198.50"))
    client.take()
    assert live(world) == {11: ("Submitted", 100), 12: ("PreSubmitted", 100)}
    world.gateway.move_price("AAPL", Decimal(211))
    assert story(client.take())[-2:] == ["status Cancelled", "error 202"]
    assert live(world) == {}
    assert world.gateway.account.positions[265598].quantity == 0


def test_a_partly_filled_parent_gives_its_children_as_much_and_leaves_it_to_them_when_it_is_cancelled(world):
    client = world.client()
    bracket(client)
    fill(world, 10, 40)
    client.take()
    fill(world, 11)
    assert live(world) == {10: ("Submitted", 60), 11: ("Submitted", 60), 12: ("PreSubmitted", 60)}
    fill(world, 10, 10)
    client.cancelOrder(10, cancellation())
    assert live(world) == {11: ("Submitted", 10), 12: ("PreSubmitted", 10)}
    world.gateway.move_price("AAPL", Decimal(189))
    assert live(world) == {}
    assert world.gateway.account.positions[265598].quantity == 0


def test_a_cancelled_parent_takes_its_children_along_and_late_children_are_refused(world):
    client = world.client()
    bracket(client)
    client.take()
    client.cancelOrder(10, cancellation())
    assert story(client.take()) == ["status Cancelled", "error 202"] * 3
    for order_id, parent, code in ((13, 10, "201"), (14, 99, "10006"), (15, 15, "10006")):
        client.placeOrder(order_id, stock(), order("SELL", 1, parentId=parent))
        assert [fields[3] for fields in client.take()] == [code]


def test_a_child_may_cancel_its_parent(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=199.0, transmit=False))
    client.placeOrder(2, stock(), order("SELL", 10, "LMT", lmtPrice=210.0, parentId=1, autoCancelParent=True))
    client.cancelOrder(2, cancellation())
    assert live(world) == {}


def test_an_order_held_back_is_cancelled_without_ever_having_been_told(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, transmit=False))
    client.placeOrder(2, stock(), order("BUY", 10, transmit=False))
    client.cancelOrder(1, cancellation())
    assert story(client.take()) == ["error 202"]
    client.reqGlobalCancel(cancellation())
    assert story(client.take()) == ["error 202"]
    client.cancelOrder(2, cancellation())
    assert story(client.take()) == ["error 10147"]


@pytest.mark.parametrize(("kind", "left"), [(1, {}), (2, {2: ("Submitted", 60)}), (3, {2: ("Submitted", 60)})])
def test_a_fill_cancels_or_lowers_its_partners_by_the_type_of_their_group(world, kind, left):
    client = world.client()
    for order_id in (1, 2):
        wanted = order("BUY", 100, "LMT", lmtPrice=150.0, ocaGroup="one", ocaType=kind)
        client.placeOrder(order_id, stock(), wanted)
    client.take()
    fill(world, 1, 40)
    told = client.take()
    partner = ["status Cancelled", "error 202"] if kind == 1 else ["open", "status Submitted"]
    assert story(told)[-2:] == partner
    assert {order_id: state for order_id, state in live(world).items() if order_id == 2} == left
    fill(world, 1)
    assert live(world) == {}


def spread(world, *actions: str):
    """A combo of two neighbouring SPY calls, and the calls."""
    query = Query(symbol="SPY", sec_type="OPT", right="C", exchange="SMART", currency="USD")
    found = [item for item in world.gateway.universe.find(query) if item.trading_class == "SPY"]
    calls = sorted((item for item in found if item.expiry == found[-1].expiry), key=lambda item: item.strike)[40:42]
    bag = contract(symbol="SPY", secType="BAG", exchange="SMART", currency="USD")
    bag.comboLegs = []
    for item, action in zip(calls, actions, strict=True):
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = item.con_id, 1, action, "SMART"
        bag.comboLegs.append(leg)
    return bag, calls


@pytest.mark.parametrize("non_guaranteed", ["0", "1"])
def test_a_combo_fills_with_its_legs_which_alone_are_booked(world, non_guaranteed):
    client = world.client()
    bag, calls = spread(world, "BUY", "SELL")
    routing = [TagValue("NonGuaranteed", non_guaranteed)]
    client.placeOrder(1, bag, order("BUY", 3, "LMT", lmtPrice=9.0, smartComboRoutingParams=routing))
    told = client.take()
    fills = [fields for fields in told if fields[0] == "11"]
    assert story(told)[:5] == ["open", "status PreSubmitted", "fill 3", "fill 3", "fill 3"]
    assert [(fields[5], fields[18], fields[14].count(".")) for fields in fills] == [
        ("BAG", "BOT", 3),
        ("OPT", "BOT", 4),
        ("OPT", "SLD", 4),
    ]
    whole, bought, sold = (Decimal(fields[20]) for fields in fills)
    assert whole == bought - sold
    assert [fields[2] for fields in told if fields[0] == "59"] == [fields[14] for fields in fills[1:]]
    positions = world.gateway.account.positions
    assert {con_id: position.quantity for con_id, position in positions.items()} == {
        calls[0].con_id: 3,
        calls[1].con_id: -3,
    }
    commissions = sum(Decimal(fields[3]) for fields in told if fields[0] == "59")
    assert world.gateway.account.cash["USD"] == 1_000_000 - 300 * whole - commissions


def test_the_legs_of_a_combo_that_fills_away_from_their_quotes_still_make_up_its_price(world):
    client = world.client()
    bag, _ = spread(world, "BUY", "SELL")
    client.placeOrder(1, bag, order("BUY", 3, "LMT", lmtPrice=0.05))
    client.take()
    fill(world, 1, 1)
    fill(world, 1)
    fills = [Decimal(fields[20]) for fields in client.take() if fields[0] == "11"]
    assert [fills[0], fills[1] - fills[2], fills[4] - fills[5]] == [Decimal("0.05")] * 3


def test_a_covered_call_is_quoted_per_share_and_its_legs_make_up_its_price(world):
    client = world.client()
    bag, (call, _) = spread(world, "SELL", "SELL")
    share, _ = bag.comboLegs = bag.comboLegs[::-1]
    share.conId, share.ratio, share.action = 756733, 100, "BUY"
    client.placeOrder(1, bag, order("BUY", 1, "MKT"))
    whole, shares, option = (Decimal(fields[20]) for fields in client.take() if fields[0] == "11")
    assert whole == shares - option
    assert 400 < whole < 600
    held = {con_id: position.quantity for con_id, position in world.gateway.account.positions.items()}
    assert held == {756733: 100, call.con_id: -1}


def test_a_combo_sold_to_buy_has_a_negative_limit_and_survives_a_restart(tmp_path):
    world = World(tmp_path)
    client = world.client()
    bag, _ = spread(world, "SELL", "BUY")
    client.placeOrder(1, bag, order("BUY", 2, "LMT", lmtPrice=-0.9, tif="GTC"))
    client.take()
    (working,) = world.gateway.exchange.open_orders()
    assert (working.limit, working.instrument.sec_type) == (Decimal("-0.9"), "BAG")
    world.close()
    again = World(tmp_path, now=world.now)
    (restored,) = again.gateway.exchange.open_orders()
    assert (restored.terms, restored.instrument) == (working.terms, working.instrument)
    again.close()


def condition(kind: int, **parts: object) -> OrderCondition:
    made = Create(kind)
    for name, value in ({"isMore": True, "isConjunctionConnection": True} | parts).items():
        setattr(made, name, value)
    return made


MSFT = 272093
CONDITIONS = {
    "price": (OrderCondition.Price, {"price": 1000.0, "conId": MSFT, "exchange": "SMART", "triggerMethod": 0}),
    "time": (OrderCondition.Time, {"time": "20261119 12:00:05 US/Eastern"}),
    "margin": (OrderCondition.Margin, {"percent": 50, "isMore": False}),
    "execution": (OrderCondition.Execution, {"symbol": "MSFT", "secType": "STK", "exchange": "SMART"}),
    "percent": (OrderCondition.PercentChange, {"changePercent": 5.0, "conId": MSFT, "exchange": "SMART"}),
}


def come_true(world, client, kind: str) -> None:
    if kind in {"price", "percent"}:
        world.gateway.move_price("MSFT", Decimal(3000))
    elif kind == "time":
        world.now += 6
    elif kind == "margin":
        client.placeOrder(8, stock(), order("BUY", 14_000))
    else:
        client.placeOrder(8, stock("MSFT"), order("BUY", 1))


@pytest.mark.parametrize("kind", list(CONDITIONS))
@pytest.mark.parametrize("cancels", [False, True])
def test_a_condition_starts_an_order_or_cancels_it(kind, cancels):
    world = World()
    world.gateway.move_price("AAPL", Decimal(200))
    client = world.client(version=200)
    number, parts = CONDITIONS[kind]
    never = condition(OrderCondition.Price, **(CONDITIONS["price"][1] | {"price": 9999.0}))
    never.isConjunctionConnection = False
    conditions = [never, condition(number, **parts)]
    wanted = order("BUY", 1, "LMT", lmtPrice=100.0, conditions=conditions, conditionsCancelOrder=cancels)
    client.placeOrder(1, stock(), wanted)
    client.take()
    world.step()
    assert live(world)[1][0] == ("Submitted" if cancels else "PreSubmitted")
    come_true(world, client, kind)
    world.step()
    assert live(world).get(1, ("gone",))[0] == ("gone" if cancels else "Submitted")


def test_children_of_a_parent_that_ends_on_arrival_are_refused_with_it(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, tif="FOK", transmit=False))
    client.placeOrder(2, stock(), order("SELL", 10, "LMT", lmtPrice=250.0, parentId=1))
    assert story(client.take()) == ["open", "status Inactive", "open", "status Inactive", "error 201"]
    assert live(world) == {}


def test_a_family_of_three_generations_is_transmitted_whole_and_waits_in_its_order(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, transmit=False))
    client.placeOrder(2, stock(), order("SELL", 10, "MKT", parentId=1, transmit=False))
    client.placeOrder(3, stock(), order("BUY", 10, "MKT", parentId=2))
    assert live(world) == {1: ("Submitted", 10), 2: ("PreSubmitted", 10), 3: ("PreSubmitted", 10)}
    fill(world, 1)
    assert [fields[1] for fields in client.take() if fields[0] == "3" and fields[2] == "Filled"] == ["1", "2", "3"]


def test_no_order_becomes_its_own_ancestor(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10, transmit=False))
    client.placeOrder(2, stock(), order("SELL", 10, parentId=1, transmit=False))
    for parent in (1, 2):
        client.placeOrder(1, stock(), order("BUY", 10, parentId=parent))
        assert story(client.take()) == ["error 10006"]


def test_an_order_that_its_child_took_along_is_not_cancelled_again_by_their_group(world):
    client = world.client()
    group = {"ocaGroup": "one", "ocaType": 1}
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, transmit=False, **group))
    child = order("SELL", 10, "LMT", lmtPrice=250.0, parentId=1, autoCancelParent=True, transmit=False, **group)
    client.placeOrder(2, stock(), child)
    client.placeOrder(3, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, parentId=1, **group))
    other = order("BUY", 10, "LMT", lmtPrice=150.0, **group)
    client.placeOrder(4, stock(), other)
    client.take()
    fill(world, 4)
    ended = [order_id for order_id, status, _ in statuses(client.take()) if status == "Cancelled"]
    assert sorted(ended) == ["1", "2", "3"]


def test_a_child_of_a_filled_parent_needs_its_own_money(world):
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 1))
    client.take()
    client.placeOrder(2, stock(), order("BUY", 100_000, "LMT", lmtPrice=201.0, parentId=1))
    assert story(client.take()) == ["open", "status Inactive", "error 201"]


def test_a_group_that_is_reduced_in_uneven_parts_rounds_down_and_never_overfills(world):
    client = world.client()
    for order_id, quantity in ((1, 3), (2, 5)):
        client.placeOrder(order_id, stock(), order("BUY", quantity, "LMT", lmtPrice=190.0, ocaGroup="one", ocaType=2))
    fill(world, 1, 2)
    assert live(world) == {1: ("Submitted", 1), 2: ("Submitted", 1)}


def test_a_condition_on_a_trade_counts_those_since_the_order_was_placed(world):
    client = world.client()
    client.placeOrder(1, stock("KO"), order("BUY", 1))
    world.now += 1
    traded = condition(OrderCondition.Execution, secType="STK", exchange="SMART", symbol="KO")
    client.placeOrder(2, stock(), order("BUY", 1, conditions=[traded]))
    assert live(world) == {2: ("PreSubmitted", 1)}
    client.placeOrder(3, stock("KO"), order("BUY", 1))
    world.gateway.move_price("AAPL", Decimal(201))
    assert live(world) == {}


def test_of_a_group_the_largest_order_needs_money_and_only_that_one(world):
    client = world.client()
    for order_id, quantity in ((1, 15_000), (2, 16_000), (3, 30_000)):
        client.placeOrder(order_id, stock(), order("BUY", quantity, "LMT", lmtPrice=199.0, ocaGroup="one", ocaType=1))
    assert list(live(world)) == [1, 2]
    assert story(client.take())[-1] == "error 201"
