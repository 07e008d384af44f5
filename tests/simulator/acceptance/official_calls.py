"""What the official client asks, in this order, and how each call ends. Orders have ids from 100 on."""

from __future__ import annotations

from ibapi.execution import ExecutionFilter

from tests.simulator.acceptance.official import Call
from tests.simulator.rig import cancellation, contract, order, stock

ACCOUNT = "DU1000001"
AAPL = stock()
MSFT = stock("MSFT")
EUR = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
_DECEMBER = {"currency": "USD", "lastTradeDateOrContractMonth": "20261218"}
ANY_ES = contract(symbol="ES", secType="FUT", exchange="CME")
ES = contract(symbol="ES", secType="FUT", exchange="CME", **_DECEMBER)
CALL = contract(symbol="SPY", secType="OPT", exchange="SMART", right="C", strike=560.0, **_DECEMBER)

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
    Call("no more quotes", lambda c: c.cancelMktData(20)),
    Call("no more of the pair", lambda c: c.cancelMktData(22)),
    Call("never asked", lambda c: c.cancelMktData(29), "error 29 300"),
]
HISTORY = [
    Call("daily bars", lambda c: c.reqHistoricalData(40, AAPL, "", "5 D", "1 day", "TRADES", 1, 1, False, []),
         "historicalDataEnd 40", check=lambda h: len(h.all("historicalData")) == 5),
    Call("bars in seconds", lambda c: c.reqHistoricalData(41, EUR, "", "3600 S", "1 min", "MIDPOINT", 0, 2, False, []),
         "historicalDataEnd 41", check=lambda h: len(h.all("historicalData")) in {60, 61}),
    Call("head of the data", lambda c: c.reqHeadTimeStamp(42, AAPL, "TRADES", 1, 1), "headTimestamp 42"),
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
    Call("what if", lambda c: c.placeOrder(107, AAPL, order("BUY", 100, whatIf=True)), "openOrder 107",
         check=lambda h: float(h.one("openOrder")[3].initMarginChange) > 0),
    Call("half a share", lambda c: c.placeOrder(108, AAPL, order("BUY", "0.5")), "error 108 10318"),
    Call("no such order type", lambda c: c.placeOrder(109, AAPL, order("BUY", 1, "NOPE")), "error 109 321"),
    Call("a future", lambda c: c.placeOrder(110, ES, order("SELL", 1)), "commissionAndFeesReport", "execDetails"),
    Call("an option", lambda c: c.placeOrder(111, CALL, order("BUY", 1)), "commissionAndFeesReport", "execDetails"),
    Call("open orders", lambda c: c.reqOpenOrders(), "openOrderEnd",
         check=lambda h: {arguments[0] for arguments in h.all("openOrder")} == {103, 104}),
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
         check=lambda h: [fill[2].orderRef for fill in h.all("execDetails")] == ["bought"]),
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
         check=lambda h: {held[1].symbol: held[2] for held in h.all("position")} == {"AAPL": 90, "ES": -1, "SPY": 1}),
    Call("no positions", lambda c: c.cancelPositions()),
    Call("positions of an account", lambda c: c.reqPositionsMulti(72, ACCOUNT, ""), "positionMultiEnd 72",
         "positionMulti"),
    Call("no positions of an account", lambda c: c.cancelPositionsMulti(72)),
    Call("values of an account", lambda c: c.reqAccountUpdatesMulti(73, ACCOUNT, "", False), "accountUpdateMultiEnd 73",
         "accountUpdateMulti"),
    Call("no values of an account", lambda c: c.cancelAccountUpdatesMulti(73)),
    Call("profit", lambda c: c.reqPnL(74, ACCOUNT, ""), "pnl 74"),
    Call("no profit", lambda c: c.cancelPnL(74)),
    Call("profit of a position", lambda c: c.reqPnLSingle(75, ACCOUNT, "", 265598), "pnlSingle 75 90"),
    Call("no profit of a position", lambda c: c.cancelPnLSingle(75)),
    Call("another's account", lambda c: c.reqAccountUpdates(True, "DU9"), "error -1 321"),
]
# fmt: on
CALLS = [*SESSION, *CONTRACTS, *QUOTES, *HISTORY, *ORDERS, *ACCOUNTS]


def _only(**parts: str) -> ExecutionFilter:
    wanted = ExecutionFilter()
    for name, value in parts.items():
        setattr(wanted, name, value)
    return wanted
