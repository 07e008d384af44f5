"""The states of an order, each change in the ledger and told in a real gateway's order, and what follows from it.

    PreSubmitted -> Submitted -> Filled
    either -> Cancelled (an order that must be filled at once: by way of PendingCancel)
    a new order -> Inactive (refused for money, or fill-or-kill that cannot be filled)
    Submitted -> PreSubmitted (the market closed, or a modification has to wait for its trigger again)

A fill lowers or cancels one-cancels-all partners. An order that ends without a fill cancels its children; one
that filled in part leaves them what corresponds to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from simulator.exchange.book import OrderBook
from simulator.exchange.fills import Fills
from simulator.exchange.groups import left_by_parent, left_to_partner
from simulator.exchange.orders import Execution, Order, Terms
from simulator.exchange.reports import Reports
from simulator.ledger import Ledger

CANCELLED = "Order Canceled - reason:"


class Lifecycle:
    """Changes orders; nobody else does. `woken` are children to look at, as their parent has filled more."""

    def __init__(self, book: OrderBook, fills: Fills, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._book = book
        self._fills = fills
        self._ledger = ledger
        self._clock = clock
        self.woken: list[Order] = []

    def admit(self, order: Order, reports: Reports) -> None:
        """A new order is accepted and told."""
        self._book.add(order)
        self.tell(order, reports)

    def tell(self, order: Order, reports: Reports) -> None:
        """Terms and progress, after something changed."""
        self._ledger.save_order(order)
        reports.opened(order)
        reports.status(order)

    def submit(self, order: Order, reports: Reports) -> None:
        """The order works."""
        order.status, order.why_held = "Submitted", ""
        self.tell(order, reports)

    def trail(self, order: Order, terms: Terms) -> None:
        """The stop follows the market; kept, so that a restart does not move it back. Its client is not told."""
        if terms is not order.terms:
            order.terms = terms
            self._ledger.save_order(order)

    def rest(self, order: Order, reports: Reports) -> None:
        """The market closed over a working order; it comes to the next opening as if it were new."""
        order.status, order.queue = "PreSubmitted", None
        self._ledger.save_order(order)
        reports.status(order)

    def hold(self, order: Order, why: str, reports: Reports) -> None:
        """The order waits; told when the reason is another one than before."""
        changed = why != order.why_held
        order.why_held = why
        if changed:
            self._ledger.save_order(order)
            reports.status(order)

    def deactivate(self, order: Order, detail: str, reports: Reports) -> None:
        """A new order is not worked at all; its client sees it inactive."""
        self._book.add(order)
        self._end(order, "Inactive", detail)
        reports.opened(order)
        reports.status(order)

    def kill(self, order: Order, reports: Reports) -> None:
        """A fill-or-kill order cannot be filled."""
        self._end(order, "Inactive", "Fill or kill: cannot be filled at once")
        reports.status(order)
        self._release_family(order, reports)

    def cancel_rest(self, order: Order, reports: Reports) -> None:
        """An immediate-or-cancel order got what there was."""
        order.status = "PendingCancel"
        reports.status(order)
        self._end(order, "Cancelled", "Immediate or cancel: not filled at once")
        reports.status(order)
        self._release_family(order, reports)

    def cancel(self, order: Order, detail: str, reports: Reports, reason: str = "") -> None:
        """The order ends; its client is told 202 with the reason."""
        self._end(order, "Cancelled", detail)
        reports.status(order)
        reports.refused(order, 202, f"{CANCELLED}{reason}")
        self._release_family(order, reports)
        parent = self._book.parent(order)
        if order.terms.auto_cancel_parent and parent is not None and parent.live:
            self.cancel(parent, "Cancelled with its child", reports)

    def fill(self, order: Order, quantity: Decimal, price: Decimal, reports: Reports, *, aggressive: bool) -> None:
        """A part of the order, or all that remains, is filled."""
        remaining = order.remaining
        executions = self._fills.execute(order, quantity, price, aggressive=aggressive)
        if order.remaining:
            order.status, order.why_held = "Submitted", ""
            self._ledger.save_order(order)
        else:
            self._end(order, "Filled", _filled(order))
        self._tell_fill(order, executions, reports)
        for partner in self._book.partners(order):
            if partner.live:  # one that ended may have taken another along, as its child
                self._reduce(partner, left_to_partner(partner, quantity, remaining), reports)
        self._wake_children(order)

    def correct(self, order: Order, execution: Execution, reports: Reports) -> None:
        """What is filled was corrected: that may complete the order; one that was complete is so with less.

        Its children may trade as much as it has filled now.
        """
        lowered = order.status == "Filled" and order.remaining > 0
        if lowered:
            order.reduced += order.remaining
            order.terms = replace(order.terms, quantity=order.filled)
            order.completed_status = _filled(order)
            self._ledger.save_order(order)
        elif order.live and not order.remaining:
            self._end(order, "Filled", _filled(order))
        reports.executed(execution)
        reports.status(order)
        reports.charged(execution)
        if lowered:
            self._release_family(order, reports)
        self._wake_children(order)

    def _tell_fill(self, order: Order, executions: list[Execution], reports: Reports) -> None:
        for execution in executions:
            reports.executed(execution)
        reports.opened(order)
        reports.status(order)
        reports.settled(order)
        for execution in executions:
            if not execution.instrument.legs:
                reports.charged(execution)

    def _reduce(self, order: Order, left: Decimal, reports: Reports) -> None:
        """Leave the order so many units to fill."""
        if left <= 0:
            self.cancel(order, "Cancelled by its group", reports)
        elif left != order.remaining:
            order.reduced += order.remaining - left
            order.terms = replace(order.terms, quantity=order.filled + left)
            self.tell(order, reports)

    def _release_family(self, order: Order, reports: Reports) -> None:
        for child in self._book.children(order):
            if child.live:
                self._reduce(child, left_by_parent(self._book, child, order), reports)
                self.woken.append(child)

    def _wake_children(self, order: Order) -> None:
        self.woken += [child for child in self._book.children(order) if child.live]

    def _end(self, order: Order, status: str, detail: str) -> None:
        order.status, order.why_held = status, ""
        order.completed = self._clock()
        order.completed_status = detail
        self._book.end(order)
        self._ledger.save_order(order)


def _filled(order: Order) -> str:
    return f"Filled Size: {order.filled:f}"
