"""Orders that were over so long ago that a start left them in the file, and of which the broker speaks again.

It may list executions of a week, correct one, or work an order that a person had settled. Were such an order not known
again, it would be taken for somebody else's, and its row and its executions be written over without their strategy.
"""

from __future__ import annotations

from typing import Final

from actors.domain.order_book import EXTERNAL, OrderBook, key_of
from actors.domain.order_state import after_restart
from actors.messages.broker import ExecutionReport, OrderReport, StatusReport
from actors.orders.journal import Journal
from supervision.message import Message

_LONG_AGO: Final = 0.0  # monotonic: before every cut


def recall(book: OrderBook, journal: Journal, report: Message) -> None:
    """Take back into the book what the file has of the order that a report is about. May raise JournalError."""
    if not isinstance(report, OrderReport | StatusReport | ExecutionReport) or book.match(report) is not None:
        return
    if isinstance(report, ExecutionReport) and book.ledger.find(report.exec_id) is not None:
        return
    key = "" if isinstance(report, StatusReport) else key_of(report)
    found = journal.recall((key, f"{EXTERNAL}{report.perm_id}"), report.order_id)
    orders = [after_restart(order, _LONG_AGO) for order in found.orders]
    book.take_back(orders, found.executions, found.commissions)
