"""Statements about orders: fills, orders of others, corrections, second permanent ids, refusals."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from simulator.exchange.orders import Order, Terms
from simulator.faults.act import Act, Answer, Impossible
from simulator.faults.arguments import OrderName
from simulator.faults.market_acts import named
from simulator.gateway import Gateway

_BY_HAND = 0
"""The client that orders made in TWS belong to."""


class OrderActs:
    """Does to orders what markets, other sessions and exchanges do."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._exchange = gateway.exchange
        self.acts: dict[str, Act] = {
            "fill": self._fill,
            "external": self._external,
            "manual": self._manual,
            "correct": self._correct,
            "rebind": self._rebind,
            "reject": self._reject,
        }

    def _fill(self, order: OrderName, quantity: Decimal | None, price: Decimal | None) -> Answer:
        found = _chosen(self._exchange.open_orders(), order)
        try:
            self._exchange.fill(found.perm_id, quantity, price, self._gateway.trading)
        except ValueError as error:
            raise Impossible(str(error)) from error
        return {"perm_id": found.perm_id, "status": found.status, "filled": found.filled}

    def _external(self, action: str, quantity: Decimal, symbol: str, price: Decimal | None, client: int) -> Answer:
        account = self._gateway.accounts.default.name
        kind = "MKT" if price is None else "LMT"
        terms = Terms(action, quantity, kind, limit=price, stop=None, tif="DAY", account=account, ref="")
        order = self._exchange.external(named(self._gateway, symbol), terms, client, self._gateway.trading)
        return {"perm_id": order.perm_id, "order_id": order.order_id, "status": order.status}

    def _manual(self, action: str, quantity: Decimal, symbol: str, price: Decimal | None) -> Answer:
        return self._external(action, quantity, symbol, price, _BY_HAND)

    def _correct(self, execution: str, price: Decimal, quantity: Decimal | None) -> Answer:
        if execution == "last":
            if not self._exchange.executions:
                raise Impossible("there is no execution today")
            execution = self._exchange.executions[-1].exec_id
        try:
            corrected = self._exchange.correct(execution, quantity, price, self._gateway.trading)
        except ValueError as error:
            raise Impossible(str(error)) from error
        return {"execution": corrected.exec_id}

    def _rebind(self, order: OrderName) -> Answer:
        found = _chosen(self._exchange.open_orders(), order)
        return {"perm_id": self._exchange.rebind(found.perm_id, self._gateway.trading)}

    def _reject(self, count: int, code: int, text: str) -> Answer:
        self._exchange.reject(count, code, text)
        return {}


def _chosen(orders: Iterable[Order], name: OrderName) -> Order:
    """The youngest of the orders that fit a name. Raises Impossible when there is none."""
    found = [order for order in orders if _fits(order, name)]
    if not found:
        raise Impossible(_missing(name))
    return found[-1]


def _fits(order: Order, name: OrderName) -> bool:
    if name.perm_id is not None:
        return order.perm_id == name.perm_id
    if name.order_id is not None:
        return (order.client_id, order.order_id) == (name.client_id, name.order_id)
    return name.ref is None or order.terms.ref == name.ref


def _missing(name: OrderName) -> str:
    if name.perm_id is not None:
        return f"no working order has the permanent id {name.perm_id}"
    if name.order_id is not None:
        return f"no working order is {name.client_id}/{name.order_id}"
    return "there is no working order" if name.ref is None else f'no working order has the reference "{name.ref}"'
