"""What the official client asks, in this order, and how each call ends. Orders have ids from 100 on."""

from __future__ import annotations

from ibapi.contract import ComboLeg
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_condition import PriceCondition
from ibapi.scanner import ScannerSubscription

from tests.simulator.acceptance.official import Call
from tests.simulator.rig import cancellation, contract, order, stock


def leg(con_id: int, action: str) -> ComboLeg:
    """A leg of a combination, one unit."""
    made = ComboLeg()
    made.conId, made.ratio, made.action, made.exchange = con_id, 1, action, "SMART"
    return made


def scan(**parts: object) -> ScannerSubscription:
    """A question to the market scanner."""
    made = ScannerSubscription()
    for name, value in parts.items():
        setattr(made, name, value)
    return made


def conditional(wanted: Order) -> Order:
    """The order, once AAPL trades above 500."""
    wanted.conditions.append(PriceCondition(0, 265598, "SMART", True, 500.0))
    return wanted


ACCOUNT = "DU1000001"
AAPL = stock()
MSFT = stock("MSFT")
EUR = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
_DECEMBER = {"currency": "USD", "lastTradeDateOrContractMonth": "20261218"}
ANY_ES = contract(symbol="ES", secType="FUT", exchange="CME")
ES = contract(symbol="ES", secType="FUT", exchange="CME", **_DECEMBER)
CALL = contract(symbol="SPY", secType="OPT", exchange="SMART", right="C", strike=560.0, **_DECEMBER)

COMBO = contract(
    symbol="AAPL", secType="BAG", exchange="SMART", currency="USD", comboLegs=[leg(265598, "BUY"), leg(272093, "SELL")]
)
BRACKET = {122, 123, 124}
SCAN = scan(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN", numberOfRows=5)

# Rows of a table: one call a row reads better than one argument a line.
# fmt: off

SESSION = [
    Call("start-up", lambda _: None, "error -1 2158", "managedAccounts nextValidId"),
    Call("log level", lambda c: c.setServerLogLevel(2)),
    Call("time", lambda c: c.reqCurrentTime(), "currentTime"),
    Call("time in milliseconds", lambda c: c.reqCurrentTimeInMillis(), "currentTimeInMillis", since=197),
    Call("order ids", lambda c: c.reqIds(1), "nextValidId 1"),
    Call("accounts", lambda c: c.reqManagedAccts(), f"managedAccounts {ACCOUNT}"),
    Call("family codes", lambda c: c.reqFamilyCodes(), "familyCodes"),
    Call("soft dollar tiers", lambda c: c.reqSoftDollarTiers(1), "softDollarTiers 1"),
    Call("user", lambda c: c.reqUserInfo(2), "userInfo 2"),
    Call("news providers", lambda c: c.reqNewsProviders(), "newsProviders"),
    Call("exchanges with depth", lambda c: c.reqMktDepthExchanges(), "mktDepthExchanges",
         check=lambda h: "ARCA" in {found.exchange for found in h.one("mktDepthExchanges")[0]}),
    Call("bulletins", lambda c: c.reqNewsBulletins(True)),
    Call("a bulletin", lambda c: c.steering.do('bulletin "ISLAND is down"'), "updateNewsBulletin"),
    Call("no bulletins", lambda c: c.cancelNewsBulletins()),
    Call("financial advisor's groups", lambda c: c.requestFA(1), "error 321"),
    Call("corporate events", lambda c: c.reqWshMetaData(3), "error 3 10276"),
]
CONTRACTS = [
    Call("a share", lambda c: c.reqContractDetails(10, AAPL), "contractDetailsEnd 10",
         check=lambda h: (d := h.one("contractDetails")[1]).contract.conId == 265598 and d.longName == "APPLE INC"),
    Call("a share by its contract id", lambda c: c.reqContractDetails(11, contract(conId=756733)),
         "contractDetailsEnd 11", check=lambda h: h.one("contractDetails")[1].contract.symbol == "SPY"),
    Call("an ambiguous share", lambda c: c.reqContractDetails(12, contract(symbol="AAPL", secType="STK")),
         "contractDetailsEnd 12", check=lambda h: len(h.all("contractDetails")) > 1),
    Call("a future's expiries", lambda c: c.reqContractDetails(13, ANY_ES), "contractDetailsEnd 13",
         check=lambda h: len(h.all("contractDetails")) == 5),
    Call("options of a strike", lambda c: c.reqContractDetails(14, contract(symbol="SPY", secType="OPT", strike=560.0)),
         "contractDetailsEnd 14", check=lambda h: len(h.all("contractDetails")) > 10),
    Call("a currency pair", lambda c: c.reqContractDetails(15, EUR), "contractDetailsEnd 15", "contractDetails"),
    Call("no such share", lambda c: c.reqContractDetails(16, stock("NOPE")), "error 16 200"),
    Call("no such type", lambda c: c.reqContractDetails(17, contract(symbol="DA", secType="invalid")), "error 17 321"),
    Call("symbols", lambda c: c.reqMatchingSymbols(18, "AA"), "symbolSamples 18",
         check=lambda h: "AAPL" in {found.contract.symbol for found in h.one("symbolSamples")[1]}),
    Call("option chain", lambda c: c.reqSecDefOptParams(19, "SPY", "", "STK", 756733),
         "securityDefinitionOptionParameterEnd 19", "securityDefinitionOptionParameter"),
    Call("market rule", lambda c: c.reqMarketRule(26), "marketRule 26"),
    Call("no such market rule", lambda c: c.reqMarketRule(987654), "error 321"),
]
QUOTES = [
    Call("live data", lambda c: c.reqMarketDataType(1)),
    Call("quotes", lambda c: c.reqMktData(20, AAPL, "", False, False, []), "tickString 20 45",
         "tickReqParams marketDataType tickPrice"),
    Call("a quote moves", lambda c: c.steering.do("price AAPL 201"), "tickPrice 20 4"),
    Call("the same id again", lambda c: c.reqMktData(20, AAPL, "", False, False, []), "error 20 322"),
    Call("a snapshot", lambda c: c.reqMktData(21, MSFT, "", True, False, []), "tickSnapshotEnd 21", "tickPrice"),
    Call("a pair's quotes", lambda c: c.reqMktData(22, EUR, "", False, False, []), "tickPrice 22 2"),
    Call("an ambiguous line", lambda c: c.reqMktData(24, ANY_ES, "", False, False, []), "error 24 200"),
    Call("an option's quotes", lambda c: c.reqMktData(23, CALL, "", False, False, []), "tickOptionComputation 23"),
    Call("generic ticks", lambda c: (c.reqMktData(25, MSFT, "233,236", False, False, []),
         c.steering.do("price MSFT 430")), "tickString 25 48", "tickGeneric"),
    Call("components of SMART", lambda c: c.reqSmartComponents(26, "9c0001"), "smartComponents 26"),
    Call("an implied volatility", lambda c: c.calculateImpliedVolatility(27, CALL, 20.0, 560.0, []),
         "tickOptionComputation 27"),
    Call("an option's value", lambda c: c.calculateOptionPrice(28, CALL, 0.3, 560.0, []), "tickOptionComputation 28"),
    Call("no more of the option", lambda c: c.cancelMktData(23)),
    Call("no more generic ticks", lambda c: c.cancelMktData(25)),
    Call("no more quotes", lambda c: c.cancelMktData(20)),
    Call("no more of the pair", lambda c: c.cancelMktData(22)),
    Call("never asked", lambda c: c.cancelMktData(29), "error 29 300"),
]
STREAMS = [
    Call("single trades", lambda c: (c.reqTickByTickData(30, AAPL, "Last", 0, False),
         c.steering.do("price AAPL 202")), "tickByTickAllLast 30"),
    Call("all trades", lambda c: (c.reqTickByTickData(31, MSFT, "AllLast", 10, False),
         c.steering.do("price MSFT 431")), "tickByTickAllLast 31", "historicalTicksLast"),
    Call("no more single trades", lambda c: (c.cancelTickByTickData(30), c.cancelTickByTickData(31))),
    Call("single quotes", lambda c: c.reqTickByTickData(32, AAPL, "BidAsk", 5, True), "tickByTickBidAsk 32"),
    Call("single middles", lambda c: c.reqTickByTickData(33, EUR, "MidPoint", 0, False), "tickByTickMidPoint 33"),
    Call("no more single quotes", lambda c: (c.cancelTickByTickData(32), c.cancelTickByTickData(33))),
    Call("depth", lambda c: c.reqMktDepth(34, ES, 5, False, []), "updateMktDepth 34"),
    Call("depth of SMART", lambda c: c.reqMktDepth(35, AAPL, 5, True, []), "updateMktDepthL2 35", errors=(2152,)),
    Call("no more depth", lambda c: (c.cancelMktDepth(34, False), c.cancelMktDepth(35, True))),
    Call("bars of 5 seconds", lambda c: (c.steering.do("clock rate 20"),
         c.reqRealTimeBars(36, AAPL, 5, "TRADES", False, [])), "realtimeBar 36"),
    Call("no more of these bars", lambda c: c.cancelRealTimeBars(36)),
    Call("bars that go on", lambda c: c.reqHistoricalData(37, AAPL, "", "600 S", "1 min", "TRADES", 0, 1, True, []),
         "historicalDataUpdate 37", "historicalData historicalDataEnd"),
    Call("no bars that go on", lambda c: (c.cancelHistoricalData(37), c.steering.do("clock rate 1")), errors=(162,)),
    Call("delayed data", lambda c: (c.steering.do("entitlement MSFT delayed"), c.reqMarketDataType(3),
         c.reqMktData(38, MSFT, "", False, False, [])), "tickPrice 38 66", errors=(10167,)),
    Call("no delayed data", lambda c: (c.cancelMktData(38), c.reqMarketDataType(1))),
    Call("data without a subscription", lambda c: c.reqMktData(39, MSFT, "", False, False, []), "error 39 10089"),
    Call("a subscription", lambda c: c.steering.do("entitlement all live")),
]
HISTORY = [
    Call("daily bars", lambda c: c.reqHistoricalData(40, AAPL, "", "5 D", "1 day", "TRADES", 1, 1, False, []),
         "historicalDataEnd 40", check=lambda h: len(h.all("historicalData")) == 5),
    Call("bars in seconds", lambda c: c.reqHistoricalData(41, EUR, "", "3600 S", "1 min", "MIDPOINT", 0, 2, False, []),
         "historicalDataEnd 41", check=lambda h: len(h.all("historicalData")) in {60, 61}),
    Call("head of the data", lambda c: c.reqHeadTimeStamp(42, AAPL, "TRADES", 1, 1), "headTimestamp 42"),
    Call("trading hours", lambda c: c.reqHistoricalData(45, AAPL, "", "5 D", "1 day", "SCHEDULE", 1, 1, False, []),
         "historicalSchedule 45", check=lambda h: len(h.one("historicalSchedule")[4]) == 5),
    Call("past trades", lambda c: c.reqHistoricalTicks(46, AAPL, "20261118 15:00:00 US/Eastern", "", 10, "TRADES", 1,
         True, []), "historicalTicksLast 46", check=lambda h: len(h.one("historicalTicksLast")[1]) >= 10),
    Call("past quotes", lambda c: c.reqHistoricalTicks(47, AAPL, "", "20261118 15:00:00 US/Eastern", 10, "BID_ASK", 1,
         True, []), "historicalTicksBidAsk 47", check=lambda h: len(h.one("historicalTicksBidAsk")[1]) >= 10),
    Call("past middles", lambda c: c.reqHistoricalTicks(48, EUR, "20261118 15:00:00 US/Eastern", "", 10, "MIDPOINT", 0,
         True, []), "historicalTicks 48"),
    Call("a histogram", lambda c: c.reqHistogramData(49, AAPL, True, "3 days"), "histogramData 49"),
    Call("no such bar size", lambda c: c.reqHistoricalData(43, AAPL, "", "2 D", "7 mins", "TRADES", 1, 1, False, []),
         "error 43 321"),
    Call("trades of a pair", lambda c: c.reqHistoricalData(44, EUR, "", "2 D", "1 day", "TRADES", 1, 1, False, []),
         "error 44 162"),
]
ORDERS = [
    Call("market", lambda c: c.placeOrder(100, AAPL, order("BUY", 100, orderRef="bought")), "commissionAndFeesReport",
         check=lambda h: h.names()
         == "openOrder orderStatus execDetails openOrder orderStatus openOrder commissionAndFeesReport"
         and h.all("orderStatus")[-1][1] == "Filled"),
    Call("limit", lambda c: c.placeOrder(101, AAPL, order("BUY", 10, "LMT", lmtPrice=100.0)),
         "orderStatus 101 Submitted", "openOrder"),
    Call("limit, modified", lambda c: c.placeOrder(101, AAPL, order("BUY", 10, "LMT", lmtPrice=101.0)),
         "orderStatus 101 Submitted", check=lambda h: h.all("openOrder")[-1][2].lmtPrice == 101.0),
    Call("limit, cancelled", lambda c: c.cancelOrder(101, cancellation()), "error 101 202", "orderStatus"),
    Call("limit that trades", lambda c: c.placeOrder(102, AAPL, order("SELL", 10, "LMT", lmtPrice=150.0)),
         "commissionAndFeesReport", "execDetails"),
    Call("stop", lambda c: c.placeOrder(103, AAPL, order("SELL", 10, "STP", auxPrice=150.0, tif="GTC")),
         "orderStatus 103 PreSubmitted trigger"),
    Call("stop limit", lambda c: c.placeOrder(104, AAPL, order("SELL", 10, "STP LMT", auxPrice=150.0, lmtPrice=149.0)),
         "orderStatus 104 PreSubmitted trigger"),
    Call("immediate or cancel", lambda c: c.placeOrder(105, AAPL, order("BUY", 1, "LMT", lmtPrice=100.0, tif="IOC")),
         "orderStatus 105 Cancelled", errors=(202,)),
    Call("fill or kill", lambda c: c.placeOrder(112, AAPL, order("BUY", 1, "LMT", lmtPrice=100.0, tif="FOK")),
         "orderStatus 112", errors=(202,)),
    Call("trailing stop", lambda c: c.placeOrder(113, AAPL, order("SELL", 10, "TRAIL", auxPrice=5.0)),
         "orderStatus 113 PreSubmitted"),
    Call("trailing stop in percent", lambda c: c.placeOrder(114, AAPL, order("SELL", 10, "TRAIL", trailingPercent=3.0)),
         "orderStatus 114 PreSubmitted"),
    Call("trailing stop limit", lambda c: c.placeOrder(115, AAPL, order("SELL", 10, "TRAIL LIMIT", auxPrice=5.0,
         trailStopPrice=150.0, lmtPriceOffset=1.0)), "orderStatus 115 PreSubmitted"),
    Call("market on close", lambda c: c.placeOrder(116, AAPL, order("SELL", 10, "MOC")), "orderStatus 116"),
    Call("limit on close", lambda c: c.placeOrder(117, AAPL, order("SELL", 10, "LOC", lmtPrice=150.0)),
         "orderStatus 117"),
    Call("market on open", lambda c: c.placeOrder(118, AAPL, order("SELL", 10, tif="OPG")), "orderStatus 118"),
    Call("limit on open", lambda c: c.placeOrder(119, AAPL, order("SELL", 10, "LMT", lmtPrice=150.0, tif="OPG")),
         "orderStatus 119"),
    Call("good till a date", lambda c: c.placeOrder(120, AAPL, order("BUY", 10, "LMT", lmtPrice=100.0, tif="GTD",
         goodTillDate="20261231 16:00:00 US/Eastern")), "orderStatus 120 Submitted"),
    Call("good after a time", lambda c: c.placeOrder(121, AAPL, order("BUY", 10, "LMT", lmtPrice=100.0,
         goodAfterTime="20261120 10:00:00 US/Eastern")), "orderStatus 121 PreSubmitted"),
    Call("an order that is not transmitted", lambda c: c.placeOrder(122, AAPL, order("BUY", 10, "LMT", lmtPrice=100.0,
         transmit=False))),
    Call("its take-profit", lambda c: c.placeOrder(123, AAPL, order("SELL", 10, "LMT", lmtPrice=300.0, parentId=122,
         transmit=False))),
    Call("its stop, and all three", lambda c: c.placeOrder(124, AAPL, order("SELL", 10, "STP", auxPrice=90.0,
         parentId=122)), "orderStatus 124 PreSubmitted", check=lambda h: {a[0] for a in h.all("openOrder")} == BRACKET),
    Call("the bracket, cancelled", lambda c: c.cancelOrder(122, cancellation()), "orderStatus 124 Cancelled",
         errors=(202,)),
    Call("one of two cancels the other", lambda c: (
         c.placeOrder(125, AAPL, order("BUY", 10, "LMT", lmtPrice=100.0, ocaGroup="pair", ocaType=1)),
         c.placeOrder(126, AAPL, order("BUY", 10, "LMT", lmtPrice=250.0, ocaGroup="pair", ocaType=1))),
         "error 125 202", "execDetails"),
    Call("a combination", lambda c: c.placeOrder(127, COMBO, order("BUY", 1, "LMT", lmtPrice=-600.0)),
         "orderStatus 127 Submitted"),
    Call("under a condition", lambda c: c.placeOrder(128, AAPL, conditional(order("BUY", 10, "LMT", lmtPrice=250.0))),
         "orderStatus 128 PreSubmitted", check=lambda h: h.all("openOrder")[-1][2].conditions[0].price == 500.0),
    Call("without enough money", lambda c: c.placeOrder(129, AAPL, order("BUY", 1_000_000)), "error 129 201"),
    Call("what if", lambda c: c.placeOrder(130, AAPL, order("BUY", 100, whatIf=True)), "openOrder 130",
         check=lambda h: float(h.one("openOrder")[3].initMarginChange) > 0),
    Call("half a share", lambda c: c.placeOrder(131, AAPL, order("BUY", "0.5")), "error 131 10318"),
    Call("no such order type", lambda c: c.placeOrder(132, AAPL, order("BUY", 1, "NOPE")), "error 132 321"),
    Call("a future", lambda c: c.placeOrder(133, ES, order("SELL", 1)), "commissionAndFeesReport", "execDetails"),
    Call("an option", lambda c: c.placeOrder(134, CALL, order("BUY", 1)), "commissionAndFeesReport", "execDetails"),
    Call("open orders", lambda c: c.reqOpenOrders(), "openOrderEnd",
         check=lambda h: {a[0] for a in h.all("openOrder")} == {103, 104, *range(113, 122), 127, 128}),
    Call("all open orders", lambda c: c.reqAllOpenOrders(), "openOrderEnd", "openOrder orderStatus"),
    Call("bind orders as client 9", lambda c: c.reqAutoOpenOrders(True), "error -1 327"),
    Call("cancel no order", lambda c: c.cancelOrder(199, cancellation()), "error 199 10147"),
    Call("cancel all", lambda c: c.reqGlobalCancel(cancellation()), "orderStatus 104 Cancelled", errors=(202,)),
    Call("no open orders", lambda c: c.reqOpenOrders(), "openOrderEnd", errors=(202,),
         check=lambda h: not h.all("openOrder")),
    Call("completed orders", lambda c: c.reqCompletedOrders(False), "completedOrdersEnd",
         check=lambda h: "bought" in {done[1].orderRef for done in h.all("completedOrder")}),
    Call("executions", lambda c: c.reqExecutions(60, ExecutionFilter()), "execDetailsEnd 60",
         check=lambda h: len(h.all("execDetails")) >= 4),
    Call("executions of a symbol", lambda c: c.reqExecutions(61, _only(symbol="AAPL", side="BOT")), "execDetailsEnd 61",
         check=lambda h: [fill[2].orderId for fill in h.all("execDetails")] == [100, 126]),
]
ACCOUNTS = [
    Call("account updates", lambda c: c.reqAccountUpdates(True, ACCOUNT), f"accountDownloadEnd {ACCOUNT}",
         "updateAccountValue updatePortfolio updateAccountTime"),
    Call("no account updates", lambda c: c.reqAccountUpdates(False, ACCOUNT)),
    Call("summary", lambda c: c.reqAccountSummary(70, "All", "NetLiquidation,TotalCashValue"), "accountSummaryEnd 70",
         check=lambda h: {row[2] for row in h.all("accountSummary")} == {"NetLiquidation", "TotalCashValue"}),
    Call("no summary", lambda c: c.cancelAccountSummary(70)),
    Call("balances by currency", lambda c: c.reqAccountSummary(71, "All", "$LEDGER:ALL"), "accountSummaryEnd 71",
         "accountSummary"),
    Call("positions", lambda c: c.reqPositions(), "positionEnd",
         check=lambda h: {held[1].symbol: held[2] for held in h.all("position")} == {"AAPL": 100, "ES": -1, "SPY": 1}),
    Call("no positions", lambda c: c.cancelPositions()),
    Call("positions of an account", lambda c: c.reqPositionsMulti(72, ACCOUNT, ""), "positionMultiEnd 72",
         "positionMulti"),
    Call("no positions of an account", lambda c: c.cancelPositionsMulti(72)),
    Call("values of an account", lambda c: c.reqAccountUpdatesMulti(73, ACCOUNT, "", False), "accountUpdateMultiEnd 73",
         "accountUpdateMulti"),
    Call("no values of an account", lambda c: c.cancelAccountUpdatesMulti(73)),
    Call("profit", lambda c: c.reqPnL(74, ACCOUNT, ""), "pnl 74"),
    Call("no profit", lambda c: c.cancelPnL(74)),
    Call("profit of a position", lambda c: c.reqPnLSingle(75, ACCOUNT, "", 265598), "pnlSingle 75 100"),
    Call("no profit of a position", lambda c: c.cancelPnLSingle(75)),
    Call("scanner's parameters", lambda c: c.reqScannerParameters(), "scannerParameters"),
    Call("a scan", lambda c: c.reqScannerSubscription(80, SCAN, [], []), "scannerDataEnd 80", "scannerData"),
    Call("no scan", lambda c: c.cancelScannerSubscription(80), errors=(162,)),
    Call("another's account", lambda c: c.reqAccountUpdates(True, "DU9"), "error -1 321"),
]
# fmt: on
CALLS = [*SESSION, *CONTRACTS, *QUOTES, *STREAMS, *HISTORY, *ORDERS, *ACCOUNTS]


def _only(**parts: str) -> ExecutionFilter:
    wanted = ExecutionFilter()
    for name, value in parts.items():
        setattr(wanted, name, value)
    return wanted
