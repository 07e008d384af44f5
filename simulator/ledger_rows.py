"""Orders and executions as rows of the ledger and back. Decimals are text; what has no column is JSON in `state`.

A combo's legs are kept with the row, as its contract id alone does not tell them.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import MISSING, asdict, fields
from decimal import Decimal
from typing import Any

from simulator.exchange.conditions import KINDS, Condition
from simulator.exchange.orders import Execution, Order, Terms
from simulator.ledger_schema import BadLedger
from simulator.market.universe import Instrument, Leg, Universe

Row = tuple[object, ...]
_COLUMNS = {"action", "quantity", "order_type", "limit", "stop", "tif", "account", "ref"}
_AMOUNTS = {"min_quantity", "trailing_percent", "trail_stop", "limit_offset"}
_REST = [field for field in fields(Terms) if field.name not in _COLUMNS]
_NUMBERS = {kind: number for number, kind in KINDS.items()}


def order_row(order: Order) -> Row:
    """The columns of table orders."""
    terms = order.terms
    state = {
        "terms": _terms_state(terms),
        "cost": str(order.cost),
        "last_price": str(order.last_price),
        "commission": str(order.commission),
        "reduced": str(order.reduced),
        "triggered": order.triggered,
        "released": order.released,
        "session_end": order.session_end,
        "modifications": order.modifications,
        "legs": _legs_state(order.instrument),
        "currency": order.instrument.currency,
    }
    return (
        *(order.perm_id, order.client_id, order.order_id, order.instrument.con_id, order.instrument.symbol),
        *(terms.action, str(terms.quantity), terms.order_type, _text(terms.limit), _text(terms.stop), terms.tif),
        *(terms.account, terms.ref, order.status, str(order.filled), str(order.average), order.placed),
        *(order.completed, order.completed_status, json.dumps(state)),
    )


def execution_row(fill: Execution) -> Row:
    """The columns of table executions."""
    state = {
        "exchange": fill.exchange,
        "cumulative": str(fill.cumulative),
        "average": str(fill.average),
        "aggressive": fill.aggressive,
        "legs": _legs_state(fill.instrument),
        "currency": fill.instrument.currency,
    }
    item = fill.instrument
    return (
        *(fill.exec_id, fill.perm_id, fill.client_id, fill.order_id, item.con_id, item.symbol, fill.action),
        *(str(fill.quantity), str(fill.price), fill.time, fill.account, fill.ref, str(fill.commission)),
        *(item.currency, _text(fill.realized), json.dumps(state), fill.corrects),
    )


def read_order(row: sqlite3.Row, universe: Universe) -> Order:
    """An order out of its row. BadLedger when its contract does not exist."""
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
        **_read_terms(state["terms"] if "terms" in state else {"wire": state["wire"]}),
    )
    return Order(
        client_id=row["client_id"],
        order_id=row["order_id"],
        perm_id=row["perm_id"],
        instrument=_instrument(row, state, universe),
        terms=terms,
        placed=row["placed"],
        status=row["status"],
        filled=Decimal(row["filled"]),
        cost=Decimal(state["cost"]),
        last_price=Decimal(state["last_price"]),
        commission=Decimal(state["commission"]),
        reduced=Decimal(state.get("reduced", 0)),
        triggered=state["triggered"],
        released=state.get("released", False),
        session_end=state.get("session_end"),
        modifications=state["modifications"],
        completed=row["completed"],
        completed_status=row["completed_status"],
    )


def read_execution(row: sqlite3.Row, universe: Universe) -> Execution:
    """An execution out of its row. BadLedger when its contract does not exist."""
    state = json.loads(row["state"])
    return Execution(
        exec_id=row["exec_id"],
        order_id=row["order_id"],
        client_id=row["client_id"],
        perm_id=row["perm_id"],
        instrument=_instrument(row, state, universe),
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
        corrects=row["corrects"],
    )


def _terms_state(terms: Terms) -> dict[str, Any]:
    """The terms without a column that differ from their defaults."""
    state: dict[str, Any] = {}
    for field in _REST:
        value = getattr(terms, field.name)
        default = {} if field.default is MISSING else field.default
        if value == default:
            continue
        if field.name == "conditions":
            value = [(_NUMBERS[type(one)], _plain(asdict(one))) for one in value]
        state[field.name] = str(value) if field.name in _AMOUNTS else value
    return state


def _read_terms(state: dict[str, Any]) -> dict[str, Any]:
    terms: dict[str, Any] = {name: Decimal(value) if name in _AMOUNTS else value for name, value in state.items()}
    if "conditions" in terms:
        terms["conditions"] = tuple(_condition(number, values) for number, values in terms["conditions"])
    return terms


def _condition(number: int, values: dict[str, Any]) -> Condition:
    amounts = {name: Decimal(values[name]) for name in ("price", "percent") if isinstance(values.get(name), str)}
    return KINDS[number](**{**values, **amounts})


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def _legs_state(instrument: Instrument) -> list[tuple[object, ...]]:
    return [(leg.con_id, leg.ratio, leg.action, leg.exchange) for leg in instrument.legs]


def _instrument(row: sqlite3.Row, state: dict[str, Any], universe: Universe) -> Instrument:
    if state.get("legs"):
        return universe.combo(row["symbol"], state["currency"], tuple(Leg(*leg) for leg in state["legs"]))
    found = universe.get(row["con_id"])
    if found is None:
        raise BadLedger(f"it names a contract that does not exist: {row['con_id']} ({row['symbol']})")
    return found


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
