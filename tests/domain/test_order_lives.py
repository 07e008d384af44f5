"""Whatever a broker does with an order and however its callbacks come: nothing ends here that works there,
nothing is filled but by executions, and two cuts make the same order and the same ledger of it.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.domain import order_events as ev
from actors.domain.fills import Commission
from actors.domain.order_book import OrderBook
from actors.domain.order_cut import judge
from actors.domain.order_machine import apply
from actors.domain.order_state import ON_THE_WAY, OrderState
from actors.domain.order_tables import BROKER_STATUS
from actors.messages.broker import CommissionReport, ExecutionReport, OrderNotice, Report
from tests.domain.order_broker import Broker
from tests.domain.order_builders import later, order, terms

REFUSED = ("201", "110", "104", "105", "134", "321", "999")
PLACED = (*["taken"] * 8, "held", "held", "inactive", "refused 201", "refused 110")
MODIFIED = (*["accepted"] * 7, *REFUSED, "cancelled 110", "cancelled 201")
CANCELLED = (*["done", "slow"] * 3, "161", "136", "321", "999")
MOVES = (
    *["callbacks_come"] * 8,
    *["the_broker_reads"] * 7,
    *["advance"] * 4,
    *["fill"] * 4,
    *["we_modify"] * 4,
    *["we_cancel"] * 2,
    *["a_callback_comes_again"] * 3,
    *["correct"] * 2,
    *["expire", "rebind", "deactivate"],
    *["we_reconcile", "the_session_is_lost"],
)


class Ours:
    """Our side, with the rules of Order's shell about what is asked when."""

    def __init__(self) -> None:
        self.book = OrderBook([order()])
        self.now = 0.0

    @property
    def order(self) -> OrderState:
        found = self.book.get("k1")
        assert found is not None
        return found

    def does(self, event: ev.Event) -> None:
        self.now += 1.0
        self.book.put(apply(self.order, event, self.now, later(self.now)))

    def hear(self, report: Report) -> None:
        if isinstance(report, OrderNotice):
            self.does(ev.Noticed(report.code, report.text))
        elif isinstance(report, ExecutionReport | CommissionReport):
            self.book_execution(report)
        else:
            found = self.book.match(report)
            assert found is not None
            if not found.external:  # it ended under a permId that nobody told us of, and counts as somebody else's
                self.does(ev.reported(report))

    def book_execution(self, report: ExecutionReport | CommissionReport) -> None:
        if isinstance(report, ExecutionReport):
            self.book.ledger.record(self.book.execution(report))
        else:
            self.book.ledger.charge(Commission(report.exec_id, report.commission, report.currency, report.realized))
        totals = self.book.totals(self.order)
        if totals != self.order.totals:
            self.does(ev.Executed(totals, report.perm_id if isinstance(report, ExecutionReport) else 0))

    def cut(self, broker: Broker) -> None:
        """A confirmed cut, after everything that was said before it; well after the one before."""
        self.now += 10.0
        picture = broker.cut(self.now)
        assert picture.executions is not None
        for report in picture.executions.items:
            self.book_execution(report)
        for paid in picture.executions.commissions:
            self.book_execution(paid)
        self.now += 1.0
        for verdict in judge(self.book, picture, self.now, later(self.now), lambda _: True):
            self.book.put(verdict.after)


class Life:
    """One order of ours, the wire to the broker, the broker, and its callbacks under way in any order."""

    def __init__(self, seed: int) -> None:
        self.ours, self.broker, self.random = Ours(), Broker(), Random(seed)
        self.heard: list[Report] = []
        self.asked = terms()
        self.wire = [("place", self.asked)]
        self.lost = False
        self.ours.does(ev.Handed())
        self.ours.does(ev.Transmitted())

    def move(self, name: str, n: int) -> None:
        """Something happens, if it can; `n` decides what is left open."""
        if name == "fill":
            self.broker.fill(1 + n % 6, tell=n % 2 == 0)
        elif name == "correct":
            self.broker.correct(n, tell=n % 2 == 0)
        elif name in ("advance", "expire", "rebind", "deactivate"):
            getattr(self.broker, name)()
        else:
            getattr(self, name)(n)

    # --- our side, with the rules of Order's shell about what is asked when ---

    def we_modify(self, n: int) -> None:
        mine = self.ours.order
        busy = (
            mine.pending is not None or mine.cancelling or mine.reported in (*ON_THE_WAY, "UNKNOWN", "PENDING_CANCEL")
        )
        if not busy and not mine.terminal:
            self.asked = terms(quantity=self.asked.quantity + 1 + n % 3, limit=(self.asked.limit or 0) + 1)
            self.ours.does(ev.ModifyAsked(self.asked))
            self.wire.append(("modify", self.asked))

    def we_cancel(self, _: int) -> None:
        if not self.ours.order.terminal:
            self.ours.does(ev.CancelSent())
            self.wire.append(("cancel", self.asked))

    def the_session_is_lost(self, _: int) -> None:
        """And with it all that was under way."""
        self.lost = True
        self.wire.clear()
        self.broker.out.clear()
        if self.ours.order.reported in ON_THE_WAY:
            self.ours.does(ev.Lost("session down"))

    def we_reconcile(self, n: int) -> None:
        """What a cut asks waits behind the requests before it, and its answer behind all that was said before."""
        while self.wire:
            self.the_broker_reads(n)
        self.deliver_all()
        self.ours.cut(self.broker)

    # --- the broker, and its callbacks ---

    def the_broker_reads(self, n: int) -> None:
        if not self.wire:
            return
        request, wanted = self.wire.pop(0)
        if request == "place":
            self.broker.place(wanted, PLACED[n % len(PLACED)])
        elif self.broker.terms is None or self.broker.status == "Refused":
            self.broker.notice(135 if request == "modify" else 10147, "Can't find order with id =5")
        elif request == "modify":
            self.broker.modify(wanted, MODIFIED[n % len(MODIFIED)])
        else:
            self.broker.cancel(CANCELLED[n % len(CANCELLED)])

    def callbacks_come(self, n: int) -> None:
        under_way = self.broker.out
        for _ in range(min(1 + n % 5, len(under_way))):
            report = under_way.pop(n % len(under_way))
            self.ours.hear(report)
            self.heard.append(report)

    def a_callback_comes_again(self, n: int) -> None:
        again = [report for report in self.heard if not isinstance(report, OrderNotice)]  # a code answers one request
        if again:
            self.ours.hear(again[n % len(again)])

    def deliver_all(self) -> None:
        under_way, self.broker.out = self.broker.out, []
        self.random.shuffle(under_way)
        for report in under_way:
            self.ours.hear(report)
        self.heard += under_way

    # --- what must hold ---

    def what_ended_here_ended_there(self) -> None:
        known = [(fill, self.ours.book.ledger.find(fill.exec_id)) for fill in self.broker.fills]
        corrected = any(ours is not None and ours.exec_id != fill.exec_id for fill, ours in known)
        if self.ours.order.terminal and not corrected:
            nowhere = not self.broker.status and not any(request == "place" for request, _ in self.wire)
            assert self.broker.ended or nowhere, (self.ours.order, self.broker.status)

    def end(self) -> None:
        """Everything comes through; without a question the order is right, and after two cuts in any case."""
        while self.wire:
            self.the_broker_reads(0)
        self.deliver_all()
        before = self.ours.order
        if not self.lost and not before.question and before.acknowledged:
            assert before.terminal == self.broker.ended
            assert before.totals.filled == self.broker.filled
        for _ in range(3):  # a third where a correction, and all before it, was lost
            self.ours.cut(self.broker)
        self.compare(self.ours.order)

    def compare(self, mine: OrderState) -> None:
        renamed = self.broker.ended and mine.perm_ids and self.broker.perm_ids[-1] not in mine.perm_ids
        if renamed:  # it ended under a permId that nobody told us of: that it was ours cannot be known
            assert mine.held or mine.terminal, (mine, self.broker)
            return
        assert mine.status in self.truth(), (mine, self.broker)
        assert (mine.question, mine.held) == ("", False), (mine, self.broker)
        assert mine.totals.filled == self.broker.filled
        assert mine.totals.commission == Decimal("0.35") * len(self.broker.fills)
        assert mine.view().average_price == (150.0 if self.broker.filled else None)
        if self.broker.terms is not None and (self.broker.live or self.broker.status == "Filled"):
            assert (mine.terms.quantity, mine.terms.limit) == (self.broker.terms.quantity, self.broker.terms.limit)
            assert set(mine.perm_ids) <= set(self.broker.perm_ids)
            assert self.broker.perm_ids[-1] in mine.perm_ids

    def truth(self) -> tuple[str, ...]:
        status = self.broker.status
        if status in ("", "Refused"):  # of what was recalled and refused at once, the refusal may be the cancel's
            refused = any(isinstance(report, OrderNotice) and report.text == "refused" for report in self.heard)
            return ("REJECTED", "NOT_PLACED") if refused else ("NOT_PLACED",)
        return (BROKER_STATUS[self.broker.told_status],) if status != "Inactive" else ("REJECTED",)


@settings(max_examples=500)
@given(
    st.integers(0, 2**16),
    st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 999)), min_size=20, max_size=45),
)
def test_callbacks_in_any_order_with_duplicates_or_lost_and_then_two_cuts_make_what_the_broker_has(
    seed: int, moves: list[tuple[str, int]]
) -> None:
    life = Life(seed)
    for name, n in moves:
        life.move(name, n)
        life.what_ended_here_ended_there()
    life.end()
