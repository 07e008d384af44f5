"""`account` and `positions`: the live answer, or the last one with its age while Account or the broker is away.

`account --history` is what State has written down.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from actors.desk import Desk
from actors.domain.balances import amount, balances
from actors.messages.account import Accounts, AccountView, GetAccounts, GetPositions, Positions
from actors.messages.risk import GetProtection
from actors.messages.session import GetSession
from actors.messages.state import EquityHistory, GetCachedAccounts, GetCachedPositions, GetEquityHistory
from actors.rows import account_row, equity_row, position_row
from cli.options import as_json, state_dir
from cli.output import age, console, money, price, print_json, table
from supervision.errors import DeliveryError, Rejected

LIVE_LIMIT = 2.0


@click.command()
@click.option("--history", is_flag=True, help="What it was worth at the end of each trading day, of the last thirty.")
@state_dir
@as_json
def account(history: bool, state_dir: Path, as_json: bool) -> None:
    """Account summary with profit and loss and balances by currency, each with the age of what it shows."""
    with Desk.connect(state_dir) as desk:
        if history:
            _print_history(desk.state.ask(GetEquityHistory(), timeout=LIVE_LIMIT), as_json=as_json)
            return
        accounts = known_accounts(desk)
        say_away(desk)
    if as_json:
        print_json([account_row(view) for view in accounts.items])
        return
    for view in accounts.items:
        console().print(account_table(view), balances_table(view))


@click.command()
@state_dir
@as_json
def positions(state_dir: Path, as_json: bool) -> None:
    """What the account holds, with the age of what is shown, and which of it lacks the stop it should have."""
    with Desk.connect(state_dir) as desk:
        held = known_positions(desk)
        say_away(desk)
        if as_json:
            print_json([position_row(item) for item in held.items])
            return
        console().print(positions_table(held))
        _say_unprotected(desk)


def _say_unprotected(desk: Desk) -> None:
    try:
        items = desk.order.ask(GetProtection(), timeout=LIVE_LIMIT).items
    except (DeliveryError, Rejected) as error:
        click.echo(f"which of them lack a stop is not known ({error})", err=True)
        return
    for one in items:
        click.echo(f"not protected: {one.quantity} {one.symbol} in {one.account}, {one.reason}")


def _print_history(known: EquityHistory, *, as_json: bool) -> None:
    if as_json:
        print_json([equity_row(row) for row in known.items])
    else:
        console().print(history_table(known))


def known_accounts(desk: Desk) -> Accounts:
    """The accounts as Account has them, or else as they were stored last, which is said."""
    try:
        return desk.account.ask(GetAccounts(), timeout=LIVE_LIMIT)
    except (DeliveryError, Rejected) as error:
        _say_stored(error)
        return desk.state.ask(GetCachedAccounts(), timeout=LIVE_LIMIT)


def known_positions(desk: Desk) -> Positions:
    """The positions as Account has them, or else as they were stored last, which is said."""
    try:
        return desk.account.ask(GetPositions(), timeout=LIVE_LIMIT)
    except (DeliveryError, Rejected) as error:
        _say_stored(error)
        return desk.state.ask(GetCachedPositions(), timeout=LIVE_LIMIT)


def _say_stored(error: Exception) -> None:
    click.echo(f"no live answer ({error}); this is what was stored last", err=True)


def say_away(desk: Desk) -> None:
    """Say that figures only grow older, while the gateway or its broker is not heard."""
    try:
        session = desk.connection.ask(GetSession(), timeout=LIVE_LIMIT)
    except (DeliveryError, Rejected) as error:
        why = str(error)
    else:
        why = "" if session.state == "up" else session.reason or f"the session is {session.state}"
    if why:
        click.echo(f"the broker is not heard now ({why}); this is what it told last", err=True)


def account_table(view: AccountView) -> Table:
    """One account, name and value a row."""
    pnl = view.pnl
    rows = [
        ("net liquidation", money(view.net_liquidation)),
        ("cash", money(view.cash)),
        ("available funds", money(view.available_funds)),
        ("buying power", money(view.buying_power)),
        ("initial margin", money(amount(view, "InitMarginReq"))),
        ("maintenance margin", money(amount(view, "MaintMarginReq"))),
        ("excess liquidity", money(amount(view, "ExcessLiquidity"))),
        ("gross position value", money(view.gross_position_value)),
        ("profit and loss today", money(pnl.daily)),
        ("unrealised", money(pnl.unrealized)),
        ("realised", money(pnl.realized)),
    ]
    partial = "" if view.complete else ", download not complete"
    title = f"{view.account} in {view.currency or 'an unknown currency'} ({view.source}, {age(view.as_of)}{partial})"
    return table(("value", "amount>"), rows, title=title)


def balances_table(view: AccountView) -> Table:
    """What the account has in each currency, and what a unit of it is worth in the base currency."""
    rows = [
        (one.currency, money(one.cash), money(one.net_liquidation), "-" if one.rate is None else f"{one.rate:f}")
        for one in balances(view)
    ]
    return table(("currency", "cash>", "with positions>", "rate>"), rows)


def history_table(known: EquityHistory) -> Table:
    """The last row of each trading day."""
    rows = [
        (
            row.account,
            row.trading_day.isoformat(),
            row.cause,
            row.currency,
            money(row.net_liquidation),
            money(row.cash),
            money(row.daily),
            money(row.unrealized),
            money(row.realized),
        )
        for row in known.items
    ]
    names = ("account", "trading day", "written at", "currency")
    amounts = ("net liquidation>", "cash>", "today>", "unrealised>", "realised>")
    return table((*names, *amounts), rows)


def positions_table(held: Positions) -> Table:
    """All positions, one a row."""
    rows = [
        (
            item.account,
            item.symbol,
            item.sec_type,
            item.con_id,
            item.quantity,
            price(item.average_cost),
            price(item.market_price),
            money(item.market_value),
            money(item.unrealized),
            money(item.daily),
        )
        for item in held.items
    ]
    named = ("account", "symbol", "type", "contract id>")  # a symbol has many options
    columns = (*named, "quantity>", "average cost>", "price>", "value>", "unrealised>", "today>")
    return table(columns, rows, title=f"positions ({held.source}, {age(held.as_of)})")
