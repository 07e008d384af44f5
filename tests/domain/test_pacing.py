from __future__ import annotations

from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from actors.domain.history_pacing import MOST_OPEN, HistoryPacing, HistoryRequest
from actors.domain.pacing import PacingQueue, Priority, TokenBucket

RATE, BURST = 10.0, 4
FLOOR = 3


class Item(NamedTuple):
    """What was put: `serial` in the order of asking, `ids` the orders it concerns."""

    kind: str
    ids: tuple[int, ...]
    serial: int

    @property
    def tokens(self) -> int:
        return max(1, len(self.ids))


class Pacing(RuleBasedStateMachine):
    """Against a model: what was put, in order, and what has become of it."""

    @initialize()
    def begin(self) -> None:
        self.queue: PacingQueue[Item] = PacingQueue(RATE, BURST)
        self.queue.begin(FLOOR)
        self.now = 0.0
        self.serial = 0
        self.waiting: list[tuple[Priority, Item]] = []
        self.left: list[tuple[float, Item]] = []
        self.told: set[int] = set()

    def _item(self, kind: str, *ids: int) -> Item:
        self.serial += 1
        return Item(kind, ids, self.serial)

    @rule(priority=st.sampled_from([Priority.ACCOUNT, Priority.MARKET_DATA, Priority.HISTORY]))
    def ask(self, priority: Priority) -> None:
        item = self._item("ask")
        self.queue.put(priority, item)
        self.waiting.append((priority, item))

    @rule(ids=st.lists(st.integers(1, 5), min_size=1, max_size=BURST, unique=True))
    def order(self, ids: list[int]) -> None:
        """A new order or a change of one, or several that belong together."""
        item = self._item("order", *ids)
        self.queue.put(Priority.ORDER, item, order_ids=item.ids)
        self.waiting.append((Priority.ORDER, item))

    @rule(order_id=st.integers(1, 5))
    def cancel(self, order_id: int) -> None:
        item = self._item("cancel", order_id)
        removed, queued = self.queue.cancel(order_id, item)
        with_the_order = [entry for entry in self.waiting if entry[1].kind == "order" and order_id in entry[1].ids]
        assert removed == [entry[1] for entry in with_the_order]
        unknown_there = order_id >= FLOOR and order_id not in self.told
        assert queued == (not removed or not unknown_there)
        self.waiting = [entry for entry in self.waiting if entry not in with_the_order]
        if queued:
            self.waiting.append((Priority.CANCEL, item))

    @rule(order_id=st.integers(1, 5))
    def report(self, order_id: int) -> None:
        self.queue.known(order_id)
        self.told.add(order_id)

    @rule(seconds=st.sampled_from([0.01, 0.1, 0.39, 0.4, 1.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def take(self) -> None:
        wait = self.queue.wait(self.now)
        item = self.queue.take(self.now)
        assert (item is not None) == (wait == 0)
        if item is None:
            assert (wait is None) == (not self.waiting)
            return
        best = min(range(len(self.waiting)), key=lambda index: (self.waiting[index][0], index))
        assert self.waiting.pop(best)[1] == item
        self.left.append((self.now, item))
        self.told.update(item.ids)

    @rule(reason=st.sampled_from(["gate", "asker gone"]))
    def orders_or_questions_may_not_leave_any_more(self, reason: str) -> None:
        """The gate closes, or whoever asked dies: only that is called off, best first, and told why."""
        kind = "order" if reason == "gate" else "ask"
        called_off = self.queue.call_off(lambda item: reason if item.kind == kind else None)
        gone = [entry for entry in self.waiting if entry[1].kind == kind]
        assert called_off == [(item, reason) for _, item in sorted(gone, key=lambda entry: entry[0])]
        self.waiting = [entry for entry in self.waiting if entry not in gone]

    @rule()
    def the_session_ends(self) -> None:
        handed_back = self.queue.clear()
        assert sorted(handed_back, key=lambda item: item.serial) == [item for _, item in self.waiting]
        self.waiting.clear()
        self.queue.begin(FLOOR)
        self.told.clear()

    @invariant()
    def the_gateway_never_counts_more_than_the_burst_in_a_window(self) -> None:
        messages = [at for at, item in self.left for _ in range(item.tokens)]
        for index, at in enumerate(messages):
            later = index + BURST
            assert later >= len(messages) or messages[later] - at >= BURST / RATE - 1e-9

    @invariant()
    def what_concerns_one_order_leaves_in_the_order_it_was_asked(self) -> None:
        """So no cancel overtakes the placing or the change that it follows."""
        for order_id in range(1, 6):
            serials = [item.serial for _, item in self.left if order_id in item.ids]
            assert serials == sorted(serials)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert len(self.queue) == len(self.waiting)
        wait = self.queue.wait(self.now)
        assert wait is None or wait <= BURST / RATE + 1e-9


TestPacing = Pacing.TestCase
TestPacing.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_burst_leaves_at_once_and_the_next_waits_a_whole_window() -> None:
    bucket = TokenBucket(rate=45.0, burst=45)
    for _ in range(45):
        assert bucket.wait(10.0) == 0
        bucket.take(10.0)
    assert bucket.wait(10.0) == 1.0
    assert bucket.wait(10.75) == 0.25
    assert bucket.wait(11.0) == 0


def test_a_change_of_an_order_from_an_earlier_session_does_not_swallow_its_cancel() -> None:
    queue: PacingQueue[str] = PacingQueue(RATE, BURST)
    queue.begin(next_order_id=100)
    queue.put(Priority.ORDER, "change of 42", order_ids=(42,))
    assert queue.cancel(42, "cancel of 42") == (["change of 42"], True)
    assert queue.take(0.0) == "cancel of 42"


def test_orders_that_belong_together_wait_for_all_their_tokens_and_lose_none_to_what_comes_after() -> None:
    queue: PacingQueue[str] = PacingQueue(RATE, BURST)
    for name in ("first", "second"):
        queue.put(Priority.ACCOUNT, name)
        assert queue.take(0.0) == name
    queue.put(Priority.ORDER, "bracket", order_ids=(1, 2, 3))
    queue.put(Priority.ACCOUNT, "question")
    assert queue.take(0.1) is None
    assert round(queue.wait(0.1) or 0, 6) == 0.3
    assert queue.take(0.4) == "bracket"
    assert queue.take(0.4) == "question"
    assert queue.take(0.4) is None


def bars(bar: str = "5 secs", what: str = "TRADES", contract: int = 1, end: int = 0) -> HistoryRequest:
    return HistoryRequest(bar, what, (contract, what), (contract, what, bar, end))


def test_an_identical_request_for_small_bars_waits_and_another_does_not() -> None:
    pacing = HistoryPacing()
    pacing.started(bars(), 100.0)
    assert pacing.delay(bars(), 105.0) == 11.0
    assert pacing.delay(bars(end=1), 105.0) == 0
    assert pacing.delay(bars(), 116.0) == 0


def test_one_contract_gets_five_small_requests_in_two_seconds() -> None:
    pacing = HistoryPacing()
    for end in range(5):
        assert pacing.delay(bars(end=end), 100.0) == 0
        pacing.started(bars(end=end), 100.0)
    assert pacing.delay(bars(end=5), 100.5) == 1.5
    assert pacing.delay(bars(contract=2), 100.5) == 0


def test_ten_minutes_hold_sixty_small_requests_and_bid_ask_counts_twice() -> None:
    pacing = HistoryPacing()
    for contract in range(58):
        assert pacing.delay(bars(contract=contract), float(contract)) == 0
        pacing.started(bars(contract=contract), float(contract))
    both = bars(what="BID_ASK", contract=99)
    assert pacing.delay(both, 58.0) == 0
    pacing.started(both, 58.0)
    assert pacing.delay(bars(contract=100), 59.0) == 541.0
    assert pacing.delay(bars(what="BID_ASK", contract=100), 59.0) == 542.0
    assert pacing.delay(bars(contract=100), 600.0) == 0


def test_bars_of_a_minute_are_free_of_the_limits_but_not_of_the_number_open() -> None:
    pacing = HistoryPacing()
    for _ in range(MOST_OPEN):
        assert not pacing.full
        assert pacing.delay(bars("1 min"), 0.0) == 0
        pacing.started(bars("1 min"), 0.0)
    assert pacing.full
    pacing.finished()
    assert not pacing.full
