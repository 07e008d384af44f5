"""`portfolio`: what each account holds, in the currency of each position and in the account's own."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from actors.desk import Desk
from actors.domain.balances import worth
from actors.messages.account import AccountView, Position
from actors.rows import account_row, position_row
from cli.account import balances_table, known_accounts, known_positions, say_away
from cli.options import as_json, state_dir
from cli.output import age, console, money, price, print_json, table


@click.command()
@state_dir
@as_json
def portfolio(state_dir: Path, as_json: bool) -> None:
    """What each account holds and is worth, and its balances by currency, with the age of what is shown."""
    with Desk.connect(state_dir) as desk:
        accounts, held = known_accounts(desk), known_positions(desk)
        say_away(desk)
    shown = [(view, [one for one in held.items if one.account == view.account]) for view in accounts.items]
    if as_json:
        print_json([_row(view, positions) for view, positions in shown])
        return
    for view, positions in shown:
        console().print(_table(view, positions), balances_table(view))


def _row(view: AccountView, positions: list[Position]) -> dict[str, object]:
    lines = [{**position_row(one), "base_value": worth(view, one)} for one in positions]
    return {**account_row(view), "positions": lines}


def _table(view: AccountView, positions: list[Position]) -> Table:
    rows = [
        (
            one.symbol,
            one.sec_type,
            one.con_id,
            one.quantity,
            price(one.average_cost),
            price(one.market_price),
            money(one.market_value),
            one.currency,
            money(worth(view, one)),
            money(one.unrealized),
            money(one.realized),
            money(one.daily),
        )
        for one in positions
    ]
    base = view.currency or "?"
    named = ("symbol", "type", "contract id>", "quantity>", "average cost>", "price>", "value>", "currency")
    columns = (*named, f"in {base}>", "unrealised>", "realised>", "today>")
    worths = f"{money(view.net_liquidation)} {base}, {money(view.pnl.daily)} today"
    return table(columns, rows, title=f"{view.account}: {worths} ({view.source}, {age(view.as_of)})")
