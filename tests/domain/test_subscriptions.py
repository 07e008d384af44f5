"""The subscription book against a broker that answers late, forgets, refuses and drops the socket."""

from __future__ import annotations

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from actors.domain.subscriptions import OPERATOR, Close, Open, SubscriptionBook
from actors.messages.market import Contract
from supervision.errors import Rejected

LINGER = 5.0
GRACE = 10.0
CON_IDS = st.integers(1, 6)
HOLDERS = st.sampled_from(["a", "b", OPERATOR])


def contract(con_id: int) -> Contract:
    return Contract(f"S{con_id}", con_id=con_id)


class BookAndBroker(RuleBasedStateMachine):
    """A broker applies the book's actions in order, and answers each at some later step."""

    def __init__(self) -> None:
        super().__init__()
        self.book = SubscriptionBook(max_lines=4, linger=LINGER)
        self.now = 0.0
        self.held: dict[int, set[str]] = {}
        self.broker: dict[int, int] = {}  # request id -> con id
        self.answers: list[tuple[Open | Close, int]] = []
        self.up = False
        self.asked_list = False
        self.next_id = 1_000_000_000

    def act(self) -> None:
        for action in self.book.due(self.now):
            if isinstance(action, Open):
                self.broker[self.next_id] = action.contract.con_id
                self.answers.append((action, self.next_id))
                self.next_id += 1
            else:
                self.broker.pop(action.request_id, None)
                self.answers.append((action, action.request_id))
            assert len(self.broker) <= self.book.max_lines
            assert len(set(self.broker.values())) == len(self.broker), "two lines for one contract"

    @rule(con_id=CON_IDS, holder=HOLDERS)
    def hold(self, con_id: int, holder: str) -> None:
        wanted = {con_id for con_id, holders in self.held.items() if holders}
        try:
            self.book.hold(contract(con_id), holder, self.now)
        except Rejected:
            assert len(wanted) == self.book.max_lines, "refused although a line was free"
            assert con_id not in wanted
        else:
            self.held.setdefault(con_id, set()).add(holder)
        self.act()

    @rule(con_id=CON_IDS, holder=HOLDERS)
    def release(self, con_id: int, holder: str) -> None:
        holders = self.held.get(con_id, set())
        assert self.book.release(con_id, holder, self.now) == (holder in holders)
        holders.discard(holder)
        self.act()

    @rule(holder=HOLDERS)
    def leave(self, holder: str) -> None:
        self.book.release_all(holder, self.now)
        for holders in self.held.values():
            holders.discard(holder)
        self.act()

    @rule(seconds=st.sampled_from([0.5, LINGER, GRACE]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.act()

    @precondition(lambda self: self.answers)
    @rule(fail=st.booleans())
    def answer(self, fail: bool) -> None:
        action, request_id = self.answers.pop(0)
        if isinstance(action, Close):
            self.book.closed(request_id)
        elif fail:
            self.broker.pop(request_id, None)
            self.book.failed(action.contract.con_id, "no", self.now + 1.0)
        else:
            self.book.opened(action.contract.con_id, request_id)
        self.act()

    @rule()
    def the_session_ends(self) -> None:
        self.up = self.asked_list = False
        self.broker.clear()
        self.answers.clear()
        self.book.forget_lines()
        self.act()

    @precondition(lambda self: not self.up)
    @rule()
    def the_session_starts(self) -> None:
        self.up = self.asked_list = True

    @precondition(lambda self: self.up and not self.answers)
    @rule()
    def the_book_restarts(self) -> None:
        """A new incarnation: it finds the lines of the old one, and the holders come back in time."""
        self.book = SubscriptionBook(max_lines=4, linger=LINGER)
        self.asked_list = True
        for con_id, holders in self.held.items():
            for holder in holders:
                self.book.hold(contract(con_id), holder, self.now)
        self.act()

    @precondition(lambda self: self.up)
    @rule()
    def doubt(self) -> None:
        self.book.doubt_lines()
        self.asked_list = True

    @precondition(lambda self: self.asked_list)
    @rule()
    def the_list_comes(self) -> None:
        self.asked_list = False
        self.book.list_lines(self.broker.items(), self.now, GRACE)
        self.act()

    @precondition(lambda self: self.up)
    @rule()
    def the_broker_loses_its_data(self) -> None:
        self.book.lose_data()
        self.act()

    @rule()
    def an_adopted_line_is_renewed(self) -> None:
        self.book.renew_one()
        self.act()

    @invariant()
    def the_book_never_counts_more_lines_than_allowed(self) -> None:
        assert self.book.lines <= self.book.max_lines

    def teardown(self) -> None:
        """Answer everything, let time pass: the broker's lines are exactly what is held."""
        if not self.up:
            self.the_session_starts()
        for _ in range(50):
            if self.asked_list:
                self.the_list_comes()
            while self.answers:
                self.answer(fail=False)
            due = self.book.next_due(self.now)
            if due is None:
                break
            self.now = due
            self.act()
        held = {con_id for con_id, holders in self.held.items() if holders}
        assert sorted(self.broker.values()) == sorted(held)


BookAndBroker.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestBookAndBroker = BookAndBroker.TestCase


def listed(max_lines: int = 100) -> SubscriptionBook:
    book = SubscriptionBook(max_lines=max_lines, linger=LINGER)
    book.list_lines([], 0.0, GRACE)
    return book


def test_the_refusal_beyond_the_limit_names_the_limit_and_what_to_drop() -> None:
    book = listed(max_lines=2)
    book.hold(contract(1), "a", 0.0)
    book.hold(contract(2), OPERATOR, 0.0)
    with pytest.raises(Rejected, match=r"no line left for S3: market_data.max_lines = 2 .* drop .*operator.*\(S2\)"):
        book.hold(contract(3), "a", 0.0)
    assert book.release(2, OPERATOR, 0.0)
    book.hold(contract(3), "a", 0.0)
    assert book.wants.keys() == {1, 3}


def test_an_unused_line_lingers_so_that_a_quick_return_costs_nothing() -> None:
    book = listed()
    book.hold(contract(1), "a", 0.0)
    assert book.due(0.0) == [Open(contract(1))]
    book.opened(1, 7)
    book.release(1, "a", 1.0)
    assert book.due(5.9) == []
    book.hold(contract(1), "b", 5.9)
    assert book.due(60.0) == []
    book.release(1, "b", 60.0)
    assert book.next_due(60.0) == 65.0
    assert book.due(65.0) == [Close(7)]


def test_what_is_kept_stays_although_nobody_holds_it_and_what_is_not_wanted_is_not_kept() -> None:
    book = listed()
    book.hold(contract(1), "a", 0.0)
    book.due(0.0)
    book.opened(1, 7)
    book.release(1, "a", 1.0)
    assert book.keep(1, 2.0, 30.0)
    assert not book.keep(2, 2.0, 30.0)
    assert book.due(31.9) == []
    assert book.due(32.0) == [Close(7)]


def test_what_the_operator_holds_is_opened_before_the_rest() -> None:
    book = SubscriptionBook(max_lines=100, linger=LINGER)
    for con_id, holder in ((1, "a"), (2, OPERATOR), (3, "a"), (4, OPERATOR)):
        book.hold(contract(con_id), holder, 0.0)
    assert book.due(0.0) == [], "nothing may be opened before the socket's lines are known"
    book.list_lines([], 0.0, GRACE)
    assert book.due(0.0) == [Open(contract(con_id)) for con_id in (2, 4, 1, 3)]


def test_a_restarted_book_adopts_the_lines_it_finds_and_closes_the_unclaimed_ones_after_the_grace() -> None:
    book = SubscriptionBook(max_lines=100, linger=LINGER)
    book.hold(contract(1), "a", 0.0)
    book.list_lines([(11, 1), (12, 2), (13, 1)], 0.0, GRACE)
    assert book.due(0.0) == [Close(13)], "the second line of one contract goes at once"
    book.closed(13)
    assert book.due(GRACE - 0.1) == []
    assert book.due(GRACE) == [Close(12)]
    assert book.lines == 2


def test_unclaimed_lines_give_way_before_their_time_when_room_is_needed() -> None:
    book = SubscriptionBook(max_lines=2, linger=LINGER)
    book.list_lines([(11, 1), (12, 2)], 0.0, GRACE)
    book.hold(contract(3), "a", 0.0)
    assert book.due(0.0) == [Close(11)]
    book.closed(11)
    assert book.due(0.0) == [Open(contract(3))]


def test_an_adopted_line_serves_at_once_and_is_renewed_once_it_is_claimed() -> None:
    book = SubscriptionBook(max_lines=100, linger=LINGER)
    book.list_lines([(11, 1), (12, 2)], 0.0, GRACE)
    book.hold(contract(2), "a", 0.0)
    assert book.request_of(2) == 12
    assert book.due(0.0) == []
    book.renew_one()
    assert book.due(0.0) == [Close(12)]
    book.closed(12)
    assert book.due(0.0) == [Open(contract(2))]
    book.opened(2, 13)
    book.renew_one()
    assert book.due(0.0) == [], "what nobody claims is not renewed, and nothing twice"
    assert book.due(GRACE) == [Close(11)]
    book.closed(11)
    assert not book.adopted
    assert book.request_of(2) == 13


def test_lost_data_replaces_each_line_and_also_the_one_whose_answer_is_still_out() -> None:
    book = listed()
    book.hold(contract(1), "a", 0.0)
    book.hold(contract(2), "a", 0.0)
    book.due(0.0)
    book.opened(1, 11)
    book.lose_data()
    book.opened(2, 12)
    assert book.due(0.0) == [Close(11), Close(12)]
    book.closed(11)
    book.closed(12)
    assert book.due(0.0) == [Open(contract(1)), Open(contract(2))]


def test_a_refused_line_is_tried_again_for_a_new_holder_or_a_new_session_only() -> None:
    book = listed()
    book.hold(contract(1), "a", 0.0)
    book.due(0.0)
    book.opened(1, 11)
    assert book.refused(11, "354: not subscribed", math.inf) == 1
    assert book.due(0.0) == [Close(11)]
    book.closed(11)
    assert book.due(1e6) == []
    assert book.wants[1].refused == "354: not subscribed"
    book.hold(contract(1), "b", 1e6)
    assert book.due(1e6) == [Open(contract(1))]
    book.failed(1, "again", math.inf)
    book.forget_lines()
    book.list_lines([], 1e6, GRACE)
    assert book.due(1e6) == [Open(contract(1))]


def test_a_line_listed_while_its_open_was_on_its_way_is_gone_when_that_open_fails() -> None:
    book = SubscriptionBook(max_lines=4, linger=LINGER)
    book.list_lines((), 0.0, GRACE)
    book.hold(contract(1), "a", 0.0)
    assert book.due(0.0) == [Open(contract(1))]
    book.doubt_lines()
    book.list_lines([(7, 1)], 0.0, GRACE)
    book.failed(1, "no", retry_at=1.0)
    assert book.request_of(1) is None
    assert book.due(1.0) == [Open(contract(1))]
