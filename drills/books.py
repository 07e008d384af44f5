"""The two books at the end of a drill: what truly happened at the broker, and what the service says.

Read while the service still runs and the market stands still. Plain data; `invariants` compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from actors.messages.market import GetQuotes
from actors.messages.orders import Execution, GetExecutions, GetOrders, OrderView
from drills.stage import Stage, rows
from supervision.lifecycle import TreeView


@dataclass(frozen=True, slots=True)
class LedgerOrder:
    """One order as the broker has it. `placed` is seconds since the epoch."""

    perm_id: int
    key: str
    symbol: str
    status: str
    filled: Decimal
    placed: float


@dataclass(frozen=True, slots=True)
class LedgerExecution:
    """One execution as the broker has it, after its corrections."""

    exec_id: str
    key: str
    quantity: Decimal
    price: float
    commission: Decimal


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One row of the order journal. `confirmed` is about a cut: whether every query of it was answered."""

    sequence: int
    at: str
    kind: str
    key: str
    status: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Cut:
    """One reconciliation as State remembers it."""

    number: int
    started: str
    finished: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Books:
    """Everything the final reads gave."""

    ledger_orders: tuple[LedgerOrder, ...]
    ledger_executions: tuple[LedgerExecution, ...]
    ledger_positions: dict[str, Decimal]
    corrected: frozenset[str]
    """Keys of the orders of which the broker corrected an execution."""
    orders: tuple[OrderView, ...]
    executions: tuple[Execution, ...]
    positions: dict[str, Decimal]
    journal: tuple[JournalEntry, ...]
    cuts: tuple[Cut, ...]
    tree: TreeView
    clients: tuple[dict[str, Any], ...]
    """What the gateway says of its clients: `client_id`, the symbols of their `lines`, their `busiest` second."""
    quotes: tuple[str, ...]
    """The symbols that the service has subscribed."""
    expected_restarts: dict[str, int] | None
    """By actor; None when the drill could not know."""


def read(stage: Stage) -> Books:
    """Both books now. Raises DeliveryError or Rejected when an actor is away."""
    desk = stage.desk
    ledger = stage.directory / "simulator.db"
    return Books(
        ledger_orders=tuple(
            LedgerOrder(perm_id, key, symbol, status, Decimal(filled), placed)
            for perm_id, key, symbol, status, filled, placed in rows(
                ledger, "select perm_id, order_ref, symbol, status, filled, placed from orders"
            )
        ),
        ledger_executions=tuple(
            LedgerExecution(exec_id, key, Decimal(quantity), float(price), Decimal(commission))
            for exec_id, key, quantity, price, commission in rows(
                ledger, "select exec_id, order_ref, quantity, price, commission from fills"
            )
        ),
        ledger_positions=stage.ledger_positions(),
        corrected=frozenset(
            key for (key,) in rows(ledger, "select order_ref from executions where corrects is not null")
        ),
        orders=desk.order.ask(GetOrders(all=True)).items,
        executions=desk.order.ask(GetExecutions()).items,
        positions=stage.our_positions(),
        journal=_journal(stage),
        cuts=tuple(
            Cut(number, started, finished, bool(confirmed))
            for number, started, finished, confirmed in rows(
                stage.directory / "state.db", "select cut, started, finished, confirmed from cuts order by cut"
            )
        ),
        tree=stage.tree(),
        clients=tuple(stage.market("status")["clients"]),
        quotes=tuple(sorted(quote.symbol for quote in desk.market_data.ask(GetQuotes()).items)),
        expected_restarts=stage.expected,
    )


def _journal(stage: Stage) -> tuple[JournalEntry, ...]:
    found = rows(stage.directory / "orders.db", "select sequence, at, kind, key, data from journal order by sequence")
    return tuple(
        JournalEntry(sequence, at, kind, key, str(facts.get("status", "")), bool(facts.get("confirmed")))
        for sequence, at, kind, key, facts in ((*row, orjson.loads(data)) for *row, data in found)
    )
