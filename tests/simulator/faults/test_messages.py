"""Rules on real messages, seen by the official client's encoders and decoder."""

from __future__ import annotations

import pytest

from simulator.faults.rules import Rule
from tests.simulator.rig import Client, World, cancellation, order, stock, story


def trading(*rules: Rule) -> tuple[World, Client]:
    """A client of a gateway where AAPL costs 200 and these rules are in force."""
    world = World()
    client = world.client()
    world.gateway.market.frozen = True
    for rule in rules:
        world.gateway.rules.add(rule, world.now)
    return world, client


def bought(*rules: Rule) -> list[str]:
    """What a client is told about a market order."""
    world, client = trading(*rules)
    client.placeOrder(1, stock(), order("BUY", 10))
    told = story(client.take())
    world.step()
    return told + story(client.take())


def test_a_dropped_message_does_not_arrive_and_its_neighbours_do() -> None:
    untouched = bought()
    assert "fill 10" in untouched
    assert bought(Rule("drop", "execDetails")) == [one for one in untouched if one != "fill 10"]
    assert bought(Rule("drop", "execDetails", client=2), Rule("drop", "commissionReport", client=1)) == [
        one for one in untouched if one != "commission"
    ]


def test_a_duplicated_message_arrives_twice_in_a_row() -> None:
    told = bought(Rule("duplicate", "execDetails"))
    at = told.index("fill 10")
    assert told[at : at + 2] == ["fill 10"] * 2
    assert told[: at + 1] + told[at + 2 :] == bought()


def test_a_reordered_message_arrives_after_the_next_one() -> None:
    untouched, told = bought(), bought(Rule("reorder", "execDetails"))
    at = untouched.index("fill 10")
    assert told == [*untouched[:at], untouched[at + 1], untouched[at], *untouched[at + 2 :]]


def test_a_delayed_message_arrives_later_by_true_time_and_everything_else_at_once() -> None:
    world, client = trading(Rule("delay", "currentTime", by=2.0))
    world.gateway.clock.run(0)
    client.reqCurrentTime()
    client.reqIds(1)
    assert [name for name, _ in client.callbacks()] == ["nextValidId"]
    world.step(1.9)
    assert client.callbacks() == []
    world.step(0.2)
    assert [name for name, _ in client.callbacks()] == ["currentTime"]


def test_a_corrupted_message_cannot_be_decoded_by_the_official_client() -> None:
    _, client = trading(Rule("corrupt", "nextValidId", field=2, times=1))
    client.reqIds(1)
    with pytest.raises(ValueError, match=r"\?!"):
        client.take()
    client.reqIds(1)
    assert [name for name, _ in client.callbacks()] == ["nextValidId"]


def test_quotes_pass_the_rules_like_everything_else() -> None:
    world, client = trading(Rule("drop", "tickSize"))
    world.gateway.market.frozen = False
    client.reqMktData(1, stock(), "", False, False, [])
    ticks = client.take()
    for _ in range(40):
        world.step()
        ticks += client.take()
    kinds = {fields[0] for fields in ticks}
    assert "1" in kinds
    assert "2" not in kinds


def test_a_dropped_order_never_existed_and_a_delayed_cancel_comes_late() -> None:
    world, client = trading(Rule("drop", "placeOrder", times=1), Rule("delay", "cancelOrder", by=5.0))
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=1.0))
    assert client.take() == []
    assert world.gateway.exchange.open_orders() == []
    client.placeOrder(2, stock(), order("BUY", 10, "LMT", lmtPrice=1.0))
    client.cancelOrder(2, cancellation())
    world.step(4.0)
    assert "status Cancelled" not in story(client.take())
    world.step(1.1)
    assert "status Cancelled" in story(client.take())


def test_a_duplicated_order_is_a_modification_and_a_corrupted_one_is_refused() -> None:
    world, client = trading(Rule("duplicate", "placeOrder", times=1), Rule("corrupt", "placeOrder", field=17))
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=1.0))
    assert len(world.gateway.exchange.open_orders()) == 1
    client.take()
    client.placeOrder(2, stock(), order("BUY", 10, "LMT", lmtPrice=1.0))
    assert [fields[:4] for fields in client.take()] == [["4", "2", "2", "320"]]
    assert len(world.gateway.exchange.open_orders()) == 1


def test_what_a_session_that_is_over_is_sent_uses_up_no_rule() -> None:
    world, client = trading(Rule("drop", "error", times=1))
    client.session.end("for the test")
    client.session.error(-1, 2104, "nobody hears this")
    assert [fired for _, _, fired in world.gateway.rules.list(world.now)] == [0]


def test_what_waits_for_a_client_that_is_gone_is_forgotten() -> None:
    world, client = trading(Rule("delay", "all", by=1.0), Rule("delay", "requests", by=2.0))
    client.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=1.0))
    client.reqIds(1)
    world.gateway.disconnect(client.session)
    world.step(3.0)
    assert client.take() == []
    assert world.gateway.exchange.open_orders() == []
