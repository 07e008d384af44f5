"""Refusals in the journal: each with its reasons and the facts of its decision, but never so many that they fill it.

They are written soon, not before the answer: nothing was sent. A strategy that loops is told one by one up to MOST a
second, the rest of that second is one row that counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from actors.domain.order_state import OrderState
from actors.messages.orders import PlaceOrder
from actors.orders.records import Records
from actors.orders.ruling import Ruling
from supervision.errors import Rejected
from supervision.reactor import Reactor

MOST: Final = 20
SECOND: Final = 1.0


class Refusals:
    """Writes rows of kind `refused`, and `refused_more` for what was too much."""

    def __init__(self, records: Records, reactor: Reactor) -> None:
        self._records = records
        self._reactor = reactor
        self._told = 0
        self._more = 0
        self._last = ""
        self._counting = False

    def placing(self, asked: PlaceOrder, error: Rejected, rulings: Mapping[str, Ruling]) -> None:
        """An order, or the first of several that go together, was not placed."""
        what = {
            "side": asked.side,
            "quantity": str(asked.quantity),
            "contract": asked.contract if isinstance(asked.contract, str) else repr(asked.contract),
            "limit": asked.limit,
            "stop": asked.stop,
            "strategy": asked.strategy,
        }
        self._note(asked.key, what, error, rulings)

    def change(self, order: OrderState, error: Rejected, ruling: Ruling | None) -> None:
        """A working order was not changed."""
        self._note(order.key, {"change": True}, error, {} if ruling is None else {order.key: ruling})

    def _note(self, key: str, what: dict[str, Any], error: Rejected, rulings: Mapping[str, Ruling]) -> None:
        self._count()
        if self._told > MOST:
            self._more += 1
            self._last = str(error)
            return
        decided = {name: ruling.refused() for name, ruling in rulings.items()}
        row = {**what, "kind": error.kind, "reasons": error.reasons, "decisions": decided}
        self._records.note("refused", key, row)
        self._records.commit_soon()

    def _count(self) -> None:
        self._told += 1
        if not self._counting:
            self._counting = True
            self._reactor.after(SECOND, self._sum_up)

    def _sum_up(self) -> None:
        if self._more:
            self._records.note("refused_more", "", {"count": self._more, "last": self._last})
            self._records.commit_soon()
        self._told = self._more = 0
        self._counting = False
