"""A correction of an execution is told to those who count fills, as the execution was."""

from __future__ import annotations

from decimal import Decimal

from actors.domain.own_positions import OwnPositions
from actors.messages.orders import Fill
from tests.domain.order_builders import execution_report
from tests.order.neighbours import House, mine


def test_who_counts_fills_hears_of_a_correction_once_and_holds_what_the_broker_counts(house: House) -> None:
    house.place(strategy="s")
    corrected = execution_report("a.b.c.02", 3, **mine())
    house.says(execution_report("a.b.c.01", 4, **mine()), corrected, corrected)
    house.says(execution_report("a.b.d.01", 7, **mine()))
    told, position = [], OwnPositions()
    while not told or told[-1] != ("a.b.d.01", True):
        message = house.heard.get(timeout=5.0)
        if isinstance(message, Fill):
            told.append((message.execution.exec_id, position.count(message.execution)))
    assert told == [("a.b.c.01", True), ("a.b.c.02", False), ("a.b.d.01", True)]
    assert position.of("AAPL") == Decimal(10)
