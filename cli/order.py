"""`order place|what-if|modify|cancel`: orders by hand. An unknown outcome is said to be unknown, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from actors.desk import Desk
from actors.messages.orders import CancelOrder, ModifyOrder, OrderPreview, OrderView, PreviewOrder
from actors.rows import order_row
from cli.exits import TIMED_OUT, Failure
from cli.options import as_json, state_dir
from cli.order_options import DISTANCE, PRICE, QUANTITY, order_of, order_options
from cli.orders import lasts_text, price_text
from cli.output import console, money, print_json, table
from supervision import clock
from supervision.errors import ActorDied, AskTimeout

ORDER_LIMIT = 10.0
MARGIN_LIMIT = 30.0  # with the broker's what-if before it
PREVIEW_LIMIT = 20.0
EXAMPLES = """\b
nightdesk order place BUY 10 AAPL
nightdesk order place SELL 10 AAPL --limit 190.50 --tif GTC --key my-exit-1
nightdesk order place SELL 10 AAPL --trail-percent 2 --limit-offset 0.10
nightdesk order place BUY 10 AAPL --limit 180 --good-till 2026-12-01T16:00-05:00
nightdesk order place BUY 10 AAPL --type MOC
nightdesk order place BUY 1 "AAPL 20261218 150C" --limit 2.50
nightdesk order place BUY 1 "AAPL 20261218 150/160C" --limit 4.20
nightdesk order place SELL 1 "AAPL 20261218 150C - 2x AAPL 20261218 160C" --limit -0.35
"""
# -5 is a wrong quantity, no option
NUMBERS: Final = {"ignore_unknown_options": True}


@click.group()
def order() -> None:
    """Place, modify or cancel orders by hand."""


@order.command(epilog=EXAMPLES, context_settings=NUMBERS)
@order_options()
@state_dir
@as_json
def place(state_dir: Path, as_json: bool, **asked: Any) -> None:
    """Place an order; its type follows from the prices: market without any, limit, stop, stop-limit or trailing.

    SYMBOL also names an option or a combo: legs bought after " + ", sold after " - ", each with its ratio.
    """
    begun = clock.now()
    with Desk.connect(state_dir) as desk, no_second_try():
        placed = desk.order.ask(order_of(asked), timeout=MARGIN_LIMIT if asked["what_if"] else ORDER_LIMIT)
    if placed.created < begun:
        click.echo(f"the key {placed.key} was used before: this is that order, and nothing was placed", err=True)
    _print(placed, as_json=as_json)


@order.command("what-if", context_settings=NUMBERS)
@order_options(placed=False)
@state_dir
@as_json
def what_if(state_dir: Path, as_json: bool, **asked: Any) -> None:
    """What an order would do to margin and what it would cost; nothing is placed. The broker takes about one a
    minute.
    """
    with Desk.connect(state_dir) as desk:
        preview = desk.order.ask(PreviewOrder(order_of(asked)), timeout=PREVIEW_LIMIT)
    if as_json:
        print_json(preview)
    else:
        _print_preview(preview)


@order.command()
@click.argument("key")
@click.option("--quantity", type=QUANTITY, help="New total quantity.")
@click.option("--limit", type=float, help="New limit price.")
@click.option("--stop", type=float, help="New stop price; of a trailing order where the stop goes on from.")
@click.option("--trail", type=PRICE, help="New trailing amount.")
@click.option("--trail-percent", type=PRICE, help="New trailing percent.")
@click.option("--limit-offset", type=DISTANCE, help="New distance of a trailing stop-limit's limit from its stop.")
@state_dir
@as_json
def modify(key: str, state_dir: Path, as_json: bool, **changes: Any) -> None:
    """Change quantity or prices of the working order KEY (or order id); what is not given stays."""
    if all(value is None for value in changes.values()):
        options = ", ".join(f"--{name.replace('_', '-')}" for name in changes)
        raise click.UsageError(f"nothing to change: give one of {options}")
    with Desk.connect(state_dir) as desk:
        changed = desk.order.ask(ModifyOrder(key, **changes), timeout=ORDER_LIMIT)
    if any(new is not None and new != getattr(changed, name) for name, new in changes.items()):
        click.echo(
            "the change was sent; the broker has not confirmed it yet, and this is the order before it", err=True
        )
    _print(changed, as_json=as_json)


@order.command()
@click.argument("key")
@state_dir
@as_json
def cancel(key: str, state_dir: Path, as_json: bool) -> None:
    """Cancel the order KEY (or order id). Also possible while the gate is closed."""
    with Desk.connect(state_dir) as desk:
        cancelled = desk.order.ask(CancelOrder(key), timeout=ORDER_LIMIT)
    _print(cancelled, as_json=as_json)


@contextmanager
def no_second_try() -> Iterator[None]:
    """While orders are placed: end with what to do when the outcome is unknown."""
    try:
        yield
    except (AskTimeout, ActorDied) as error:
        advice = "see `nightdesk orders --all`; do not place it again before you know"
        raise Failure(f"{error}: {advice}", TIMED_OUT) from error


def _print(view: OrderView, *, as_json: bool) -> None:
    if as_json:
        print_json(order_row(view))
        return
    terms = f"{view.side} {view.quantity:f} {view.contract} {price_text(view)} {lasts_text(view)}"
    reason = f" ({view.reason})" if view.reason else ""
    click.echo(f"{view.key}  id {view.order_id}  {terms}  {view.status}{reason}")


def _print_preview(preview: OrderPreview) -> None:
    figures = (
        ("initial margin", preview.initial_before, preview.initial_change, preview.initial_after),
        ("maintenance margin", preview.maintenance_before, preview.maintenance_change, preview.maintenance_after),
        ("equity with loan", preview.equity_before, preview.equity_change, preview.equity_after),
    )
    rows = ((name, *map(money, amounts)) for name, *amounts in figures)
    console().print(table(("", "before>", "change>", "after>"), rows, title="what if (nothing was placed)"))
    least, most = preview.least_commission, preview.most_commission
    between = f", between {money(least)} and {money(most)}" if least is not None or most is not None else ""
    click.echo(f"commission {money(preview.commission)} {preview.currency}{between}")
    if preview.warning:
        click.echo(f"the broker warns: {preview.warning}")
