"""What clients are told of the accounts: when asked, after fills, and never without a reason."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from tests.simulator.rig import World, contract, order, stock

TWO = "DU1,DU2"
UNSET = "1.7976931348623157E308"
RECORDED_SUMMARY = (
    *("AccountType", "Cushion", "DayTradesRemaining", "LookAheadNextChange", "AccruedCash", "AvailableFunds"),
    *("BuyingPower", "EquityWithLoanValue", "ExcessLiquidity", "FullAvailableFunds", "FullExcessLiquidity"),
    *("FullInitMarginReq", "FullMaintMarginReq", "GrossPositionValue", "InitMarginReq", "LookAheadAvailableFunds"),
    *("LookAheadExcessLiquidity", "LookAheadInitMarginReq", "LookAheadMaintMarginReq", "MaintMarginReq"),
    *("NetLiquidation", "PreviousDayEquityWithLoanValue", "SMA", "TotalCashValue"),
)
"""The tags that a real gateway answered, in its order, to a request for all 29 (real_frames_176.jsonl)."""
ASKED = (
    "AccountType,NetLiquidation,TotalCashValue,SettledCash,AccruedCash,BuyingPower,EquityWithLoanValue,"
    "PreviousDayEquityWithLoanValue,GrossPositionValue,ReqTEquity,ReqTMargin,SMA,InitMarginReq,MaintMarginReq,"
    "AvailableFunds,ExcessLiquidity,Cushion,FullInitMarginReq,FullMaintMarginReq,FullAvailableFunds,"
    "FullExcessLiquidity,LookAheadNextChange,LookAheadInitMarginReq,LookAheadMaintMarginReq,LookAheadAvailableFunds,"
    "LookAheadExcessLiquidity,HighestSeverity,DayTradesRemaining,Leverage"
)


def told(client, *kinds):
    """The messages of some kinds since the last look."""
    return [fields for fields in client.take() if fields[0] in kinds]


def errors(client):
    return [(arguments[0], *arguments[2:4]) for name, arguments in client.callbacks() if name == "error"]


def buy(client, order_id, quantity, account=""):
    client.placeOrder(order_id, stock(), order("BUY" if quantity > 0 else "SELL", abs(quantity), account=account))


def test_a_summary_has_the_tags_and_the_order_that_were_recorded_and_then_only_what_changed():
    world = World()
    client = world.client()
    client.reqAccountSummary(1, "All", ASKED)
    *summary, end = client.take()
    assert tuple(fields[4] for fields in summary) == RECORDED_SUMMARY
    assert end == ["64", "1", "1"]
    world.step(100)
    assert not told(client, "63")
    buy(client, 1, 100)
    world.step()
    changed = {fields[4] for fields in told(client, "63")}
    assert "TotalCashValue" in changed
    assert "AccountType" not in changed


def test_two_summaries_are_allowed_and_a_third_after_one_is_cancelled():
    client = World().client()
    for request_id in (1, 2, 3):
        client.reqAccountSummary(request_id, "All", "NetLiquidation")
    text = (
        "Error processing request.-'b1' : cause - Maximum number of account summary requests exceeded; "
        "desubscribe to previous request first"
    )
    assert errors(client) == [(3, 322, text)]
    client.cancelAccountSummary(1)
    client.reqAccountSummary(3, "All", "NetLiquidation")
    assert [fields[0] for fields in client.take()] == ["63", "64"]


def test_fills_are_told_at_once_to_those_who_follow_and_positions_once_only():
    world = World()
    client = world.client()
    client.reqPositions()
    client.reqPositionsMulti(7, "DU1000001", "")
    client.reqAccountUpdates(True, "")
    client.take()
    for order_id, quantity in ((1, 10), (2, -10)):
        buy(client, order_id, quantity)
        messages = client.take()
        held = str(max(quantity, 0))
        assert [fields[14] for fields in messages if fields[0] == "61"] == [held]
        assert [fields[15] for fields in messages if fields[0] == "71"] == [held]
        assert [fields[13] for fields in messages if fields[0] == "7"] == [held]
        world.step()
        assert not told(client, "61", "71")
    client.cancelPositions()
    client.cancelPositionsMulti(7)
    client.reqAccountUpdates(False, "")
    buy(client, 3, 10)
    assert not told(client, "61", "71", "7", "6")


def test_account_values_are_looked_at_every_three_minutes_and_profit_every_second():
    world = World()
    client = world.client()
    buy(client, 1, 1000)
    world.step()
    client.reqAccountUpdates(True, "")
    client.reqPnL(2, "DU1000001", "")
    client.reqPnLSingle(3, "DU1000001", "", 265598)
    client.take()
    counts: Counter[str] = Counter()
    for _ in range(190):
        world.step(1.0)
        counts.update(fields[0] for fields in client.take())
    assert counts["8"] == 1
    assert 100 < counts["94"] <= 190
    assert 100 < counts["95"] <= 190


def test_what_is_not_held_has_no_profit_and_what_was_sold_has_a_realised_one():
    world = World()
    client = world.client()
    client.reqPnLSingle(1, "DU1000001", "", 272093)
    assert client.take() == [["95", "1", "0", UNSET, UNSET, UNSET, "0.00"]]
    buy(client, 1, 10)
    buy(client, 2, -10)
    client.take()
    client.reqPnLSingle(2, "DU1000001", "", 265598)
    [[_, _, held, daily, unrealized, realized, value]] = client.take()
    assert (held, unrealized, value) == ("0", UNSET, "0.00")
    assert Decimal(realized) < 0
    assert daily == realized


def test_accounts_behind_one_login_are_kept_apart_and_added_up_under_all():
    world = World(account=TWO)
    client = world.client()
    client.reqManagedAccts()
    assert client.take() == [["15", "1", TWO]]
    client.reqFamilyCodes()
    assert client.take() == [["78", "2", "DU1", "", "DU2", ""]]
    buy(client, 1, 10, "DU2")
    client.take()
    client.reqPositions()
    assert [fields[2] for fields in told(client, "61")] == ["DU2"]
    client.reqAccountUpdates(True, "DU1")
    buy(client, 2, 10, "DU2")
    assert not told(client, "7")
    client.reqAccountUpdates(True, "DU2")
    messages = client.take()
    assert [fields[3] for fields in messages if fields[0] == "4"] == ["2100"]
    assert {fields[-1] for fields in messages if fields[0] in {"6", "7", "54"}} == {"DU2"}
    for group, names in (("All", {"DU1", "DU2"}), ("DU1", {"DU1"})):
        client.reqAccountSummary(3, group, "NetLiquidation")
        assert {fields[3] for fields in told(client, "63")} == names
        client.cancelAccountSummary(3)
    single = {}
    for request_id, name in enumerate(("DU1", "DU2", "All"), 10):
        client.reqPnL(request_id, name, "")
        [[_, _, daily, *_]] = client.take()
        single[name] = Decimal(daily)
    assert single["All"] == single["DU1"] + single["DU2"] != 0


@pytest.mark.parametrize(
    ("ask", "request_id", "cause"),
    [
        (lambda c: c.reqAccountUpdates(True, "DU9"), -1, "Invalid account code 'DU9'"),
        (lambda c: c.reqAccountUpdates(True, ""), -1, "The account code is required for this operation."),
        (lambda c: c.reqAccountSummary(1, "DU9", "NetLiquidation"), 1, "Invalid account code 'DU9'"),
        (lambda c: c.reqPositionsMulti(1, "DU9", ""), 1, "Invalid account code 'DU9'"),
        (lambda c: c.reqAccountUpdatesMulti(1, "DU9", "", False), 1, "Invalid account code 'DU9'"),
        (lambda c: c.reqPnL(1, "DU9", ""), 1, "Invalid account code 'DU9'"),
        (lambda c: c.reqPnLSingle(1, "DU9", "", 265598), 1, "Invalid account code 'DU9'"),
        (lambda c: c.reqPnLSingle(1, "DU1", "", 5), 1, "Invalid contract id 5"),
    ],
)
def test_an_account_that_is_not_there_is_refused_as_a_request_that_makes_no_sense(ask, request_id, cause):
    client = World(account=TWO).client()
    ask(client)
    [(told_id, code, text)] = errors(client)
    assert (told_id, code) == (request_id, 321)
    assert text.startswith("Error validating request.-'")
    assert text.endswith(f"' : cause - {cause}")


def test_nothing_is_told_while_the_link_is_down_and_streams_are_gone_when_data_were_lost():
    world = World()
    client = world.client()
    client.reqPositions()
    client.reqPnL(1, "DU1000001", "")
    buy(client, 1, 100)
    client.take()
    world.gateway.link(1100)
    client.take()
    buy(client, 2, 100)
    world.step(1.5)
    assert not told(client, "61", "94")
    world.gateway.link(1102)
    world.step(1.5)
    messages = client.take()
    assert [fields[14] for fields in messages if fields[0] == "61"] == ["200"]
    assert [fields[0] for fields in messages if fields[0] == "94"] == ["94"]
    world.gateway.link(1100)
    world.gateway.link(1101)
    client.take()
    buy(client, 3, 100)
    world.step(1.5)
    assert not told(client, "61", "94")


def test_a_model_that_does_not_exist_has_no_positions_and_no_values():
    client = World().client()
    buy(client, 1, 10)
    client.take()
    client.reqPositionsMulti(1, "DU1000001", "Growth")
    client.reqAccountUpdatesMulti(2, "DU1000001", "Growth", False)
    assert [fields[0] for fields in client.take()] == ["72", "74"]


def test_what_an_account_is_worth_has_changed_by_its_profit_also_with_open_futures_and_currencies():
    world = World()
    client = world.client()
    future = contract(symbol="ES", secType="FUT", exchange="CME", currency="USD", localSymbol="ESZ6")
    client.placeOrder(1, future, order("BUY", 3))
    client.placeOrder(2, future, order("SELL", 1))
    client.placeOrder(
        3, contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD"), order("BUY", 100_000)
    )
    world.step()
    figures = world.gateway.account.figures()
    assert figures["FuturesPNL"] != 0
    assert figures["NetLiquidation"] - 1_000_000 == figures["DailyPnL"]
    assert figures["DailyPnL"] == figures["UnrealizedPnL"] + figures["RealizedPnL"]


def test_a_crypto_currency_is_part_of_what_the_account_is_worth():
    world = World()
    client = world.client()
    coin = contract(symbol="BTC", secType="CRYPTO", exchange="PAXOS", currency="USD")
    client.placeOrder(1, coin, order("BUY", 1))
    world.step()
    client.take()
    client.reqAccountSummary(1, "All", "NetLiquidation,$LEDGER:USD")
    values = {
        fields[4]: Decimal(fields[5])
        for fields in told(client, "63")
        if fields[4] in {"NetLiquidation", "Cryptocurrency"}
    }
    assert values["Cryptocurrency"] > 10_000
    assert abs(values["NetLiquidation"] - 1_000_000) < 1_000
