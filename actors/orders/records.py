"""Order's memory: the book in hand, the journal on disk, and those who listen, kept in step.

Changes gather during one message and are committed together by `commit`, before anything of it leaves
the process. What the broker said and can say again may wait for LINGER (`commit_soon`), and so do those who
follow the journal: neither may stand between an order and the broker. When the disk refuses, the book stays
true, what is unsaved is kept in order and tried again, ever slower, and `error` closes the gate; only what must
be durable first (`intend`, `require`) raises instead.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from actors.disk import probe_pause
from actors.domain.fills import Commission, FillLedger, Recorded
from actors.domain.order_book import OrderBook
from actors.domain.order_events import Event, Executed
from actors.domain.order_machine import apply
from actors.domain.order_state import OrderState, after_restart
from actors.domain.order_words import differs, execution_facts, facts, happened
from actors.messages.broker import CommissionReport, ExecutionReport
from actors.messages.orders import Execution, Fill, OrderEvent
from actors.messages.state import JournalRow, JournalRows
from actors.orders.change import Change, Entry
from actors.orders.journal import Journal, JournalError
from actors.orders.recall import recall
from supervision import clock
from supervision.errors import Rejected
from supervision.failpoints import failpoint
from supervision.message import Message
from supervision.reactor import Reactor, Timer

LINGER: Final = 0.005
"""Seconds that rows wait for company once what they tell of has left."""
RECENT = timedelta(days=2)  # older finished orders stay in the file until the broker speaks of them (`recall`)


class Records:
    """`changed` is told of every order that got a new value, `health` when `error` comes or goes."""

    def __init__(
        self,
        journal: Journal,
        *,
        reactor: Reactor,
        publish: Callable[[str, Message], None],
        changed: Callable[[OrderState], None],
        health: Callable[[], None],
        log: logging.Logger,
    ) -> None:
        self.error = ""
        self._journal = journal
        self._reactor = reactor
        self._publish = publish
        self._changed = changed
        self._health = health
        self._log = log
        self._change = Change()
        self._untold: list[JournalRow] = []
        self._retry: Timer | None = None
        self._lingering: Timer | None = None
        self._failures = 0
        now = clock.now()
        contents = journal.load(min(now, journal.newest() or now) - RECENT)  # the clock may be wrong by days
        floor = max(int(contents.settings.get("floor", "0")), contents.highest_id)
        orders = [after_restart(order, time.monotonic()) for order in contents.orders]
        self.book = OrderBook(orders, contents.executions, contents.commissions, floor)
        self.settings: Mapping[str, str] = contents.settings
        """As the start found them."""
        epoch, _, sequence = contents.settings.get("heard", "0:0").partition(":")
        self.heard = (int(epoch), int(sequence))

    def find(self, reference: str) -> OrderState | None:
        """An order by key or by an order id of ours in digits, however old. May raise JournalError."""
        return self.book.find(reference) or self._journal.find(reference)

    def look_up(self, reference: str) -> OrderState:
        """The same for users: Rejected when there is none, or the file cannot be read."""
        try:
            order = self.find(reference)
        except JournalError as error:
            raise Rejected(f"order {reference} cannot be looked up: {error}", kind="journal") from error
        if order is None:
            raise Rejected(f"no order has the key or order id {reference!r}", kind="unknown")
        return order

    def named(self, key: str) -> tuple[OrderState, ...]:
        """Our orders that a key names: one order, a bracket or a group, however old. May raise JournalError."""
        return tuple(self.book.get(order.key) or order for order in self._journal.named(key))

    def executions_of(self, strategy: str) -> tuple[Execution, ...]:
        """Every execution of a strategy: the file's and, should it not be writable now, those not yet in it."""
        ledger = FillLedger()
        try:
            for execution in self._journal.executions_of(strategy):
                ledger.record(execution)
        except JournalError as error:
            raise Rejected(f"executions of {strategy} cannot be read: {error}", kind="journal") from error
        for execution in self.book.ledger.all():
            if execution.strategy == strategy:
                ledger.record(execution)
        return ledger.all()

    def rows(self, after: int, limit: int) -> tuple[JournalRow, ...]:
        """Rows of the journal after a sequence. May raise JournalError."""
        failpoint("order.journal.rows", after)
        self.commit()
        return self._journal.rows(after, limit)

    def recall(self, report: Message) -> bool:
        """Know an order again that the broker speaks of and a start left in the file; False when that is unreadable."""
        try:
            recall(self.book, self._journal, report)
        except JournalError as error:
            self.failed(error)
            return False
        return True

    def forget(self, since: datetime) -> None:
        """Leave to the file what is over and older; not while anything is still to be written."""
        self.commit()
        if not self._change:
            self.book.forget(since)

    # --- durable or not at all -----------------------------------------------------------------------

    def intend(self, orders: tuple[OrderState, ...], decisions: Mapping[str, Any]) -> tuple[int, ...]:
        """Make new orders durable, with their decisions; the receipts. Raises JournalError, or DuplicateKey."""
        change = Change()
        for order in orders:
            change.intend(order, Entry("intent", order.key, facts(order) | {"decision": decisions[order.key]}))
        rows = self._write_durably(change)
        for order in orders:
            self.book.put(order)
        return tuple(row.sequence for row in rows)

    def tell_intents(self, orders: tuple[OrderState, ...]) -> None:
        """Let listeners know of new orders, once these are on their way."""
        for order in orders:
            self._publish("orders", OrderEvent("intent", order.view()))

    def require(self, order: OrderState, event: Event, **more: Any) -> tuple[OrderState, int]:
        """Apply an event of ours once it is durable, `more` in its row; order and receipt. Raises JournalError."""
        after, at = self._applied(order, event)
        word = happened(order, after)
        change = Change()
        change.entries.append((at, Entry(word, order.key, facts(after) | more)))
        change.orders[order.key] = after
        rows = self._write_durably(change)
        self._put(order, after, word)
        return after, rows[-1].sequence

    def require_settings(self, settings: dict[str, str], entry: Entry) -> None:
        """Change settings durably, with a row that says why. Raises JournalError."""
        change = Change()
        change.settings |= settings
        change.entries.append((clock.now(), entry))
        self._write_durably(change)

    def keep_settings(self, settings: dict[str, str], entry: Entry) -> None:
        """Change settings although the disk refuses: durable as soon as may be."""
        self._change.settings |= settings
        self._change.durable = True
        self._change.entries.append((clock.now(), entry))

    # --- what happened, to be committed at the end of the message ----------------------------------------

    def apply(self, order: OrderState, event: Event) -> OrderState:
        """The order after an event."""
        after, _ = self._applied(order, event)
        self.replace(order, after)
        return after

    def hand(self, order: OrderState, event: Event) -> OrderState:
        """Apply an event that need not be written: a start treats the order the same without it."""
        after, _ = self._applied(order, event)
        self.book.put(after)
        return after

    def replace(self, before: OrderState | None, after: OrderState) -> None:
        """An order has a new value; `before` None when it is new to us."""
        if after == before:
            return
        word = happened(before, after)
        self._change.orders[after.key] = after
        self._change.ended |= after.terminal and (before is None or not before.terminal)
        self.note(word, after.key, facts(after))
        self._put(before, after, word)

    def execution(self, report: ExecutionReport) -> Recorded:
        """Book an execution, and what it means to its order."""
        execution = self.book.execution(report)
        recorded = self.book.record(execution, time.monotonic())
        if recorded is Recorded.KNOWN:
            return recorded
        failpoint("order.execution.heard", execution.exec_id)
        self._change.executions[execution.exec_id] = execution
        self._change.durable = True
        self.note("execution", execution.key, execution_facts(execution))
        order = self.book.get(execution.key)
        if order is not None:
            after, _ = self._applied(order, Executed(self.book.totals(order), execution.perm_id))
            self._publish_fill(execution, after)
            self.replace(order, after)
        return recorded

    def commission(self, report: CommissionReport) -> None:
        """Book a commission, whose execution may be still to come."""
        paid = Commission(report.exec_id, report.commission, report.currency, report.realized)
        if not self.book.ledger.charge(paid):
            return
        execution = self.book.ledger.find(report.exec_id)
        self._change.commissions[report.exec_id] = paid
        row = {"exec_id": paid.exec_id, "commission": paid.commission, "currency": paid.currency}
        self.note("commission", "" if execution is None else execution.key, {**row, "realized": paid.realized})
        order = None if execution is None else self.book.get(execution.key)
        if order is not None:
            self.apply(order, Executed(self.book.totals(order)))

    def raise_floor(self, used: int) -> None:
        """No order id up to `used` may be given out, also after a restart."""
        if self.book.raise_floor(used):
            self._change.settings["floor"] = str(used)

    def spend_id(self) -> int | None:
        """An order id that no order gets, also after a restart; None when they are used up."""
        spent = self.book.next_id()
        if spent is not None:
            self._change.settings["floor"] = str(spent)
        return spent

    def hear(self, epoch: int, sequence: int) -> None:
        """The report with this number is handled; on disk it is together with what it changed."""
        self.heard = (epoch, sequence)
        self._change.heard = f"{epoch}:{sequence}"

    def note(self, kind: str, key: str, data: dict[str, Any]) -> None:
        """A row for the journal."""
        self._change.entries.append((clock.now(), Entry(kind, key, data)))

    def commit(self) -> None:
        """Write what gathered. When that fails it is kept, told through `error`, and tried again later."""
        if not self.error:
            self._save()

    def commit_soon(self) -> None:
        """The same within LINGER, with what comes until then: for what the broker can be asked again.

        A kill in that time takes no more than a power cut does. What must be durable is written at once, and so is
        the end of an order: whoever heard that it is over must not hear of it as working again.
        """
        if self._change.durable or self._change.ended:
            self.commit()
        elif self._change:
            self._linger()

    def close(self) -> None:
        """Write what is left, after one more attempt if it must be, and close the journal."""
        self._save()
        if self._change:
            self._log.error("%d journal rows are lost: %s", len(self._change.entries), self.error)
        self._journal.close()

    def _save(self) -> None:
        try:
            self._write_unsaved()
        except JournalError as error:
            self.failed(error)

    def failed(self, error: JournalError) -> None:
        """The journal refused: the gate closes until it takes rows again."""
        if not self.error:
            self._log.error("no new order will leave until the journal can be written: %s", error)
            self.note("journal_failed", "", {"error": str(error)})
        self._fails(str(error))

    def could_not_cancel(self, order: OrderState, error: Rejected) -> None:
        """A cancel that nobody waits for did not leave."""
        self._log.error("the cancel of order %s was not sent: %s", order.key, error)
        self.note("cancel_unsent", order.key, {"reasons": error.reasons})

    def _linger(self) -> None:
        if self._lingering is None or self._lingering.cancelled:
            self._lingering = self._reactor.after(LINGER, self._end_linger)

    def _end_linger(self) -> None:
        if self._change:
            failpoint("order.journal.lingered")
            self.commit()
        rows, self._untold = tuple(self._untold), []
        if rows:
            self._publish("journal", JournalRows(rows))
        self._journal.tidy()

    def _write_unsaved(self) -> None:
        if self._change:
            self._write(Change())

    def _write_durably(self, change: Change) -> tuple[JournalRow, ...]:
        """Write a change of our own with what gathered before; the rows of the change. Raises JournalError."""
        change.durable = True
        return self._write(change)[-len(change.entries) :]

    def _write(self, change: Change) -> tuple[JournalRow, ...]:
        unsaved, self._change = self._change, Change()
        try:
            rows = self._journal.write(unsaved.followed_by(change))
        except JournalError:
            self._change = unsaved
            raise
        if unsaved.executions:
            failpoint("order.execution.journalled", [*unsaved.executions][-1])
        self._untold += rows
        self._linger()
        if self.error:
            self._log.warning("the journal can be written again")
            self._failures = 0
            self._fails("")
        return rows

    def _fails(self, error: str) -> None:
        came_or_went = bool(error) != bool(self.error)
        self.error = error
        if error and (self._retry is None or self._retry.cancelled):
            self._failures += 1
            self._retry = self._reactor.after(probe_pause(self._failures), self._save)
        if came_or_went:
            self._health()

    def _applied(self, order: OrderState, event: Event) -> tuple[OrderState, datetime]:
        at = clock.now()
        return apply(order, event, time.monotonic(), at), at

    def _put(self, before: OrderState | None, after: OrderState, word: str) -> None:
        self.book.put(after)
        view = after.view()
        if before is None or before.status != view.status or differs(before.view(), view):
            self._publish("orders", OrderEvent(word, view))
        self._changed(after)

    def _publish_fill(self, execution: Execution, order: OrderState) -> None:
        booked = self.book.ledger.find(execution.exec_id)
        self._publish("orders", Fill(booked or execution, order.view()))
