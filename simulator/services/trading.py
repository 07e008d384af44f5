"""Orders and what becomes of them, for clients.

Reports go to the client that owns the order, if it is connected; anyone else learns by asking. Orders made by hand
belong to client 0. After a reconnect nothing is sent again by itself: clients ask for open orders, completed
orders and executions.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from simulator.exchange.accounts import Accounts
from simulator.exchange.exchange import Exchange
from simulator.exchange.lifecycle import CANCELLED
from simulator.exchange.orders import Execution, Order, Terms
from simulator.market.universe import Instrument, Universe
from simulator.refusal import Refused
from simulator.services.executions import ExecutionService
from simulator.services.reference import Handler, resolve
from simulator.session import Session
from simulator.wire import order_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.order_request import read_order


class TradingService:
    """The exchange's face to clients; it is the exchange's `Reports`."""

    def __init__(
        self,
        universe: Universe,
        exchange: Exchange,
        accounts: Accounts,
        session_of: Callable[[int], Session | None],
        on_fill: Callable[[Execution], None],
        clock: Callable[[], float],
    ) -> None:
        self._universe = universe
        self._exchange = exchange
        self._accounts = accounts
        self._session_of = session_of
        self._on_fill = on_fill
        self._adopter: Session | None = None
        self.handlers: dict[int, Handler] = {
            3: self._place,
            4: self._cancel,
            5: self._open_orders,
            7: ExecutionService(exchange, clock).answer,
            15: self._bind_orders,
            16: self._all_open_orders,
            58: self._cancel_all,
            99: self._completed_orders,
        }

    # --- reports of the exchange ---

    def opened(self, order: Order) -> None:
        """Message 5 to the owner."""
        if session := self._session_of(order.client_id):
            session.send(wire.open_order(order, session.version))

    def status(self, order: Order) -> None:
        """Message 3 to the owner."""
        if session := self._session_of(order.client_id):
            session.send(wire.order_status(order))

    def executed(self, execution: Execution) -> None:
        """Message 11 to the owner."""
        if session := self._session_of(execution.client_id):
            session.send(wire.execution(execution, session.version))

    def settled(self, order: Order) -> None:
        """Message 5 with the commission to the owner, as recorded gateways send it before message 59."""
        if session := self._session_of(order.client_id):
            session.send(wire.open_order(order, session.version, charged=True))

    def charged(self, execution: Execution) -> None:
        """Message 59 to the owner, and the account's news to whoever follows it."""
        if session := self._session_of(execution.client_id):
            session.send(wire.commission_report(execution))
        self._on_fill(execution)

    def refused(self, order: Order, code: int, text: str) -> None:
        """An error or a warning with the order's id to the owner."""
        if session := self._session_of(order.client_id):
            session.error(order.order_id, code, text)

    def bound(self, order: Order) -> None:
        """Message 100 to client 0."""
        if session := self._session_of(order.client_id):
            session.send(wire.order_bound(order.perm_id, order.client_id, order.order_id))

    def adopts_manual(self) -> bool:
        """Whether client 0 is there and asked to be given orders made by hand."""
        return self._adopter is not None and self._session_of(0) is self._adopter

    # --- requests ---

    def _place(self, session: Session, fields: Fields) -> None:
        order_id = fields.integer("orderId")
        request = read_order(order_id, fields, session.version, "")
        instrument = resolve(self._universe, request.contract)
        if request.what_if:
            self._what_if(session, order_id, instrument, request.terms)
        else:
            self._exchange.place(session.client_id or 0, order_id, instrument, request.terms, self)

    def _what_if(self, session: Session, order_id: int, instrument: Instrument, terms: Terms) -> None:
        order, preview = self._exchange.what_if(session.client_id or 0, order_id, instrument, terms)
        figures = self._accounts[order.terms.account].figures()
        equity = figures["EquityWithLoanValue"]
        margins: dict[str, object] = {
            "initMarginBefore": figures["InitMarginReq"],
            "maintMarginBefore": figures["MaintMarginReq"],
            "equityWithLoanBefore": equity,
            "initMarginChange": preview.initial,
            "maintMarginChange": preview.maintenance,
            "equityWithLoanChange": Decimal(0),
            "initMarginAfter": figures["InitMarginReq"] + preview.initial,
            "maintMarginAfter": figures["MaintMarginReq"] + preview.maintenance,
            "equityWithLoanAfter": equity,
            "commission": preview.commission,
            "commissionCurrency": instrument.currency,
            "warningText": preview.warning,
        }
        session.send(wire.open_order(order, session.version, margins))

    def _cancel(self, session: Session, fields: Fields) -> None:
        if session.version < 200:
            fields.skip()
        self._exchange.cancel(session.client_id or 0, fields.integer("orderId"), self)

    def _cancel_all(self, _session: Session, _fields: Fields) -> None:
        for client_id, order_id in self._exchange.cancel_all(self):
            if owner := self._session_of(client_id):
                owner.error(order_id, 202, CANCELLED)

    def _open_orders(self, session: Session, _: Fields) -> None:
        if session.client_id == 0:
            self._exchange.bind_manual(self)
        self._send_open(session, [o for o in self._exchange.open_orders() if o.client_id == session.client_id])

    def _all_open_orders(self, session: Session, _: Fields) -> None:
        self._send_open(session, self._exchange.open_orders())

    def _send_open(self, session: Session, orders: list[Order]) -> None:
        for order in orders:
            session.send(wire.open_order(order, session.version), wire.order_status(order))
        session.send(wire.OPEN_ORDER_END)

    def _bind_orders(self, session: Session, fields: Fields) -> None:
        """Client 0 may adopt orders made by hand, those to come; open orders asks for those that are there."""
        if session.client_id != 0:
            raise Refused(327, "Only the default client (i.e 0) can auto bind orders.")
        fields.skip()
        self._adopter = session if fields.flag("bAutoBind") else None

    def _completed_orders(self, session: Session, fields: Fields) -> None:
        by_clients_only = fields.flag("apiOnly")
        for order in self._exchange.completed_orders():
            if order.order_id > 0 or not by_clients_only:
                session.send(wire.completed_order(order, session.version, self._exchange.parent(order)))
        session.send(wire.COMPLETED_ORDERS_END)
