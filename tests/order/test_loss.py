"""The loss limit in a running Order: what Account tells closes the gate, lets only exits through, or halts."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.messages.broker import TransmitCancel
from actors.messages.broker_account import PositionReport
from actors.messages.orders import GateView, Halt, Resume
from actors.messages.state import FollowJournal
from config.settings import LossSettings, RiskSettings
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, order_report, terms
from tests.order.neighbours import House, mine

HELD = PositionReport(1, "DU1", AAPL, Decimal(10), 100.0)
LIMITS = LossSettings(reduce_at=Decimal(1000), halt_at=Decimal(2000), unknown_after=0.3)


@pytest.fixture
def limited(idle: House) -> House:
    """The gate is open, by figures that tell of no loss."""
    idle.risk = RiskSettings(daily_loss=LIMITS)
    house = idle.start()
    house.wait_gate("reconciling")
    house.cut(positions=(HELD,))
    house.wait_gate("open")
    return house


def lost(house: House, amount: int | None, state: str) -> GateView:
    house.worth(daily=None if amount is None else Decimal(-amount))
    return house.wait_gate(state).gate


def test_until_the_loss_was_told_in_this_session_the_gate_is_closed(idle: House) -> None:
    idle.risk = RiskSettings(daily_loss=LIMITS)
    idle.figures = msgspec.structs.replace(idle.figures, daily=None)
    house = idle.start()
    while "daily profit and loss of DU1 is not known yet" not in house.wait_gate("closed").gate.reasons:
        pass  # before the session was heard of there was another reason
    house.cut()
    with pytest.raises(Rejected, match="gate closed: daily profit and loss of DU1 is not known yet"):
        house.place()
    lost(house, 0, "open")


def test_the_figures_of_the_session_before_are_none_of_the_next(limited: House) -> None:
    limited.end()
    limited.begin(2)
    limited.cut()
    assert "not known yet" in limited.reasons()
    lost(limited, 0, "open")


def test_a_loss_that_is_unknown_for_too_long_halts_and_the_halt_lifts_by_itself(limited: House) -> None:
    limited.service.kill("account")
    assert "is not known any more, for 0.3 s or longer" in limited.wait_gate("halted").gate.reasons[0]
    limited.start_account()
    limited.wait_gate("open")


def test_at_reduce_at_the_gate_says_so_with_the_loss_of_that_moment_and_opens_when_it_is_smaller(
    limited: House,
) -> None:
    (reason,) = lost(limited, 1000, "reducing").reasons
    assert reason.startswith("daily loss of DU1 was 1000.00 USD and reached 1000 (risk.daily_loss.reduce_at)")
    with pytest.raises(Rejected, match="gate reducing: daily loss of DU1"):
        limited.place()
    limited.worth(daily=Decimal(-1500))
    lost(limited, 999, "open")
    versions = [each.version for each in limited.broker.gates if each.passes == "reducing"]
    assert len(versions) == 1, "a loss that grows changes no order's gate"


def test_at_halt_at_the_kill_switch_falls_entries_are_cancelled_and_exits_work_on(limited: House) -> None:
    limited.place(key="exit", side="SELL", limit=200.0)
    limited.place(key="entry", limit=100.0)
    for _ in range(2):
        limited.transmitted()
    exits = terms(key="exit", side="SELL", quantity=10)
    limited.says(
        order_report("Submitted", **mine(1), terms=exits),
        order_report("Submitted", **mine(2), terms=terms(key="entry")),
    )
    reason = lost(limited, 2100, "halted").reasons[0]
    assert reason.startswith(
        "kill switch: daily loss of DU1 was 2100.00 USD and reached 2000 (risk.daily_loss.halt_at)"
    )
    assert limited.transmitted() == TransmitCancel(1, 2)
    limited.settle()
    assert limited.sent.empty()


def test_after_a_resume_and_a_restart_the_same_loss_does_not_halt_again_and_the_next_multiple_does(
    limited: House,
) -> None:
    lost(limited, 2100, "halted")
    limited.ref.ask(Resume("accepted"))
    assert limited.gate() == "reducing"
    limited.restart()
    limited.wait_gate("reconciling")
    limited.cut()
    limited.wait_gate("reducing")
    lost(limited, 4000, "halted")
    rows = [row.data for row in limited.ref.ask(FollowJournal(0)).items if row.kind == "halt"]
    assert ["2000 (risk" in row for row in rows] == [True, False]
    assert len(rows) == 2


def test_a_halt_by_hand_does_not_hide_that_the_loss_limit_was_reached(limited: House) -> None:
    limited.ref.ask(Halt("by hand"))
    limited.wait_gate("halted")
    limited.worth(daily=Decimal(-2000))
    while "halt_at" not in limited.reasons():
        limited.wait_gate("halted")
