"""Reconciliation seen from Order: applying the cuts that State brings, and asking for one when in doubt.

A cut travels through State, the live reports do not. So before a cut is applied Connection is asked one
question more: when its answer is here, so is every report that it published before, and nothing is
called missed that was merely on its way. Questions are asked again, ever slower, until decided.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from actors.domain.differences import execution_missed, left_out, part_failed, position
from actors.domain.fills import Recorded
from actors.domain.locks import Locks
from actors.domain.order_cut import failed_parts, judge
from actors.messages.session import GetSession, SessionView
from actors.messages.state import ApplyCut, CutResult, CutView, Difference, Reconcile
from actors.orders.gatekeeper import GateKeeper
from actors.orders.records import Records
from supervision import clock
from supervision.actor import Sender
from supervision.errors import DeliveryError, Rejected
from supervision.failpoints import failpoint
from supervision.hand import Hand, name_of
from supervision.message import Message
from supervision.reactor import Reactor, Timer
from supervision.uplink import Uplink

BARRIER_SECONDS = 5.0
PAUSES: Final = (0.05, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
RECONCILE_SECONDS = 90.0  # five queries with their own limits, perhaps behind a cut that is under way


class Cuts:
    """Applies cuts. What the broker said before `blind_until`, a monotonic time, may have been missed here.
    `reconciled` is told when a cut answered everything.
    """

    def __init__(
        self,
        records: Records,
        gate: GateKeeper,
        locks: Locks,
        connection: Uplink,
        asker: CutAsker,
        reconciled: Callable[[], None],
        hand: Hand,
    ) -> None:
        self.blind_until = time.monotonic()
        self._records = records
        self._gate = gate
        self._locks = locks
        self._connection = connection
        self._asker = asker
        self._reconciled = reconciled
        self._hand = hand
        self._left_out: list[str] = []

    def apply(self, cut: ApplyCut, sender: Sender) -> None:
        """Answer with what differed, once every report that preceded the cut has been handled."""

        def go_on(_: SessionView) -> None:
            try:
                sender.reply(self._applied(cut))
            except Rejected as error:
                sender.reject(error)

        def give_up(error: DeliveryError | Rejected) -> None:
            sender.reject(Rejected(f"cut {cut.cut} was not applied: {error}", kind="no_session"))

        self._connection.ask(GetSession(), timeout=BARRIER_SECONDS, on_reply=go_on, on_error=give_up)

    def _applied(self, cut: ApplyCut) -> CutResult:
        epoch = self._gate.facts.epoch
        if cut.epoch != epoch:
            now = "there is no session" if epoch is None else f"the session's is {epoch}"
            raise Rejected(f"cut {cut.cut} is of epoch {cut.epoch}, {now}", kind="stale")
        failpoint("order.cut.heard", cut.cut)
        self._left_out = []
        differences = [*map(part_failed, failed_parts(cut)), *self._executions(cut), *self._orders(cut)]
        differences += [*map(left_out, self._left_out), *self._positions(cut)]
        self._hand.take(cut)  # what follows is no single report's fault
        self._asker.strays = 0
        self._note(cut)
        self._conclude(cut)
        self._records.commit()
        failpoint("order.cut.applied", cut.cut)
        return CutResult(tuple(differences))

    def _executions(self, cut: ApplyCut) -> list[Difference]:
        missed = []
        if cut.executions is not None:
            for report in filter(self._take, cut.executions.items):
                if self._records.execution(report) is not Recorded.KNOWN:
                    key = self._records.book.execution(report).key
                    text = f"{report.side} {report.quantity} {report.contract.symbol} at {report.price:g}"
                    missed.append(execution_missed(report.exec_id, key, text))
            for paid in filter(self._take, cut.executions.commissions):
                self._records.commission(paid)
        return missed

    def _orders(self, cut: ApplyCut) -> list[Difference]:
        found = []
        for verdict in judge(self._records.book, cut, time.monotonic(), clock.now(), self._take):
            self._records.replace(verdict.before, verdict.after)
            if verdict.difference is not None:
                found.append(verdict.difference)
        if cut.orders is not None:
            self._records.raise_floor(max((report.order_id for report in cut.orders.items), default=0))
        return found

    def _positions(self, cut: ApplyCut) -> list[Difference]:
        """Lock what State could not explain; returns what stays locked although this cut found nothing there."""
        if not failed_parts(cut):
            self._locks.judged(cut.unexplained, cut.asked, time.monotonic())
            self._hold(cut)
        return [position(each, again=True) for each in self._locks.positions() if each not in cut.unexplained]

    def _hold(self, cut: ApplyCut) -> None:
        """What every limit on positions starts from."""
        assert cut.executions is not None  # no part has failed
        assert cut.positions is not None
        contained = {report.exec_id for report in cut.executions.items}.difference(cut.uncounted)
        self._records.book.holdings.confirmed(cut.positions.items, contained, cut.asked)

    def _take(self, report: Message) -> bool:
        """Have one report of the cut in hand; False when it is quarantined."""
        if self._hand.take(report):
            if not self._records.recall(report):
                raise Rejected(f"whose {name_of(report)} is cannot be read: {self._records.error}", kind="journal")
            return True
        self._left_out.append(name_of(report))
        return False

    def _note(self, cut: ApplyCut) -> None:
        """What this evidence did stands in the journal before it, in the same transaction."""
        failed = [*failed_parts(cut), *self._left_out]
        self._records.note("cut_applied", "", {"cut": cut.cut, "confirmed": not failed, "failed": failed})

    def _conclude(self, cut: ApplyCut) -> None:
        failed = failed_parts(cut)
        if failed:
            self._gate.update(cut_problem=f"no answer about {', '.join(failed)}")
        elif self._left_out:
            self._gate.update(reconciled_epoch=None, cut_problem=f"quarantined: {', '.join(self._left_out)}")
        elif cut.asked >= self.blind_until:
            self._gate.update(reconciled_epoch=cut.epoch, cut_problem="")
            self._reconciled()
        elif self._gate.facts.reconciled_epoch != cut.epoch:
            self._asker.ask_soon(f"cut {cut.cut} was asked before Order could hear the broker")
        self._asker.look()


class CutAsker:
    """Asks State to reconcile while there are questions: at once, then at least a second apart."""

    def __init__(
        self, *, reactor: Reactor, state: Uplink, questions: Callable[[], list[str]], log: logging.Logger
    ) -> None:
        self.strays = 0  # reports of orders that nobody here knows, since the last cut
        self._reactor = reactor
        self._state = state
        self._questions = questions
        self._log = log
        self._timer: Timer | None = None
        self._asking = False
        self._rounds = 0
        self._extra = ""
        self._asked: frozenset[str] = frozenset()

    def ask_soon(self, question: str) -> None:
        """A question that is no order's."""
        self._extra = question
        self.look()

    def look(self) -> None:
        """There may be questions now. A new one does not wait for the slow pace of old ones."""
        if self._asking:
            return
        armed = self._timer is not None and not self._timer.cancelled
        if self._rounds > 1 and not self._asked.issuperset(self._open()):
            self._rounds, armed = 0, False
        if not armed:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._reactor.after(PAUSES[min(self._rounds, len(PAUSES) - 1)], self._ask)

    def stop(self) -> None:
        """Ask nothing more."""
        self._asking = True

    def _open(self) -> list[str]:
        strays = [f"{self.strays} reports of orders unknown here"] if self.strays else []
        return [*self._questions(), *strays, *([self._extra] if self._extra else [])]

    def _ask(self) -> None:
        if self._asking:
            return
        questions = self._open()
        if not questions:
            self._rounds = 0
            return
        self._asking, self._extra, self._asked = True, "", frozenset(questions)
        self._rounds += 1
        more = f" and {len(questions) - 1} more" if len(questions) > 1 else ""
        cause = f"order: {questions[0]}{more}"
        self._state.ask(Reconcile(cause), timeout=RECONCILE_SECONDS, on_reply=self._answered, on_error=self._failed)

    def _answered(self, _: CutView) -> None:
        self._asking = False
        if self._open():
            self.look()
        else:
            self._rounds = 0

    def _failed(self, error: DeliveryError | Rejected) -> None:
        self._asking = False
        self._log.info("could not reconcile yet: %s", error)
        self.look()
