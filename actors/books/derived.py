"""What the order journal's other tables say, against its rows: each order, execution and commission.

An order's stored state, which the service reads back, must say what its last row says, and the columns beside it what
the state says; an execution's and a commission's columns must be those of its last row. Facts that rows of an older
version do not tell are compared with nothing, nor are words made from the rest, which another version puts otherwise.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import orjson

from actors.books.files import ORDERS
from actors.domain.journal_check import Finding
from actors.domain.order_state import OrderState
from actors.domain.order_words import facts
from actors.orders.journal import ORDER_COLUMNS, order_row

_IN_WORDS: Final = frozenset({"reason", "doubt", "contract"})

_LAST_OF_ORDERS: Final = f"""
SELECT sequence, last.key, data, {", ".join(f"orders.{column}" for column in ORDER_COLUMNS)} FROM (
    SELECT max(sequence) AS sequence, key, data
    FROM journal WHERE key <> '' AND data ->> 'status' IS NOT NULL AND data ->> 'order_id' IS NOT NULL GROUP BY key
) AS last LEFT JOIN orders USING (key) ORDER BY sequence
"""
_ORDERS_UNTOLD: Final = "SELECT key FROM orders WHERE key NOT IN (SELECT key FROM journal)"

_AS_TOLD: Final = ("account", "symbol", "con_id", "side", "quantity", "price", "exchange", "time", "strategy")
_IDS: Final = ("order_id", "perm_id", "client_id", "sec_type")
_EXECUTION_DIFFERS: Final = " OR ".join(f"executions.{name} <> data ->> '{name}'" for name in (*_AS_TOLD, *_IDS))
_EXECUTIONS_DIFFER: Final = f"""
SELECT journal.sequence, exec_id FROM journal JOIN executions ON exec_id = data ->> 'exec_id'
WHERE kind = 'execution' AND (executions.key <> journal.key OR {_EXECUTION_DIFFERS})
UNION ALL
SELECT 0, exec_id FROM executions
WHERE exec_id NOT IN (SELECT data ->> 'exec_id' FROM journal WHERE kind = 'execution')
UNION ALL
SELECT sequence, data ->> 'exec_id' FROM journal WHERE kind = 'execution' AND NOT EXISTS (
    SELECT 1 FROM executions WHERE stem = rtrim(rtrim(data ->> 'exec_id', '0123456789'), '.')
)
"""
_COMMISSIONS_DIFFER: Final = """
SELECT last.sequence, told_id FROM (
    SELECT max(sequence) AS sequence, data ->> 'exec_id' AS told_id, data FROM journal
    WHERE kind = 'commission' GROUP BY told_id
) AS last LEFT JOIN commissions ON exec_id = told_id
WHERE exec_id IS NULL OR commission IS NOT data ->> 'commission' OR currency IS NOT data ->> 'currency'
    OR realized IS NOT data ->> 'realized'
UNION ALL
SELECT 0, exec_id FROM commissions
WHERE exec_id NOT IN (SELECT data ->> 'exec_id' FROM journal WHERE kind = 'commission')
"""


def differences(orders: sqlite3.Connection) -> Iterator[Finding]:
    """Everything in these tables that is not as the journal has it."""
    for sequence, key, data, *columns in orders.execute(_LAST_OF_ORDERS):
        problem = _order_problem(data, dict(zip(ORDER_COLUMNS, columns, strict=True)))
        if problem:
            yield Finding(ORDERS, "orders", sequence, f"order {key} {problem}")
    for (key,) in orders.execute(_ORDERS_UNTOLD):
        yield Finding(ORDERS, "orders", 0, f"order {key} is nowhere in the journal")
    for sequence, exec_id in orders.execute(_EXECUTIONS_DIFFER):
        yield Finding(ORDERS, "executions", sequence, f"execution {exec_id} is not as the journal has it")
    for sequence, exec_id in orders.execute(_COMMISSIONS_DIFFER):
        problem = f"the commission of execution {exec_id} is not as the journal has it"
        yield Finding(ORDERS, "commissions", sequence, problem)


def _order_problem(data: str, columns: dict[str, Any]) -> str:
    """How a row of `orders` differs from the journal's last one about it; empty when it does not."""
    told: dict[str, Any] = orjson.loads(data)
    if columns["state"] is None:
        return f"is missing; the journal has status {told['status']}, filled {told.get('filled')}"
    try:
        state = msgspec.json.decode(columns["state"], type=OrderState)
    except (msgspec.DecodeError, UnicodeError) as error:
        return f"has a state that cannot be read: {error}"
    stored = dict(zip(ORDER_COLUMNS, order_row(state), strict=True))
    read_back: dict[str, Any] = orjson.loads(orjson.dumps(facts(state), default=str))
    said = [
        f"has {name} {columns[name]}, its state {stored[name]}"
        for name in ORDER_COLUMNS
        if name != "state" and name not in _IN_WORDS and columns[name] != stored[name]
    ] + [
        f"has {name} {value} in its state, the journal {told[name]}"
        for name, value in read_back.items()
        if name in told and name not in _IN_WORDS and value != told[name]
    ]
    return "; ".join(said)
