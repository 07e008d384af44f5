"""What truly happened, in SQLite: `simulator.db`, or memory when there is no directory.

Tables, made to be read with plain SQL (times are seconds since the epoch, decimals are text):
- orders(perm_id, client_id, order_id, con_id, symbol, action, quantity, order_type, limit_price, stop_price, tif,
  account, order_ref, status, filled, average_price, placed, completed, completed_status, state)
- executions(exec_id, perm_id, client_id, order_id, con_id, symbol, side, quantity, price, time, account, order_ref,
  commission, currency, realized, state)
- positions(con_id, symbol, quantity, cost, fees) and cash(currency, amount); counters(name, value).
`state` holds the rest as JSON. Writes gather until `commit`, which comes before clients hear of them.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator.exchange.orders import LIVE, Execution, Order, Terms
from simulator.market.hours import day_start
from simulator.market.universe import Instrument, Universe

FILE_NAME = "simulator.db"
_SCHEMA = """
create table if not exists orders(perm_id integer primary key, client_id integer not null, order_id integer not null,
  con_id integer not null, symbol text not null, action text not null, quantity text not null, order_type text not null,
  limit_price text, stop_price text, tif text not null, account text not null, order_ref text not null,
  status text not null, filled text not null, average_price text not null, placed real not null, completed real,
  completed_status text not null, state text not null);
create table if not exists executions(exec_id text primary key, perm_id integer not null, client_id integer not null,
  order_id integer not null, con_id integer not null, symbol text not null, side text not null, quantity text not null,
  price text not null, time real not null, account text not null, order_ref text not null, commission text not null,
  currency text not null, realized text, state text not null);
create table if not exists positions(con_id integer primary key, symbol text not null, quantity text not null,
  cost text not null, fees text not null);
create table if not exists cash(currency text primary key, amount text not null);
create table if not exists counters(name text primary key, value integer not null);
"""


class Ledger:
    """One connection to the ledger; the simulator is its only writer."""

    def __init__(self, directory: Path | None) -> None:
        self._connection = sqlite3.connect(":memory:" if directory is None else directory / FILE_NAME)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=normal")
        self._connection.executescript(_SCHEMA)
        self._orders: dict[int, Order] = {}
        self._positions: dict[int, tuple[object, ...]] = {}
        self._cash: dict[str, Decimal] = {}
        self._counters = {row["name"]: int(row["value"]) for row in self._rows("select * from counters")}
        self._counted: set[str] = set()

    def commit(self) -> None:
        """Write what was saved since the last commit, each row once, and make it permanent."""
        for order in self._orders.values():
            self._insert("orders", _order_row(order))
        for position in self._positions.values():
            self._insert("positions", position)
        for currency in self._cash:
            self._insert("cash", (currency, str(self._cash[currency])))
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

    def count(self, name: str) -> int:
        """The next number of a counter, beginning with 1; never given twice."""
        self._counters[name] = self._counters.get(name, 0) + 1
        self._counted.add(name)
        return self._counters[name]

    def save_order(self, order: Order) -> None:
        """Keep an order's row as the order will be at the next commit."""
        self._orders[order.perm_id] = order

    def save_execution(self, fill: Execution) -> None:
        """Insert an execution's row."""
        state = {
            "exchange": fill.exchange,
            "cumulative": str(fill.cumulative),
            "average": str(fill.average),
            "aggressive": fill.aggressive,
        }
        self._insert(
            "executions",
            (fill.exec_id, fill.perm_id, fill.client_id, fill.order_id, fill.instrument.con_id, fill.instrument.symbol),
            (fill.action, str(fill.quantity), str(fill.price), fill.time, fill.account, fill.ref, str(fill.commission)),
            (fill.instrument.currency, _text(fill.realized), json.dumps(state)),
        )

    def save_position(self, instrument: Instrument, quantity: Decimal, cost: Decimal, fees: Decimal) -> None:
        """Keep a position's row for the next commit; a flat one stays with quantity 0."""
        row = (instrument.con_id, instrument.symbol, str(quantity), str(cost), str(fees))
        self._positions[instrument.con_id] = row

    def save_cash(self, currency: str, amount: Decimal) -> None:
        """Keep the balance of a currency for the next commit."""
        self._cash[currency] = amount

    def cash(self) -> dict[str, Decimal]:
        """Balances by currency; empty for a new account."""
        return {row["currency"]: Decimal(row["amount"]) for row in self._rows("select * from cash")}

    def positions(self) -> list[tuple[int, Decimal, Decimal, Decimal]]:
        """Contract id, quantity, cost and fees of every position ever held."""
        return [
            (row["con_id"], Decimal(row["quantity"]), Decimal(row["cost"]), Decimal(row["fees"]))
            for row in self._rows("select * from positions order by rowid")
        ]

    def orders(self, universe: Universe, day: date) -> list[Order]:
        """Live orders and those completed on `day` or later, oldest first."""
        query = "select * from orders where completed is null or completed >= ? order by perm_id"
        return [_order(row, universe) for row in self._rows(query, day_start(day))]

    def highest_order_ids(self) -> dict[int, int]:
        """The highest order id each client ever used."""
        rows = self._rows("select client_id, max(order_id) as highest from orders group by client_id")
        return {row["client_id"]: row["highest"] for row in rows}

    def executions(self, universe: Universe, day: date) -> list[Execution]:
        """The executions of a day and later, oldest first."""
        rows = self._rows("select * from executions where time >= ? order by rowid", day_start(day))
        return [_execution(row, universe) for row in rows]

    def summary(self) -> dict[str, Any]:
        """Counts, positions and cash, for the control connection."""
        self.commit()
        live = ",".join(f"'{status}'" for status in sorted(LIVE))
        return {
            "orders": self._number("select count(*) from orders"),
            "working": self._number(f"select count(*) from orders where status in ({live})"),
            "executions": self._number("select count(*) from executions"),
            "positions": [dict(row) for row in self._rows("select con_id, symbol, quantity from positions")],
            "cash": {currency: str(amount) for currency, amount in self.cash().items()},
        }

    def _insert(self, table: str, *parts: tuple[object, ...]) -> None:
        values = [value for part in parts for value in part]
        self._connection.execute(f"replace into {table} values({','.join('?' * len(values))})", values)

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])


def _order_row(order: Order) -> tuple[object, ...]:
    terms = order.terms
    state = {
        "wire": terms.wire,
        "cost": str(order.cost),
        "last_price": str(order.last_price),
        "commission": str(order.commission),
        "triggered": order.triggered,
        "modifications": order.modifications,
    }
    return (
        *(order.perm_id, order.client_id, order.order_id, order.instrument.con_id, order.instrument.symbol),
        *(terms.action, str(terms.quantity), terms.order_type, _text(terms.limit), _text(terms.stop), terms.tif),
        *(terms.account, terms.ref, order.status, str(order.filled), str(order.average), order.placed),
        *(order.completed, order.completed_status, json.dumps(state)),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _instrument(row: sqlite3.Row, universe: Universe) -> Instrument:
    found = universe.get(row["con_id"])
    if found is None:
        raise ValueError(f"the ledger names a contract that does not exist: {row['con_id']} ({row['symbol']})")
    return found


def _order(row: sqlite3.Row, universe: Universe) -> Order:
    state = json.loads(row["state"])
    terms = Terms(
        action=row["action"],
        quantity=Decimal(row["quantity"]),
        order_type=row["order_type"],
        limit=_amount(row["limit_price"]),
        stop=_amount(row["stop_price"]),
        tif=row["tif"],
        account=row["account"],
        ref=row["order_ref"],
        wire=state["wire"],
    )
    return Order(
        client_id=row["client_id"],
        order_id=row["order_id"],
        perm_id=row["perm_id"],
        instrument=_instrument(row, universe),
        terms=terms,
        placed=row["placed"],
        status=row["status"],
        filled=Decimal(row["filled"]),
        cost=Decimal(state["cost"]),
        last_price=Decimal(state["last_price"]),
        commission=Decimal(state["commission"]),
        triggered=state["triggered"],
        modifications=state["modifications"],
        completed=row["completed"],
        completed_status=row["completed_status"],
    )


def _execution(row: sqlite3.Row, universe: Universe) -> Execution:
    state = json.loads(row["state"])
    return Execution(
        exec_id=row["exec_id"],
        order_id=row["order_id"],
        client_id=row["client_id"],
        perm_id=row["perm_id"],
        instrument=_instrument(row, universe),
        time=row["time"],
        account=row["account"],
        exchange=state["exchange"],
        action=row["side"],
        quantity=Decimal(row["quantity"]),
        price=Decimal(row["price"]),
        cumulative=Decimal(state["cumulative"]),
        average=Decimal(state["average"]),
        ref=row["order_ref"],
        aggressive=state["aggressive"],
        commission=Decimal(row["commission"]),
        realized=_amount(row["realized"]),
    )
