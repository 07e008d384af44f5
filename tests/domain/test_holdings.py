"""What is held now: the positions of a cut and the executions since, each counted exactly once."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.holdings import Holdings
from actors.messages.broker_account import PositionReport
from actors.messages.market import Contract
from actors.messages.orders import Execution

AAPL = Contract("AAPL", con_id=265598)


def execution(number: int, quantity: int, revision: int = 1, sec_type: str = "STK") -> Execution:
    """Signed by its quantity."""
    return Execution(
        exec_id=f"e{number}.{revision:02}", key="k", order_id=1, perm_id=1, client_id=1, account="DU1", symbol="AAPL",
        con_id=AAPL.con_id, side="BUY" if quantity > 0 else "SELL", quantity=Decimal(abs(quantity)), price=1.0,
        exchange="X", time=datetime(2026, 11, 20, tzinfo=UTC), sec_type=sec_type,
    )  # fmt: skip


def listed(quantity: int) -> list[PositionReport]:
    return [PositionReport(1, "DU1", AAPL, Decimal(quantity), 1.0)] if quantity else []


def test_nothing_is_known_before_a_cut() -> None:
    holdings = Holdings()
    holdings.heard(None, execution(1, 10), 1.0)
    assert not holdings.known


def test_an_execution_known_before_the_cut_is_in_its_positions() -> None:
    holdings = Holdings()
    holdings.heard(None, execution(1, 10), 1.0)
    holdings.confirmed(listed(10), set(), asked=2.0)
    assert holdings.known
    assert holdings.of("DU1", AAPL.con_id) == 10
    assert holdings.contracts == {AAPL.con_id: AAPL}


def test_an_execution_learned_during_the_cut_counts_once_whether_its_positions_have_it_or_not() -> None:
    for contained, position in (({"e1.01"}, 10), (set[str](), 0)):
        holdings = Holdings()
        holdings.heard(None, execution(1, 10), 3.0)
        holdings.confirmed(listed(position), contained, asked=2.0)
        assert holdings.of("DU1", AAPL.con_id) == 10


def test_a_correction_stands_for_what_it_corrects() -> None:
    holdings = Holdings()
    holdings.confirmed((), set(), asked=1.0)
    holdings.heard(None, execution(1, 10), 2.0)
    holdings.heard(execution(1, 10), execution(1, 7, revision=2), 3.0)
    assert holdings.of("DU1", AAPL.con_id) == 7


def test_what_is_told_again_leg_by_leg_and_a_currency_trade_move_no_position() -> None:
    holdings = Holdings()
    holdings.confirmed((), set(), asked=1.0)
    holdings.heard(None, execution(1, 10, sec_type="BAG"), 2.0)
    holdings.heard(None, execution(2, 10, sec_type="CASH"), 2.0)
    assert holdings.all("DU1") == {}


def test_another_account_is_another_holding() -> None:
    holdings = Holdings()
    holdings.confirmed(listed(5), set(), asked=1.0)
    assert (holdings.of("DU2", AAPL.con_id), holdings.all("DU2")) == (0, {})
    assert holdings.all("DU1") == {AAPL.con_id: 5}


@given(
    moves=st.lists(st.integers(-9, 9).filter(bool), max_size=12),
    cuts=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=4),
)
def test_cuts_at_any_moment_change_nothing_of_what_executions_add_up_to(
    moves: list[int], cuts: list[tuple[int, int]]
) -> None:
    """Each cut begins after some executions and has the positions of a later moment."""
    holdings = Holdings()
    holdings.confirmed((), set(), asked=0.0)
    due = sorted((min(end, len(moves)), min(begin, end, len(moves))) for begin, end in cuts)
    for number in range(len(moves) + 1):
        for end, begin in due:
            if end == number:
                contained = {f"e{each}.01" for each in range(begin, end)}
                holdings.confirmed(listed(sum(moves[:end])), contained, asked=begin + 0.5)
        assert holdings.of("DU1", AAPL.con_id) == sum(moves[:number])
        if number < len(moves):
            holdings.heard(None, execution(number, moves[number]), number + 1.0)
