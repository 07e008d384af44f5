from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actors.domain.session import HELD_LONG_ENOUGH, Backoff, Heartbeat, Session, refusal

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
BACKOFF = Backoff(base=2.0, factor=2.0, ceiling=60.0, jitter=0.2)


class Life(RuleBasedStateMachine):
    """Any order of dials, losses and link codes."""

    @initialize(epoch=st.integers(0, 9))
    def begin(self, epoch: int) -> None:
        self.session = Session(epoch, BACKOFF, START)
        self.now = 0.0
        self.epochs = [epoch]
        self.ups = 0
        self.failures = 0
        self.up_at = 0.0

    @property
    def at(self) -> datetime:
        return START + timedelta(seconds=self.now)

    @rule(seconds=st.floats(0.1, 20.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.session.phase in ("down", "waiting"))
    @rule()
    def dial(self) -> None:
        assert self.session.dialing(self.at) == self.epochs[-1] + 1

    @precondition(lambda self: self.session.phase == "connecting")
    @rule()
    def come_up(self) -> None:
        self.session.came_up(("DU1",), 5, 200, self.now, self.at)
        self.epochs.append(self.session.epoch)
        self.ups += 1
        self.up_at = self.now
        assert self.session.generation == 0

    @precondition(lambda self: self.session.phase in ("connecting", "up", "degraded"))
    @rule(chance=st.floats(0.0, 0.99))
    def be_lost(self, chance: float) -> None:
        held = self.session.answers and self.now - self.up_at >= HELD_LONG_ENOUGH
        self.failures = 0 if held else self.failures + 1
        delay = self.session.lost("cut", chance, self.now, self.at)
        assert delay == BACKOFF.delay(self.failures, chance)
        assert self.session.phase == "waiting"
        assert self.session.retry_at == self.at + timedelta(seconds=delay)
        assert (self.session.accounts, self.session.next_order_id) == ((), None)

    @rule(code=st.sampled_from([1100, 1101, 1102, 2110, 2104]))
    def hear_of_the_link(self, code: int) -> None:
        phase, generation = self.session.phase, self.session.generation
        change = self.session.link(code, self.at)
        if phase not in ("up", "degraded") or code == 2104:
            assert change is None
            assert self.session.phase == phase
        elif code in (1100, 2110):
            assert self.session.phase == "degraded"
            assert (change is None) == (phase == "degraded")
        else:
            assert self.session.phase == "up"
            assert change is not None
            assert change.data_lost == (code == 1101)
            assert self.session.generation == generation + (code == 1101)

    @invariant()
    def the_epoch_rises_by_one_with_each_session_and_never_otherwise(self) -> None:
        assert self.session.epoch == self.epochs[-1]
        assert self.epochs == list(range(self.epochs[0], self.epochs[0] + len(self.epochs)))
        assert self.session.reconnects == max(0, self.ups - 1)

    @invariant()
    def a_time_to_retry_is_told_only_while_waiting(self) -> None:
        assert (self.session.retry_at is not None) == (self.session.phase == "waiting")


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(st.integers(1, 500), st.floats(0.0, 0.999))
def test_waiting_grows_to_the_ceiling_and_is_stretched_by_jitter_only(failures: int, chance: float) -> None:
    plain = min(60.0, 2.0 * 2.0 ** min(failures - 1, 60))
    assert plain <= BACKOFF.delay(failures, chance) <= plain * 1.2


def test_the_first_redial_after_a_session_that_held_is_immediate() -> None:
    session = Session(0, BACKOFF, START)
    session.dialing(START)
    session.came_up(("DU1",), 1, 200, 0.0, START)
    assert session.lost("cut", 0.5, HELD_LONG_ENOUGH, START) == 0
    session.dialing(START)
    assert session.lost("refused", 0.0, 6.0, START) == 2.0
    session.dialing(START)
    assert session.lost("refused", 0.0, 8.0, START) == 4.0


def test_a_session_that_ends_at_once_is_a_failure_and_not_redialled_in_a_storm() -> None:
    session = Session(0, BACKOFF, START)
    delays = []
    for turn in range(3):
        session.dialing(START)
        session.came_up(("DU1",), 1, 200, float(turn), START)
        delays.append(session.lost("cut", 0.0, float(turn), START))
    assert delays == [2.0, 4.0, 8.0]


def test_a_refused_gateway_stays_down() -> None:
    session = Session(0, BACKOFF, START)
    session.dialing(START)
    session.refuse("no paper account", START)
    assert (session.phase, session.reason, session.retry_at, session.epoch) == ("down", "no paper account", None, 0)


def test_a_heartbeat_is_due_asked_answered_and_due_again() -> None:
    beat = Heartbeat(interval=30.0, timeout=10.0)
    assert beat.wait(0.0) is None
    beat.start(0.0)
    assert (beat.due(29.9), beat.wait(20.0)) == (False, 10.0)
    assert beat.due(30.0)
    assert not beat.due(30.1)
    beat.asked(31.0)
    assert (beat.overdue(40.9), beat.wait(40.0)) == (False, 1.0)
    beat.answered(32.0)
    assert not beat.overdue(100.0)
    assert (beat.due(61.9), beat.due(62.0)) == (False, True)


def test_after_a_suspend_the_heartbeat_is_due_at_once_unless_an_answer_is_awaited() -> None:
    beat = Heartbeat(interval=30.0, timeout=10.0)
    beat.hurry(0.0)
    assert beat.wait(0.0) is None, "there is no session"
    beat.start(0.0)
    beat.hurry(5.0)
    assert beat.due(5.0)
    beat.asked(5.0)
    beat.hurry(6.0)
    assert not beat.due(6.0)
    assert beat.overdue(15.0)


def test_a_silent_gateway_is_overdue_and_an_answer_nobody_asked_for_changes_nothing() -> None:
    beat = Heartbeat(interval=30.0, timeout=10.0)
    beat.start(0.0)
    beat.answered(25.0)
    assert beat.due(30.0)
    beat.asked(30.0)
    assert beat.overdue(40.0)
    beat.stop()
    assert not beat.overdue(50.0)
    assert beat.wait(50.0) is None


@pytest.mark.parametrize(("mode", "ours", "another"), [("paper", "DU1", "DF2"), ("live", "U1", "F2")])
def test_accounts_of_the_modes_kind_are_served_when_ours_are_among_them(mode: str, ours: str, another: str) -> None:
    assert refusal(mode, (ours,), (ours,)) == ""
    assert refusal(mode, (ours,), (another, ours)) == ""
    assert refusal(mode, (ours, another), (another, ours)) == ""
    assert refusal(mode, (ours, another), (ours,)) == (
        f"the configured account {another} is not behind this port, which offers {ours}"
    )


@pytest.mark.parametrize("mode", ["paper", "simulated"])
@pytest.mark.parametrize("real", ["U2", "F2", "I2"])
def test_an_account_that_may_be_real_money_is_never_served_but_live_not_even_beside_ours(mode: str, real: str) -> None:
    said = f"mode is {mode}, but account {real} behind this port is no paper account and may be real money"
    assert refusal(mode, ("DU1",), ("DU1", real)) == said
    assert refusal(mode, ("DU1",), ("DU1", real, "U9")) == f"{said}, and 1 more are like it"


def test_a_paper_account_is_never_served_live_not_even_beside_ours() -> None:
    assert (
        refusal("live", ("U1",), ("U1", "DU2")) == "mode is live, but account DU2 behind this port is a paper account"
    )
