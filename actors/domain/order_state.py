"""One order as a value: what we asked, what the broker said, what its executions add up to.

`reported` is the broker's or our own last word and advisory; whether an order is filled follows from
executions alone, so `status` is computed. `question` says what only the broker can answer: it leads to
a reconciliation, never to a guess. Pure and immutable; the machine makes the next value.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from actors.domain.contracts import words
from actors.domain.fills import Totals
from actors.domain.order_events import HELD
from actors.messages.broker import OrderTerms
from actors.messages.market import Contract
from actors.messages.orders import OrderStatus, OrderView, Side

TERMINAL: Final[frozenset[OrderStatus]] = frozenset({"FILLED", "CANCELLED", "REJECTED", "NOT_PLACED"})
ON_THE_WAY: Final[frozenset[OrderStatus]] = frozenset({"INTENT", "SENDING", "SENT"})
_MAY_BE_HELD: Final[frozenset[OrderStatus]] = frozenset({"PENDING", "PRESUBMITTED", "INACTIVE"})


class OrderState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of one order. `updated` is the date at which anything but `doubt` last changed.

    `heard` is the same in monotonic seconds, which alone tell what came before what: dates do not, since a clock
    may be set. So it is with `absent_since`: when a confirmed cut first lacked the order. `after_restart` renews both.

    `acknowledged`: the broker spoke of it. `pending`: terms of a modify that it has not confirmed; `dropped`: of one
    that it refused, until a list of the broker shows what came of it.
    `told`: what its statuses call filled, less what corrections took back. `rejection`: its words when it refused.
    `doubt`: words that contradict what is known, `doubted` when in monotonic seconds they last came.
    `cancel_said`, `cancel_shown`: a code, or a status, called it cancelled without proving it: both together do.
    `held`: reconciliation can find out nothing more, a person must decide.
    `parent`: the key of the bracket entry that it is an exit of.
    `settled`: who decided what became of it, and why; empty again when the broker shows more than was known then.
    """

    key: str
    order_id: int
    client_id: int
    contract: Contract
    terms: OrderTerms
    strategy: str
    created: datetime
    updated: datetime
    heard: float = 0.0
    reported: OrderStatus = "INTENT"
    perm_ids: tuple[int, ...] = ()
    external: bool = False
    acknowledged: bool = False
    cancelling: bool = False
    pending: OrderTerms | None = None
    dropped: OrderTerms | None = None
    modified: bool = False
    totals: Totals = Totals()
    told: Decimal = Decimal(0)
    reason: str = ""
    rejection: str = ""
    doubt: str = ""
    doubted: float = 0.0
    cancel_said: bool = False
    cancel_shown: bool = False
    absent_since: float | None = None
    held: bool = False
    parent: str = ""
    settled: str = ""

    @property
    def status(self) -> OrderStatus:
        """FILLED when executions say so, whatever was reported; a modify in doubt may have asked for more."""
        if not self.totals.filled:
            return self.reported
        asked = max(each.quantity for each in (self.terms, self.pending, self.dropped) if each is not None)
        return "FILLED" if self.totals.filled >= asked else self.reported

    @property
    def terminal(self) -> bool:
        """Whether nothing more is expected of the order; late executions are still counted."""
        return self.status in TERMINAL

    @property
    def open(self) -> bool:
        """Whether anything is still expected of it, found out about it or to be decided."""
        return not self.terminal or self.held or bool(self.question)

    @property
    def question(self) -> str:
        """What a reconciliation should find out about this order; empty when nothing is open."""
        if self.held or self.external:
            return ""
        if self.reported == "UNKNOWN" and not self.terminal:
            return self.reason or "the outcome is unknown"
        if self.told > self.totals.filled and not self.settled:
            return f"the broker counts {self.told} filled, its executions so far {self.totals.filled}"
        return self.doubt

    def _reason(self) -> str:
        """Why the broker held an order says nothing of it any more once it works or has ended."""
        return "" if self.reason.startswith(HELD) and self.status not in _MAY_BE_HELD else self.reason

    def view(self) -> OrderView:
        """The order as others see it."""
        terms = self.terms
        return OrderView(
            key=self.key,
            order_id=self.order_id,
            perm_ids=self.perm_ids,
            account=terms.account,
            symbol=self.contract.symbol,
            con_id=self.contract.con_id,
            side=side_of(terms.side),
            quantity=terms.quantity,
            order_type=terms.order_type,
            limit=terms.limit,
            stop=terms.stop,
            tif=terms.tif,
            status=self.status,
            filled=self.totals.filled,
            average_price=self.totals.average_price,
            commission=self.totals.commission,
            strategy=self.strategy,
            created=self.created,
            updated=self.updated,
            reason=self.settled or self.rejection or self._reason(),
            external=self.external,
            trail=terms.trail,
            trail_percent=terms.trail_percent,
            limit_offset=terms.limit_offset,
            good_till=terms.good_till,
            parent=self.parent,
            oca_group=terms.oca_group,
            held=self.held,
            contract=words(self.contract),
        )


def after_restart(order: OrderState, now: float) -> OrderState:
    """The order as a new process reads it back: nothing asked before it began may judge the order.

    What was stored may be of another run of the machine, whose monotonic seconds mean nothing in this one.
    """
    absent_since = None if order.absent_since is None else now
    return msgspec.structs.replace(order, heard=now, doubted=now, absent_since=absent_since)


def side_of(broker_side: str) -> Side:
    """BUY or SELL, from any of the broker's spellings (BOT, SLD, SSHORT)."""
    return "BUY" if broker_side in ("BUY", "BOT") else "SELL"
