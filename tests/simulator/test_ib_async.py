"""An independent client's whole working day against the simulator's process: ib_async, at both versions it speaks."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from ib_async import IB, Forex, Future, LimitOrder, MarketOrder, Option, Stock, StopLimitOrder, StopOrder

from simulator.control import ControlClient
from tests.simulator.local import process

AAPL = Stock("AAPL", "SMART", "USD")


@pytest.mark.parametrize("version", [176, 178])
def test_ib_async_trades_a_day_without_one_time_out_or_undecoded_frame(version, caplog):
    with process("--seed", "7") as (port, control_port, _), ControlClient("127.0.0.1", control_port) as steering:
        steering.do("price", symbol="AAPL", price=200)
        steering.do("freeze")
        errors = asyncio.run(_day(port, version, steering))
    assert errors == [(200, "No security definition has been found for the request"), (202, "Order Canceled - reason:")]
    assert [record.message for record in caplog.records if "Error handling" in record.message] == []


async def _day(port: int, version: int, steering: ControlClient) -> list[tuple[int, str]]:
    ib = IB()
    ib.client.MaxClientVersion = version
    ib.RaiseRequestErrors = False
    errors: list[tuple[int, str]] = []
    ib.errorEvent += lambda _, code, text, __: errors.append((code, text)) if code < 2000 else None
    timeouts = []
    ib.timeoutEvent += timeouts.append
    await ib.connectAsync("127.0.0.1", port, clientId=3, timeout=5, raiseSyncErrors=True)
    try:
        assert (ib.client.serverVersion(), ib.managedAccounts()) == (version, ["DU1000001"])
        await _contracts(ib)
        await _prices(ib, steering)
        await _orders(ib)
        await _account(ib)
    finally:
        ib.disconnect()
    assert timeouts == []
    return errors


async def _contracts(ib: IB) -> None:
    (details,) = await ib.reqContractDetailsAsync(AAPL)
    assert (details.longName, details.minTick, details.contract.conId) == ("APPLE INC", 0.01, 265598)
    listings = await ib.reqContractDetailsAsync(Stock("AAPL"))
    assert {found.contract.currency for found in listings} == {"USD", "MXN"}
    quarters = await ib.reqContractDetailsAsync(Future("ES", exchange="CME"))
    assert len(quarters) == 5
    assert await ib.reqContractDetailsAsync(Stock("NOPE", "SMART", "USD")) == []
    (chain,) = await ib.reqSecDefOptParamsAsync("SPY", "", "STK", 756733)
    option = Option("SPY", chain.expirations[-1], chain.strikes[20], "P", "SMART")
    assert await ib.qualifyContractsAsync(AAPL, Forex("EURUSD"), option, quarters[0].contract)
    assert option.conId
    samples = await ib.reqMatchingSymbolsAsync("SP")
    assert "SPY" in {sample.contract.symbol for sample in samples}
    assert (await ib.reqMarketRuleAsync(26))[0].increment == 0.01


async def _prices(ib: IB, steering: ControlClient) -> None:
    ticker = ib.reqMktData(AAPL)
    while ticker.last != 200.0:
        await ticker.updateEvent
    assert ticker.bid < 200 < ticker.ask
    steering.do("price", symbol="AAPL", price=201)
    while ticker.last != 201.0:
        await ticker.updateEvent
    steering.do("price", symbol="AAPL", price=200)
    ib.cancelMktData(AAPL)
    (snapshot,) = await ib.reqTickersAsync((await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD")))[0])
    assert snapshot.bid < snapshot.ask
    minutes = await ib.reqHistoricalDataAsync(AAPL, "", "3600 S", "1 min", "TRADES", False, timeout=5)
    assert len(minutes) in {60, 61}
    days = await ib.reqHistoricalDataAsync(AAPL, "", "20 D", "1 day", "MIDPOINT", True, timeout=5)
    assert len(days) == 20
    assert (await ib.reqHeadTimeStampAsync(AAPL, "TRADES", True, 1)).year > 2000
    assert (await ib.reqCurrentTimeAsync()).year >= 2026


async def _orders(ib: IB) -> None:
    bought = ib.placeOrder(AAPL, MarketOrder("BUY", 100, orderRef="bought"))
    await _until(bought, "Filled")
    fill = bought.fills[0]
    assert (fill.execution.orderRef, fill.commissionReport.commission) == ("bought", 1.0)
    resting = ib.placeOrder(AAPL, LimitOrder("BUY", 10, 150.0, tif="GTC"))
    await _until(resting, "Submitted")
    resting.order.lmtPrice = 151.0
    ib.placeOrder(AAPL, resting.order)
    ib.cancelOrder(resting.order)
    await _until(resting, "Cancelled")
    stop = ib.placeOrder(AAPL, StopOrder("SELL", 100, 150.0))
    limited = ib.placeOrder(AAPL, StopLimitOrder("SELL", 100, 149.0, 150.0))
    await _until(stop, "PreSubmitted")
    await _until(limited, "PreSubmitted")
    assert stop.orderStatus.whyHeld == "trigger"
    assert {trade.order.orderId for trade in ib.openTrades()} == {stop.order.orderId, limited.order.orderId}
    assert len(await ib.reqAllOpenOrdersAsync()) == 2
    sold = ib.placeOrder(AAPL, MarketOrder("SELL", 40, orderRef="sold"))
    await _until(sold, "Filled")
    state = await ib.whatIfOrderAsync(AAPL, LimitOrder("BUY", 10, 150.0))
    assert float(state.initMarginChange) > 0


async def _until(trade, status: str) -> None:
    while trade.orderStatus.status != status:
        await asyncio.wait_for(trade.statusEvent, 5)
    while status == "Filled" and not trade.fills[-1].commissionReport.execId:
        await asyncio.wait_for(trade.commissionReportEvent, 5)


async def _account(ib: IB) -> None:
    (position,) = await ib.reqPositionsAsync()
    assert (position.contract.conId, position.position) == (265598, 60.0)
    executions = await ib.reqExecutionsAsync()
    assert [(fill.execution.side, fill.execution.shares) for fill in executions] == [("BOT", 100.0), ("SLD", 40.0)]
    done = await ib.reqCompletedOrdersAsync(False)
    assert [trade.order.orderRef for trade in done] == ["bought", "", "sold"]
    values = {value.tag: value for value in await ib.accountSummaryAsync()}
    cash = Decimal(1_000_000) + sum(
        (Decimal(str(fill.execution.price * fill.execution.shares)) * (-1 if fill.execution.side == "BOT" else 1))
        - Decimal(str(fill.commissionReport.commission))
        for fill in ib.fills()
    )
    assert Decimal(values["TotalCashValue"].value) == cash
    profit = ib.reqPnL("DU1000001")
    while profit.dailyPnL != profit.dailyPnL:
        await ib.pnlEvent
    assert len(ib.portfolio()) == 1
