"""Callbacks of the stock decoder into our own types: the last place where ibapi's objects are seen.

IB's "unset" values and NaN become None, quantities are Decimal, times UTC. A report about an order
gets epoch and a sequence of its own. Nothing is decided here: what belongs to a request is handed
to `Inbound` under its request id, or under the name of the query when IB's callback carries none.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Protocol

import msgspec
from ibapi.wrapper import EWrapper

from actors.ib.order_values import preview_from, terms_from
from actors.ib.times import UnreadableTime, read_time
from actors.ib.values import amount, contract_from, details_from, price, quantity, whole
from actors.messages.broker import CommissionReport, ExecutionReport, OrderReport, StatusReport
from actors.messages.broker_account import AccountReport, AccountValueReport, PortfolioReport, PositionReport
from actors.messages.market import Bar
from supervision import clock
from supervision.message import Message

# The names under which answers without a request id are collected.
OPEN_ORDERS, COMPLETED_ORDERS, POSITIONS = "open orders", "completed orders", "positions"


def account_download(account: str) -> str:
    """The name under which the end of an account's first download is awaited."""
    return f"account {account}"


class StartUp(Protocol):
    """What makes a session ready, or ends it before it is."""

    def next_order_id(self, order_id: int) -> None:
        """The gateway's floor for new order ids."""

    def managed_accounts(self, accounts: tuple[str, ...]) -> None:
        """Every account behind the login."""

    def error(self, request_id: int, code: int, text: str) -> None:
        """A code and text about a request, an order, or (id -1) nothing in particular."""


class Inbound(Protocol):
    """What a session tells its owner, in the order in which the gateway said it."""

    def current_time(self, told: int) -> None:
        """The answer to a heartbeat: the gateway's time, in whole seconds since the epoch."""

    def data_type(self, request_id: int, kind: int) -> None:
        """A line changed between live, frozen and delayed."""

    def item(self, query: int | str, item: Message, identity: Hashable = None) -> None:
        """One part of an answer; one with an identity replaces an earlier one with the same."""

    def end(self, query: int | str) -> None:
        """The answer is complete."""

    def order_report(self, report: OrderReport | StatusReport | ExecutionReport | CommissionReport) -> None:
        """News about an order."""

    def account_report(self, report: AccountReport) -> None:
        """News about an account."""

    def profit_and_loss(
        self, request_id: int, daily: Decimal | None, unrealized: Decimal | None, realized: Decimal | None
    ) -> None:
        """Figures for the stream with this request id; whose they are the owner knows."""


class Translator(EWrapper):
    """The wrapper that the stock decoder calls; one for each session."""

    def __init__(self, inbound: Inbound, start_up: StartUp, *, epoch: int, local: tzinfo, log: logging.Logger) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inbound = inbound
        self._start_up = start_up
        self._epoch = epoch
        self._local = local
        self._log = log
        self._sequence = 0
        self._told: OrderReport | StatusReport | None = None

    def next_sequence(self) -> int:
        """The number of the next report about an order in this session."""
        self._sequence += 1
        return self._sequence

    def tell(self, report: OrderReport | StatusReport) -> None:
        """Tell what is said of an order: decoded here, or alike to what was."""
        self._inbound.order_report(report)
        if isinstance(report, OrderReport):
            order_id = report.order_id
            self._inbound.item(OPEN_ORDERS, report, (report.client_id, order_id) if order_id else report.perm_id)

    def take_told(self) -> OrderReport | StatusReport | None:
        """What the stock decoder's last callback told of an order, once."""
        told, self._told = self._told, None
        return told

    # --- the session ----------------------------------------------------------------------------

    def nextValidId(self, orderId: int) -> None:  # noqa: N802, N803
        self._start_up.next_order_id(orderId)

    def managedAccounts(self, accountsList: str) -> None:  # noqa: N802, N803
        self._start_up.managed_accounts(tuple(name.strip() for name in accountsList.split(",") if name.strip()))

    def currentTime(self, time: int) -> None:  # noqa: N802
        self._inbound.current_time(time)

    def error(
        self,
        reqId: int,  # noqa: N803
        errorTime: int,  # noqa: ARG002, N803
        errorCode: int,  # noqa: N803
        errorString: str,  # noqa: N803
        advancedOrderRejectJson: str = "",  # noqa: N803
    ) -> None:
        self._start_up.error(reqId, errorCode, f"{errorString} {advancedOrderRejectJson}".rstrip())

    # --- market data ----------------------------------------------------------------------------

    def marketDataType(self, reqId: int, marketDataType: int) -> None:  # noqa: N802, N803
        self._inbound.data_type(reqId, marketDataType)

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:  # noqa: N802, N803
        self._inbound.item(reqId, details_from(contractDetails))

    def bondContractDetails(self, reqId: int, contractDetails: Any) -> None:  # noqa: N802, N803
        self._inbound.item(reqId, details_from(contractDetails))

    def contractDetailsEnd(self, reqId: int) -> None:  # noqa: N802, N803
        self._inbound.end(reqId)

    def historicalData(self, reqId: int, bar: Any) -> None:  # noqa: N802, N803
        item = Bar(
            time=read_time(bar.date, self._local),
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=float(quantity(bar.volume) or 0),
            wap=float(quantity(bar.wap) or 0),
            count=bar.barCount,
        )
        self._inbound.item(reqId, item)

    def historicalDataEnd(self, reqId: int, start: str, end: str) -> None:  # noqa: ARG002, N802, N803
        self._inbound.end(reqId)

    # --- orders ---------------------------------------------------------------------------------

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:  # noqa: N802, N803
        if order.whatIf:  # not an order but what would become of one
            preview = preview_from(orderState)
            if preview is not None:
                self._inbound.item(orderId, preview)
                self._inbound.end(orderId)
            return
        report = OrderReport(
            epoch=self._epoch,
            sequence=self.next_sequence(),
            order_id=orderId,
            client_id=order.clientId,
            perm_id=whole(order.permId),
            contract=contract_from(contract),
            terms=terms_from(order, self._local, self._log),
            status=orderState.status,
            warning=orderState.warningText,
            reject_reason=getattr(orderState, "rejectReason", ""),
        )
        self._told = report
        self.tell(report)

    def openOrderEnd(self) -> None:  # noqa: N802
        self._inbound.end(OPEN_ORDERS)

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:  # noqa: N802, N803
        terms, filled = terms_from(order, self._local, self._log), quantity(order.filledQuantity) or Decimal(0)
        self._inbound.item(
            COMPLETED_ORDERS,
            OrderReport(
                epoch=self._epoch,
                sequence=self.next_sequence(),
                order_id=0,
                client_id=0,
                perm_id=whole(order.permId),
                contract=contract_from(contract),
                # what gateways tell as the total of a completed order is what was left of it: 0 of a filled one
                terms=msgspec.structs.replace(terms, quantity=max(terms.quantity, filled)),
                status=orderState.status,
                warning=orderState.completedStatus,
                reject_reason=getattr(orderState, "rejectReason", ""),
                completed=True,
                filled=filled,
            ),
        )

    def completedOrdersEnd(self) -> None:  # noqa: N802
        self._inbound.end(COMPLETED_ORDERS)

    def orderStatus(  # noqa: N802
        self,
        orderId: int,  # noqa: N803
        status: str,
        filled: Decimal,
        remaining: Decimal,
        avgFillPrice: float,  # noqa: N803
        permId: int,  # noqa: N803
        parentId: int,  # noqa: ARG002, N803
        lastFillPrice: float,  # noqa: ARG002, N803
        clientId: int,  # noqa: N803
        whyHeld: str,  # noqa: N803
        mktCapPrice: float,  # noqa: ARG002, N803
    ) -> None:
        self._told = report = StatusReport(
            epoch=self._epoch,
            sequence=self.next_sequence(),
            order_id=orderId,
            client_id=clientId,
            perm_id=whole(permId),
            status=status,
            filled=quantity(filled) or Decimal(0),
            remaining=quantity(remaining) or Decimal(0),
            average_price=price(avgFillPrice) or None,
            why_held=whyHeld,
        )
        self.tell(report)

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:  # noqa: N802, N803
        if not execution.execId or quantity(execution.shares) is None or price(execution.price) is None:
            raise ValueError(f"an execution {execution.execId!r} of {execution.shares} at {execution.price}")
        report = ExecutionReport(
            epoch=self._epoch,
            sequence=self.next_sequence(),
            exec_id=execution.execId,
            order_id=execution.orderId,
            client_id=execution.clientId,
            perm_id=whole(execution.permId),
            key=execution.orderRef,
            account=execution.acctNumber,
            contract=contract_from(contract),
            side="BUY" if execution.side == "BOT" else "SELL",
            quantity=execution.shares,
            price=execution.price,
            cumulative=quantity(execution.cumQty) or Decimal(0),
            exchange=execution.exchange,
            time=self._instant(execution.time),
        )
        if reqId < 0:
            self._inbound.order_report(report)
        else:
            self._inbound.item(reqId, report)

    def execDetailsEnd(self, reqId: int) -> None:  # noqa: N802, N803
        self._inbound.end(reqId)

    def commissionAndFeesReport(self, commissionAndFeesReport: Any) -> None:  # noqa: N802, N803
        report = commissionAndFeesReport
        self._inbound.order_report(
            CommissionReport(
                epoch=self._epoch,
                sequence=self.next_sequence(),
                exec_id=report.execId,
                commission=amount(report.commissionAndFees),
                currency=report.currency,
                realized=amount(report.realizedPNL),
            )
        )

    # --- account --------------------------------------------------------------------------------

    def position(self, account: str, contract: Any, position: Decimal, avgCost: float) -> None:  # noqa: N803
        held = quantity(position)
        if held is None:  # neither flat nor anything else: who asked for all positions is told that one is not known
            raise ValueError(f"a position without a quantity: {contract.symbol} of account {account}")
        report = PositionReport(self._epoch, account, contract_from(contract), held, price(avgCost))
        self._inbound.account_report(report)
        self._inbound.item(POSITIONS, report, (account, report.contract.con_id))

    def positionEnd(self) -> None:  # noqa: N802
        self._inbound.end(POSITIONS)

    def updateAccountValue(self, key: str, val: str, currency: str, accountName: str) -> None:  # noqa: N802, N803
        self._inbound.account_report(AccountValueReport(self._epoch, accountName, key, val, currency))

    def accountSummary(self, reqId: int, account: str, tag: str, value: str, currency: str) -> None:  # noqa: ARG002, N802, N803
        self._inbound.account_report(AccountValueReport(self._epoch, account, tag, value, currency))

    def updatePortfolio(  # noqa: N802
        self,
        contract: Any,
        position: Decimal,
        marketPrice: float,  # noqa: N803
        marketValue: float,  # noqa: N803
        averageCost: float,  # noqa: N803
        unrealizedPNL: float,  # noqa: N803
        realizedPNL: float,  # noqa: N803
        accountName: str,  # noqa: N803
    ) -> None:
        self._inbound.account_report(
            PortfolioReport(
                self._epoch,
                accountName,
                contract_from(contract),
                quantity(position) or Decimal(0),
                price(marketPrice),
                price(marketValue),
                price(averageCost),
                amount(unrealizedPNL),
                amount(realizedPNL),
            )
        )

    def accountDownloadEnd(self, accountName: str) -> None:  # noqa: N802, N803
        self._inbound.end(account_download(accountName))

    def pnl(self, reqId: int, dailyPnL: float, unrealizedPnL: float, realizedPnL: float) -> None:  # noqa: N803
        self._inbound.profit_and_loss(reqId, amount(dailyPnL), amount(unrealizedPnL), amount(realizedPnL))

    def pnlSingle(  # noqa: N802
        self,
        reqId: int,  # noqa: N803
        pos: Decimal,  # noqa: ARG002
        dailyPnL: float,  # noqa: N803
        unrealizedPnL: float,  # noqa: N803
        realizedPnL: float,  # noqa: N803
        value: float,  # noqa: ARG002
    ) -> None:
        self._inbound.profit_and_loss(reqId, amount(dailyPnL), amount(unrealizedPnL), amount(realizedPnL))

    # --------------------------------------------------------------------------------------------

    def _instant(self, text: str) -> datetime:
        """The time of an execution. One that cannot be read must not cost us the execution."""
        try:
            return read_time(text, self._local)
        except UnreadableTime as problem:
            self._log.warning("%s; the time of arrival is taken instead", problem)
            return clock.now()
