"""`order place|modify|cancel`: orders by hand. An unknown outcome is said to be unknown, never guessed."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import get_args

import click

from actors.desk import Desk
from actors.messages.orders import CancelOrder, ModifyOrder, OrderType, OrderView, PlaceOrder, Side
from actors.rows import order_row
from cli.exits import TIMED_OUT, Failure
from cli.options import as_json, state_dir
from cli.orders import price_text
from cli.output import print_json
from supervision import clock
from supervision.errors import ActorDied, AskTimeout

ORDER_LIMIT = 10.0
EXAMPLES = """\b
nightdesk order place BUY 10 AAPL
nightdesk order place SELL 10 AAPL --limit 190.50 --tif GTC --key my-exit-1
"""


class Quantity(click.ParamType[Decimal]):
    """A positive number of shares or contracts, exact."""

    name = "quantity"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            quantity = Decimal(str(value))
        except InvalidOperation:
            self.fail(f"{value!r} is not a number", param, ctx)
        if not quantity.is_finite() or quantity <= 0:
            self.fail(f"{value} must be more than 0", param, ctx)
        return quantity


QUANTITY = Quantity()
PRICE = click.FloatRange(min=0, min_open=True)


@click.group()
def order() -> None:
    """Place, modify or cancel an order by hand."""


@order.command(epilog=EXAMPLES, context_settings={"ignore_unknown_options": True})  # -5 is a wrong quantity, no option
@click.argument("side", metavar="BUY|SELL", type=click.Choice(["BUY", "SELL"], case_sensitive=False))
@click.argument("quantity", type=QUANTITY)
@click.argument("symbol")
@click.option("--limit", type=PRICE, help="Limit price.")
@click.option("--stop", type=PRICE, help="Stop price; with --limit a stop-limit order.")
@click.option(
    "--type",
    "order_type",
    type=click.Choice(get_args(OrderType)),
    help="Order type, checked against the prices [default: follows from them].",
)
@click.option(
    "--tif", type=click.Choice(["DAY", "GTC", "IOC"]), help="Time in force [default: from the configuration]."
)
@click.option("--key", default="", help="Your own key; a key used before answers with that order and places nothing.")
@click.option("--account", default="", help="Account, when the login has several.")
@state_dir
@as_json
def place(
    side: Side,
    quantity: Decimal,
    symbol: str,
    limit: float | None,
    stop: float | None,
    order_type: str | None,
    tif: str | None,
    key: str,
    account: str,
    state_dir: Path,
    as_json: bool,
) -> None:
    """Place an order: market without a price, limit, stop or stop-limit with one."""
    request = PlaceOrder(
        symbol, side, quantity, limit=limit, stop=stop, type=order_type, tif=tif, key=key, account=account
    )
    asked = clock.now()
    with Desk.connect(state_dir) as desk:
        try:
            placed = desk.order.ask(request, timeout=ORDER_LIMIT)
        except (AskTimeout, ActorDied) as error:
            advice = "see `nightdesk orders --all`; do not place it again before you know"
            raise Failure(f"{error}: {advice}", TIMED_OUT) from error
    if placed.created < asked:
        click.echo(f"the key {placed.key} was used before: this is that order, and nothing was placed", err=True)
    _print(placed, as_json=as_json)


@order.command()
@click.argument("key")
@click.option("--quantity", type=QUANTITY, help="New total quantity.")
@click.option("--limit", type=PRICE, help="New limit price.")
@click.option("--stop", type=PRICE, help="New stop price.")
@state_dir
@as_json
def modify(
    key: str, quantity: Decimal | None, limit: float | None, stop: float | None, state_dir: Path, as_json: bool
) -> None:
    """Change quantity or prices of the working order KEY (or order id)."""
    if quantity is None and limit is None and stop is None:
        raise click.UsageError("nothing to change: give --quantity, --limit or --stop")
    with Desk.connect(state_dir) as desk:
        changed = desk.order.ask(ModifyOrder(key, quantity, limit, stop), timeout=ORDER_LIMIT)
    wanted = ((quantity, changed.quantity), (limit, changed.limit), (stop, changed.stop))
    if any(new is not None and new != known for new, known in wanted):
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


def _print(view: OrderView, *, as_json: bool) -> None:
    if as_json:
        print_json(order_row(view))
        return
    terms = f"{view.side} {view.quantity:f} {view.symbol} {price_text(view)} {view.tif}"
    reason = f" ({view.reason})" if view.reason else ""
    click.echo(f"{view.key}  id {view.order_id}  {terms}  {view.status}{reason}")
