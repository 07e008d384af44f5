"""What Order answers from memory: its orders, executions, journal rows, and what lacks protection. Changes nothing."""

from __future__ import annotations

from typing import Final

from actors.domain.locks import Locks
from actors.messages.orders import (
    Executions,
    GetExecutions,
    GetOrder,
    GetOrders,
    GetOrdersView,
    Orders,
    OrdersView,
    OrderView,
)
from actors.messages.risk import ExplainOrder, GetProtection, ProtectionChanged
from actors.messages.state import FollowJournal, JournalRows
from actors.orders.gatekeeper import GateKeeper
from actors.orders.journal import JournalError
from actors.orders.protection import ProtectionWatch
from actors.orders.records import Records
from actors.orders.way_out import WayOut
from supervision import clock
from supervision.actor import LATER, Actor, Sender, handles
from supervision.errors import Rejected

JOURNAL_PAGE: Final = 500


class Answers(Actor):
    """The part of Order that is asked; the other part has made what it looks into."""

    _records: Records
    _gate: GateKeeper
    _locks: Locks
    _protection: ProtectionWatch
    _out: WayOut

    @handles(ExplainOrder)
    def _explain(self, message: ExplainOrder, sender: Sender) -> object:
        self._out.explaining.explain(message.order, sender)
        return LATER

    @handles(GetOrders)
    def _orders(self, message: GetOrders, _: Sender) -> Orders:
        orders = self._records.book if message.all else self._records.book.open_orders()
        items = tuple(order.view() for order in orders if message.all or not order.terminal)
        return Orders(items, clock.now())

    @handles(GetOrder)
    def _order(self, message: GetOrder, _: Sender) -> OrderView:
        return self._records.look_up(message.key).view()

    @handles(GetExecutions)
    def _executions(self, message: GetExecutions, _: Sender) -> Executions:
        records = self._records
        found = records.executions_of(message.strategy) if message.strategy else records.book.ledger.all()
        return Executions(found, clock.now())

    @handles(GetOrdersView)
    def _orders_view(self, _: GetOrdersView, __: Sender) -> OrdersView:
        return self._records.book.overview(self._gate.view(), self._locks.all())

    @handles(GetProtection)
    def _unprotected(self, _: GetProtection, __: Sender) -> ProtectionChanged:
        return self._protection.view()

    @handles(FollowJournal)
    def _follow(self, message: FollowJournal, _: Sender) -> JournalRows:
        try:
            return JournalRows(self._records.rows(message.after, JOURNAL_PAGE))
        except JournalError as error:
            raise Rejected(str(error), kind="journal") from error
