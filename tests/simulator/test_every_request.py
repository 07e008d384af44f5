"""Every request that exists is answered or refused by name; silence is only where a real gateway is silent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from ibapi.scanner import ScannerSubscription
from ibapi.tag_value import TagValue

from simulator.services.declined import declining_handlers
from simulator.services.scanner import EVERY
from simulator.wire.names import INCOMING
from tests.simulator.rig import VERSIONS, World

SILENT = {
    *("setServerLogLevel", "reqMarketDataType", "cancelNewsBulletins", "reqNewsBulletins", "cancelPositions"),
    *("cancelAccountSummary", "cancelPositionsMulti", "cancelAccountUpdatesMulti", "cancelPnL", "cancelPnLSingle"),
    *("reqAutoOpenOrders", "reqGlobalCancel", "cancelHeadTimeStamp", "cancelHistogramData"),
    *("cancelCalculateImpliedVolatility", "cancelCalculateOptionPrice"),
}
"""What a real gateway does without a word: there is nothing to say, or nothing happened yet."""
SINCE = {"reqCurrentTimeInMillis": 197}


@pytest.mark.parametrize("version", VERSIONS)
def test_no_request_is_met_with_silence_and_each_is_known_by_its_name(version):
    silent, unknown = set(), set()
    for number, name in INCOMING.items():
        if name == "startApi":
            continue
        client = World().client(0, version)
        answers = client.raw(number, *["1"] * 130)
        if not answers:
            silent.add(name)
        if any("unknown message id" in fields[-2 if version < 200 else -3] for fields in answers if fields[0] == "4"):
            unknown.add(name)
    assert silent == SILENT
    assert unknown == {name for name, first in SINCE.items() if version < first}


def test_what_is_declined_is_offered_by_no_service():
    gateway = World().gateway
    services = (gateway.quotes, gateway.trading, gateway._accounts, gateway._reference, gateway._startup)
    offered = {number for service in services for number in service.handlers}
    assert not offered & declining_handlers().keys()


def scan(code="TOP_PERC_GAIN", location="STK.US.MAJOR", **parts):
    made = ScannerSubscription()
    made.instrument, made.locationCode, made.scanCode = "STK", location, code
    for name, value in parts.items():
        setattr(made, name, value)
    return made


def ranks(client):
    """The symbols of scanner data, best first, and the errors, since the last look."""
    found = {"data": [], "errors": [], "ends": 0}
    for name, arguments in client.callbacks():
        if name == "scannerData":
            found["data"].append(arguments[2].contract.symbol)
        elif name == "error":
            found["errors"].append((arguments[0], arguments[2]))
        found["ends"] += name == "scannerDataEnd"
    return found


def test_a_scan_ranks_what_moved_and_tells_it_again_until_it_is_cancelled():
    world = World()
    client = world.client()
    world.gateway.move_price("KO", Decimal(90))
    world.gateway.move_price("IBM", Decimal(150))
    client.reqScannerSubscription(1, scan(numberOfRows=5), [], [])
    found = ranks(client)
    assert (found["data"][0], len(found["data"]), found["ends"]) == ("KO", 5, 1)
    world.gateway.move_price("XOM", Decimal(200))
    world.step(EVERY)
    assert ranks(client)["data"][:2] == ["XOM", "KO"]
    client.reqScannerSubscription(2, scan("TOP_PERC_LOSE", "STK.NYSE"), [], [])
    assert ranks(client)["data"][0] == "IBM"
    client.reqScannerSubscription(3, scan(location="STK.NASDAQ"), [], [])
    assert not {"KO", "XOM"} & set(ranks(client)["data"])
    client.cancelScannerSubscription(3)
    client.callbacks()
    client.cancelScannerSubscription(1)
    client.cancelScannerSubscription(2)
    assert ranks(client)["errors"] == [(1, 162), (2, 162)]
    world.step(2 * EVERY)
    assert ranks(client) == {"data": [], "errors": [], "ends": 0}


def test_scans_pass_filters_and_what_cannot_be_scanned_for_is_refused_by_name():
    client = World().client()
    client.reqScannerSubscription(1, scan(abovePrice=500, stockTypeFilter="ETF"), [], [])
    assert ranks(client)["data"] == ["SPY"]
    client.reqScannerSubscription(2, scan(), [], [TagValue("priceBelow", "25"), TagValue("priceAbove", "1")])
    assert ranks(client)["data"] == ["T"]
    client.reqScannerSubscription(3, scan(abovePrice=1_000_000), [], [])
    assert ranks(client) == {"data": [], "errors": [(3, 165)], "ends": 1}
    for number, refused in enumerate(
        (scan("BOND_CUSIP_AZ"), scan(location="STK.EU"), scan(moodyRatingAbove="A"), scan(stockTypeFilter="REIT")), 4
    ):
        client.reqScannerSubscription(number, refused, [], [])
        assert ranks(client) == {"data": [], "errors": [(number, 162)], "ends": 0}


def test_ten_scans_at_once_are_allowed_and_their_places_come_back_with_the_client():
    world = World()
    client = world.client(1)
    for number in range(11):
        client.reqScannerSubscription(number, scan(), [], [])
    assert ranks(client)["errors"] == [(10, 322)]
    client.reqScannerSubscription(1, scan(), [], [])
    assert ranks(client)["errors"] == [(1, 322)]
    world.gateway.disconnect(client.session)
    other = world.client(2)
    other.reqScannerSubscription(1, scan(), [], [])
    assert not ranks(other)["errors"]
    world.step(EVERY)


def test_the_parameters_of_the_scanner_name_what_can_be_scanned_for():
    client = World().client()
    client.reqScannerParameters()
    [(name, (document,))] = client.callbacks()
    assert name == "scannerParameters"
    for part in ("<scanCode>TOP_PERC_GAIN</scanCode>", "<locationCode>STK.US.MAJOR</locationCode>", "priceAbove"):
        assert part in document


def test_bulletins_are_told_to_those_who_listen_and_the_days_earlier_ones_on_request():
    world = World()
    first, second = world.client(1), world.client(2)
    first.reqNewsBulletins(False)
    world.gateway.bulletin(1, "Zürich opens late", "EBS")
    world.gateway.bulletin(2, "closed", "NYSE")
    expected = [
        ("updateNewsBulletin", (1, 1, "Zürich opens late", "EBS")),
        ("updateNewsBulletin", (2, 2, "closed", "NYSE")),
    ]
    assert first.callbacks() == expected
    second.reqNewsBulletins(False)
    assert second.callbacks() == []
    second.cancelNewsBulletins()
    second.reqNewsBulletins(True)
    assert second.callbacks() == expected
    first.cancelNewsBulletins()
    world.step(86_400)
    world.gateway.bulletin(3, "open again", "NYSE")
    assert first.callbacks() == []
    assert [arguments[0] for _, arguments in second.callbacks()] == [1]
    with pytest.raises(ValueError, match="kind"):
        world.gateway.bulletin(4, "", "")
