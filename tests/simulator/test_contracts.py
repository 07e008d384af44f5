"""Which contracts a question finds, and how they are described."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from simulator.market import expiries
from simulator.market.universe import Leg, Query, Universe
from simulator.wire.fields import UNSET_INTEGER
from tests.simulator.rig import VERSIONS, World, contract, order

NAMES = (
    *("reqId", "symbol", "secType", "lastTrade", "strike", "right", "exchange", "currency", "localSymbol"),
    *("marketName", "tradingClass", "conId", "minTick", "multiplier", "orderTypes", "validExchanges"),
    *("priceMagnifier", "underConId", "longName", "primaryExchange", "contractMonth", "industry", "category"),
    *("subcategory", "timeZoneId", "tradingHours", "liquidHours", "evRule", "evMultiplier", "secIds", "aggGroup"),
    *("underSymbol", "underSecType", "marketRuleIds", "realExpirationDate", "stockType", "minSize"),
    *("sizeIncrement", "suggestedSizeIncrement"),
)
RECORDED = {
    "symbol": "DA",
    "secType": "FUT",
    "strike": "0",
    "right": "",
    "exchange": "CME",
    "currency": "USD",
    "marketName": "DC",
    "tradingClass": "DC",
    "minTick": "0.01",
    "multiplier": "2000",
    "validExchanges": "CME",
    "priceMagnifier": "1",
    "underConId": "36555530",
    "longName": "MILK CLASS III INDEX",
    "primaryExchange": "",
    "industry": "",
    "category": "",
    "subcategory": "",
    "timeZoneId": "US/Central",
    "evRule": "",
    "secIds": "0",
    "evMultiplier": "",
    "aggGroup": UNSET_INTEGER,
    "underSymbol": "DA",
    "underSecType": "IND",
    "stockType": "",
    "marketRuleIds": "32",
    "minSize": "1",
    "sizeIncrement": "1",
    "suggestedSizeIncrement": "1",
}
"""What does not change from day to day in the recorded details of a milk future (real_frames_176.jsonl)."""


def asked(client, **parts):
    """The details of a contract, as fields by name."""
    client.reqContractDetails(1, contract(**parts))
    *found, end = client.take()
    assert end == ["52", "1", "1"]
    for fields in found:
        del fields[31 : 31 + 2 * int(fields[30])]  # tags and values of identifiers
    return [dict(zip(NAMES, fields[1:], strict=True)) for fields in found]


def refused(client, **parts):
    """Code and text of the error that is all that comes."""
    client.callbacks()
    client.reqContractDetails(1, contract(**parts))
    [(name, arguments)] = client.callbacks()
    assert (name, arguments[0]) == ("error", 1)
    return arguments[2:4]


def test_a_future_is_described_field_by_field_as_a_real_gateway_described_it():
    [first, *others] = asked(World().client(1, 176), symbol="DA", secType="FUT", exchange="CME", tradingClass="DC")
    assert RECORDED.items() <= first.items()
    assert first["localSymbol"] == "DCX6"
    assert first["lastTrade"] == "20261130-18:10:00"
    assert (first["contractMonth"], first["realExpirationDate"]) == ("202611", "20261130")
    assert [one["contractMonth"] for one in others[:2]] == ["202612", "202701"]
    assert len(others) == 11


def test_a_future_traded_in_new_york_is_described_in_its_time():
    client = World(hours="exchange").client(1, 176)
    [one] = asked(client, localSymbol="NGU27", secType="FUT")
    assert one["timeZoneId"] == "US/Eastern"
    assert one["lastTrade"] == "20270827-18:30:00"  # as recorded for this very contract
    assert one["tradingHours"].startswith("20261118:1800-20261119:1700;20261119:1800-20261120:1700;20261121:CLOSED")


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"symbol": "AAPL", "secType": "STK", "currency": "USD"}, ["AAPL"]),
        ({"symbol": "AAPL", "secType": "STK"}, ["AAPL", "AAPL"]),
        ({"symbol": "AAPL", "secType": "STK", "exchange": "MEXI"}, ["AAPL"]),
        ({"symbol": "AAPL", "secType": "STK", "exchange": "SMART", "primaryExchange": "ISLAND"}, ["AAPL"]),
        ({"secIdType": "ISIN", "secId": "US4592001014"}, ["IBM"]),
        ({"secIdType": "CUSIP", "secId": "459200101", "secType": "STK"}, ["IBM"]),
        ({"conId": 756733}, ["SPY"]),
        ({"localSymbol": "ESZ6", "secType": "FUT"}, ["ESZ6"]),
        ({"symbol": "ES", "secType": "FUT", "lastTradeDateOrContractMonth": "202612"}, ["ESZ6"]),
        ({"symbol": "ES", "secType": "FUT", "lastTradeDateOrContractMonth": "20261218"}, ["ESZ6"]),
        ({"symbol": "CL", "secType": "FUT", "lastTradeDateOrContractMonth": "202701"}, ["CLF27"]),
        ({"symbol": "ZN", "secType": "CONTFUT"}, ["ZN   DEC 26"]),
        ({"symbol": "VIX", "secType": "IND"}, ["VIX"]),
        ({"symbol": "BTC", "secType": "CRYPTO", "currency": "USD"}, ["BTC.USD"]),
        ({"symbol": "EUR", "secType": "CASH", "currency": "GBP"}, ["EUR.GBP"]),
        ({"localSymbol": "SPY   261218P00560000", "secType": "OPT"}, ["SPY   261218P00560000"]),
        (
            {"symbol": "AAPL", "secType": "OPT", "strike": 212.5, "right": "CALL", "multiplier": "100"}
            | {"lastTradeDateOrContractMonth": "20261218"},
            ["AAPL  261218C00212500"],
        ),
        (
            {"symbol": "SPX", "secType": "OPT", "tradingClass": "SPX", "strike": 5600, "right": "C"}
            | {"lastTradeDateOrContractMonth": "202612"},
            ["SPX   261218C05600000"],
        ),
        *(
            (
                {"symbol": "SPX", "secType": "OPT", "tradingClass": "SPX", "strike": 5600, "right": "C"}
                | {"lastTradeDateOrContractMonth": day},
                ["SPX   261218C05600000"],
            )
            for day in ("20261217", "20261218")  # traded last, and settled on the morning after
        ),
    ],
)
def test_a_contract_is_found_by_whatever_names_it(parts, found):
    assert [one["localSymbol"] for one in asked(World().client(), **parts)] == found


@pytest.mark.parametrize(
    ("parts", "code", "text"),
    [
        ({"symbol": "NOPE", "secType": "STK"}, 200, "No security definition has been found for the request"),
        ({"symbol": "AAPL", "secType": "STK", "exchange": "CME"}, 200, "No security definition"),
        ({"symbol": "AAPL", "secType": "STK", "currency": "EUR"}, 200, "No security definition"),
        ({"conId": 999}, 200, "No security definition"),
        ({"secIdType": "ISIN", "secId": "US0000000000"}, 200, "No security definition"),
        ({"symbol": "ES", "secType": "FUT", "lastTradeDateOrContractMonth": "202611"}, 200, "No security definition"),
        ({"symbol": "AAPL"}, 321, "Error validating request.-'bQ' : cause - Please enter a valid security type"),
        ({"symbol": "AAPL", "secType": "SHARE"}, 321, "Error validating request.-'bQ' : cause - Please enter a valid"),
        ({"secType": "STK"}, 321, "Error validating request.-'bQ' : cause - Please enter a local symbol or a symbol"),
    ],
)
def test_what_cannot_be_found_is_refused_in_the_words_of_a_real_gateway(parts, code, text):
    told = refused(World().client(), **parts)
    assert told[0] == code
    assert told[1].startswith(text)


@pytest.mark.parametrize(
    ("parts", "ending"),
    [
        ({"symbol": "AAPL", "secType": "STK", "exchange": "SMART"}, "AAPL is ambiguous."),
        (
            {"symbol": "ES", "secType": "FUT", "exchange": "CME"},
            "ES is ambiguous; you must specify the multiplier or trading class.",
        ),
    ],
)
def test_data_for_a_description_of_several_contracts_are_refused(parts, ending):
    client = World().client()
    client.reqMktData(1, contract(**parts), "", False, False, [])
    [(name, arguments)] = client.callbacks()
    assert (name, arguments[2], arguments[3]) == ("error", 200, f"The contract description specified for {ending}")


def test_expired_contracts_are_found_only_by_those_who_ask_for_them():
    client = World().client()
    expired = {"symbol": "ES", "secType": "FUT", "lastTradeDateOrContractMonth": "202609"}
    assert refused(client, **expired)[0] == 200
    [one] = asked(client, **expired, includeExpired=True)
    assert one["localSymbol"] == "ESU6"
    assert refused(client, conId=int(one["conId"]))[0] == 200
    assert asked(client, conId=int(one["conId"]), includeExpired=True) == [one]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_contract_has_a_market_rule_for_each_exchange_and_hours_of_its_own(version):
    client = World(hours="exchange").client(1, version)
    seen = {}
    for parts in (
        {"symbol": "IBM", "secType": "STK"},
        {"symbol": "ES", "secType": "CONTFUT"},
        {"symbol": "EUR", "secType": "CASH", "currency": "USD"},
        {"symbol": "SPX", "secType": "IND"},
        {"symbol": "ETH", "secType": "CRYPTO"},
        {"symbol": "SPX", "secType": "OPT", "strike": 5600, "right": "P", "tradingClass": "SPXW"},
    ):
        client.reqContractDetails(1, contract(**parts))
        _, (_, details) = client.callbacks()[0]
        seen[parts["symbol"], parts["secType"]] = details
    for details in seen.values():
        assert details.validExchanges.count(",") == details.marketRuleIds.count(",")
    assert seen["IBM", "STK"].liquidHours.startswith("20261119:0930-20261119:1600;20261120:0930-")
    assert seen["ES", "CONTFUT"].timeZoneId == "US/Central"
    assert seen["ES", "CONTFUT"].contract.lastTradeDateOrContractMonth == "20261218"
    assert seen["IBM", "STK"].secIdList[0].value == "US4592001014"
    assert seen["SPX", "IND"].orderTypes == ""
    assert seen["SPX", "OPT"].underSecType == "IND"


def test_market_rules_tell_the_increments_by_band_and_unknown_ones_are_refused():
    client = World().client()
    client.reqMarketRule(109)
    assert client.take() == [["93", "109", "2", "0", "0.05", "3", "0.10"]]
    client.reqMarketRule(4)
    assert client.take()[0][:4] == ["4", "2", "-1", "321"]
    option = Universe(date(2026, 11, 19)).find(Query(symbol="SPX", sec_type="OPT", trading_class="SPX"))[0]
    assert (option.increment(Decimal("2.95")), option.increment(Decimal(3))) == (Decimal("0.05"), Decimal("0.10"))


def test_option_chains_are_told_for_each_class_and_exchange_and_hold_what_can_be_traded():
    client = World().client()
    client.reqSecDefOptParams(1, "SPX", "", "IND", 416904)
    *chains, end = client.take()
    assert end == ["76", "1"]
    assert {(fields[2], fields[4]) for fields in chains} == {
        (exchange, kind) for exchange in ("SMART", "CBOE", "IBUSOPT") for kind in ("SPX", "SPXW")
    }
    weekly = next(fields for fields in chains if fields[2:5:2] == ["SMART", "SPXW"])
    count = int(weekly[6])
    expiry, strike = weekly[7], weekly[8 + count]
    found = asked(client, secType="OPT", tradingClass="SPXW", lastTradeDateOrContractMonth=expiry, strike=float(strike))
    assert [one["right"] for one in found] == ["C", "P"]
    client.reqSecDefOptParams(2, "SPX", "CBOE", "IND", 416904)
    assert {fields[2] for fields in client.take()[:-1]} == {"CBOE"}
    client.reqSecDefOptParams(3, "IBM", "", "STK", 8314)
    assert client.take() == [["76", "3"]]
    client.reqSecDefOptParams(4, "SPX", "", "STK", 416904)
    assert client.take()[0][:4] == ["4", "2", "4", "200"]


def test_symbols_are_searched_by_symbol_and_name_with_what_is_derived_from_them():
    client = World().client()
    client.reqMatchingSymbols(1, "spx")
    _, (_, [found]) = client.callbacks()[0]
    assert (found.contract.symbol, found.contract.secType, found.contract.description) == (
        *("SPX", "IND", "S&P 500 Stock Index"),
    )
    assert found.derivativeSecTypes == ["BAG", "OPT"]
    client.reqMatchingSymbols(2, "coca")
    _, (_, [found]) = client.callbacks()[0]
    assert (found.contract.symbol, found.derivativeSecTypes) == ("KO", [])


def test_expiries_follow_the_rules_of_the_exchanges():
    """Dates as the exchanges published them."""
    assert expiries.third_friday(2026, 6) == date(2026, 6, 18)  # Juneteenth is that Friday
    assert expiries.oil(2026, 12) == date(2026, 11, 20)
    assert expiries.metal(2026, 12) == date(2026, 12, 29)
    assert expiries.treasury(2026, 12) == date(2026, 12, 21)
    assert expiries.volatility(2026, 12) == date(2026, 12, 15)
    assert expiries.fridays(date(2026, 11, 21), 2) == [date(2026, 11, 27), date(2026, 12, 4)]


def test_ids_name_the_same_contract_on_any_day():
    then, now = Universe(date(2024, 3, 1)), Universe(date(2026, 11, 19))
    for query in (
        Query(symbol="ZN", sec_type="FUT"),
        Query(symbol="AAPL", sec_type="OPT", right="P"),
        Query(symbol="SPX", sec_type="OPT", expiry="202406"),
    ):
        for item in then.find(query):
            assert now.get(item.con_id) == item
    assert all(
        now.get(con_id) is None for con_id in (5, 600_024_289, 699_999_999, 700_000_000, 1_599_999_999, 2**31 - 1)
    )


def test_a_combo_is_known_by_its_legs_which_are_contracts_that_can_be_traded():
    today, later = Universe(date(2026, 11, 19)), Universe(date(2026, 11, 20))
    legs = (Leg(756733, 1, "BUY"), Leg(265598, 2, "SELL"))
    combo = today.combo("SPY", "USD", legs)
    assert combo == later.combo("SPY", "USD", legs) == today.get(combo.con_id)
    assert combo.con_id != today.combo("SPY", "USD", (legs[0], Leg(265598, 3, "SELL"))).con_id
    for con_id in (combo.con_id, 416904, 999):
        with pytest.raises(LookupError):
            today.combo("SPY", "USD", (legs[0], Leg(con_id, 1, "SELL")))
    for wrong in (legs[:1], (legs[0], Leg(265598, 0, "SELL")), (legs[0], Leg(265598, 1, "HOLD"))):
        with pytest.raises(ValueError, match="a combo takes"):
            today.combo("SPY", "USD", wrong)


def test_a_client_cannot_fill_the_memory_with_combos():
    universe = Universe(date(2026, 11, 19))
    legs = [(Leg(756733, 1, "BUY"), Leg(265598, ratio, "SELL")) for ratio in range(1, 10_002)]
    known = [universe.combo("SPY", "USD", pair) for pair in legs[:-1]]
    with pytest.raises(ValueError, match="10000 different combos already"):
        universe.combo("SPY", "USD", legs[-1])
    assert universe.combo("SPY", "USD", legs[0]) is known[0]


def test_a_continuous_future_has_a_past_and_nothing_else():
    client = World().client()
    front = contract(symbol="ES", secType="CONTFUT", exchange="CME")
    client.reqHistoricalData(1, front, "", "2 D", "1 day", "TRADES", 1, 1, False, [])
    assert [fields[0] for fields in client.take()] == ["17"]
    client.reqMktData(2, front, "", False, False, [])
    client.placeOrder(3, front, order("BUY", 1))
    assert [fields[:4] for fields in client.take()] == [["4", "2", "2", "321"], ["4", "2", "3", "321"]]


def test_an_index_takes_no_orders():
    client = World().client()
    client.placeOrder(1, contract(symbol="SPX", secType="IND", exchange="CBOE", currency="USD"), order("BUY", 1))
    [fields] = client.take()
    assert fields[0] == "4"
