"""What one transaction of the order journal writes: rows of what happened, and what follows from them.

It gathers while a message is handled; two of them in a row are one (`followed_by`), the later value of an order counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from actors.domain.fills import Commission
from actors.domain.order_state import OrderState
from actors.messages.orders import Execution


class Entry(NamedTuple):
    """One row to be written: what happened, to which order, with which facts."""

    kind: str
    key: str
    data: dict[str, Any]


class Change:
    """What belongs in one transaction. `orders` and the like hold the newest value of each, `intents` are new ones.

    `ended`: an order is over that was not. `heard` tells how far the broker's words are handled: it goes along with
    what they changed, and is no change alone.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[datetime, Entry]] = []
        self.intents: dict[str, OrderState] = {}
        self.orders: dict[str, OrderState] = {}
        self.executions: dict[str, Execution] = {}
        self.commissions: dict[str, Commission] = {}
        self.settings: dict[str, str] = {}
        self.heard = ""
        self.ended = False
        self.durable = False

    def __bool__(self) -> bool:
        return bool(self.entries or self.intents or self.orders or self.settings)

    def intend(self, order: OrderState, entry: Entry) -> None:
        """A new order, which must be durable before anything of it leaves."""
        self.entries.append((order.created, entry))
        self.intents[order.key] = order
        self.durable = True

    def followed_by(self, later: Change) -> Change:
        """Both in one."""
        both = Change()
        both.entries = self.entries + later.entries
        both.intents = self.intents | later.intents
        both.orders = self.orders | later.orders
        both.executions = self.executions | later.executions
        both.commissions = self.commissions | later.commissions
        both.settings = self.settings | later.settings
        both.heard = later.heard or self.heard
        both.ended = self.ended or later.ended
        both.durable = self.durable or later.durable
        return both
