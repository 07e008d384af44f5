"""Orders, executions and their reports.

Reports go to the client that owns the order, if it is connected; anyone else learns by asking. After a
reconnect nothing is sent again by itself: clients ask for open orders, completed orders and executions.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from simulator.exchange.account import Account
from simulator.exchange.exchange import Exchange
from simulator.exchange.orders import Execution, Order, Terms, check
from simulator.market.hours import parse_stamp
from simulator.market.universe import Instrument, Universe
from simulator.refusal import Refused, invalid
from simulator.services.reference import Handler, resolve
from simulator.session import Session
from simulator.wire import order_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.order_request import read_order
from simulator.wire.requests import ExecutionFilter, read_execution_filter


class TradingService:
    """The exchange's face to clients; it is the exchange's `Reports`."""

    def __init__(
        self,
        universe: Universe,
        exchange: Exchange,
        account: Account,
        session_of: Callable[[int], Session | None],
        on_fill: Callable[[Execution], None],
    ) -> None:
        self._universe = universe
        self._exchange = exchange
        self._account = account
        self._session_of = session_of
        self._on_fill = on_fill
        self.handlers: dict[int, Handler] = {
            3: self._place,
            4: self._cancel,
            5: self._open_orders,
            7: self._executions,
            15: self._bind_orders,
            16: self._all_open_orders,
            58: lambda _session, _fields: exchange.cancel_all(self),
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

    def charged(self, execution: Execution) -> None:
        """Message 59 to the owner, and the account's news to whoever follows it."""
        if session := self._session_of(execution.client_id):
            session.send(wire.commission_report(execution))
        self._on_fill(execution)

    def refused(self, order: Order, code: int, text: str) -> None:
        """An error with the order's id to the owner."""
        if session := self._session_of(order.client_id):
            session.error(order.order_id, code, text)

    # --- requests ---

    def _place(self, session: Session, fields: Fields) -> None:
        order_id = fields.integer("orderId")
        request = read_order(order_id, fields, session.version, self._account.name)
        instrument = resolve(self._universe, request.contract)
        if request.what_if:
            self._what_if(session, order_id, instrument, request.terms)
        else:
            self._exchange.place(session.client_id or 0, order_id, instrument, request.terms, self)

    def _what_if(self, session: Session, order_id: int, instrument: Instrument, terms: Terms) -> None:
        check(terms, instrument, self._account.name)
        figures = self._account.figures()
        initial, maintenance = self._account.margin_of(instrument, terms.quantity)
        net = figures["NetLiquidation"]
        order = Order(session.client_id or 0, order_id, 0, instrument, terms, 0.0)
        margins: dict[str, object] = {
            "initMarginBefore": figures["InitMarginReq"],
            "maintMarginBefore": figures["MaintMarginReq"],
            "equityWithLoanBefore": net,
            "initMarginChange": initial,
            "maintMarginChange": maintenance,
            "equityWithLoanChange": Decimal(0),
            "initMarginAfter": figures["InitMarginReq"] + initial,
            "maintMarginAfter": figures["MaintMarginReq"] + maintenance,
            "equityWithLoanAfter": net,
            "commissionCurrency": instrument.currency,
        }
        session.send(wire.open_order(order, session.version, margins))

    def _cancel(self, session: Session, fields: Fields) -> None:
        if session.version < 200:
            fields.skip()
        self._exchange.cancel(session.client_id or 0, fields.integer("orderId"), self)

    def _open_orders(self, session: Session, _: Fields) -> None:
        self._send_open(session, [o for o in self._exchange.open_orders() if o.client_id == session.client_id])

    def _all_open_orders(self, session: Session, _: Fields) -> None:
        self._send_open(session, self._exchange.open_orders())

    def _send_open(self, session: Session, orders: list[Order]) -> None:
        for order in orders:
            session.send(wire.open_order(order, session.version), wire.order_status(order))
        session.send(wire.OPEN_ORDER_END)

    def _bind_orders(self, session: Session, _: Fields) -> None:
        """Client 0 may adopt orders made by hand; there are none here, so nothing follows."""
        if session.client_id != 0:
            raise Refused(327, "Only the default client (i.e 0) can auto bind orders.")

    def _completed_orders(self, session: Session, _: Fields) -> None:
        for order in self._exchange.completed_orders():
            session.send(wire.completed_order(order, session.version))
        session.send(wire.COMPLETED_ORDERS_END)

    def _executions(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        wanted = read_execution_filter(fields, session.version)
        since = parse_stamp(wanted.since) if wanted.since else 0.0
        if since is None:
            raise invalid(f"Filter time {wanted.since!r} is not a time", "bS")
        found = [execution for execution in self._exchange.executions if _passes(execution, wanted, since)]
        for execution in found:
            session.send(wire.execution(execution, session.version, request_id))
        for execution in found:
            session.send(wire.commission_report(execution))
        session.send(wire.executions_end(request_id))


def _passes(execution: Execution, wanted: ExecutionFilter, since: float) -> bool:
    item = execution.instrument
    side = {"BOT": "BUY", "SLD": "SELL"}.get(wanted.side, wanted.side)
    return (
        (not wanted.client_id or wanted.client_id == execution.client_id)
        and (not wanted.account or wanted.account == execution.account)
        and execution.time >= since
        and (not wanted.symbol or wanted.symbol == item.symbol)
        and (not wanted.sec_type or wanted.sec_type == item.sec_type)
        and (not wanted.exchange or wanted.exchange in {execution.exchange, "SMART"})
        and (not side or side == execution.action)
    )
