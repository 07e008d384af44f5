"""All orders the exchange knows today, by their ids, with their relations: parents, children, partners.

Held orders were placed with transmit off: nobody but their client knows of them, and a restart forgets them.
Orders made by hand have order id 0 until they are bound to client 0, then negative ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.exchange.orders import Order, Terms
from simulator.market.instrument import Instrument

Key = tuple[int, int]


@dataclass(frozen=True)
class HeldOrder:
    """An order that was not transmitted yet."""

    instrument: Instrument
    terms: Terms


class OrderBook:
    """Orders by client and order id, by permanent id while they work, and the held ones."""

    def __init__(self, orders: Iterable[Order], highest: dict[int, int]) -> None:
        self._orders = list(orders)
        self._by_key = {(order.client_id, order.order_id): order for order in self._orders if order.order_id}
        self._working: dict[int, Order] = {}
        self._on_line: dict[int, dict[int, Order]] = {}
        self._index([order for order in self._orders if order.live])
        self._children: dict[Key, list[Order]] = {}
        for order in self._orders:
            self._join_family(order)
        self._highest = highest
        self.held: dict[Key, HeldOrder] = {}

    def working(self) -> list[Order]:
        """Orders that may still trade, oldest first."""
        return list(self._working.values())

    def on_line(self, con_id: int) -> list[Order]:
        """The orders for an instrument that may still trade, oldest first."""
        return list(self._on_line.get(con_id, {}).values())

    def instruments(self) -> dict[int, Instrument]:
        """What there are working orders for, by contract id."""
        return {con_id: next(iter(orders.values())).instrument for con_id, orders in self._on_line.items()}

    def completed(self) -> list[Order]:
        """Orders that ended and are not forgotten yet, oldest first."""
        return [order for order in self._orders if not order.live]

    def find(self, client_id: int, order_id: int) -> Order | None:
        """The order a client means by an id."""
        return self._by_key.get((client_id, order_id))

    def by_perm_id(self, perm_id: int) -> Order | None:
        """An order by its permanent id."""
        return next((order for order in self._orders if order.perm_id == perm_id), None)

    def next_order_id(self, client_id: int) -> int:
        """One above the highest id this client ever used."""
        return max(self._highest.get(client_id, 0), 0) + 1

    def use(self, client_id: int, order_id: int) -> None:
        """The client used this id."""
        self._highest[client_id] = max(order_id, self._highest.get(client_id, 0))

    def add(self, order: Order) -> None:
        """A new working order."""
        self._orders.append(order)
        self._join_family(order)
        self._index([order])
        if order.order_id:
            self._by_key[order.client_id, order.order_id] = order
            self.use(order.client_id, order.order_id)

    def end(self, order: Order) -> None:
        """The order does not work any more."""
        del self._working[order.perm_id]
        line = self._on_line[order.instrument.con_id]
        del line[order.perm_id]
        if not line:
            del self._on_line[order.instrument.con_id]

    def bind(self, order: Order) -> None:
        """Give an order made by hand the next negative order id of client 0."""
        lowest = min((order_id for client_id, order_id in self._by_key if client_id == 0), default=0)
        order.order_id = min(lowest, 0) - 1
        self._by_key[0, order.order_id] = order

    def rebind(self, order: Order, perm_id: int) -> None:
        """The order has another permanent id from now on; its place among the others stays."""
        order.perm_id = perm_id
        working = self.working()
        self._working.clear()
        self._on_line.clear()
        self._index(working)

    def forget(self, outdated: Callable[[Order], bool]) -> None:
        """Drop ended orders that are outdated."""
        self._orders = [order for order in self._orders if order.live or not outdated(order)]
        self._by_key = {(order.client_id, order.order_id): order for order in self._orders if order.order_id}
        self._children.clear()
        for order in self._orders:
            self._join_family(order)

    def held_line(self, key: Key) -> list[Key]:
        """The key of an order, of its parent and so on upwards, through those that are held."""
        line = [key]
        while (one := self.held.get(line[-1])) is not None and one.terms.parent_id:
            line.append((key[0], one.terms.parent_id))
        return line

    def parent(self, order: Order) -> Order | None:
        """The order this one is attached to; None when it has none, or none of today."""
        return self.find(order.client_id, order.terms.parent_id) if order.terms.parent_id else None

    def children(self, order: Order) -> list[Order]:
        """Orders attached to this one, ended ones included."""
        return list(self._children.get((order.client_id, order.order_id), ()))

    def partners(self, order: Order) -> list[Order]:
        """The other working orders of its one-cancels-all group."""
        if not order.terms.oca_group:
            return []
        group = order.terms.account, order.terms.oca_group
        return [
            other
            for other in self._working.values()
            if other is not order and (other.terms.account, other.terms.oca_group) == group
        ]

    def has_filled(self, account: str, oca_group: str) -> bool:
        """Whether anything of a one-cancels-all group filled today."""
        orders = (order for order in self._orders if order.terms.oca_group == oca_group)
        return any(order.filled and order.terms.account == account for order in orders)

    def _index(self, working: Iterable[Order]) -> None:
        for order in working:
            self._working[order.perm_id] = order
            self._on_line.setdefault(order.instrument.con_id, {})[order.perm_id] = order

    def _join_family(self, order: Order) -> None:
        if order.terms.parent_id:
            self._children.setdefault((order.client_id, order.terms.parent_id), []).append(order)
