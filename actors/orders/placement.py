"""One ask for new orders on its way, and those who wait for the answer: who asked, and who used the same key again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from actors.domain.order_groups import Member
from actors.domain.order_state import OrderState
from actors.messages.broker import OrderTerms
from actors.messages.orders import Orders, OrderView
from actors.orders.ruling import Ruling
from supervision import clock
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.message import Message


def one_view(orders: tuple[OrderState, ...]) -> OrderView:
    """The answer for one order; for a bracket that has its key, the entry."""
    return orders[0].view()


def all_views(orders: tuple[OrderState, ...]) -> Orders:
    """The answer for several."""
    return Orders(tuple(order.view() for order in orders), clock.now())


class Waiter(NamedTuple):
    """Somebody who waits, and in which shape they want the answer."""

    sender: Sender
    shape: Callable[[tuple[OrderState, ...]], Message]

    def reply(self, orders: tuple[OrderState, ...]) -> None:
        """Answer with the orders."""
        self.sender.reply(self.shape(orders))


class Placement:
    """The orders asked for and their terms, of the same order and number. `flattens`: the kill switch asks for it."""

    def __init__(
        self,
        key: str,
        members: tuple[Member, ...],
        terms: tuple[OrderTerms, ...],
        waiter: Waiter,
        *,
        flattens: bool = False,
    ) -> None:
        self.key = key
        self.members = members
        self.terms = terms
        self.shape = waiter.shape
        self.flattens = flattens
        self.reduces = False
        """Whether all of them only reduce positions, as it was decided."""
        self.rulings: dict[str, Ruling] = {}
        self.margin_passed = False
        """The broker was asked for its margin, and let them through."""
        self.waiters = [waiter]

    @property
    def asks_margin(self) -> bool:
        """Whether the broker must be asked before they are sent."""
        return not self.margin_passed and any(member.order.what_if for member in self.members)

    def pairs(self) -> Iterator[tuple[Member, OrderTerms]]:
        """Each order with its terms."""
        return zip(self.members, self.terms, strict=True)

    def reply(self, orders: tuple[OrderState, ...]) -> None:
        """Answer everybody with the orders as they are now."""
        for waiter in self.waiters:
            waiter.reply(orders)

    def reject(self, error: Rejected) -> None:
        """Refuse everybody."""
        for waiter in self.waiters:
            waiter.sender.reject(error)
