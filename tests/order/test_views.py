"""The views of orders.db say to a person with a shell what the tables say to the service."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.domain.fills import Commission
from actors.messages.orders import Execution
from actors.orders.change import Change, Entry
from actors.orders.journal import Journal
from tests.domain.order_builders import START, order, terms


def executed(number: int, **changes: object) -> Execution:
    execution = Execution(
        f"00e.{number}.01", "k1", 5, 900, 17, "DU1", "AAPL", 265598, "BUY", Decimal("2.5"), 150.0, "SMART", START, "s",
        sec_type="STK",
    )  # fmt: skip
    return msgspec.structs.replace(execution, **changes)


EXECUTIONS = (
    executed(1),
    executed(2, side="SELL", quantity=Decimal("0.5")),
    executed(3, time=START + timedelta(days=1)),
    executed(4, sec_type="BAG", con_id=28812380),
    executed(5, sec_type="CASH", con_id=12087792, symbol="EUR"),
)
CHARGED = (
    Commission("00e.1.01", Decimal("0.35"), "USD", None),
    Commission("00e.2.01", Decimal("0.25"), "USD", Decimal("12.5")),
)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    journal = Journal(tmp_path / "orders.db")
    change = Change()
    for number, filled in ((1, "4"), (2, "10")):
        intent = order(key=f"k{number}", order_id=number, terms=terms(key=f"k{number}"))
        totals = msgspec.structs.replace(intent.totals, filled=Decimal(filled))
        change.intend(msgspec.structs.replace(intent, totals=totals), Entry("intent", intent.key, {}))
    change.executions = {one.exec_id: one for one in EXECUTIONS}
    change.commissions = {one.exec_id: one for one in CHARGED}
    journal.write(change)
    journal.close()
    with closing(sqlite3.connect(tmp_path / "orders.db")) as db:
        db.execute("UPDATE orders SET open = 0 WHERE key = 'k2'")
        yield db


def test_what_works_is_shown_with_what_remains_of_it(shell: sqlite3.Connection) -> None:
    found = shell.execute("SELECT key, side, quantity, filled, remaining, limit_price FROM open_orders").fetchall()
    assert found == [("k1", "BUY", 10.0, 4.0, 6.0, 150.0)]


def test_trades_add_up_by_day_without_the_combo_that_is_told_again_leg_by_leg(shell: sqlite3.Connection) -> None:
    columns = "day, symbol, trades, bought, sold, commission, realized, currency, uncharged"
    assert shell.execute(f"SELECT {columns} FROM trades_by_day ORDER BY day, symbol, currency").fetchall() == [
        ("2026-11-20", "AAPL", 2, 2.5, 0.5, 0.6, 12.5, "USD", 0),
        ("2026-11-20", "EUR", 1, 2.5, 0.0, None, None, None, 1),
        ("2026-11-21", "AAPL", 1, 2.5, 0.0, None, None, None, 1),
    ]


def test_positions_are_what_executions_of_contracts_that_can_be_held_make_them(shell: sqlite3.Connection) -> None:
    assert shell.execute("SELECT * FROM traded_positions").fetchall() == [("DU1", 265598, "AAPL", 4.5)]
