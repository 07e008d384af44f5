"""What ib_async and ib_insync ask, in this order, and what must come back: their calls have the same names."""

from __future__ import annotations

import math
from decimal import Decimal
from types import ModuleType
from typing import Any

from tests.simulator.acceptance.asyncio_day import Call

ACCOUNT = "DU1000001"


class Named:
    """The contracts of the table; one of its first calls completes them."""

    def __init__(self, api: ModuleType) -> None:
        self.aapl = api.Stock("AAPL", "SMART", "USD")
        self.msft = api.Stock("MSFT", "SMART", "USD")
        self.pair = api.Forex("EURUSD")
        self.future = api.Future("ES", "202612", "CME", currency="USD")
        self.option = api.Option("SPY", "20261218", 560.0, "C", "SMART", currency="USD")

    def every(self) -> list[Any]:
        """All of them."""
        return list(vars(self).values())


def calls(api: ModuleType) -> list[Call]:
    """The table for one of the two."""
    on = Named(api)
    return [*_session(), *_contracts(api, on), *_prices(on), *_history(on), *_orders(api, on), *_account()]


# Rows of a table: one call a row reads better than one argument a line.
# fmt: off
def _session() -> list[Call]:
    return [
        Call("start-up", lambda d: d.connect(), lambda r: r.isConnected()),
        Call("accounts", lambda d: d.ib.managedAccounts(), lambda r: r == [ACCOUNT]),
        Call("time", lambda d: d.ib.reqCurrentTimeAsync(), lambda r: r.year >= 2026),
        Call("user", lambda d: d.ib.reqUserInfoAsync(), lambda r: not r),
        Call("live data", lambda d: d.ib.reqMarketDataType(1)),
    ]


def _contracts(api: ModuleType, on: Named) -> list[Call]:
    return [
        Call("a share", lambda d: d.ib.reqContractDetailsAsync(on.aapl),
             lambda r: (r[0].longName, r[0].minTick, r[0].contract.conId) == ("APPLE INC", 0.01, 265598)),
        Call("a share by its contract id", lambda d: d.ib.reqContractDetailsAsync(api.Contract(conId=756733)),
             lambda r: r[0].contract.symbol == "SPY"),
        Call("an ambiguous share", lambda d: d.ib.reqContractDetailsAsync(api.Stock("AAPL")),
             lambda r: {found.contract.currency for found in r} >= {"USD", "MXN"}),
        Call("a future's expiries", lambda d: d.ib.reqContractDetailsAsync(api.Future("ES", exchange="CME")),
             lambda r: len(r) == 5),
        Call("no such share", lambda d: d.ib.reqContractDetailsAsync(api.Stock("NOPE", "SMART", "USD")),
             lambda r: not r, errors=(200,)),
        Call("contracts completed", lambda d: d.ib.qualifyContractsAsync(*on.every()),
             lambda r: len(r) == 5 and all(found.conId for found in r)),
        Call("symbols", lambda d: d.ib.reqMatchingSymbolsAsync("SP"),
             lambda r: "SPY" in {found.contract.symbol for found in r}),
        Call("option chain", lambda d: d.ib.reqSecDefOptParamsAsync("SPY", "", "STK", 756733),
             lambda r: r[0].strikes and r[0].expirations),
        Call("market rule", lambda d: d.ib.reqMarketRuleAsync(26), lambda r: r[0].increment == 0.01),
    ]


def _prices(on: Named) -> list[Call]:
    return [
        Call("quotes", _quotes(on.aapl), lambda r: 100 < r.bid < r.ask < 300),
        Call("a quote moves", _moved(on.aapl)),
        Call("no more quotes", lambda d: d.ib.cancelMktData(on.aapl)),
        Call("a pair's quotes", _quotes(on.pair), lambda r: r.bid < r.ask),
        Call("an option's quotes", _greeks(on.option), lambda r: 0 < r.delta < 1),
        Call("snapshots", lambda d: d.ib.reqTickersAsync(on.msft), lambda r: r[0].bid < r[0].ask),
    ]


def _history(on: Named) -> list[Call]:
    return [
        Call("daily bars", lambda d: d.ib.reqHistoricalDataAsync(on.aapl, "", "20 D", "1 day", "TRADES", True),
             lambda r: len(r) == 20),
        Call("minutes", lambda d: d.ib.reqHistoricalDataAsync(on.pair, "", "3600 S", "1 min", "MIDPOINT", False),
             lambda r: len(r) in {60, 61}),
        Call("head of the data", lambda d: d.ib.reqHeadTimeStampAsync(on.aapl, "TRADES", True, 1),
             lambda r: r.year > 2000),
        Call("trades of a pair", lambda d: d.ib.reqHistoricalDataAsync(on.pair, "", "2 D", "1 day", "TRADES", False),
             lambda r: not r, errors=(162,)),
    ]


def _orders(api: ModuleType, on: Named) -> list[Call]:
    return [
        Call("market", lambda d: d.order("market", on.aapl, api.MarketOrder("BUY", 100, orderRef="bought"), "Filled"),
             lambda r: (r.fills[0].execution.orderRef, r.fills[0].commissionReport.commission) == ("bought", 1.0)),
        Call("limit", lambda d: d.order("limit", on.aapl, api.LimitOrder("BUY", 10, 100.0, tif="GTC"), "Submitted")),
        Call("limit, modified", _modified(on.aapl), lambda r: r.order.lmtPrice == 101.0),
        Call("limit, cancelled", lambda d: d.cancel("limit"), errors=(202,)),
        Call("limit that trades", lambda d: d.order("sold", on.aapl, api.LimitOrder("SELL", 10, 150.0), "Filled")),
        Call("stop", lambda d: d.order("stop", on.aapl, api.StopOrder("SELL", 10, 150.0), "PreSubmitted"),
             lambda r: r.orderStatus.whyHeld == "trigger"),
        Call("stop limit",
             lambda d: d.order("stp lmt", on.aapl, api.StopLimitOrder("SELL", 10, 149.0, 150.0), "PreSubmitted")),
        Call("immediate or cancel",
             lambda d: d.order("ioc", on.aapl, api.LimitOrder("BUY", 1, 100.0, tif="IOC"), "Cancelled"), errors=(202,)),
        Call("what if", lambda d: d.ib.whatIfOrderAsync(on.aapl, api.LimitOrder("BUY", 10, 150.0)),
             lambda r: float(r.initMarginChange) > 0),
        Call("a future", lambda d: d.order("future", on.future, api.MarketOrder("SELL", 1), "Filled")),
        Call("a fraction", lambda d: _refused(d, on.aapl, api.MarketOrder("BUY", 0.5)), errors=(10318,)),
        Call("open orders", lambda d: d.ib.reqOpenOrdersAsync(), lambda r: len(r) == 2),
        Call("all open orders", lambda d: d.ib.reqAllOpenOrdersAsync(), lambda r: len(r) == 2),
        Call("cancel all", _global_cancel, errors=(202,)),
        Call("completed orders", lambda d: d.ib.reqCompletedOrdersAsync(False),
             lambda r: {"bought"} <= {trade.order.orderRef for trade in r}),
        Call("executions", lambda d: d.ib.reqExecutionsAsync(), lambda r: len(r) >= 3),
        Call("executions of a symbol", lambda d: d.ib.reqExecutionsAsync(api.ExecutionFilter(symbol="ES")),
             lambda r: {fill.contract.symbol for fill in r} == {"ES"}),
    ]


def _account() -> list[Call]:
    return [
        Call("account updates", lambda d: d.ib.reqAccountUpdatesAsync(ACCOUNT)),
        Call("account values", lambda d: d.ib.accountValues(),
             lambda r: {"NetLiquidation", "BuyingPower"} <= {value.tag for value in r}),
        Call("portfolio", lambda d: d.ib.portfolio(), lambda r: len(r) == 2),
        Call("summary", _cash, lambda r: r == 0),
        Call("values of an account", lambda d: d.ib.reqAccountUpdatesMultiAsync(ACCOUNT, "")),
        Call("positions", lambda d: d.ib.reqPositionsAsync(),
             lambda r: {held.contract.symbol: held.position for held in r} == {"AAPL": 90.0, "ES": -1.0}),
        Call("profit", _profit),
        Call("no profit", lambda d: d.ib.cancelPnL(ACCOUNT)),
        Call("profit of a position", _profit_single, lambda r: r.position == 90),
        Call("no profit of a position", lambda d: d.ib.cancelPnLSingle(ACCOUNT, "", 265598)),
    ]
# fmt: on


def _quotes(contract):
    async def ask(day):
        ticker = day.ib.reqMktData(contract)
        return await day.until(ticker.updateEvent, lambda: ticker.bid > 0 and ticker.ask > 0 and ticker)

    return ask


def _greeks(option):
    async def ask(day):
        ticker = day.ib.reqMktData(option)
        return await day.until(ticker.updateEvent, lambda: ticker.modelGreeks)

    return ask


def _moved(contract):
    async def ask(day):
        ticker = day.ib.ticker(contract)
        day.steering.do("price AAPL 201")
        return await day.until(ticker.updateEvent, lambda: ticker.last == 201.0)

    return ask


def _modified(contract):
    async def ask(day):
        trade = day.kept["limit"]
        trade.order.lmtPrice = 101.0
        day.ib.placeOrder(contract, trade.order)
        await day.until(trade.statusEvent, lambda: trade.log[-1].message == "Modified")
        return trade

    return ask


async def _refused(day, contract, order):
    trade = day.ib.placeOrder(contract, order)
    return await day.until(trade.statusEvent, trade.isDone)


async def _global_cancel(day):
    day.ib.reqGlobalCancel()
    return await day.until(day.ib.orderStatusEvent, lambda: not day.ib.openTrades())


async def _cash(day):
    """The cash on the account less what it must be after the fills; futures cost their commission alone."""
    values = {value.tag: value.value for value in await day.ib.accountSummaryAsync()}
    cash = Decimal(1_000_000)
    for fill in day.ib.fills():
        sign = -1 if fill.execution.side == "BOT" else 1
        if fill.contract.secType == "STK":
            cash += sign * Decimal(str(fill.execution.price)) * Decimal(str(fill.execution.shares))
        cash -= Decimal(str(fill.commissionReport.commission))
    return Decimal(values["TotalCashValue"]) - cash


async def _profit(day):
    profit = day.ib.reqPnL(ACCOUNT)
    return await day.until(day.ib.pnlEvent, lambda: not math.isnan(profit.dailyPnL))


async def _profit_single(day):
    profit = day.ib.reqPnLSingle(ACCOUNT, "", 265598)
    return await day.until(day.ib.pnlSingleEvent, lambda: not math.isnan(profit.dailyPnL) and profit)
