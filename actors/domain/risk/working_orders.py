"""The orders that may still be filled, and what they may do to each position, kept up to date order by order. Pure.

It says the same as `working.pending` says of all of them, without looking at all of them each time: an order that
is judged must not wait the longer the more orders work. Of orders of which one cancels or reduces the others the
greatest counts, once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from actors.domain.combos import multiplier_of
from actors.domain.executions import Place
from actors.domain.order_groups import exit_keys
from actors.domain.order_state import OrderState
from actors.domain.risk.facts import NOTHING
from actors.domain.risk.market import prices_of
from actors.domain.risk.working import Find, Instead, Pending, group_of, may_fill, moved


class _Part(NamedTuple):
    """What one order may do to one contract; `group` is its own key, or what it shares with others."""

    place: Place
    side: str
    group: str
    quantity: Decimal


class WorkingOrders:
    """Told of every order that has a new value; `find` knows an order by its key."""

    def __init__(self, find: Find, orders: Iterable[OrderState] = ()) -> None:
        self._find = find
        self._parts: dict[str, tuple[_Part, ...]] = {}
        self._at: defaultdict[Place, dict[str, OrderState]] = defaultdict(dict)
        self._ours: dict[str, str] = {}  # the strategy of each that works or waits, by key
        self._of: Counter[str] = Counter()
        for order in orders:
            self.heard(order)

    def heard(self, order: OrderState) -> None:
        """An order has a new value, and with it perhaps its exits."""
        self._count(order)
        self._take(order)
        if not order.parent and not order.external:
            for key in exit_keys(order.key):
                exit_ = self._find(key)
                if exit_ is not None and exit_.parent == order.key:
                    self._take(exit_)

    def open(self, strategy: str) -> tuple[int, int]:
        """How many of ours work or wait: of all, and of one strategy."""
        return len(self._ours), self._of[strategy]

    def contracts(self, account: str) -> set[int]:
        """The contracts in which orders work."""
        return {con_id for (name, con_id), orders in self._at.items() if orders and name == account}

    def pending(self, place: Place, instead: Instead | None = None, strategy: str | None = None) -> Pending:
        """What orders in one contract buy and sell at most, or those of one strategy alone.

        `instead`: one order is taken out, and of those that share its group what it would do itself: only what is
        left of them comes on top of it.
        """
        orders = self._at.get(place)
        if not orders:
            return Pending()
        most: dict[tuple[str, str], Decimal] = {}
        for key, order in orders.items():
            if (instead is not None and key == instead.key) or (strategy is not None and order.strategy != strategy):
                continue
            for part in self._parts[key]:
                if part.place == place:
                    name = part.side, part.group
                    most[name] = max(most.get(name, NOTHING), part.quantity)
        changed = None if instead is None else orders.get(instead.key)
        if instead is not None and changed is not None:
            name = instead.side, group_of(changed)
            most[name] = max(most.get(name, NOTHING) - instead.quantity, NOTHING)
        buying = sum((quantity for (side, _), quantity in most.items() if side == "BUY"), NOTHING)
        selling = sum((quantity for (side, _), quantity in most.items() if side == "SELL"), NOTHING)
        return Pending(buying, selling)

    def prices(self, place: Place, instead: Instead | None = None) -> tuple[Decimal | None, ...]:
        """Of each order in one contract the most that it pays for one, its multiplier counted; None: it sets no end."""
        without = None if instead is None else instead.key
        return tuple(_pays(order) for key, order in self._at.get(place, {}).items() if key != without)

    def _count(self, order: OrderState) -> None:
        known = self._ours.pop(order.key, None)
        if known is not None:
            self._of[known] -= 1
        if not order.external and not order.terminal:
            self._ours[order.key] = order.strategy
            self._of[order.strategy] += 1

    def _take(self, order: OrderState) -> None:
        for part in self._parts.pop(order.key, ()):
            self._at[part.place].pop(order.key, None)
        left = may_fill(order, self._find)
        if left <= 0:
            return
        account, group = order.terms.account, group_of(order)
        parts = tuple(_Part((account, con_id), side, group, quantity) for con_id, side, quantity in moved(order, left))
        self._parts[order.key] = parts
        for part in parts:
            self._at[part.place][order.key] = order


def _pays(order: OrderState) -> Decimal | None:
    if order.contract.legs or order.terms.side != "BUY":
        return None
    every = [each.limit for each in (order.terms, order.pending, order.dropped) if each is not None]
    named = prices_of(*every)
    return Decimal(repr(max(named))) * multiplier_of(order.contract) if len(named) == len(every) else None
