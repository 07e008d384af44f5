"""Refusals in the journal: each with its reasons and the facts of its decision, but never so many that they fill it.

They are written soon, not before the answer: nothing was sent. One by one are told up to MOST a second, MOST_EACH of
one strategy, and as many as there is CREDIT, which comes back at one a second; the rest of a second is one row that
counts them. So a loop that goes on for days fills no disk, hides nobody else's refusals, and nor does what it says.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from actors.domain.order_state import OrderState
from actors.messages.orders import PlaceOrder
from actors.orders.records import Records
from actors.orders.ruling import Ruling
from supervision.errors import Rejected
from supervision.reactor import Reactor

MOST: Final = 20
MOST_EACH: Final = 15
CREDIT: Final = 600.0
SECOND: Final = 1.0
LONGEST: Final = 1000
"""Characters that are kept of a word or a reason."""


class Refusals:
    """Writes rows of kind `refused`, and `refused_more` for what was too much."""

    def __init__(self, records: Records, reactor: Reactor) -> None:
        self._records = records
        self._reactor = reactor
        self._told: Counter[str] = Counter()
        self._more = 0
        self._last = ""
        self._credit = CREDIT
        self._credited = time.monotonic()
        self._counting = False

    def placing(self, asked: PlaceOrder, error: Rejected, rulings: Mapping[str, Ruling]) -> None:
        """An order, or the first of several that go together, was not placed."""
        what = {
            "side": _short(asked.side),
            "quantity": str(asked.quantity),
            "contract": _short(asked.contract if isinstance(asked.contract, str) else repr(asked.contract)),
            "limit": asked.limit,
            "stop": asked.stop,
            "strategy": _short(asked.strategy),
        }
        self._note(asked.strategy, _short(asked.key), what, error, rulings)

    def change(self, order: OrderState, error: Rejected, ruling: Ruling | None) -> None:
        """A working order was not changed."""
        rulings = {} if ruling is None else {order.key: ruling}
        self._note(order.strategy, order.key, {"change": True}, error, rulings)

    def _note(
        self, strategy: str, key: str, what: dict[str, Any], error: Rejected, rulings: Mapping[str, Ruling]
    ) -> None:
        if not self._may_tell(strategy):
            self._more += 1
            self._last = _short(str(error))
            return
        decided = {name: ruling.refused() for name, ruling in rulings.items()}
        row = {**what, "kind": error.kind, "reasons": [*map(_short, error.reasons)], "decisions": decided}
        self._records.note("refused", key, row)
        self._records.commit_soon()

    def _may_tell(self, strategy: str) -> bool:
        if not self._counting:
            self._counting = True
            self._reactor.after(SECOND, self._sum_up)
        now = time.monotonic()
        self._credit, self._credited = min(CREDIT, self._credit + now - self._credited), now
        if self._credit < 1 or self._told.total() >= MOST or self._told[strategy] >= MOST_EACH:
            return False
        self._credit -= 1
        self._told[strategy] += 1
        return True

    def _sum_up(self) -> None:
        if self._more:
            self._records.note("refused_more", "", {"count": self._more, "last": self._last})
            self._records.commit_soon()
        self._told.clear()
        self._more = 0
        self._counting = False


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"
