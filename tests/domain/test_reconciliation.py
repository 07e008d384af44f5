"""Trading never makes a difference, and a real difference never hides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.executions import KnownExecutions, Place, SignedExecution
from actors.domain.reconciliation import Baseline, PositionDifference, Verdict, judge

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLACES: list[Place] = [("DU1", 1), ("DU1", 2), ("DU2", 1)]


def execution(number: int, place: Place, quantity: int, revision: int = 1) -> SignedExecution:
    account, con_id = place
    at = NOON + timedelta(seconds=number)
    return SignedExecution(f"0000e0d5.{number:06}.{revision:02}", account, con_id, f"S{con_id}", Decimal(quantity), at)


class Account:
    """The broker's books: a history of executions, and the positions after each of them."""

    def __init__(self, start: dict[Place, Decimal], history: list[SignedExecution]) -> None:
        self.history = history
        self.states: list[dict[Place, Decimal]] = [dict(start)]
        latest: dict[str, Decimal] = {}
        for one in history:
            state = dict(self.states[-1])
            change = one.quantity - latest.get(one.stem, Decimal(0))
            state[one.place] = state.get(one.place, Decimal(0)) + change
            latest[one.stem] = one.quantity
            self.states.append(state)

    def positions(self, instant: int) -> dict[Place, Decimal]:
        return {place: quantity for place, quantity in self.states[instant].items() if quantity}


@st.composite
def histories(draw: st.DrawFn) -> list[SignedExecution]:
    """Executions of few holdings, some of them corrections of earlier ones, in the order of booking."""
    history: list[SignedExecution] = []
    newest: dict[int, SignedExecution] = {}
    for number in range(draw(st.integers(0, 25))):
        quantity = draw(st.integers(-5, 5))
        if newest and draw(st.integers(0, 5)) == 0:
            corrected = draw(st.sampled_from(sorted(newest)))
            old = newest[corrected]
            one = execution(corrected, old.place, quantity, int(old.exec_id[-2:]) + 1)
            newest[corrected] = one
        else:
            one = newest[number] = execution(number, draw(st.sampled_from(PLACES)), quantity)
        history.append(one)
    return history


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    start = {place: Decimal(draw(st.integers(-10, 10))) for place in PLACES}
    return Account(start, draw(histories()))


def looks(length: int) -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """Instants of one cut after the other: executions asked, positions asked, executions asked again."""
    instants = st.lists(st.integers(0, length), min_size=3, max_size=18).map(sorted)
    return instants.map(lambda times: [(times[i], times[i + 1], times[i + 2]) for i in range(0, len(times) - 2, 3)])


def look(
    known: KnownExecutions,
    baseline: Baseline | None,
    account: Account,
    instants: tuple[int, int, int],
    first_listed: int,
) -> Verdict:
    """One cut. The broker lists executions from `first_listed` on: the earlier ones are yesterday's."""
    before, asked, after = instants
    known.learn(account.history[first_listed:before])
    known_before, mark = known.snapshot(), known.mark
    known.learn(account.history[first_listed:after])
    return judge(baseline, known_before, account.positions(asked), known.since(mark))


@given(st.data(), accounts())
def test_no_interleaving_of_executions_and_cuts_makes_a_difference(data: st.DataObject, account: Account) -> None:
    known = KnownExecutions()
    baseline: Baseline | None = None
    for instants in data.draw(looks(len(account.history))):
        verdict = look(known, baseline, account, instants, first_listed=0)
        assert verdict.differences == ()
        baseline = verdict.baseline


@given(st.data(), accounts())
def test_executions_known_from_elsewhere_survive_the_brokers_midnight(data: st.DataObject, account: Account) -> None:
    known = KnownExecutions()
    baseline: Baseline | None = None
    for instants in data.draw(looks(len(account.history))):
        midnight = data.draw(st.integers(0, instants[0]))
        known.learn(account.history[:midnight])  # the journal told of them as they happened
        verdict = look(known, baseline, account, instants, first_listed=midnight)
        assert verdict.differences == ()
        baseline = verdict.baseline


@given(st.data(), accounts(), st.sampled_from(PLACES), st.integers(-20, 20).filter(bool))
def test_a_move_that_no_execution_explains_comes_to_light_by_the_next_cut_at_rest(
    data: st.DataObject, account: Account, place: Place, move: int
) -> None:
    end = len(account.history)
    known = KnownExecutions()
    first = data.draw(st.integers(0, end))
    baseline = look(known, None, account, (first, first, first), 0).baseline
    moved_at = data.draw(st.integers(first, end))
    for state in account.states[moved_at:]:
        state[place] = state.get(place, Decimal(0)) + move

    reported: list[PositionDifference] = []
    for instants in [*data.draw(looks(end)), (end, end, end)]:
        if instants[0] >= first:
            verdict = look(known, baseline, account, instants, 0)
            reported += verdict.differences
            baseline = verdict.baseline

    assert reported
    assert {(one.account, one.con_id) for one in reported} == {place}


def test_a_difference_at_rest_says_what_was_expected_and_is_then_accepted() -> None:
    bought = execution(1, ("DU1", 1), 10)
    start = judge(None, {}, {("DU1", 1): Decimal(5)}, ()).baseline

    verdict = judge(start, {bought.stem: bought}, {("DU1", 1): Decimal(12)}, ())

    assert verdict.differences == (PositionDifference("DU1", 1, expected=Decimal(15), actual=Decimal(12)),)
    again = judge(verdict.baseline, {bought.stem: bought}, {("DU1", 1): Decimal(12)}, ())
    assert again.differences == ()


def test_a_position_that_vanished_is_a_difference() -> None:
    start = judge(None, {}, {("DU1", 1): Decimal(5)}, ()).baseline

    assert judge(start, {}, {}, ()).differences == (PositionDifference("DU1", 1, Decimal(5), Decimal(0)),)


def test_a_holding_in_motion_in_the_first_cut_is_expected_from_the_next_on() -> None:
    bought, sold = execution(1, ("DU1", 1), 10), execution(2, ("DU1", 1), -3)
    first = judge(None, {}, {("DU1", 1): Decimal(10)}, [bought])
    assert first.baseline.positions == {("DU1", 1): None}

    known = {bought.stem: bought, sold.stem: sold}
    second = judge(first.baseline, known, {("DU1", 1): Decimal(7)}, ())
    third = judge(second.baseline, known, {("DU1", 1): Decimal(8)}, ())

    assert second.differences == ()
    assert third.differences == (PositionDifference("DU1", 1, Decimal(7), Decimal(8)),)


@given(histories(), st.randoms())
def test_known_executions_end_the_same_however_they_arrive(history: list[SignedExecution], random: object) -> None:
    shuffled = [*history, *history[::2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    in_order, mixed = KnownExecutions(history), KnownExecutions(shuffled)

    assert in_order.snapshot() == mixed.snapshot()


def test_executions_are_forgotten_by_age_but_never_while_the_broker_reports_them() -> None:
    old, reported, new = (execution(hours * 3600, ("DU1", 1), 1) for hours in (0, 1, 100))
    known = KnownExecutions([old, reported, new])

    assert known.forget(timedelta(days=2), {reported.stem, new.stem}) == (old.stem,)
    assert set(known.snapshot()) == {reported.stem, new.stem}
