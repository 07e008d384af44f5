"""Drives cuts: when one starts, who waits for it, what follows when it ends.

One cut runs at a time. A request during a cut waits for the next, because the running one may have
asked before whatever the request is about. No cut starts while the broker cannot be asked, Order cannot
be told or nothing can be stored: whatever comes back asks for one itself. A cut that did not confirm is
retried with back-off. Nothing waits here: every step is an ask with continuations.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import orjson

from actors.domain.cut import Answer, Cut, Step
from actors.domain.executions import JournalledExecution, signed
from actors.messages.account import GetAccounts
from actors.messages.broker import FetchCompletedOrders, FetchExecutions, FetchOpenOrders
from actors.messages.broker_account import FetchPositions
from actors.messages.state import CutView
from actors.store.audit import AuditTrail
from actors.store.cash import CashJudge
from actors.store.cuts import CutStore
from actors.store.database import Database
from actors.store.writes import Writes
from supervision import clock
from supervision.actor import Sender
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import failpoint
from supervision.message import Ask
from supervision.reactor import Reactor, Timer
from supervision.uplink import Uplink

PART_SECONDS = 15.0  # longer than Connection's own limit, whose answer says more than a time-out here
APPLY_SECONDS = 10.0
CASH_SECONDS = 2.0
SETTLE_SECONDS = 0.5  # what the broker may take between booking a fill and moving the position
RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0)
EXECUTIONS_KEPT = timedelta(days=2)

_QUERIES: dict[Step, Callable[[], Ask[Any]]] = {
    Step.EXECUTIONS_BEFORE: FetchExecutions,
    Step.OPEN_ORDERS: FetchOpenOrders,
    Step.COMPLETED_ORDERS: FetchCompletedOrders,
    Step.POSITIONS: FetchPositions,
    Step.EXECUTIONS_AFTER: FetchExecutions,
}


class Reconciler:
    """Takes cuts through two links; `finished` is told of each one that ended, after it was stored."""

    def __init__(
        self,
        *,
        reactor: Reactor,
        connection: Uplink,
        order: Uplink,
        account: Uplink,
        database: Database,
        trail: AuditTrail,
        writes: Writes,
        log: logging.Logger,
        finished: Callable[[CutView], None],
    ) -> None:
        self._reactor = reactor
        self._connection = connection
        self._order = order
        self._account = account
        self._trail = trail
        self._writes = writes
        self._log = log
        self._finished = finished
        self._store = CutStore(database)
        self._cash = CashJudge(database)
        self.known = self._store.load_known()
        self._baseline = self._store.load_baseline()
        self.last = self._store.last()
        self._number = self._store.last_number()
        self.epoch: int | None = None
        self._no_session = "state has just started and has not heard of the session yet"
        self._severed = False
        self._order_is_there = False
        self._cut: Cut | None = None
        self._causes: list[str] = []
        self._waiting: list[Sender] = []
        self._asking: list[Sender] = []
        self._pause: Timer | None = None  # until positions have settled, or until the next attempt
        self._failures = 0

    @property
    def running(self) -> bool:
        """Whether a cut is under way."""
        return self._cut is not None

    @property
    def open_differences(self) -> int:
        """How many differences wait for a person."""
        return self._store.open_differences()

    def remember(self, execution: JournalledExecution) -> None:
        """An execution that the order journal tells of, in the caller's transaction."""
        mark = self.known.mark
        self.known.meet([execution.contract])
        self.known.learn([signed(execution)])
        self._cash.look(self.known)
        self._store.remember(self.known.since(mark))

    # --- what is known of the links ---------------------------------------------------------------

    def session_up(self, epoch: int, since: datetime, *, severed: bool = False) -> None:
        """A session of this epoch stands `since` then; `severed` when the gateway has lost the broker meanwhile."""
        self._cash.session_since = since
        if (epoch, severed) == (self.epoch, self._severed):
            return
        self._abandon("another session came up")
        self.epoch, self._severed = epoch, severed
        self.request(f"session epoch {epoch}")

    def session_down(self, reason: str) -> None:
        """No session, or nobody who could say."""
        self.epoch, self._no_session = None, f"there is no session with the gateway: {reason}"
        self._abandon(f"session lost: {reason}")

    def link_changed(self, *, up: bool, text: str) -> None:
        """The gateway lost or regained the broker; what it answers meanwhile may be old."""
        self._severed = not up
        if up:
            self._cash.session_since = clock.now()
            self.request(text)
        else:
            self._abandon(text)

    def order_up(self, incarnation: int) -> None:
        """Order answers; a new incarnation has to be told where the broker stands."""
        self._order_is_there = True
        self.request(f"order (incarnation {incarnation}) is there")

    def order_down(self) -> None:
        """Nobody could take a cut; one under way fails when it comes to that."""
        self._order_is_there = False

    def disk_back(self) -> None:
        """What was learned and not stored must be learned again: begin where the database stands."""
        self._drop("nothing could be stored meanwhile")
        self.known = self._store.load_known()
        self._baseline = self._store.load_baseline()
        self._cash.load()
        self.request("storing works again")

    # --- requests -----------------------------------------------------------------------------------

    def request(self, cause: str, sender: Sender | None = None) -> None:
        """Take a cut that starts from now on, and answer `sender` with it.

        Raises Rejected to a sender when no cut is possible; without one nothing happens then.
        """
        obstacle = self._obstacle()
        if obstacle:
            if sender is not None:
                raise Rejected(f"{obstacle}; a reconciliation follows by itself when that is over", kind="no_cut")
            return
        self._causes.append(cause)
        if sender is not None:
            self._waiting.append(sender)
        if self._cut is None:
            self._start()

    def _obstacle(self) -> str:
        # What was told counts, not whether a socket is connected by now: else a link that comes up
        # would cause two cuts, one when it is used and one when it is heard of.
        if self.epoch is None:
            return self._no_session
        if self._severed:
            return "the gateway has lost its link to the broker"
        if self._writes.trouble:
            return f"nothing can be stored: {self._writes.trouble}"
        return "" if self._order_is_there else "order is away"

    # --- one cut ------------------------------------------------------------------------------------

    def _start(self) -> None:
        assert self.epoch is not None
        self._end_pause()
        cause = ", ".join(dict.fromkeys(self._causes))
        self._asking, self._waiting, self._causes = self._waiting, [], []
        self._number += 1
        self._cut = Cut(
            self._number, self.epoch, cause, self.known, self._baseline, asked=time.monotonic(), started=clock.now()
        )
        self._advance(self._cut)

    def _advance(self, cut: Cut) -> None:
        step = cut.next_step()
        if step is None:
            self._finish(cut)
        elif step is Step.SETTLE:
            self._pause = self._reactor.after(SETTLE_SECONDS, partial(self._advance, cut))
        elif step is Step.APPLY:
            failpoint("state.cut.collected", cut.number)
            self._ask(self._order, cut.picture(), APPLY_SECONDS, cut, step)
        elif step is Step.CASH:
            self._ask_cash(cut)
        else:
            self._ask(self._connection, _QUERIES[step](), PART_SECONDS, cut, step)

    def _ask(self, link: Uplink, question: Ask[Any], seconds: float, cut: Cut, step: Step) -> None:
        link.ask(
            question,
            timeout=seconds,
            on_reply=partial(self._answered, cut, step),
            on_error=partial(self._failed, cut, step),
        )

    def _ask_cash(self, cut: Cut) -> None:
        """What Account knows: nothing waits for it to come back."""
        if self._account.up:
            self._ask(self._account, GetAccounts(), CASH_SECONDS, cut, Step.CASH)
        else:
            cut.fail(Step.CASH, "account is away")
            self._advance(cut)

    def _answered(self, cut: Cut, step: Step, answer: Answer) -> None:
        if cut is self._cut:  # else it was abandoned meanwhile
            cut.confirm(step, answer)
            failpoint("state.cut.part", step.name)
            self._advance(cut)

    def _failed(self, cut: Cut, step: Step, error: DeliveryError | Rejected) -> None:
        if cut is self._cut:
            cut.fail(step, str(error))
            self._advance(cut)

    def _abandon(self, reason: str) -> None:
        self._end_pause()
        if self._cut is not None:
            self._cut.abandon(reason)
            self._finish(self._cut)

    def _end_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    # --- its end ------------------------------------------------------------------------------------

    def _finish(self, cut: Cut) -> None:
        view = cut.finish(clock.now(), self._cash.judge(cut, self.known))
        failpoint("state.cut.finished", view.cut)
        if not self._writes.attempt(partial(self._save, cut, view)):
            self._drop(f"cut {view.cut} could not be stored: {self._writes.trouble}")
            return
        self.last, self._cut = view, None
        self._failures = 0 if view.confirmed else self._failures + 1
        self._report(view)
        for sender in self._asking:
            sender.reply(view)
        self._finished(view)
        self._go_on(view)

    def _save(self, cut: Cut, view: CutView) -> None:
        self._store.remember(cut.learned)
        self._store.save(view)
        if view.confirmed and cut.verdict is not None:
            self._baseline = cut.verdict.baseline
            self._cash.save()
            forgotten = self.known.forget(EXECUTIONS_KEPT, cut.reported)
            self._store.save_baseline(self._baseline, self.known, forgotten)
        self._trail.append(view.finished, "cut", str(view.cut), _text(view))

    def _drop(self, reason: str) -> None:
        """End a cut that leaves no trace: what it learned is not stored."""
        self._end_pause()
        self._cut, self._failures = None, 0
        waiting = [*self._asking, *self._waiting]
        self._asking, self._waiting, self._causes = [], [], []
        for sender in waiting:
            sender.reject(Rejected(f"{reason}; a reconciliation follows by itself", kind="no_cut"))

    def _report(self, view: CutView) -> None:
        failed = [f"{part.name}: {part.error}" for part in view.parts if part.error]
        if not view.confirmed:
            self._log.warning("cut %d (%s) is not confirmed: %s", view.cut, view.cause, "; ".join(failed))
        else:
            without = "".join(f", without {each}" for each in failed)
            count = len(view.differences)
            self._log.info("cut %d (%s) confirmed, %d differences%s", view.cut, view.cause, count, without)
        for one in view.differences:
            level = logging.WARNING if one.repaired else logging.ERROR
            self._log.log(
                level, "%s %s: ours %s, broker's %s: %s", one.kind, one.subject, one.ours, one.theirs, one.action
            )

    def _go_on(self, view: CutView) -> None:
        obstacle = self._obstacle()
        if obstacle:
            for sender in self._waiting:
                sender.reject(Rejected(obstacle, kind="no_cut"))
            self._waiting, self._causes = [], []
        elif self._causes:
            self._start()
        elif not view.confirmed:
            pause = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS)) - 1]
            self._pause = self._reactor.after(pause, partial(self.request, f"cut {view.cut} was not confirmed"))


def _text(view: CutView) -> str:
    return orjson.dumps(
        {
            "epoch": view.epoch,
            "cause": view.cause,
            "confirmed": view.confirmed,
            "failed": {part.name: part.error for part in view.parts if part.error},
            "differences": [msgspec.structs.asdict(one) for one in view.differences],
        }
    ).decode()
