"""What ib_async and ib_insync ask, in this order, and what must come back: their calls have the same names."""

from __future__ import annotations

import math
from decimal import Decimal
from types import ModuleType
from typing import Any

from tests.simulator.acceptance.asyncio_day import Call

ACCOUNT = "DU1000001"
_PAST = "20261118 15:00:00 US/Eastern"
_BRACKET = ["Submitted", "PreSubmitted", "PreSubmitted"]


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
    asked = [*_session(), *_contracts(api, on), *_prices(on), *_streams(on), *_history(on)]
    return [*asked, *_orders(api, on), *_account(api)]


# Rows of a table: one call a row reads better than one argument a line.
# fmt: off
def _session() -> list[Call]:
    return [
        Call("start-up", lambda d: d.connect(), lambda r: r.isConnected()),
        Call("accounts", lambda d: d.ib.managedAccounts(), lambda r: r == [ACCOUNT]),
        Call("time", lambda d: d.ib.reqCurrentTimeAsync(), lambda r: r.year >= 2026),
        Call("user", lambda d: d.ib.reqUserInfoAsync(), lambda r: not r),
        Call("live data", lambda d: d.ib.reqMarketDataType(1)),
        Call("news providers", lambda d: d.ib.reqNewsProvidersAsync()),
        Call("exchanges with depth", lambda d: d.ib.reqMktDepthExchangesAsync(),
             lambda r: "ARCA" in {found.exchange for found in r}),
        Call("a bulletin", _bulletin, lambda r: r[-1].message == "ISLAND is down"),
        Call("no bulletins", lambda d: d.ib.cancelNewsBulletins()),
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
        Call("generic ticks", _volume(on.msft)),
        Call("no more generic ticks", lambda d: d.ib.cancelMktData(on.msft)),
        Call("components of SMART", lambda d: d.ib.reqSmartComponentsAsync("9c0001"), lambda r: len(r) > 3),
        Call("an implied volatility", lambda d: d.ib.calculateImpliedVolatilityAsync(on.option, 20.0, 560.0),
             lambda r: 0 < r.impliedVol < 2),
        Call("an option's value", lambda d: d.ib.calculateOptionPriceAsync(on.option, 0.3, 560.0),
             lambda r: r.optPrice > 0),
        Call("snapshots", lambda d: d.ib.reqTickersAsync(on.msft), lambda r: r[0].bid < r[0].ask),
    ]


def _streams(on: Named) -> list[Call]:
    return [
        Call("single trades", _single(on.aapl, "Last")),
        Call("no more single trades", lambda d: d.ib.cancelTickByTickData(on.aapl, "Last")),
        Call("all trades", _single(on.aapl, "AllLast")),
        Call("no more trades", lambda d: d.ib.cancelTickByTickData(on.aapl, "AllLast")),
        Call("single quotes", _single(on.msft, "BidAsk")),
        Call("no more single quotes", lambda d: d.ib.cancelTickByTickData(on.msft, "BidAsk")),
        Call("single middles", _single(on.pair, "MidPoint")),
        Call("no more single middles", lambda d: d.ib.cancelTickByTickData(on.pair, "MidPoint")),
        Call("depth", _depth(on.future, smart=False)),
        Call("no more depth", lambda d: d.ib.cancelMktDepth(on.future)),
        Call("depth of SMART", _depth(on.aapl, smart=True), errors=(2152,)),
        Call("no more depth of SMART", lambda d: d.ib.cancelMktDepth(on.aapl, isSmartDepth=True)),
        Call("faster", lambda d: d.steering.do("clock rate 20")),
        Call("bars of 5 seconds", _bars_of_seconds(on.aapl), lambda r: len(r) == 1),
        Call("no more of these bars", lambda d: d.ib.cancelRealTimeBars(d.kept["seconds"])),
        Call("bars that go on", _bars_that_go_on(on.aapl), lambda r: len(r) >= 10),
        Call("no bars that go on", lambda d: d.ib.cancelHistoricalData(d.kept["bars"]), errors=(162,)),
        Call("as fast as ever", lambda d: d.steering.do("clock rate 1")),
    ]


def _history(on: Named) -> list[Call]:
    return [
        Call("daily bars", lambda d: d.ib.reqHistoricalDataAsync(on.aapl, "", "20 D", "1 day", "TRADES", True),
             lambda r: len(r) == 20),
        Call("minutes", lambda d: d.ib.reqHistoricalDataAsync(on.pair, "", "3600 S", "1 min", "MIDPOINT", False),
             lambda r: len(r) in {60, 61}),
        Call("head of the data", lambda d: d.ib.reqHeadTimeStampAsync(on.aapl, "TRADES", True, 1),
             lambda r: r.year > 2000),
        Call("trading hours", lambda d: d.ib.reqHistoricalScheduleAsync(on.aapl, 5), lambda r: len(r.sessions) == 5),
        Call("past trades", lambda d: d.ib.reqHistoricalTicksAsync(on.aapl, _PAST, "", 10, "TRADES", True),
             lambda r: len(r) >= 10),
        Call("past quotes", lambda d: d.ib.reqHistoricalTicksAsync(on.aapl, "", _PAST, 10, "BID_ASK", True),
             lambda r: len(r) >= 10),
        Call("past middles", lambda d: d.ib.reqHistoricalTicksAsync(on.pair, _PAST, "", 10, "MIDPOINT", False),
             lambda r: len(r) >= 10),
        Call("a histogram", lambda d: d.ib.reqHistogramDataAsync(on.aapl, True, "3 days"), lambda r: len(r) > 3),
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
        Call("trailing stop", lambda d: d.order("trail", on.aapl, _order(api, "TRAIL", auxPrice=5.0), "PreSubmitted")),
        Call("trailing stop in percent",
             lambda d: d.order("percent", on.aapl, _order(api, "TRAIL", trailingPercent=3.0), "PreSubmitted")),
        Call("trailing stop limit", lambda d: d.order("trail lmt", on.aapl, _order(
             api, "TRAIL LIMIT", auxPrice=5.0, trailStopPrice=150.0, lmtPriceOffset=1.0), "PreSubmitted")),
        Call("market on close", lambda d: d.order("moc", on.aapl, _order(api, "MOC"), "PreSubmitted")),
        Call("limit on close", lambda d: d.order("loc", on.aapl, _order(api, "LOC", lmtPrice=150.0), "PreSubmitted")),
        Call("market on open", lambda d: d.order("opg", on.aapl, _order(api, "MKT", tif="OPG"), "PreSubmitted")),
        Call("good till a date", lambda d: d.order("gtd", on.aapl, api.LimitOrder(
             "BUY", 10, 100.0, tif="GTD", goodTillDate="20261231 16:00:00 US/Eastern"), "Submitted")),
        Call("good after a time", lambda d: d.order("gat", on.aapl, api.LimitOrder(
             "BUY", 10, 100.0, goodAfterTime="20261120 10:00:00 US/Eastern"), "PreSubmitted")),
        Call("a bracket", _bracket(on.aapl), lambda r: [trade.orderStatus.status for trade in r] == _BRACKET),
        Call("the bracket, cancelled", lambda d: d.cancel("entry"), errors=(202,)),
        Call("one of two cancels the other", _one_of_two(api, on.aapl), errors=(202,)),
        Call("a combination", lambda d: d.order("combo", _combo(api), api.LimitOrder("BUY", 1, -600.0), "Submitted")),
        Call("under a condition", lambda d: d.order("if", on.aapl, _conditional(api), "PreSubmitted")),
        Call("without enough money", lambda d: _refused(d, on.aapl, api.MarketOrder("BUY", 1_000_000)), errors=(201,)),
        Call("what if", lambda d: d.ib.whatIfOrderAsync(on.aapl, api.LimitOrder("BUY", 10, 150.0)),
             lambda r: float(r.initMarginChange) > 0),
        Call("a future", lambda d: d.order("future", on.future, api.MarketOrder("SELL", 1), "Filled")),
        Call("a fraction", lambda d: _refused(d, on.aapl, api.MarketOrder("BUY", 0.5)), errors=(10318,)),
        Call("open orders", lambda d: d.ib.reqOpenOrdersAsync(), lambda r: len(r) == 12),
        Call("all open orders", lambda d: d.ib.reqAllOpenOrdersAsync(), lambda r: len(r) == 12),
        Call("cancel all", _global_cancel, errors=(202,)),
        Call("completed orders", lambda d: d.ib.reqCompletedOrdersAsync(False),
             lambda r: {"bought"} <= {trade.order.orderRef for trade in r}),
        Call("executions", lambda d: d.ib.reqExecutionsAsync(), lambda r: len(r) >= 3),
        Call("executions of a symbol", lambda d: d.ib.reqExecutionsAsync(api.ExecutionFilter(symbol="ES")),
             lambda r: {fill.contract.symbol for fill in r} == {"ES"}),
    ]


def _account(api: ModuleType) -> list[Call]:
    return [
        Call("account updates", lambda d: d.ib.reqAccountUpdatesAsync(ACCOUNT)),
        Call("account values", lambda d: d.ib.accountValues(),
             lambda r: {"NetLiquidation", "BuyingPower"} <= {value.tag for value in r}),
        Call("portfolio", lambda d: d.ib.portfolio(), lambda r: len(r) == 2),
        Call("summary", _cash, lambda r: r == 0),
        Call("values of an account", lambda d: d.ib.reqAccountUpdatesMultiAsync(ACCOUNT, "")),
        Call("positions", lambda d: d.ib.reqPositionsAsync(),
             lambda r: {held.contract.symbol: held.position for held in r} == {"AAPL": 100.0, "ES": -1.0}),
        Call("profit", _profit),
        Call("no profit", lambda d: d.ib.cancelPnL(ACCOUNT)),
        Call("profit of a position", _profit_single, lambda r: r.position == 100),
        Call("no profit of a position", lambda d: d.ib.cancelPnLSingle(ACCOUNT, "", 265598)),
        Call("scanner's parameters", lambda d: d.ib.reqScannerParametersAsync(), lambda r: r.startswith("<?xml")),
        Call("a scan", lambda d: d.ib.reqScannerDataAsync(api.ScannerSubscription(
             5, "STK", "STK.US.MAJOR", "TOP_PERC_GAIN")), lambda r: len(r) == 5, errors=(162,)),
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


def _order(api, kind, **parts):
    return api.Order(action="SELL", totalQuantity=10, orderType=kind, **parts)


def _conditional(api):
    condition = api.PriceCondition(conId=265598, exch="SMART", isMore=True, price=500.0)
    return api.LimitOrder("BUY", 10, 250.0, conditions=[condition])


def _combo(api):
    legs = [api.ComboLeg(con_id, 1, action, "SMART") for con_id, action in ((265598, "BUY"), (272093, "SELL"))]
    return api.Contract(symbol="AAPL", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)


def _bracket(contract):
    async def ask(day):
        orders = day.ib.bracketOrder("BUY", 10, 100.0, 300.0, 90.0)
        trades = [day.ib.placeOrder(contract, order) for order in orders]
        day.kept["entry"] = trades[0]
        await day.until(trades[-1].statusEvent, lambda: trades[-1].orderStatus.status == "PreSubmitted")
        return trades

    return ask


def _one_of_two(api, contract):
    async def ask(day):
        orders = api.LimitOrder("BUY", 10, 100.0), api.LimitOrder("BUY", 10, 250.0)
        waiting, filled = [day.ib.placeOrder(contract, one) for one in day.ib.oneCancelsAll(list(orders), "pair", 1)]
        await day.until(day.ib.orderStatusEvent, lambda: waiting.isDone() and filled.isDone())
        await day.until(filled.commissionReportEvent, lambda: filled.fills[-1].commissionReport.execId)
        return filled

    return ask


async def _bulletin(day):
    day.ib.reqNewsBulletins(True)
    day.steering.do('bulletin "ISLAND is down"')
    return await day.until(day.ib.newsBulletinEvent, day.ib.newsBulletins)


def _volume(contract):
    async def ask(day):
        ticker = day.ib.reqMktData(contract, "233")
        day.steering.do("price MSFT 430")
        return await day.until(ticker.updateEvent, lambda: ticker.rtVolume > 0)

    return ask


def _single(contract, kind):
    async def ask(day):
        ticker = day.ib.reqTickByTickData(contract, kind)
        ticker.tickByTicks.clear()
        if "Last" in kind:
            day.steering.do("price AAPL 201")
        return await day.until(ticker.updateEvent, lambda: ticker.tickByTicks)

    return ask


def _depth(contract, *, smart):
    async def ask(day):
        ticker = day.ib.reqMktDepth(contract, 5, smart)
        return await day.until(ticker.updateEvent, lambda: len(ticker.domBids) == len(ticker.domAsks) == 5)

    return ask


def _bars_of_seconds(contract):
    async def ask(day):
        bars = day.kept["seconds"] = day.ib.reqRealTimeBars(contract, 5, "TRADES", False)
        await bars.updateEvent
        return bars

    return ask


def _bars_that_go_on(contract):
    async def ask(day):
        bars = await day.ib.reqHistoricalDataAsync(contract, "", "600 S", "1 min", "TRADES", False, keepUpToDate=True)
        day.kept["bars"] = bars
        await bars.updateEvent
        return bars

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
