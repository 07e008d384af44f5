"""`order bracket|oca|cancel-all|settle`: orders that go together, all of them at once, and what a person decides.

An order inside a group is written as for `order place`, with the same options.
"""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import click

from actors.desk import Desk
from actors.messages.orders import CancelAll, Orders, PlaceBracket, PlaceOneCancelsAll, PlaceOrder, SettleOrder
from actors.rows import order_row
from cli.options import as_json, state_dir
from cli.order import NUMBERS, no_second_try, order, place
from cli.order_options import PRICE, key_option, order_of, order_options
from cli.orders import orders_table
from cli.output import console, print_json
from supervision import clock

GROUP_LIMIT = 30.0  # perhaps with the broker's what-if before it
BRACKET_EXAMPLE = """\b
nightdesk order bracket BUY 10 AAPL --limit 150 --take-profit 155 --stop-loss 145
nightdesk order bracket BUY 10 AAPL --take-profit 220 --exit-trail-percent 2
"""
OCA_EXAMPLE = """\b
nightdesk order oca "SELL 10 AAPL --limit 160" "SELL 10 AAPL --stop 140 --tif GTC" --key my-exits
"""


@order.command(epilog=BRACKET_EXAMPLE, context_settings=NUMBERS)
@order_options()
@click.option("--take-profit", type=float, help="Limit price of the exit with a profit.")
@click.option("--stop-loss", type=float, help="Stop price of the exit with a loss, or where a trailing one begins.")
@click.option("--stop-limit", type=float, help="Makes the exit with a loss a stop-limit order.")
@click.option("--exit-trail", type=PRICE, help="The exit with a loss trails by this much, in the price's unit.")
@click.option("--exit-trail-percent", type=PRICE, help="The exit with a loss trails by so many percent.")
@click.option("--exit-tif", type=click.Choice(["DAY", "GTC"]), help="Time in force of the exits.")
@state_dir
@as_json
def bracket(
    take_profit: float | None,
    stop_loss: float | None,
    stop_limit: float | None,
    exit_trail: float | None,
    exit_trail_percent: float | None,
    exit_tif: str | None,
    state_dir: Path,
    as_json: bool,
    **entry: Any,
) -> None:
    """Place an entry with its exits, all or nothing; the exits wait at the broker until the entry fills.

    --limit, --stop, --trail, --type and --tif are the entry's. The exits are --take-profit and a stop: --stop-loss,
    or one that trails by --exit-trail or --exit-trail-percent.
    """
    request = PlaceBracket(
        order_of(entry),
        take_profit=take_profit,
        stop_loss=stop_loss,
        stop_limit=stop_limit,
        trail=exit_trail,
        trail_percent=exit_trail_percent,
        exit_tif=exit_tif,
    )
    _place(request, state_dir, as_json=as_json)


@order.command(epilog=OCA_EXAMPLE)
@click.argument("orders", nargs=-1, required=True, metavar="ORDER...")
@key_option("The group's own key; a key used before answers with that group.")
@state_dir
@as_json
def oca(orders: tuple[str, ...], key: str, state_dir: Path, as_json: bool) -> None:
    """Place orders of which the first to fill cancels the others. ORDER is what `order place` takes, in quotes."""
    _place(PlaceOneCancelsAll(tuple(map(_read_order, orders)), key), state_dir, as_json=as_json)


@order.command("cancel-all")
@click.option("--strategy", default="", help="Only orders of this strategy.")
@state_dir
@as_json
def cancel_all(strategy: str, state_dir: Path, as_json: bool) -> None:
    """Cancel every working order of this service. Also possible while the gate is closed."""
    with Desk.connect(state_dir) as desk:
        cancelled = desk.order.ask(CancelAll(strategy), timeout=GROUP_LIMIT)
    _print(cancelled, as_json=as_json)


@order.command()
@click.argument("key")
@click.option(
    "--outcome", type=click.Choice(["not_placed", "cancelled"]), required=True, help="What became of the order."
)
@click.option("--reason", required=True, help="How you know; it is kept with the order.")
@state_dir
@as_json
def settle(key: str, outcome: Literal["not_placed", "cancelled"], reason: str, state_dir: Path, as_json: bool) -> None:
    """Decide about the order KEY, of which reconciliation can find out nothing more. Its executions stay counted."""
    with Desk.connect(state_dir) as desk:
        settled = desk.order.ask(SettleOrder(key, outcome, reason), timeout=GROUP_LIMIT)
    _print(Orders((settled,), clock.now()), as_json=as_json)


def _read_order(words: str) -> PlaceOrder:
    try:
        arguments = shlex.split(words)
    except ValueError as error:
        raise click.UsageError(f"{words!r} is no order: {error}") from error
    try:
        context = place.make_context("order", arguments)
    except click.UsageError as error:
        raise click.UsageError(f"{words!r} is no order: {error.format_message()}") from error
    return order_of(context.params)


def _place(request: PlaceBracket | PlaceOneCancelsAll, state_dir: Path, *, as_json: bool) -> None:
    asked = clock.now()
    with Desk.connect(state_dir) as desk, no_second_try():
        placed = desk.order.ask(request, timeout=GROUP_LIMIT)
    _tell_reuse(placed, asked)
    _print(placed, as_json=as_json)


def _tell_reuse(placed: Orders, asked: datetime) -> None:
    if placed.items[0].created < asked:
        click.echo("the key was used before: these are its orders, and nothing was placed", err=True)


def _print(orders: Orders, *, as_json: bool) -> None:
    if as_json:
        print_json([order_row(each) for each in orders.items])
    else:
        console().print(orders_table(orders))
