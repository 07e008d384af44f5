"""A cut asks in the right order, tells failed from empty, and reports only differences that stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from actors.domain.cut import Answer, Cut, Step
from actors.domain.executions import KnownExecutions
from actors.domain.reconciliation import Baseline
from actors.messages.account import Accounts
from actors.messages.broker import ExecutionList, ExecutionReport, OpenOrders
from actors.messages.broker_account import PositionList, PositionReport
from actors.messages.market import Contract
from actors.messages.state import CutResult, Difference, UnexplainedPosition

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AAPL = Contract("AAPL", con_id=265598)
EURUSD = Contract("EUR", sec_type="CASH", exchange="IDEALPRO", con_id=12087792)
FLAT = Baseline()

Script = Callable[[Step], Answer | str]


def executions(*numbers: int, contract: Contract = AAPL, side: str = "BUY") -> ExecutionList:
    reports = tuple(
        ExecutionReport(
            epoch=1, sequence=number, exec_id=f"0000e0d5.{number:04}.01", order_id=number, client_id=17, perm_id=number,
            key=f"key-{number}", account="DU1", contract=contract, side=side, quantity=Decimal(10), price=150.0,
            cumulative=Decimal(10), exchange="SIM", time=NOON,
        )
        for number in numbers
    )  # fmt: skip
    return ExecutionList(reports, ())


def positions(quantity: int, contract: Contract = AAPL) -> PositionList:
    return PositionList((PositionReport(1, "DU1", contract, Decimal(quantity), 150.0),) if quantity else ())


def answers(*, listed: list[ExecutionList], held: list[PositionList], **failing: str) -> Script:
    """A broker that answers executions and positions from these lists, and Order that finds nothing."""

    def answer(step: Step) -> Answer | str:
        if step.name in failing:
            return failing[step.name]
        if step in (Step.EXECUTIONS_BEFORE, Step.EXECUTIONS_AFTER):
            return listed.pop(0) if len(listed) > 1 else listed[0]
        if step is Step.POSITIONS:
            return held.pop(0) if len(held) > 1 else held[0]
        if step is Step.CASH:
            return Accounts(())
        return CutResult(()) if step is Step.APPLY else OpenOrders(())

    return answer


def run(cut: Cut, script: Script) -> list[Step]:
    steps = []
    while (step := cut.next_step()) is not None:
        steps.append(step)
        if step is not Step.SETTLE:
            answer = script(step)
            if isinstance(answer, str):
                cut.fail(step, answer)
            else:
                cut.confirm(step, answer)
    return steps


def new_cut(baseline: Baseline | None = FLAT) -> Cut:
    return Cut(1, 3, "test", KnownExecutions(), baseline, asked=100.0, started=NOON)


def test_open_orders_come_before_completed_ones_and_positions_between_executions() -> None:
    cut = new_cut()

    assert run(cut, answers(listed=[executions(1)], held=[positions(10)])) == [
        Step.EXECUTIONS_BEFORE,
        Step.OPEN_ORDERS,
        Step.COMPLETED_ORDERS,
        Step.POSITIONS,
        Step.EXECUTIONS_AFTER,
        Step.APPLY,
        Step.CASH,
    ]
    view = cut.finish(NOON)
    assert view.confirmed
    assert view.differences == ()
    assert [(part.name, part.items) for part in view.parts] == [
        ("executions", 1),
        ("open_orders", 0),
        ("completed_orders", 0),
        ("positions", 1),
        ("applied", 0),
        ("cash", 0),
    ]


def test_a_failed_query_is_not_an_empty_answer() -> None:
    cut = new_cut()
    run(cut, answers(listed=[executions()], held=[positions(0)], OPEN_ORDERS="no answer within 15 s"))

    picture, view = cut.picture(), cut.finish(NOON)
    assert picture.orders is None
    assert picture.completed == OpenOrders(())
    assert not view.confirmed
    assert {part.name: part.error for part in view.parts if part.error} == {"open_orders": "no answer within 15 s"}


def test_executions_that_failed_once_are_not_handed_on_and_positions_are_not_judged() -> None:
    cut = new_cut()
    run(cut, answers(listed=[executions(1)], held=[positions(99)], EXECUTIONS_BEFORE="code 321"))

    assert cut.picture().executions is None
    assert cut.finish(NOON).differences == ()
    assert cut.verdict is None


def test_a_cut_that_order_did_not_take_is_not_confirmed() -> None:
    cut = new_cut()
    run(cut, answers(listed=[executions()], held=[positions(0)], APPLY="order died"))

    assert not cut.finish(NOON).confirmed


def test_a_position_that_lags_behind_its_execution_is_no_difference() -> None:
    cut = new_cut()
    steps = run(cut, answers(listed=[executions(1)], held=[positions(0), positions(10)]))

    assert steps.count(Step.SETTLE) == 1
    assert cut.finish(NOON).differences == ()


def test_a_busy_account_that_lags_is_no_difference_either() -> None:
    cut = new_cut()
    listed = [executions(*range(1, count)) for count in (3, 4, 5)]  # one more execution at each look
    held = [positions(0), positions(10), positions(20)]  # always late by less than the pauses
    run(cut, answers(listed=listed, held=held))

    assert cut.finish(NOON).differences == ()


def test_order_is_told_which_listed_executions_its_positions_do_not_have_yet() -> None:
    for held, uncounted in ((10, ("0000e0d5.0002.01",)), (20, ())):
        cut = new_cut()
        run(cut, answers(listed=[executions(1), executions(1, 2)], held=[positions(held)]))
        assert cut.picture().uncounted == uncounted


def test_a_difference_that_stays_is_reported_after_the_third_look() -> None:
    cut = new_cut()
    steps = run(cut, answers(listed=[executions(1)], held=[positions(25)]))

    assert steps.count(Step.POSITIONS) == 3
    assert steps[-2:] == [Step.APPLY, Step.CASH]
    assert cut.finish(NOON).differences == (
        Difference(
            kind="position",
            subject="AAPL in DU1",
            ours="10",
            theirs="25",
            action="took the broker's position, though no execution explains it",
            repaired=True,
            scope="AAPL in DU1",
            locks=True,
            unlock="a cut, 2 s later or more, that finds the position as expected",
        ),
    )
    assert cut.picture().unexplained == (UnexplainedPosition("DU1", AAPL.con_id, "AAPL", Decimal(10), Decimal(25)),)


def test_currency_trades_and_balances_are_not_judged_as_positions() -> None:
    known = KnownExecutions()
    first = Cut(1, 3, "test", known, FLAT, asked=100.0, started=NOON)
    run(first, answers(listed=[executions(1, contract=EURUSD)], held=[positions(77, contract=EURUSD)]))
    assert first.finish(NOON).differences == ()

    assert first.verdict is not None
    next_day = Cut(2, 3, "test", known, first.verdict.baseline, asked=100.0, started=NOON)
    run(next_day, answers(listed=[executions()], held=[positions(0)]))
    assert next_day.finish(NOON).differences == ()


def test_an_abandoned_cut_blames_every_part_it_did_not_get() -> None:
    cut = new_cut()
    first = cut.next_step()
    assert first is not None
    cut.confirm(first, executions())
    cut.abandon("session lost: closed by the gateway")

    assert cut.next_step() is None
    view = cut.finish(NOON)
    assert not view.confirmed
    assert [part.name for part in view.parts if part.error] == [
        "open_orders",
        "completed_orders",
        "positions",
        "applied",
        "cash",
    ]
