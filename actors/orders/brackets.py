"""A bracket stays whole at the broker: when one of its orders was refused there, an entry without a fill is cancelled.

The orders of a bracket leave together, but the broker judges each by itself, and may take the entry without its stop,
or keep what it took waiting for the one it refused. The entry is cancelled once, and what became of it is asked. An
entry that has filled stays as it is: its position is there, the exits that work protect it, and events tell the rest.
Exits that a reconciliation finds working although their entry ended without a fill are cancelled: they could only open
a position.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Final

from actors.domain.order_groups import exit_keys
from actors.domain.order_state import OrderState
from actors.orders.exit import Exit
from actors.orders.records import Records
from supervision.errors import Rejected
from supervision.reactor import Reactor

_NEVER_WORKED: Final = ("REJECTED", "NOT_PLACED")


class Brackets:
    """Watches exits and entries. `ask_soon` raises the question of a reconciliation."""

    def __init__(
        self,
        records: Records,
        exit_: Exit,
        reactor: Reactor,
        ask_soon: Callable[[str], None],
        log: logging.Logger,
    ) -> None:
        self._records = records
        self._exit = exit_
        self._reactor = reactor
        self._ask_soon = ask_soon
        self._log = log
        self._called_back: set[str] = set()  # a cancel that the broker refuses is not repeated at its pace

    def heard(self, order: OrderState) -> None:
        """An order has a new value. What that means is looked at once all that came with it is known and written."""
        key = order.parent or order.key
        if self._refused_exit(key) is not None:
            self._reactor.after(0.0, partial(self._look, key))

    def reconciled(self) -> None:
        """It is known which orders work: call back what a crash or a lost session kept from being called back."""
        for order in self._records.book.open_orders():
            self._look(order.key)
            if self._bare(order):
                self._call_back(order, f"its entry {order.parent} ended without a fill")

    def _look(self, key: str) -> None:
        entry, refused = self._records.book.get(key), self._refused_exit(key)
        if entry is not None and refused is not None:
            self._call_back(entry, f"its exit {refused.key} is {refused.status}")

    def _call_back(self, order: OrderState, why: str) -> None:
        self._called_back.add(order.key)
        self._log.warning("order %s of a bracket is cancelled: %s", order.key, why)
        self._exit.cancel(order, self._sent, self._unsent)

    def _bare(self, order: OrderState) -> bool:
        """Whether it is an exit that works without anything to exit from."""
        entry = self._records.book.get(order.parent) if order.parent else None
        ended = entry is not None and entry.terminal and not entry.totals.filled and not entry.question
        return ended and order.acknowledged and _may_be_cancelled(order) and order.key not in self._called_back

    def _refused_exit(self, key: str) -> OrderState | None:
        """An exit that never worked, if the entry with this key can still be called back."""
        book = self._records.book
        entry = book.get(key)
        if entry is None or key in self._called_back or not _may_be_cancelled(entry):
            return None
        exits = (book.get(one) for one in exit_keys(key))
        refused = (each for each in exits if each is not None and each.parent and each.status in _NEVER_WORKED)
        return next(refused, None)

    def _sent(self, order: OrderState) -> None:
        self._ask_soon(f"{order.key}: it was cancelled because its bracket is not whole")

    def _unsent(self, order: OrderState, error: Rejected) -> None:
        self._called_back.discard(order.key)
        self._records.could_not_cancel(order, error)


def _may_be_cancelled(order: OrderState) -> bool:
    return not (order.terminal or order.totals.filled or order.cancelling or order.external)
