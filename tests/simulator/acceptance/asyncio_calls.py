"""What ib_async and ib_insync ask, in this order, and what must come back: their calls have the same names."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from tests.simulator.acceptance import asyncio_steps as steps
from tests.simulator.acceptance.asyncio_day import ACCOUNT, Call

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
        Call("a bulletin", steps.bulletin, lambda r: r[-1].message == "ISLAND is down"),
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
        Call("quotes", steps.quotes(on.aapl), lambda r: 100 < r.bid < r.ask < 300),
        Call("a quote moves", steps.moved(on.aapl)),
        Call("no more quotes", lambda d: d.ib.cancelMktData(on.aapl)),
        Call("a pair's quotes", steps.quotes(on.pair), lambda r: r.bid < r.ask),
        Call("an option's quotes", steps.greeks(on.option), lambda r: 0 < r.delta < 1),
        Call("generic ticks", steps.volume(on.msft)),
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
        Call("single trades", steps.single(on.aapl, "Last")),
        Call("no more single trades", lambda d: d.ib.cancelTickByTickData(on.aapl, "Last")),
        Call("all trades", steps.single(on.aapl, "AllLast")),
        Call("no more trades", lambda d: d.ib.cancelTickByTickData(on.aapl, "AllLast")),
        Call("single quotes", steps.single(on.msft, "BidAsk")),
        Call("no more single quotes", lambda d: d.ib.cancelTickByTickData(on.msft, "BidAsk")),
        Call("single middles", steps.single(on.pair, "MidPoint")),
        Call("no more single middles", lambda d: d.ib.cancelTickByTickData(on.pair, "MidPoint")),
        Call("depth", steps.depth(on.future, smart=False)),
        Call("no more depth", lambda d: d.ib.cancelMktDepth(on.future)),
        Call("depth of SMART", steps.depth(on.aapl, smart=True), errors=(2152,)),
        Call("no more depth of SMART", lambda d: d.ib.cancelMktDepth(on.aapl, isSmartDepth=True)),
        Call("faster", lambda d: d.steering.do("clock rate 20")),
        Call("bars of 5 seconds", steps.bars_of_seconds(on.aapl), lambda r: len(r) == 1),
        Call("no more of these bars", lambda d: d.ib.cancelRealTimeBars(d.kept["seconds"])),
        Call("bars that go on", steps.bars_that_go_on(on.aapl), lambda r: len(r) >= 10),
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
        Call("limit, modified", steps.modified(on.aapl), lambda r: r.order.lmtPrice == 101.0),
        Call("limit, cancelled", lambda d: d.cancel("limit"), errors=(202,)),
        Call("limit that trades", lambda d: d.order("sold", on.aapl, api.LimitOrder("SELL", 10, 150.0), "Filled")),
        Call("stop", lambda d: d.order("stop", on.aapl, api.StopOrder("SELL", 10, 150.0), "PreSubmitted"),
             lambda r: r.orderStatus.whyHeld == "trigger"),
        Call("stop limit",
             lambda d: d.order("stp lmt", on.aapl, api.StopLimitOrder("SELL", 10, 149.0, 150.0), "PreSubmitted")),
        Call("immediate or cancel",
             lambda d: d.order("ioc", on.aapl, api.LimitOrder("BUY", 1, 100.0, tif="IOC"), "Cancelled"), errors=(202,)),
        Call("trailing stop",
             lambda d: d.order("trail", on.aapl, steps.order(api, "TRAIL", auxPrice=5.0), "PreSubmitted")),
        Call("trailing stop in percent",
             lambda d: d.order("percent", on.aapl, steps.order(api, "TRAIL", trailingPercent=3.0), "PreSubmitted")),
        Call("trailing stop limit", lambda d: d.order("trail lmt", on.aapl, steps.order(
             api, "TRAIL LIMIT", auxPrice=5.0, trailStopPrice=150.0, lmtPriceOffset=1.0), "PreSubmitted")),
        Call("market on close", lambda d: d.order("moc", on.aapl, steps.order(api, "MOC"), "PreSubmitted")),
        Call("limit on close",
             lambda d: d.order("loc", on.aapl, steps.order(api, "LOC", lmtPrice=150.0), "PreSubmitted")),
        Call("market on open", lambda d: d.order("opg", on.aapl, steps.order(api, "MKT", tif="OPG"), "PreSubmitted")),
        Call("good till a date", lambda d: d.order("gtd", on.aapl, api.LimitOrder(
             "BUY", 10, 100.0, tif="GTD", goodTillDate="20261231 16:00:00 US/Eastern"), "Submitted")),
        Call("good after a time", lambda d: d.order("gat", on.aapl, api.LimitOrder(
             "BUY", 10, 100.0, goodAfterTime="20261120 10:00:00 US/Eastern"), "PreSubmitted")),
        Call("a bracket", steps.bracket(on.aapl), lambda r: [trade.orderStatus.status for trade in r] == _BRACKET),
        Call("the bracket, cancelled", lambda d: d.cancel("entry"), errors=(202,)),
        Call("one of two cancels the other", steps.one_of_two(api, on.aapl), errors=(202,)),
        Call("a combination",
             lambda d: d.order("combo", steps.combo(api), api.LimitOrder("BUY", 1, -600.0), "Submitted")),
        Call("under a condition", lambda d: d.order("if", on.aapl, steps.conditional(api), "PreSubmitted")),
        Call("without enough money",
             lambda d: steps.refused(d, on.aapl, api.MarketOrder("BUY", 1_000_000)), errors=(201,)),
        Call("what if", lambda d: d.ib.whatIfOrderAsync(on.aapl, api.LimitOrder("BUY", 10, 150.0)),
             lambda r: float(r.initMarginChange) > 0),
        Call("a future", lambda d: d.order("future", on.future, api.MarketOrder("SELL", 1), "Filled")),
        Call("a fraction", lambda d: steps.refused(d, on.aapl, api.MarketOrder("BUY", 0.5)), errors=(10318,)),
        Call("open orders", lambda d: d.ib.reqOpenOrdersAsync(), lambda r: len(r) == 12),
        Call("all open orders", lambda d: d.ib.reqAllOpenOrdersAsync(), lambda r: len(r) == 12),
        Call("cancel all", steps.global_cancel, errors=(202,)),
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
        Call("summary", steps.cash, lambda r: r == 0),
        Call("values of an account", lambda d: d.ib.reqAccountUpdatesMultiAsync(ACCOUNT, "")),
        Call("positions", lambda d: d.ib.reqPositionsAsync(),
             lambda r: {held.contract.symbol: held.position for held in r} == {"AAPL": 100.0, "ES": -1.0}),
        Call("profit", steps.profit),
        Call("no profit", lambda d: d.ib.cancelPnL(ACCOUNT)),
        Call("profit of a position", steps.profit_single, lambda r: r.position == 100),
        Call("no profit of a position", lambda d: d.ib.cancelPnLSingle(ACCOUNT, "", 265598)),
        Call("scanner's parameters", lambda d: d.ib.reqScannerParametersAsync(), lambda r: r.startswith("<?xml")),
        Call("a scan", lambda d: d.ib.reqScannerDataAsync(api.ScannerSubscription(
             5, "STK", "STK.US.MAJOR", "TOP_PERC_GAIN")), lambda r: len(r) == 5, errors=(162,)),
    ]
# fmt: on
