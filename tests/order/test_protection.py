"""The watch over stops among scripted neighbours: when it speaks, what it keeps, what it says to whom."""

from __future__ import annotations

import json
import queue
import sqlite3
import time
from decimal import Decimal
from typing import Any

import pytest

from actors.messages.broker import OrderReport
from actors.messages.broker_account import PositionReport
from actors.messages.risk import GetProtection, ProtectionChanged, Unprotected
from actors.messages.state import UnexplainedPosition
from config.settings import RiskSettings, StrategyRisk
from supervision.errors import Rejected
from tests.domain.order_builders import AAPL, execution_report, order_report, status_report, terms
from tests.order.groups import bracket
from tests.order.neighbours import House, mine
from tests.order.scripted import Listener

GRACE = 0.2
HELD = (PositionReport(1, "DU1", AAPL, Decimal(10), 150.0),)


def exit_at(status: str, number: int = 3, **changes: Any) -> OrderReport:
    values = {"key": "k1/stop", "side": "SELL", "order_type": "STP", "limit": None, "stop": 145.0, "oca_group": "k1"}
    return order_report(status, **mine(number), terms=terms(**(values | changes)))


def entered(house: House) -> None:
    """A bracket with a stop works and its entry fills."""
    bracket(house, take_profit=None)
    house.transmitted()
    house.says(order_report("Submitted", **mine(1)), exit_at("PreSubmitted", 2))
    house.says(execution_report("a.b.c.01", 10, **mine(1)))


def lost(house: House) -> None:
    """The broker cancels the stop."""
    house.says(status_report("Cancelled", **mine(2)), exit_at("Cancelled", 2))


def told(house: House) -> tuple[Unprotected, ...]:
    """What the next ProtectionChanged says."""
    while True:
        message = house.heard.get(timeout=5.0)
        if isinstance(message, ProtectionChanged):
            return message.items


def asked(house: House) -> tuple[Unprotected, ...]:
    return house.ref.ask(GetProtection(), timeout=5.0).items


def rows(house: House, kind: str) -> list[tuple[str]]:
    with sqlite3.connect(house.directory / "orders.db") as db:
        return db.execute("SELECT data FROM journal WHERE kind = ?", (kind,)).fetchall()


@pytest.fixture
def watched(idle: House) -> House:
    """A house whose grace is short, and that has judged for the first time."""
    idle.risk = RiskSettings(protection_grace=GRACE)
    idle.strategies = {"p": StrategyRisk(protect=True), "s": StrategyRisk()}
    house = idle.start().open()
    assert told(house) == ()
    return house


def test_a_stop_that_the_broker_cancels_is_an_alert_once_its_time_is_over(
    watched: House, caplog: pytest.LogCaptureFixture
) -> None:
    entered(watched)
    assert asked(watched) == ()
    before = time.monotonic()
    lost(watched)
    [one] = told(watched)
    assert time.monotonic() - before >= GRACE
    assert (one.account, one.symbol, one.quantity, one.covered) == ("DU1", "AAPL", 10, 0)
    assert one.reason == "10 of it should have a live stop (strategy s), 0 has; k1/stop is CANCELLED"
    assert asked(watched) == (one,)
    assert [json.loads(data)["claimed"] for (data,) in rows(watched, "unprotected")] == ["10"]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == [f"10 of AAPL in DU1 is not protected: {one.reason}"]


def test_another_stop_ends_the_alert(watched: House) -> None:
    entered(watched)
    lost(watched)
    assert told(watched)
    watched.place(side="SELL", limit=None, stop=144.0, key="k2", strategy="s")
    watched.says(exit_at("PreSubmitted", 3, key="k2", stop=144.0, oca_group=""))
    assert told(watched) == ()
    assert asked(watched) == ()
    assert len(rows(watched, "protected")) == 1


def test_a_stop_that_is_too_small_is_told_with_what_it_covers(watched: House) -> None:
    entered(watched)
    watched.says(exit_at("PreSubmitted", 2, quantity=Decimal(4)))
    [one] = told(watched)
    assert (one.quantity, one.covered) == (10, 4)


def test_a_bracket_whose_stop_fills_in_part_leaves_the_rest_its_stop_and_without_it_is_an_alert_for_the_rest(
    watched: House,
) -> None:
    entered(watched)
    watched.says(execution_report("d.e.f.01", 4, **mine(2), side="SLD"))
    watched.says(status_report("Submitted", **mine(2), filled=Decimal(4), remaining=Decimal(6)))
    assert asked(watched) == ()
    lost(watched)
    [one] = told(watched)
    assert (one.quantity, one.covered) == (6, 0)


def test_a_restart_goes_on_knowing_what_brackets_claim(watched: House) -> None:
    entered(watched)
    watched.restart()
    with pytest.raises(Rejected, match="no reconciliation was confirmed yet"):
        asked(watched)
    watched.wait_gate("reconciling")
    gone = order_report("Cancelled", **mine(2), completed=True, terms=exit_at("Cancelled", 2).terms)
    fill = execution_report("a.b.c.01", 10, **mine(1))
    watched.cut(completed=(gone,), executions=(fill,), positions=HELD)
    assert told(watched) == (), "first what is known at once"
    [one] = told(watched)
    assert (one.quantity, one.covered) == (10, 0)


def test_what_a_strategy_holds_that_wants_protection_needs_a_stop_also_after_a_restart(watched: House) -> None:
    for number, name in enumerate(("p", "s"), 1):
        watched.place(key=name, strategy=name, contract="AAPL")
        watched.says(execution_report(f"a.b.{number}.01", 10 * number, **mine(number), key=name))
    [one] = told(watched)
    assert (one.quantity, one.reason) == (30, "10 of it should have a live stop (strategy p), 0 has")
    watched.strategies = {"s": StrategyRisk(protect=True)}
    watched.restart()
    watched.wait_gate("reconciling")
    watched.cut(positions=(PositionReport(1, "DU1", AAPL, Decimal(30), 150.0),))
    assert told(watched) == ()
    [one] = told(watched)
    assert (one.symbol, one.reason) == ("AAPL", "20 of it should have a live stop (strategy s), 0 has")


def test_a_position_that_the_broker_is_late_with_keeps_its_claim(watched: House) -> None:
    entered(watched)
    works, fill = (exit_at("PreSubmitted", 2),), (execution_report("a.b.c.01", 10, **mine(1)),)
    late = UnexplainedPosition("DU1", AAPL.con_id, "AAPL", Decimal(10), Decimal(0))
    watched.cut(works, executions=fill, unexplained=(late,))
    assert asked(watched) == ()
    watched.cut(works, executions=fill, positions=HELD)
    lost(watched)
    [one] = told(watched)
    assert (one.quantity, one.covered) == (10, 0)


def test_whoever_listens_begins_with_what_is_known(watched: House) -> None:
    entered(watched)
    lost(watched)
    missing = told(watched)
    box: queue.Queue[Any] = queue.Queue()
    watched.service.start("late", Listener, heard=box)
    seen = [box.get(timeout=5.0), box.get(timeout=5.0)]
    assert ProtectionChanged(missing) in seen


def test_a_position_that_is_closed_lacks_nothing_any_more(watched: House) -> None:
    entered(watched)
    lost(watched)
    assert told(watched)
    watched.place(side="SELL", limit=149.0, key="k2", strategy="s")
    watched.says(execution_report("d.e.f.01", 10, **mine(3), key="k2", side="SLD"))
    assert told(watched) == ()
