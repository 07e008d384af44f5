"""A small model of the broker, for one order: what it may do with it, and the callbacks it makes of that.

It is written from the reference, not from the machine under test: statuses need not be told, a refused modify may come
with a status Cancelled though the order lives, an Inactive order may be held and fill later, executions are corrected,
an order gets a second permId.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from actors.messages.broker import (
    CommissionReport,
    ExecutionList,
    ExecutionReport,
    OpenOrders,
    OrderNotice,
    OrderReport,
    OrderTerms,
    Report,
    StatusReport,
)
from actors.messages.broker_account import PositionList
from actors.messages.state import ApplyCut
from tests.domain.order_builders import completed_report, execution_report, order_report, status_report

STEPS = ("PendingSubmit", "PreSubmitted", "Submitted")
LIVE = (*STEPS, "PendingCancel", "Held")  # "Held": told as Inactive, not dead


@dataclass
class Broker:
    """One order at the broker. `status` is empty before it came, "Refused" when it was never taken."""

    status: str = ""
    terms: OrderTerms | None = None
    perm_ids: list[int] = field(default_factory=lambda: [900])
    fills: list[ExecutionReport] = field(default_factory=list)
    paid: list[CommissionReport] = field(default_factory=list)
    out: list[Report] = field(default_factory=list)

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def ended(self) -> bool:
        return self.status in ("Refused", "Filled", "Cancelled", "Inactive")

    @property
    def filled(self) -> Decimal:
        return sum((fill.quantity for fill in self.fills), Decimal(0))

    @property
    def told_status(self) -> str:
        return "Inactive" if self.status == "Held" else self.status

    # --- requests that arrive ---------------------------------------------------------------------------

    def place(self, terms: OrderTerms, how: str) -> None:
        """`how`: taken, held, inactive (a rejection that is listed), or refused with a code alone."""
        self.terms = terms
        if how.startswith("refused"):
            self.status = "Refused"
            self.notice(int(how.split()[1]), "refused")
        elif how == "inactive":
            self._is("Inactive")
            self.notice(201, "Order rejected - reason: no margin")
        elif how == "held":
            self._is("Held")
            self.notice(404, "locating shares")
        else:
            self._is("PendingSubmit")

    def modify(self, terms: OrderTerms, how: str) -> None:
        """`how`: accepted, a code of refusal, or `cancelled CODE`: refused with a status Cancelled that is not true."""
        assert self.terms is not None
        if self.status == "Filled":
            self.notice(104, "Cannot modify a filled order.")
        elif not self.live or self.status == "PendingCancel":
            self.notice(103, "Duplicate order id")
        elif how != "accepted" or terms.quantity <= self.filled:
            if how.startswith("cancelled"):
                self.out.append(self._status_report("Cancelled"))
            self.notice(int(how.removeprefix("cancelled ")) if how != "accepted" else 201, "modify refused")
        else:
            self.terms = terms
            self._is("PreSubmitted" if self.status == "Submitted" else self.status)

    def cancel(self, how: str) -> None:
        """`how`: done, slow (PendingCancel first), or a code of refusal while the order works."""
        if self.status in ("", "Refused"):
            self.notice(10147, "OrderId 5 that needs to be cancelled is not found.")
        elif self.status == "Filled":
            self.notice(161, "Cancel attempted when order is not in a cancellable state.")
        elif not self.live:
            self.notice(10148, f"OrderId 5 that needs to be cancelled cannot be cancelled, state: {self.status}.")
        elif how.isdecimal():
            self.notice(int(how), "not cancelled")
        elif how == "slow":
            self._is("PendingCancel")
        else:
            self.expire()

    # --- what it does by itself -------------------------------------------------------------------------

    def advance(self) -> None:
        if self.status == "Held":
            self._is("PreSubmitted")
        elif self.status in STEPS[:2]:
            self._is(STEPS[STEPS.index(self.status) + 1])

    def expire(self) -> None:
        if self.live:
            self._is("Cancelled")
            self.notice(202, "Order Canceled - reason:")

    def deactivate(self) -> None:
        """The destination refuses what the broker had taken."""
        if self.live and not self.fills:
            self._is("Inactive")
            self.notice(201, "Order rejected - reason: by its destination")

    def fill(self, wish: int, tell: bool) -> None:
        if not self.live or self.terms is None:
            return
        part = min(Decimal(wish), self.terms.quantity - self.filled)
        number = len(self.fills) + 1
        fill = execution_report(f"a.b.{number}.01", int(part), perm_id=self.perm_ids[-1])
        self.fills.append(fill)
        if self.status != "PendingCancel":
            self.status = "Submitted"
        if self.filled == self.terms.quantity:
            self.status = "Filled"
        self.out.append(fill)
        if tell:
            self.out += [self._order_report(), self._status_report()]
        self._charge(fill.exec_id)

    def correct(self, which: int, tell: bool) -> None:
        """The exchange takes one share of an execution back; a filled order stays filled, with less."""
        if not self.fills:
            return
        old = self.fills[which % len(self.fills)]
        if old.quantity < 2:
            return
        stem, _, revision = old.exec_id.rpartition(".")
        new = msgspec.structs.replace(old, exec_id=f"{stem}.{int(revision) + 1:02}", quantity=old.quantity - 1)
        self.fills[self.fills.index(old)] = new
        if self.status == "Filled" and self.terms is not None:
            self.terms = msgspec.structs.replace(self.terms, quantity=self.filled)
        self.out.append(new)
        if tell:
            self.out.append(self._status_report())
        self._charge(new.exec_id)

    def rebind(self) -> None:
        if self.live:
            self.perm_ids.append(self.perm_ids[-1] + 1)
            self.out += [self._order_report(), self._status_report()]

    # --- what it answers ----------------------------------------------------------------------------------

    def cut(self, asked: float) -> ApplyCut:
        listed = self._order_report() if self.live else None
        ended = self._completed() if self.ended and self.status != "Refused" else None
        return ApplyCut(
            cut=1,
            epoch=1,
            orders=OpenOrders(() if listed is None else (listed,)),
            completed=OpenOrders(() if ended is None else (ended,)),
            executions=ExecutionList(tuple(self.fills), tuple(self.paid)),
            positions=PositionList(()),
            asked=asked,
        )

    def notice(self, code: int, text: str) -> None:
        self.out.append(OrderNotice(1, 1, 5, code, text))

    def _is(self, status: str) -> None:
        self.status = status
        self.out += [self._order_report(), self._status_report()]

    def _charge(self, exec_id: str) -> None:
        self.paid = [paid for paid in self.paid if paid.exec_id.rpartition(".")[0] != exec_id.rpartition(".")[0]]
        self.paid.append(CommissionReport(1, 1, exec_id, Decimal("0.35"), "USD", None))
        self.out.append(self.paid[-1])

    def _order_report(self) -> OrderReport:
        return order_report(self.told_status, perm_id=self.perm_ids[-1], terms=self.terms)

    def _status_report(self, status: str = "") -> StatusReport:
        return status_report(status or self.told_status, perm_id=self.perm_ids[-1], filled=self.filled)

    def _completed(self) -> OrderReport:
        assert self.terms is not None
        left = self.terms.quantity - self.filled  # what a gateway calls the total is what was left
        terms = msgspec.structs.replace(self.terms, quantity=max(left, self.filled))
        return completed_report(self.status, perm_id=self.perm_ids[-1], terms=terms, filled=self.filled)
