"""Every request of the text protocol through the official encoders, every answer through real decoders.

`rig.Client.take` fails on any field that is missing, left over or of the wrong type.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from ibapi.execution import ExecutionFilter
from ibapi.scanner import ScannerSubscription

from tests.simulator.rig import ES, EUR_USD, SPY_CALL, VERSIONS, World, cancellation, contract, order, stock

# What each request must be answered with, by message id; written down from the protocol notes.
ASKED_AND_ANSWERED = [
    (lambda c: c.reqManagedAccts(), {"15"}),
    (lambda c: c.reqIds(1), {"9"}),
    (lambda c: c.reqCurrentTime(), {"49"}),
    (lambda c: c.reqContractDetails(1, stock()), {"10", "52"}),
    (lambda c: c.reqContractDetails(2, contract(symbol="ES", secType="FUT", exchange="CME")), {"10", "52"}),
    (lambda c: c.reqContractDetails(3, contract(symbol="SPY", secType="OPT", strike=560.0)), {"10", "52"}),
    (lambda c: c.reqContractDetails(4, EUR_USD), {"10", "52"}),
    (lambda c: c.reqContractDetails(5, contract(conId=320227571)), {"10", "52"}),
    (lambda c: c.reqMatchingSymbols(6, "A"), {"79"}),
    (lambda c: c.reqSecDefOptParams(7, "SPY", "", "STK", 756733), {"75", "76"}),
    (lambda c: c.reqMarketRule(26), {"93"}),
    (lambda c: c.reqMktData(8, stock(), "", False, False, []), {"1", "2", "46", "58", "81"}),
    (lambda c: c.reqMktData(9, EUR_USD, "", True, False, []), {"1", "57", "58", "81"}),
    (lambda c: c.reqMktData(10, SPY_CALL, "", False, False, []), {"1", "2", "21", "46", "58", "81"}),
    (lambda c: c.reqHistoricalData(11, stock(), "", "2 D", "1 hour", "TRADES", 1, 1, False, []), {"17"}),
    (lambda c: c.reqHistoricalData(12, EUR_USD, "", "1 W", "1 day", "MIDPOINT", 0, 2, False, []), {"17"}),
    (lambda c: c.reqHeadTimeStamp(13, stock(), "TRADES", 1, 1), {"88"}),
    (lambda c: c.reqAccountUpdates(True, ""), {"6", "7", "8", "54"}),
    (lambda c: c.reqAccountSummary(14, "All", "NetLiquidation,Cushion,$LEDGER:ALL"), {"63", "64"}),
    (lambda c: c.reqPositions(), {"61", "62"}),
    (lambda c: c.reqPositionsMulti(15, "DU1000001", ""), {"71", "72"}),
    (lambda c: c.reqAccountUpdatesMulti(16, "DU1000001", "", False), {"73", "74"}),
    (lambda c: c.reqPnL(17, "DU1000001", ""), {"94"}),
    (lambda c: c.reqPnLSingle(18, "DU1000001", "", 265598), {"95"}),
    (lambda c: c.reqOpenOrders(), {"3", "5", "53"}),
    (lambda c: c.reqAllOpenOrders(), {"3", "5", "53"}),
    (lambda c: c.reqExecutions(19, ExecutionFilter()), {"11", "59", "55"}),
    (lambda c: c.reqCompletedOrders(False), {"101", "102"}),
    (lambda c: c.reqFamilyCodes(), {"78"}),
    (lambda c: c.reqMktDepthExchanges(), {"80"}),
    (lambda c: c.reqNewsProviders(), {"85"}),
    (lambda c: c.reqSoftDollarTiers(20), {"77"}),
    (lambda c: c.reqSmartComponents(21, "9c0001"), {"82"}),
    (lambda c: c.reqUserInfo(22), {"107"}),
    (lambda c: c.reqScannerParameters(), {"19"}),
    (lambda c: c.reqScannerSubscription(23, gainers(), [], []), {"20"}),
]
# Requests that are not served here, and the error a client sees instead of silence.
DECLINED = [
    (lambda c: c.reqMktDepth(30, stock(), 5, False, []), 30, 10092),
    (lambda c: c.reqHistoricalTicks(33, stock(), "", "20261118 10:00:00", 10, "PRICES", 1, True, []), 33, 321),
    (lambda c: c.reqHistoricalNews(35, 265598, "BRFG", "", "", 10, []), 35, 10276),
    (lambda c: c.reqContractDetails(36, stock("NOPE")), 36, 200),
    (lambda c: c.reqContractDetails(37, contract(symbol="DA", secType="invalid")), 37, 321),
    (lambda c: c.reqMktData(38, contract(symbol="ES", secType="FUT", exchange="CME"), "", False, False, []), 38, 200),
    (lambda c: c.cancelMktData(39), 39, 300),
    (lambda c: c.reqHistoricalData(40, stock(), "", "2 D", "7 mins", "TRADES", 1, 1, False, []), 40, 321),
    (lambda c: c.reqHistoricalData(41, EUR_USD, "", "2 D", "1 day", "TRADES", 1, 1, False, []), 41, 162),
    (lambda c: c.reqHistoricalData(42, stock(), "", "9 Y", "1 secs", "TRADES", 0, 1, False, []), 42, 321),
    (
        lambda c: c.reqHistoricalData(43, stock(), "19700101 10:00:00", "1 D", "1 min", "TRADES", 0, 1, False, []),
        43,
        162,
    ),
    (lambda c: c.reqAccountUpdates(True, "DU9"), -1, 321),
    (lambda c: c.cancelOrder(44, cancellation()), 44, 10147),
    (lambda c: c.reqAutoOpenOrders(True), -1, 327),
]


def gainers() -> ScannerSubscription:
    """The scan that everybody tries first."""
    scan = ScannerSubscription()
    scan.instrument, scan.locationCode, scan.scanCode = "STK", "STK.US.MAJOR", "TOP_PERC_GAIN"
    return scan


def _traded(version: int):
    """A client with a position, a fill, a working order and a cancelled one."""
    world = World()
    client = world.client(3, version)
    client.placeOrder(1, stock(), order("BUY", 100, orderRef="first"))
    client.placeOrder(2, stock(), order("BUY", 10, "LMT", lmtPrice=100.0, tif="GTC"))
    client.placeOrder(3, ES, order("SELL", 1, "STP", auxPrice=4000.0))
    client.placeOrder(4, SPY_CALL, order("BUY", 1, "STP LMT", auxPrice=900.0, lmtPrice=901.0))
    client.cancelOrder(4, cancellation())
    client.placeOrder(5, stock(), order("SELL", 40))
    client.placeOrder(6, EUR_USD, order("BUY", 20000, "MKT", tif="IOC"))
    client.placeOrder(7, stock(), order("BUY", 10, whatIf=True))
    return world, client


@pytest.mark.parametrize("version", VERSIONS)
def test_every_request_is_answered_with_messages_that_real_clients_decode_exactly(version):
    _, client = _traded(version)
    kinds = {fields[0] for fields in client.take()}
    assert kinds >= {"3", "4", "5", "11", "59"}
    for ask, expected in ASKED_AND_ANSWERED:
        ask(client)
        kinds = {fields[0] for fields in client.take()}
        wanted = expected | {"108"} if version >= 200 and "17" in expected else expected
        assert kinds >= wanted, expected
        assert kinds <= wanted | {"1", "2", "45", "46"}, expected


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_served_gets_an_error_with_its_id(version):
    client = World().client(3, version)
    for ask, request_id, code in DECLINED:
        client.recorder.calls.clear()
        ask(client)
        errors = [arguments for name, arguments in client.callbacks() if name == "error"]
        assert [(error[0], error[2]) for error in errors] == [(request_id, code)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_id_nobody_knows_gets_error_320(version):
    client = World().client(3, version)
    assert client.raw(199, 1, 5)[0][0] == "4"
    assert [a[2] for n, a in client.callbacks() if n == "error" and a[2] == 320] == [320]


@pytest.mark.parametrize("version", VERSIONS)
def test_streams_of_quotes_and_account_news_decode_exactly(version):
    world, client = _traded(version)
    for ask, _ in ASKED_AND_ANSWERED[11:]:
        ask(client)
    client.take()
    seen: set[str] = set()
    for number in range(30):
        if number == 20:
            client.placeOrder(100, stock(), order("BUY", 5))
        world.step(0.5)
        seen |= {fields[0] for fields in client.take()}
    assert seen >= {"1", "2", "46", "21", "6", "7", "8", "61", "63", "71", "73", "94", "95", "11", "59"}


@pytest.mark.parametrize("version", VERSIONS)
def test_an_open_order_says_what_was_placed(version):
    client = World().client(3, version)
    placed = order("BUY", 10, "STP LMT", auxPrice=250.0, lmtPrice=251.0, tif="GTC", orderRef="my-key", outsideRth=True)
    client.placeOrder(1, stock(), placed)
    client.reqOpenOrders()
    _, (order_id, found, shown, state) = next(call for call in client.callbacks() if call[0] == "openOrder")
    assert (order_id, found.conId, found.symbol, state.status) == (1, 265598, "AAPL", "PreSubmitted")
    assert (shown.action, shown.totalQuantity, shown.orderType) == ("BUY", Decimal(10), "STP LMT")
    assert (shown.auxPrice, shown.lmtPrice, shown.tif, shown.orderRef) == (250.0, 251.0, "GTC", "my-key")
    assert (shown.clientId, shown.account, shown.outsideRth, shown.usePriceMgmtAlgo) == (3, "DU1000001", True, False)
    assert shown.permId > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_what_if_order_tells_margins_and_leaves_nothing(version):
    world = World()
    client = world.client(3, version)
    client.placeOrder(1, stock(), order("BUY", 100, whatIf=True))
    [(_, (_, _, _, state))] = client.callbacks()
    assert Decimal(state.initMarginAfter) == Decimal(state.initMarginBefore) + Decimal(state.initMarginChange) > 0
    assert world.gateway.exchange.open_orders() == []
    assert client.raw(8, 1, 1)[0] == ["9", "1", "1"]


def test_a_request_that_came_with_a_later_version_does_not_exist_at_an_earlier_one():
    assert [fields[0] for fields in World().client(3, 200).raw(105)] == ["109"]
    assert [fields[3] for fields in World().client(3, 178).raw(105)] == ["320"]
