"""`history`: bars over any stretch of time, in pieces the broker allows, into one csv or parquet file.

The file appears only when it is complete. A history that begins later than asked for is said to.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import get_args

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from actors.desk import Desk
from actors.domain.history import Download, Plan, plan
from actors.messages.market import Bar, GetBars, WhatToShow
from cli.exits import REFUSED, Failure
from cli.options import state_dir
from supervision import clock
from supervision.errors import Rejected

PIECE_LIMIT = 120.0
COLUMNS = ("time", "open", "high", "low", "close", "volume", "wap", "count")


@click.command()
@click.argument("symbol")
@click.option("--duration", required=True, help='How far back: "3600 S", "5 D", "2 W", "6 M", "1 Y".')
@click.option("--bar", required=True, help='Bar size: "30 secs", "1 min", "5 mins", "1 hour", "1 day".')
@click.option("--what", type=click.Choice(get_args(WhatToShow)), default="TRADES", show_default=True)
@click.option("--end", type=click.DateTime(), help="Local time of the end [default: now].")
@click.option("--all-hours", is_flag=True, help="Also outside regular trading hours.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="FILE.csv or FILE.parquet.")
@state_dir
def history(
    symbol: str,
    duration: str,
    bar: str,
    what: WhatToShow,
    end: datetime | None,
    all_hours: bool,
    out: Path,
    state_dir: Path,
) -> None:
    """Download historical bars of SYMBOL to a csv or parquet file."""
    _check_suffix(out)
    last = None if end is None else end.astimezone()
    try:
        pieces = plan(duration, bar, last or clock.now())
    except Rejected as error:
        raise click.UsageError(str(error)) from error
    with Desk.connect(state_dir) as desk:
        bars = _download(desk, GetBars(symbol, duration, bar, what, last, rth=not all_hours), pieces)
    if not bars:
        raise Failure(f"the broker has no {what} bars of {symbol} there; {out} was not written", REFUSED)
    _write(bars, out)
    click.echo(
        f"{out}: {len(bars)} bars of {symbol}, {bars[0].time:%Y-%m-%d %H:%M} to {bars[-1].time:%Y-%m-%d %H:%M} UTC"
    )


def _download(desk: Desk, wanted: GetBars, pieces: Plan) -> tuple[Bar, ...]:
    """The bars of all pieces; ends early, and says so, where the broker's history begins."""
    download = Download(pieces, wanted.end)
    with _progress() as progress:
        task = progress.add_task(str(wanted.contract), total=len(pieces.pieces))
        while (request := download.next_request()) is not None:
            duration, end = request
            ask = msgspec.structs.replace(wanted, duration=duration, end=end)
            try:
                download.add(desk.market_data.ask(ask, timeout=PIECE_LIMIT).items)
            except Rejected as error:
                if not download.started:
                    raise
                click.echo(
                    f"the history ends at {end:%Y-%m-%d %H:%M} UTC, the broker refused what is older: {error}", err=True
                )
                break
            progress.advance(task)
    return download.bars()


def _progress() -> Progress:
    """A bar on standard error; nothing at all where that is no terminal."""
    screen = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
    )


def _check_suffix(out: Path) -> None:
    if out.suffix not in (".csv", ".parquet"):
        raise click.UsageError(f"--out {out}: the suffix must be .csv or .parquet")
    if out.suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise click.UsageError(
            "parquet needs pyarrow, which is not installed: pip install 'nightdesk[parquet]', or use .csv"
        )
    if not out.parent.is_dir():
        raise click.UsageError(f"--out {out}: there is no directory {out.parent}")


def _write(bars: Sequence[Bar], out: Path) -> None:
    """Write beside the target, then rename: a reader never sees half a file."""
    draft = out.with_name(f".{out.name}.part")
    rows = [tuple(getattr(bar, column) for column in COLUMNS) for bar in bars]
    if out.suffix == ".csv":
        with draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows((time.isoformat(), *rest) for time, *rest in rows)
    else:
        import pyarrow as pa
        from pyarrow import parquet

        columns = (list(column) for column in zip(*rows, strict=True))
        parquet.write_table(pa.table(dict(zip(COLUMNS, columns, strict=True))), draft)
    draft.replace(out)
