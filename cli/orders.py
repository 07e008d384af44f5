"""`orders` and `executions`: what Order knows, with the instant at which it was true."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from actors.desk import Desk
from actors.messages.orders import Execution, Executions, GetExecutions, GetOrders, Orders, OrderView
from actors.rows import execution_row, order_row
from cli.options import as_json, state_dir
from cli.output import BAD, DIM, GOOD, WARN, age, console, money, price, print_json, table

STYLES = {"FILLED": GOOD, "CANCELLED": DIM, "NOT_PLACED": DIM, "REJECTED": BAD, "UNKNOWN": BAD, "INACTIVE": WARN}


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also orders that are done.")
@state_dir
@as_json
def orders(everything: bool, state_dir: Path, as_json: bool) -> None:
    """Working orders, or all of them with --all; newest last."""
    with Desk.connect(state_dir) as desk:
        known = desk.order.ask(GetOrders(all=everything))
    if as_json:
        print_json([order_row(order) for order in known.items])
    else:
        console().print(orders_table(known))


@click.command()
@state_dir
@as_json
def executions(state_dir: Path, as_json: bool) -> None:
    """Fills, oldest first. A commission the broker has not told yet is a dash."""
    with Desk.connect(state_dir) as desk:
        known = desk.order.ask(GetExecutions())
    if as_json:
        print_json([execution_row(execution) for execution in known.items])
    else:
        console().print(executions_table(known))


def orders_table(known: Orders) -> Table:
    """Orders, one a row."""
    columns = (
        "id>",
        "key",
        "side",
        "quantity>",
        "contract",
        "price",
        "lasts",
        "filled>",
        "average>",
        "status",
        "reason",
    )
    return table(columns, map(_order_cells, known.items), title=f"orders ({age(known.as_of)})")


def executions_table(known: Executions) -> Table:
    """Executions, one a row."""
    columns = ("time", "side", "quantity>", "symbol", "type", "price>", "commission>", "key", "execution")
    return table(columns, map(_execution_cells, known.items), title=f"executions ({age(known.as_of)})")


def price_text(order: OrderView) -> str:
    """Type and prices of an order in the field's shorthand: `LMT 150.00`, `TRAIL by 2% from 148.00`."""
    words = [order.order_type]
    if order.trail is not None:
        words.append(f"by {price(order.trail)}")
    if order.trail_percent is not None:
        words.append(f"by {order.trail_percent:g}%")
    trailing = len(words) > 1
    if order.stop is not None:
        words.append(f"from {price(order.stop)}" if trailing else price(order.stop))
    if order.limit_offset is not None:
        words.append(f"limit off {price(order.limit_offset)}")
    if order.limit is not None:
        words.append(price(order.limit))
    return " ".join(words)


def lasts_text(order: OrderView) -> str:
    """How long an order lasts: its time in force, and the date of one that is good till then."""
    if order.good_till is None:
        return order.tif
    return f"{order.tif} {order.good_till.astimezone():%Y-%m-%d %H:%M:%S}"


def _order_cells(order: OrderView) -> tuple[object, ...]:
    return (
        order.order_id,
        order.key,
        order.side,
        order.quantity,
        order.contract,
        price_text(order),
        lasts_text(order),
        order.filled,
        price(order.average_price),
        Text(order.status, style=STYLES.get(order.status, "")),
        order.reason,
    )


def _execution_cells(execution: Execution) -> tuple[object, ...]:
    return (
        execution.time,
        execution.side,
        execution.quantity,
        execution.symbol,
        execution.sec_type,
        price(execution.price),
        money(execution.commission),
        execution.key,
        execution.exec_id,
    )
