"""`quotes`: of everything subscribed, or of the symbols given, which are then held for the operator."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from actors.desk import Desk
from actors.messages.market import Drop, GetQuotes, GetReference, Hold, Quote
from actors.rows import quote_row
from cli.options import as_json, state_dir, watch
from cli.output import BAD, DIM, GOOD, WARN, console, price, print_json, repeat, seconds_ago, table

QUOTE_LIMIT = 5.0
STYLES = {"live": GOOD, "delayed": WARN, "stale": WARN, "gap": BAD, "waiting": DIM}


@click.command()
@click.argument("symbols", nargs=-1)
@click.option("--drop", is_flag=True, help="End the operator's subscription of these symbols.")
@watch
@state_dir
@as_json
def quotes(symbols: tuple[str, ...], drop: bool, watch: bool, state_dir: Path, as_json: bool) -> None:
    """Quotes of what is subscribed. A SYMBOL that nobody holds is subscribed for you, until --drop."""
    if drop and not symbols:
        raise click.UsageError("--drop needs the symbols to drop")
    if drop and watch:
        raise click.UsageError("--drop and --watch exclude each other")
    with Desk.connect(state_dir) as desk:
        if drop:
            for symbol in symbols:
                desk.market_data.ask(Drop(symbol), timeout=QUOTE_LIMIT)
                click.echo(f"{symbol} dropped", err=as_json)
            return
        wanted = tuple(_hold(desk, symbol) for symbol in symbols)
        if watch and not as_json:
            repeat(lambda: quotes_table(_quotes(desk, wanted)))
            return
        found = _quotes(desk, wanted)
    if as_json:
        print_json([quote_row(quote) for quote in found])
    else:
        console().print(quotes_table(found))


def _hold(desk: Desk, symbol: str) -> int:
    """Subscribe for the operator and give a new line a moment for its first price; the broker's contract id."""
    held = desk.market_data.ask(Hold(symbol), timeout=QUOTE_LIMIT)
    if held.quote.state == "waiting":
        desk.market_data.ask(GetReference(symbol), timeout=QUOTE_LIMIT)
    return held.details.contract.con_id


def _quotes(desk: Desk, wanted: tuple[int, ...]) -> list[Quote]:
    every = desk.market_data.ask(GetQuotes(), timeout=QUOTE_LIMIT).items
    return [quote for quote in every if not wanted or quote.con_id in wanted]


def quotes_table(quotes: list[Quote]) -> Table:
    """Quotes, one a row, each with age and state."""
    columns = ("symbol", "bid>", "ask>", "last>", "bid size>", "ask size>", "volume>", "age", "state", "")
    rows = (
        (
            quote.symbol,
            price(quote.bid),
            price(quote.ask),
            price(quote.last),
            size(quote.bid_size),
            size(quote.ask_size),
            size(quote.volume),
            seconds_ago(quote.age),
            Text(quote.state, style=STYLES[quote.state]),
            Text(quote.note),
        )
        for quote in quotes
    )
    return table(columns, rows, title="quotes")


def size(value: float | None) -> str:
    """A market size: whole where it is whole."""
    return "-" if value is None else f"{value:,g}" if value < 1e6 else f"{value:,.0f}"
