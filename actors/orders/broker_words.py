"""The broker's words about orders, each through the order machine into Records; Connection's log has them again.

What speaks of an order that nobody here knows is logged, and raises the question of a reconciliation.
"""

from __future__ import annotations

import logging
import time

from actors.domain import order_events as ev
from actors.messages.broker import CommissionReport, ExecutionReport, OrderNotice, OrderReport, Report, StatusReport
from actors.orders.cuts import CutAsker
from actors.orders.records import Records
from supervision import clock


class BrokerWords:
    """Takes reports in the order in which they came."""

    def __init__(self, records: Records, asker: CutAsker, log: logging.Logger) -> None:
        self._records = records
        self._asker = asker
        self._log = log

    def hear(self, report: Report) -> None:
        """Keep what a report says."""
        known = self._records.recall(report)
        match report:
            case _ if not known:
                self._stray(f"a {type(report).__name__}, while the journal cannot be read")
            case OrderReport():
                self._order(report)
            case StatusReport():
                self._status(report)
            case ExecutionReport():
                self._execution(report)
            case CommissionReport():
                self._records.commission(report)
            case OrderNotice():
                self._notice(report)
        self._records.hear(report.epoch, report.sequence)
        self._records.commit_soon()

    def _order(self, report: OrderReport) -> None:
        order = self._records.book.match(report)
        if order is not None:
            self._records.apply(order, ev.reported(report))
        else:
            self._records.replace(None, self._records.book.adopt(report, time.monotonic(), clock.now()))

    def _status(self, report: StatusReport) -> None:
        order = self._records.book.match(report)
        if order is None:
            self._stray(f"status {report.status} of order id {report.order_id}, permId {report.perm_id}")
        else:
            self._records.apply(order, ev.reported(report))

    def _execution(self, report: ExecutionReport) -> None:
        self._records.execution(report)
        if self._records.book.match(report) is None:
            self._stray(f"execution {report.exec_id}")

    def _notice(self, report: OrderNotice) -> None:
        order = self._records.book.by_id(report.order_id)
        if order is None:
            self._stray(f"code {report.code} for order id {report.order_id}: {report.text}")
        else:
            self._records.apply(order, ev.Noticed(report.code, report.text))

    def _stray(self, what: str) -> None:
        self._log.warning("the broker spoke of an order that is unknown here: %s", what)
        self._asker.strays += 1
        self._asker.look()
