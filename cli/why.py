"""`why`: what keeps orders in. Without an order what blocks all of them now, with one what each rule says of it.

Nothing is sent, kept or counted: it is asked by the same rules as a real order, at this moment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from actors.desk import Desk
from actors.messages.orders import GetOrdersView, OrdersView
from actors.messages.risk import Decision, GetProtection, ProtectionChanged
from cli.exits import REFUSED
from cli.options import as_json, state_dir
from cli.order_options import order_of, order_options
from cli.output import BAD, GOOD, console, print_json, table

EXAMPLES: Final = """\b
nightdesk why
nightdesk why BUY 10 AAPL --limit 190
nightdesk why SELL 1 "AAPL 20261218 150/160C" --limit 4.20 --json
"""


@click.command(epilog=EXAMPLES, context_settings={"ignore_unknown_options": True})
@order_options(required=False)
@click.option("--strategy", default="", help="Ask as this strategy, whose own limits count then, too.")
@state_dir
@as_json
def why(state_dir: Path, as_json: bool, **asked: Any) -> None:
    """Say whether the order SIDE QUANTITY SYMBOL would leave now, and by which rules; exit 10 when it would not.

    Without an order: what keeps every new order in at the moment.
    """
    given = [asked[name] is not None for name in ("side", "quantity", "contract")]
    if any(given) and not all(given):
        raise click.UsageError("an order is BUY|SELL QUANTITY SYMBOL; give all three, or none to see what blocks all")
    with Desk.connect(state_dir) as desk:
        if all(given):
            decision = desk.why(order_of(asked))
            allowed = decision.allowed
            _print_decision(decision, as_json=as_json)
        else:
            orders, protection = desk.order.ask(GetOrdersView()), desk.order.ask(GetProtection())
            allowed = orders.gate.state == "open"
            _print_standing(orders, protection, as_json=as_json)
    if not allowed:
        raise click.exceptions.Exit(REFUSED)


def _print_decision(decision: Decision, *, as_json: bool) -> None:
    if as_json:
        print_json(decision)
        return
    rows = (
        (Text("ok", GOOD) if one.passed else Text("NO", BAD), one.rule, one.value, one.limit)
        for one in decision.verdicts
    )
    console().print(table(("", "rule", "value", "limit"), rows))
    console().print(table(("based on", ""), decision.facts.items()))
    refusals = [one.text for one in decision.verdicts if not one.passed]
    for text in refusals:
        click.echo(f"refused: {text}")
    if not refusals:
        click.echo("allowed: it would leave now (nothing was sent)")


def _print_standing(orders: OrdersView, protection: ProtectionChanged, *, as_json: bool) -> None:
    if as_json:
        print_json({"gate": orders.gate, "locks": orders.locks, "unprotected": protection.items})
        return
    gate = orders.gate
    click.echo(f"gate {gate.state}" + ("" if gate.reasons else ": new orders may leave"))
    for reason in gate.reasons:
        click.echo(f"  {reason}")
    for lock in orders.locks:
        click.echo(f"locked: {lock.symbol} in {lock.account}: {lock.reason} (unlocked by {lock.unlock})")
    for one in protection.items:
        of = f"{one.covered:f} of {one.quantity:f} covered"
        click.echo(f"unprotected: {one.symbol} in {one.account}, {of}: {one.reason}")
