"""Calls of the asyncio table that take more than one step: ask, have something happen, wait for what it brings."""

from __future__ import annotations

import math
from decimal import Decimal

from tests.simulator.acceptance.asyncio_day import ACCOUNT


def quotes(contract):
    async def ask(day):
        ticker = day.ib.reqMktData(contract)
        return await day.until(ticker.updateEvent, lambda: ticker.bid > 0 and ticker.ask > 0 and ticker)

    return ask


def greeks(option):
    async def ask(day):
        ticker = day.ib.reqMktData(option)
        return await day.until(ticker.updateEvent, lambda: ticker.modelGreeks)

    return ask


def moved(contract):
    async def ask(day):
        ticker = day.ib.ticker(contract)
        day.steering.do("price AAPL 201")
        return await day.until(ticker.updateEvent, lambda: ticker.last == 201.0)

    return ask


def modified(contract):
    async def ask(day):
        trade = day.kept["limit"]
        trade.order.lmtPrice = 101.0
        day.ib.placeOrder(contract, trade.order)
        await day.until(trade.statusEvent, lambda: trade.log[-1].message == "Modified")
        return trade

    return ask


def order(api, kind, **parts):
    return api.Order(action="SELL", totalQuantity=10, orderType=kind, **parts)


def conditional(api):
    condition = api.PriceCondition(conId=265598, exch="SMART", isMore=True, price=500.0)
    return api.LimitOrder("BUY", 10, 250.0, conditions=[condition])


def combo(api):
    legs = [api.ComboLeg(con_id, 1, action, "SMART") for con_id, action in ((265598, "BUY"), (272093, "SELL"))]
    return api.Contract(symbol="AAPL", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)


def bracket(contract):
    async def ask(day):
        orders = day.ib.bracketOrder("BUY", 10, 100.0, 300.0, 90.0)
        trades = [day.ib.placeOrder(contract, order) for order in orders]
        day.kept["entry"] = trades[0]
        await day.until(trades[-1].statusEvent, lambda: trades[-1].orderStatus.status == "PreSubmitted")
        return trades

    return ask


def one_of_two(api, contract):
    async def ask(day):
        orders = api.LimitOrder("BUY", 10, 100.0), api.LimitOrder("BUY", 10, 250.0)
        waiting, filled = [day.ib.placeOrder(contract, one) for one in day.ib.oneCancelsAll(list(orders), "pair", 1)]
        await day.until(day.ib.orderStatusEvent, lambda: waiting.isDone() and filled.isDone())
        await day.until(filled.commissionReportEvent, lambda: filled.fills[-1].commissionReport.execId)
        return filled

    return ask


async def bulletin(day):
    day.ib.reqNewsBulletins(True)
    day.steering.do('bulletin "ISLAND is down"')
    return await day.until(day.ib.newsBulletinEvent, day.ib.newsBulletins)


def volume(contract):
    async def ask(day):
        ticker = day.ib.reqMktData(contract, "233")
        day.steering.do("price MSFT 430")
        return await day.until(ticker.updateEvent, lambda: ticker.rtVolume > 0)

    return ask


def single(contract, kind):
    async def ask(day):
        ticker = day.ib.reqTickByTickData(contract, kind)
        ticker.tickByTicks.clear()
        if "Last" in kind:
            day.steering.do("price AAPL 201")
        return await day.until(ticker.updateEvent, lambda: ticker.tickByTicks)

    return ask


def depth(contract, *, smart):
    async def ask(day):
        ticker = day.ib.reqMktDepth(contract, 5, smart)
        return await day.until(ticker.updateEvent, lambda: len(ticker.domBids) == len(ticker.domAsks) == 5)

    return ask


def bars_of_seconds(contract):
    async def ask(day):
        bars = day.kept["seconds"] = day.ib.reqRealTimeBars(contract, 5, "TRADES", False)
        await bars.updateEvent
        return bars

    return ask


def bars_that_go_on(contract):
    async def ask(day):
        bars = await day.ib.reqHistoricalDataAsync(contract, "", "600 S", "1 min", "TRADES", False, keepUpToDate=True)
        day.kept["bars"] = bars
        await bars.updateEvent
        return bars

    return ask


async def refused(day, contract, order):
    trade = day.ib.placeOrder(contract, order)
    return await day.until(trade.statusEvent, trade.isDone)


async def global_cancel(day):
    day.ib.reqGlobalCancel()
    return await day.until(day.ib.orderStatusEvent, lambda: not day.ib.openTrades())


async def cash(day):
    """The cash on the account less what it must be after the fills; futures cost their commission alone."""
    values = {value.tag: value.value for value in await day.ib.accountSummaryAsync()}
    cash = Decimal(1_000_000)
    for fill in day.ib.fills():
        sign = -1 if fill.execution.side == "BOT" else 1
        if fill.contract.secType == "STK":
            cash += sign * Decimal(str(fill.execution.price)) * Decimal(str(fill.execution.shares))
        cash -= Decimal(str(fill.commissionReport.commission))
    return Decimal(values["TotalCashValue"]) - cash


async def profit(day):
    profit = day.ib.reqPnL(ACCOUNT)
    return await day.until(day.ib.pnlEvent, lambda: not math.isnan(profit.dailyPnL))


async def profit_single(day):
    profit = day.ib.reqPnLSingle(ACCOUNT, "", 265598)
    return await day.until(day.ib.pnlSingleEvent, lambda: not math.isnan(profit.dailyPnL) and profit)
