"""What nobody can decide keeps new orders out of its contract, there alone, and until it is decided."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.locks import APART, Locks
from actors.messages.market import ComboLeg, Contract
from actors.messages.state import UnexplainedPosition
from tests.domain.order_builders import AAPL, order, terms

MSFT = Contract("MSFT", con_id=272093)
SPREAD = Contract("AAPL", "BAG", legs=(ComboLeg(AAPL.con_id, 1, "BUY"), ComboLeg(9, 1, "SELL")))
MOVED = UnexplainedPosition("DU1", AAPL.con_id, "AAPL", Decimal(10), Decimal(25))


def test_an_order_of_ours_that_is_unknown_locks_its_contract_in_its_account_until_it_is_heard_of() -> None:
    locks = Locks([order(reported="UNKNOWN", reason="no answer")])
    assert locks.on("DU1", AAPL) == (
        "AAPL is locked in DU1: order k1 is UNKNOWN: no answer "
        "(unlocked by evidence, which is being asked for, or `order settle k1`)"
    )
    assert (locks.on("DU1", MSFT), locks.on("DU2", AAPL)) == ("", "")
    locks.heard(order(reported="SUBMITTED"))
    assert (locks.on("DU1", AAPL), locks.all()) == ("", ())


def test_a_held_order_locks_whatever_its_status_and_says_how_a_person_unlocks_it() -> None:
    (lock,) = Locks([order(reported="CANCELLED", held=True, reason="the broker counts 5 filled")]).all()
    assert (lock.account, lock.con_id, lock.symbol) == ("DU1", AAPL.con_id, "AAPL")
    assert lock.reason == "order k1 is held: the broker counts 5 filled"
    assert lock.unlock == "the broker's word about it, or `order settle k1`"


def test_orders_of_others_and_orders_that_are_decided_lock_nothing() -> None:
    external = order(key="e", external=True, held=True, reported="UNKNOWN")
    decided = [order(key=status, reported=status) for status in ("SUBMITTED", "CANCELLED", "REJECTED", "NOT_PLACED")]
    assert Locks([external, *decided]).all() == ()


def test_a_combo_is_locked_with_each_of_its_legs_and_locks_them() -> None:
    assert Locks([order(reported="UNKNOWN")]).on("DU1", SPREAD)
    combo = Locks([order(contract=SPREAD, reported="UNKNOWN")])
    assert combo.on("DU1", AAPL)
    assert combo.on("DU1", SPREAD)
    assert not combo.on("DU1", MSFT)


def test_a_position_that_nothing_explains_is_unlocked_by_a_later_look_and_not_by_one_in_the_same_moment() -> None:
    locks = Locks()
    locks.judged((MOVED,), asked=100.0, now=101.0)
    assert "its position is 25, executions make it 10" in locks.on("DU1", AAPL)
    assert locks.questions() == ["AAPL in DU1: no execution explains it"]
    locks.judged((), asked=101.0 + APART - 0.01, now=103.0)
    assert locks.positions() == (MOVED,)
    locks.judged((), asked=101.0 + APART, now=104.0)
    assert (locks.on("DU1", AAPL), locks.positions()) == ("", ())


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 5.0), st.floats(0.0, 1.0))))
def test_a_position_is_locked_exactly_while_no_look_late_enough_has_found_it_equal(
    looks: list[tuple[bool, float, float]],
) -> None:
    locks, clock, found_at = Locks(), 0.0, None
    for found, pause, takes in looks:
        asked = clock + pause
        clock = asked + takes
        locks.judged((MOVED,) if found else (), asked=asked, now=clock)
        if found:
            found_at = clock
        elif found_at is not None and asked >= found_at + APART:
            found_at = None
        assert bool(locks.on("DU1", AAPL)) == (found_at is not None)


def test_the_account_is_that_of_the_order() -> None:
    assert Locks([order(reported="UNKNOWN", terms=terms(account="DU2"))]).on("DU2", AAPL)
