"""Exits of a bracket that are changed in a running Order: judged with their group and their entry, not alone."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from actors.messages.broker import Transmit
from actors.messages.broker_account import PositionReport
from actors.messages.orders import ModifyOrder
from actors.messages.risk import Mark
from config.settings import LossSettings, RiskSettings
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, execution_report, order_report, status_report, terms
from tests.order.groups import bracket
from tests.order.neighbours import RICH, House, mine
from tests.order.test_decisions import why


def loses(idle: House, *, filled: int) -> House:
    """A bracket works whose entry for ten has filled so far; only orders that reduce a position pass."""
    idle.risk = RiskSettings(daily_loss=LossSettings(reduce_at=Decimal(1000), halt_at=None))
    idle.figures = msgspec.structs.replace(RICH, daily=Decimal(0))
    house = idle.start().open()
    bracket(house)
    profit = terms(key="k1/profit", side="SELL", limit=155.0, oca_group="k1", oca_type=2, parent_id=1)
    stop = msgspec.structs.replace(profit, key="k1/stop", limit=None, stop=145.0, order_type="STP")
    for number, each in enumerate((terms(key="k1"), profit, stop), 1):
        house.says(order_report("Submitted", **mine(number), terms=each))
    house.says(execution_report("e1.01", filled, order_id=1))
    if filled == 10:
        done = {"filled": Decimal(10), "remaining": Decimal(0)}
        house.says(status_report("Filled", order_id=1, perm_id=901, **done))
    mark = Mark(AAPL.con_id, "AAPL", "STK", "USD", Decimal(filled), Decimal(150 * filled))
    house.worth(daily=Decimal(-1500), marks=(mark,))
    house.wait_gate("reducing")
    return house


@pytest.mark.parametrize("filled", [10, 4])
def test_the_stop_of_a_bracket_that_has_filled_wholly_or_in_part_is_moved_while_only_exits_pass(
    idle: House, filled: int
) -> None:
    house = loses(idle, filled=filled)
    house.sent.get(timeout=5.0)
    house.ref.ask(ModifyOrder("k1/stop", stop=147.0))
    sent = house.sent.get(timeout=5.0)
    assert isinstance(sent, Transmit)
    assert sent.reducing
    assert sent.orders[0].terms.stop == 147.0


def test_an_exit_that_would_sell_more_than_is_held_is_no_exit(idle: House) -> None:
    house = loses(idle, filled=10)
    with pytest.raises(Rejected, match=r"SELL 11 AAPL: 10 held, working orders take off 0"):
        house.ref.ask(ModifyOrder("k1/profit", quantity=11))


def test_while_account_begins_anew_and_has_told_no_position_yet_what_is_held_can_be_closed(idle: House) -> None:
    idle.risk = RiskSettings(daily_loss=LossSettings(reduce_at=Decimal(1000), halt_at=None))
    idle.figures = msgspec.structs.replace(RICH, daily=Decimal(-1500))
    house = idle.start()
    house.wait_gate("reconciling")
    house.cut(positions=(PositionReport(1, "DU1", AAPL, Decimal(10), 100.0),))
    house.wait_gate("reducing")
    with pytest.raises(Rejected, match="SELL 10 AAPL: 0 held"):  # Account and our own count differ
        house.place(side="SELL")
    house.worth(live=False)
    while not why(house).facts["figures"].startswith("not live"):
        pass
    house.place(side="SELL")
