"""Whatever a broker does with an order and however its callbacks come: nothing ends here that works there,
nothing is filled but by executions, and two cuts make the same order and the same ledger of it.
"""

from __future__ import annotations

from decimal import Decimal
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.domain import order_events as ev
from actors.domain.fills import Commission
from actors.domain.order_book import OrderBook
from actors.domain.order_cut import judge
from actors.domain.order_machine import apply
from actors.domain.order_state import ON_THE_WAY, OrderState
from actors.domain.order_tables import BROKER_STATUS
from actors.messages.broker import CommissionReport, ExecutionReport, OrderNotice, OrderTerms, Report
from tests.domain.order_broker import Broker
from tests.domain.order_builders import later, order, terms

PLACED = ("taken", "taken", "taken", "held", "inactive", "refused 201", "refused 110")
REFUSED = ("201", "110", "104", "105", "134", "321", "999")
MODIFIED = ("accepted", "accepted", "accepted", *REFUSED, "cancelled 110", "cancelled 201")
CANCELLED = ("done", "done", "slow", "slow", "161", "136", "321", "999")


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
            assert self.book.match(report) == self.order
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


class Lives(RuleBasedStateMachine):
    """One order of ours, the wire to the broker, the broker, and its callbacks under way in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.ours, self.broker = Ours(), Broker()
        self.wire: list[tuple[str, OrderTerms]] = []
        self.heard: list[Report] = []
        self.asked = terms()
        self.lost = False

    @initialize(seed=st.integers(0, 2**16))
    def sent(self, seed: int) -> None:
        self.random = Random(seed)
        self.ours.does(ev.Handed())
        self.ours.does(ev.Transmitted())
        self.wire.append(("place", self.asked))

    # --- our side ---

    @precondition(lambda self: self.modifiable)
    @rule(more=st.integers(1, 3))
    def we_modify(self, more: int) -> None:
        self.asked = terms(quantity=self.asked.quantity + more, limit=(self.asked.limit or 0) + 1)
        self.ours.does(ev.ModifyAsked(self.asked))
        self.wire.append(("modify", self.asked))

    @property
    def modifiable(self) -> bool:
        mine = self.ours.order
        idle = mine.pending is None and not mine.cancelling and mine.reported not in ("UNKNOWN", "PENDING_CANCEL")
        return idle and not mine.terminal and mine.reported not in ON_THE_WAY

    @precondition(lambda self: not self.ours.order.terminal)
    @rule()
    def we_cancel(self) -> None:
        self.ours.does(ev.CancelSent())
        self.wire.append(("cancel", self.asked))

    @rule()
    def the_session_is_lost_with_all_that_was_under_way(self) -> None:
        self.lost = True
        self.wire.clear()
        self.broker.out.clear()
        if self.ours.order.reported in ON_THE_WAY:
            self.ours.does(ev.Lost("session down"))

    @rule()
    def we_reconcile(self) -> None:
        self.read_all()
        self.deliver_all()
        self.ours.cut(self.broker)

    # --- the broker ---

    @precondition(lambda self: self.wire)
    @rule(placed=st.sampled_from(PLACED), modified=st.sampled_from(MODIFIED), cancelled=st.sampled_from(CANCELLED))
    def the_broker_reads(self, placed: str, modified: str, cancelled: str) -> None:
        self.request(*self.wire.pop(0), placed, modified, cancelled)

    def request(self, request: str, wanted: OrderTerms, placed: str, modified: str, cancelled: str) -> None:
        if request == "place":
            self.broker.place(wanted, placed)
        elif self.broker.terms is None or self.broker.status == "Refused":
            self.broker.notice(135 if request == "modify" else 10147, "Can't find order with id =5")
        elif request == "modify":
            self.broker.modify(wanted, modified)
        else:
            self.broker.cancel(cancelled)

    @precondition(lambda self: self.broker.live)
    @rule(what=st.sampled_from(["advance", "advance", "fill", "fill", "expire", "rebind", "deactivate"]), n=st.integers(1, 6))
    def the_broker_acts(self, what: str, n: int) -> None:
        if what == "fill":
            self.broker.fill(n, tell=n % 2 == 0)
        else:
            getattr(self.broker, what)()

    @precondition(lambda self: self.broker.fills)
    @rule(which=st.integers(0, 5), tell=st.booleans())
    def an_execution_is_corrected(self, which: int, tell: bool) -> None:
        self.broker.correct(which, tell)

    # --- the callbacks ---

    @precondition(lambda self: self.broker.out)
    @rule(which=st.integers(0, 30))
    def a_callback_comes(self, which: int) -> None:
        report = self.broker.out.pop(which % len(self.broker.out))
        self.ours.hear(report)
        self.heard.append(report)

    @precondition(lambda self: self.heard)
    @rule(which=st.integers(0, 30))
    def a_callback_comes_again(self, which: int) -> None:
        self.ours.hear(self.heard[which % len(self.heard)])

    def read_all(self) -> None:
        """The questions of a cut wait behind the requests before them."""
        while self.wire:
            request, wanted = self.wire.pop(0)
            self.request(request, wanted, self.random.choice(PLACED), *map(self.random.choice, (MODIFIED, CANCELLED)))

    def deliver_all(self) -> None:
        under_way, self.broker.out = self.broker.out, []
        self.random.shuffle(under_way)
        for report in under_way:
            self.ours.hear(report)
        self.heard += under_way

    # --- what must hold ---

    @invariant()
    def what_ended_here_ended_there(self) -> None:
        corrections = any(isinstance(report, ExecutionReport) for report in self.broker.out)
        if self.ours.order.terminal and not corrections:
            nowhere = not self.broker.status and not any(request == "place" for request, _ in self.wire)
            assert self.broker.ended or nowhere, (self.ours.order, self.broker.status)

    def teardown(self) -> None:
        self.read_all()
        self.deliver_all()
        before = self.ours.order
        if not self.lost and not before.question and before.acknowledged:
            assert before.terminal == self.broker.ended
            assert before.totals.filled == self.broker.filled
        for _ in range(2):
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


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=150, stateful_step_count=25)
