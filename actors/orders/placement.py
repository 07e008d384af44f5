"""One ask for new orders on its way, and those who wait for the answer: who asked, and who used the same key again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from actors.domain.order_groups import Member
from actors.domain.order_state import OrderState
from actors.messages.broker import OrderTerms
from actors.messages.orders import Orders, OrderView
from actors.orders.ruling import Ruling
from supervision import clock
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.message import Message

MARGIN_TRIES: Final = 3


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
        self.margin_at = -1
        """The broker let them through by its margin when so many other asks had left; it knows of none after them."""
        self._margin_asked = 0
        self.waiters = [waiter]

    def asks_margin(self, left: int) -> bool:
        """Whether the broker must be asked before they are sent, or once more: `left` is how many asks have left now.

        Raises Rejected when others left each time that it was asked.
        """
        if self.margin_at == left or not any(member.order.what_if for member in self.members):
            return False
        if self._margin_asked == MARGIN_TRIES:
            text = f"what_if: each of {MARGIN_TRIES} times that the broker was asked other orders left meanwhile"
            raise Rejected(f"{text} (accepted: the same order again, when fewer do)", kind="limit")
        self._margin_asked += 1
        return True

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
