"""What truly happened, in SQLite: `simulator.db`, or memory when there is no directory.

Tables, made to be read with plain SQL (times are seconds since the epoch, decimals are text):
- orders(perm_id, client_id, order_id, con_id, symbol, action, quantity, order_type, limit_price, stop_price, tif,
  account, order_ref, status, filled, average_price, placed, completed, completed_status, state)
- executions(exec_id, perm_id, client_id, order_id, con_id, symbol, side, quantity, price, time, account, order_ref,
  commission, currency, realized, state, corrects): every one ever told; `corrects` is the execution a correction
  stands for. A combo's execution is followed by those of its legs, which alone change positions and cash.
- fills: the executions that count, the corrected ones left out
- positions(account, con_id, symbol, quantity, cost, fees), cash(account, currency, amount): the sum of the fills
- rebinds(perm_id, former, time): an order shows another permanent id since then; orders has the newest,
  executions the one they were told with
- traffic(client_id, direction, message_id, name, count, first, last): every message that left for a client ("out") or
  came from one ("in"), at most a second late; client -1 is who has not said its id
- counters(name, value)
`state` holds the rest as JSON. Writes gather until `commit`, which comes before clients hear of them.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import weakref
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from simulator.exchange.orders import LIVE, Execution, Order
from simulator.ledger_rows import execution_row, order_row, read_execution, read_order
from simulator.ledger_schema import BadLedger, LedgerInUse, prepare, refused
from simulator.market.hours import day_start
from simulator.market.universe import Instrument, Universe
from simulator.traffic import Tally

FILE_NAME = "simulator.db"
Table = Literal["orders", "executions", "positions", "cash", "rebinds", "traffic"]


class Ledger:
    """One connection to the ledger; the simulator is its only writer, and a second one is refused.

    `account` is whose the positions and cash of a file of the first version are. Raises BadLedger for one
    of a later version, for what is no ledger, and where another simulator is at work; as `commit` does,
    LedgerUnwritable when the disk is full.
    """

    def __init__(self, directory: Path | None, account: str = "") -> None:
        self._name = "in memory" if directory is None else str(directory / FILE_NAME)
        self._lock = None if directory is None else _Lock(directory)
        try:
            self._connection = sqlite3.connect(":memory:" if directory is None else directory / FILE_NAME)
        except sqlite3.Error as error:
            raise refused(error, self._name) from error
        self._connection.row_factory = sqlite3.Row
        try:
            self._connection.execute("pragma journal_mode=wal")
            self._connection.execute("pragma synchronous=normal")
            prepare(self._connection, account)
        except sqlite3.Error as error:
            self._connection.close()
            raise refused(error, self._name) from error
        except BadLedger as error:
            self._connection.close()
            raise BadLedger(f"{self._name}: {error}") from error
        self._orders: dict[int, Order] = {}
        self._positions: dict[tuple[str, int], tuple[object, ...]] = {}
        self._cash: dict[tuple[str, str], Decimal] = {}
        self._counters = {row["name"]: int(row["value"]) for row in self._rows("select * from counters")}
        self._counted: set[str] = set()

    def commit(self) -> None:
        """Write what was saved since the last commit, each row once, and make it permanent."""
        try:
            self._commit()
        except sqlite3.Error as error:
            raise refused(error, f"{self._name} cannot be written") from error

    def _commit(self) -> None:
        for order in self._orders.values():
            self._insert("orders", order_row(order))
        for position in self._positions.values():
            self._insert("positions", position)
        for (account, currency), amount in self._cash.items():
            self._insert("cash", (account, currency, str(amount)))
        for name in self._counted:
            self._insert("counters", (name, self._counters[name]))
        for changed in (self._orders, self._positions, self._cash, self._counted):
            changed.clear()
        if self._connection.in_transaction:
            self._connection.commit()

    def close(self) -> None:
        """Commit and close."""
        self.commit()
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def count(self, name: str) -> int:
        """The next number of a counter, beginning with 1; never given twice."""
        self._counters[name] = self._counters.get(name, 0) + 1
        self._counted.add(name)
        return self._counters[name]

    def save_order(self, order: Order) -> None:
        """Keep an order's row as the order will be at the next commit."""
        self._orders[order.perm_id] = order

    def save_execution(self, fill: Execution) -> None:
        """Insert an execution's row, or replace it."""
        self._insert("executions", execution_row(fill))

    def save_rebind(self, former: int, order: Order, time: float) -> None:
        """The order is known by another permanent id from now on."""
        self._orders.pop(former, None)
        self._connection.execute("delete from orders where perm_id = ?", (former,))
        self._insert("rebinds", (order.perm_id, former, time))
        self.save_order(order)

    def save_position(
        self, account: str, instrument: Instrument, quantity: Decimal, cost: Decimal, fees: Decimal
    ) -> None:
        """Keep a position's row for the next commit; a flat one stays with quantity 0."""
        row = (account, instrument.con_id, instrument.symbol, str(quantity), str(cost), str(fees))
        self._positions[account, instrument.con_id] = row

    def save_cash(self, account: str, currency: str, amount: Decimal) -> None:
        """Keep the balance of a currency for the next commit."""
        self._cash[account, currency] = amount

    def save_traffic(self, tallies: Iterable[Tally]) -> None:
        """Add to the counts of messages."""
        self._connection.executemany(
            "insert into traffic values(?, ?, ?, ?, ?, ?, ?) on conflict do update "
            "set count = count + excluded.count, last = excluded.last",
            tallies,
        )

    def cash(self, account: str) -> dict[str, Decimal]:
        """Balances by currency; empty for a new account."""
        rows = self._rows("select * from cash where account = ?", account)
        return {row["currency"]: Decimal(row["amount"]) for row in rows}

    def positions(self, account: str) -> list[tuple[int, Decimal, Decimal, Decimal]]:
        """Contract id, quantity, cost and fees of every position the account ever held."""
        return [
            (row["con_id"], Decimal(row["quantity"]), Decimal(row["cost"]), Decimal(row["fees"]))
            for row in self._rows("select * from positions where account = ? order by rowid", account)
        ]

    def orders(self, universe: Universe, day: date) -> list[Order]:
        """Live orders and those completed on `day` or later, oldest first."""
        query = "select * from orders where completed is null or completed >= ? order by placed, perm_id"
        return [read_order(row, universe) for row in self._rows(query, day_start(day))]

    def highest_order_ids(self) -> dict[int, int]:
        """The highest order id each client ever used."""
        rows = self._rows("select client_id, max(order_id) as highest from orders group by client_id")
        return {row["client_id"]: row["highest"] for row in rows}

    def executions(self, universe: Universe, day: date) -> list[Execution]:
        """The executions of a day and later, oldest first, the corrected ones left out."""
        rows = self._rows("select * from fills where time >= ? order by rowid", day_start(day))
        return [read_execution(row, universe) for row in rows]

    def fills_of(self, universe: Universe, account: str, instrument: Instrument) -> list[Execution]:
        """All that an account ever traded of an instrument, oldest first, the corrected ones left out."""
        query = "select * from fills where account = ? and con_id = ? order by time, exec_id"
        return [read_execution(row, universe) for row in self._rows(query, account, instrument.con_id)]

    def summary(self) -> dict[str, Any]:
        """Counts, positions and cash, for the control connection."""
        self.commit()
        live = ",".join(f"'{status}'" for status in sorted(LIVE))
        cash: dict[str, Decimal] = {}
        for row in self._rows("select currency, amount from cash"):
            cash[row["currency"]] = cash.get(row["currency"], Decimal(0)) + Decimal(row["amount"])
        return {
            "orders": self._number("select count(*) from orders"),
            "working": self._number(f"select count(*) from orders where status in ({live})"),
            "executions": self._number("select count(*) from executions"),
            "positions": [dict(row) for row in self._rows("select account, con_id, symbol, quantity from positions")],
            "cash": {currency: str(amount) for currency, amount in cash.items()},
        }

    def newest(self, table: Table, most: int) -> list[dict[str, Any]]:
        """The rows of a table that were written last, without their `state`, the newest at the end."""
        self.commit()
        found = [dict(row) for row in self._rows(f"select * from {table} order by rowid desc limit ?", most)]
        return [{name: value for name, value in row.items() if name != "state"} for row in reversed(found)]

    def _insert(self, table: str, values: tuple[object, ...]) -> None:
        self._connection.execute(f"replace into {table} values({','.join('?' * len(values))})", values)

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])


class _Lock:
    """Whose a directory is; it goes with the process that has it at the latest. LedgerInUse when it is somebody's."""

    def __init__(self, directory: Path) -> None:
        descriptor = os.open(directory, os.O_RDONLY)
        self._close = weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise LedgerInUse(
                f"{directory} is in use by another simulator; stop that one, or use another directory"
            ) from None

    def release(self) -> None:
        """Give it up."""
        self._close()
