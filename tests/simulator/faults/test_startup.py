"""How sessions begin on a bad day: ids in use, ids that go back, read-only, farms, logins and restarts."""

from __future__ import annotations

import pytest

from tests.simulator.rig import Client, World, cancellation, order, stock


def errors(client: Client) -> list[tuple[int, int, str]]:
    """Request id, code and text of the errors since the last call."""
    return [(told[0], told[2], told[3]) for name, told in client.callbacks() if name == "error"]


def names(client: Client) -> list[str]:
    """The callbacks since the last call."""
    return [name for name, _ in client.callbacks()]


STREAMS = {
    *("tickPrice", "tickByTickAllLast", "updateMktDepthL2", "realtimeBar", "historicalDataUpdate"),
    *("updateAccountValue", "pnl"),
}


def follow_everything(client: Client) -> None:
    """Open a stream of each kind."""
    client.reqMktData(1, stock(), "", False, False, [])
    client.reqTickByTickData(2, stock(), "AllLast", 0, False)
    client.reqMktDepth(3, stock(), 5, True, [])
    client.reqRealTimeBars(4, stock(), 5, "TRADES", False, [])
    client.reqHistoricalData(5, stock(), "", "600 S", "1 min", "TRADES", 0, 1, True, [])
    client.reqAccountUpdates(True, "")
    client.reqPnL(6, "DU1000001", "")


def test_a_client_id_that_is_held_is_refused_with_326_until_it_is_released() -> None:
    world = World()
    world.gateway.hold_client_id(7, True)
    refused = Client(world, 7, 178)
    assert [code for _, code, _ in errors(refused)] == [326]
    assert refused.session.over
    assert "nextValidId" in names(Client(world, 8, 178))
    world.gateway.hold_client_id(7, False)
    assert "nextValidId" in names(Client(world, 7, 178))


@pytest.mark.parametrize("chosen", [3, 5000])
def test_the_next_valid_id_can_be_chosen_lower_or_higher_and_is_told_once(chosen: int) -> None:
    world = World()
    client = world.client()
    client.placeOrder(41, stock(), order("BUY", 1, "LMT", lmtPrice=1.0))
    client.callbacks()
    world.gateway.set_next_id(1, chosen)
    other = world.client(2)
    other.reqIds(1)
    assert other.callbacks() == [("nextValidId", (1,))]
    for told in (chosen, 42):
        client.reqIds(1)
        assert client.callbacks() == [("nextValidId", (told,))]


def test_the_next_valid_id_of_whoever_connects_next_can_be_chosen() -> None:
    world = World()
    world.gateway.set_next_id(None, 99)
    assert ("nextValidId", (99,)) in Client(world, 5, 178).callbacks()


@pytest.mark.parametrize("version", [176, 178, 200])
def test_read_only_refuses_orders_in_the_words_of_tws_and_serves_the_rest(version: int) -> None:
    world = World()
    client = world.client(version=version)
    client.placeOrder(1, stock(), order("BUY", 1, "LMT", lmtPrice=1.0))
    client.take()
    world.gateway.read_only = True
    client.callbacks()
    client.placeOrder(2, stock(), order("BUY", 1))
    client.cancelOrder(1, cancellation())
    client.reqOpenOrders()
    text = "Error validating request.-'bh' : cause - The API interface is currently in Read-Only mode."
    assert errors(client) == [(2, 321, text), (1, 321, text), (-1, 321, text)]
    assert len(world.gateway.exchange.open_orders()) == 1
    client.reqPositions()
    assert names(client)[-1] == "positionEnd"
    world.gateway.read_only = False
    client.reqOpenOrders()
    assert names(client)[-1] == "openOrderEnd"


def test_notices_have_the_texts_of_tws_and_newcomers_hear_the_state_of_things() -> None:
    world = World()
    client, other = world.client(1), world.client(2)
    world.gateway.notice(2103)
    world.gateway.notice(2107)
    world.gateway.notice(2157)
    expected = [
        (-1, 2103, "Market data farm connection is broken:usfarm"),
        (-1, 2107, "HMDS data farm connection is inactive but should be available upon demand.ushmds"),
        (-1, 2157, "Sec-def data farm connection is broken:secdefil"),
    ]
    assert errors(client) == errors(other) == expected
    assert errors(Client(world, 3, 178)) == expected
    world.gateway.notice(1100)
    assert [code for _, code, _ in errors(client)] == [1100]
    assert [code for _, code, _ in errors(Client(world, 4, 178))] == [2110]
    world.gateway.notice(1102)
    world.gateway.notice(999, "of one's own", 2)
    assert [code for _, code, _ in errors(other)] == [1100, 1102, 999]
    assert [code for _, code, _ in errors(client)] == [1102]
    with pytest.raises(ValueError, match="code 999 has no text"):
        world.gateway.notice(999)


@pytest.mark.parametrize(("code", "lost"), [(1101, True), (1102, False)])
def test_streams_end_without_a_word_at_1101_and_go_on_at_1102(code: int, lost: bool) -> None:
    world = World()
    client = world.client()
    client.placeOrder(1, stock(), order("BUY", 10))
    world.step()
    follow_everything(client)
    world.gateway.link(1100)
    world.gateway.link(code)
    assert [told for _, told, _ in errors(client)][-2:] == [1100, code]
    for _ in range(200):
        world.step(1.0)
    assert set(names(client)) & STREAMS == (set() if lost else STREAMS)
    if lost:
        follow_everything(client)
        for _ in range(200):
            world.step(1.0)
        assert set(names(client)) >= STREAMS


def test_nobody_is_started_until_the_login_is_done_and_then_everybody_who_waits() -> None:
    world = World()
    before = world.client(1)
    world.gateway.notice(1100)
    world.gateway.login_required(True)
    world.step()
    assert before.session.over
    first, second = Client(world, 1, 178), Client(world, 2, 178)
    first.reqCurrentTime()
    world.step(60)
    assert first.callbacks() == second.callbacks() == []
    second.startApi()
    assert [code for _, code, _ in errors(second)] == [321]
    world.gateway.disconnect(Client(world, 3, 178).session)
    world.gateway.login_required(False)
    assert set(world.gateway.clients.by_id) == {1, 2}
    told = first.callbacks()
    assert [name for name, _ in told[:2]] == names(second)[:2] == ["managedAccounts", "nextValidId"]
    assert [arguments[2] for name, arguments in told if name == "error"] == [2104, 2106, 2158]
    first.reqCurrentTime()
    assert names(first) == ["currentTime"]
    world.gateway.notice(1100)
    world.gateway.login_required(False)
    assert [code for _, code, _ in errors(Client(world, 4, 178))] == [2110]


def test_who_was_cut_while_waiting_for_the_login_does_not_take_the_id_of_who_waits_still() -> None:
    world = World()
    world.gateway.login_required(True)
    gone, waiting = Client(world, 1, 178), Client(world, 1, 178)
    gone.session.cut()
    world.gateway.login_required(False)
    assert names(waiting)[:2] == ["managedAccounts", "nextValidId"]


def test_a_return_that_was_planned_is_kept_when_coming_back_earlier_fails() -> None:
    world = World()
    taken = [True]

    def listen(on: bool) -> None:
        if on and taken:
            raise OSError(98, "Address already in use")

    world.gateway.network.listen = listen
    world.gateway.network.down(10.0)
    with pytest.raises(OSError, match="in use"):
        world.gateway.network.up()
    world.step(10.0)
    assert not world.gateway.network.listening
    taken.clear()
    world.step(1.0)
    assert world.gateway.network.listening


def test_a_restart_cuts_everybody_refuses_for_its_time_and_keeps_orders_and_ids() -> None:
    world = World()
    client = world.client()
    client.reqMktData(1, stock(), "", False, False, [])
    client.placeOrder(1, stock(), order("BUY", 1, "LMT", lmtPrice=1.0))
    client.placeOrder(2, stock(), order("BUY", 1, "LMT", lmtPrice=1.0, transmit=False))
    world.gateway.notice(1100)
    client.take()
    world.gateway.restart(60)
    world.step(59)
    assert client.session.reset
    assert client.take() == []
    with pytest.raises(ConnectionRefusedError):
        world.gateway.connect()
    world.step(2)
    again = Client(world, 1, 178)
    calls = again.callbacks()
    assert ("nextValidId", (3,)) in calls
    assert [arguments[2] for name, arguments in calls if name == "error"] == [2104, 2106, 2158]
    again.reqOpenOrders()
    assert names(again) == ["openOrder", "orderStatus", "openOrderEnd"]
    again.placeOrder(3, stock(), order("SELL", 1, "LMT", lmtPrice=900.0, parentId=2))
    again.callbacks()
    assert 2 not in [one.order_id for one in world.gateway.exchange.open_orders()]
    again.cancelMktData(1)
    assert [code for _, code, _ in errors(again)] == [300]
