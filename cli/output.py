"""How commands print: tables for people, JSON for programs, plain text where there is no terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import click
import msgspec
import orjson
from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from supervision import clock

PLAIN_WIDTH = 160
WATCH_INTERVAL = 1.0
GOOD, WARN, BAD, DIM = "green", "yellow", "bold red", "dim"


def console() -> Console:
    """Standard output; without a terminal no colour, no animation, and wide enough not to cut cells."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def print_json(data: object) -> None:
    """Write one JSON document; Decimal becomes a number, a message an object with the names of its fields."""
    click.echo(orjson.dumps(data, default=_encoded, option=orjson.OPT_INDENT_2).decode())


def _encoded(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, msgspec.Struct):  # what they look like between processes, arrays, is for machines
        return msgspec.structs.asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> Table:
    """A table; columns whose name ends in `>` are aligned to the right. Nothing is cut off: half a key is none."""
    result = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        result.add_column(column.rstrip(">"), justify="right" if column.endswith(">") else "left", overflow="fold")
    for row in rows:
        result.add_row(*(cell if isinstance(cell, Text) else Text(shown(cell)) for cell in row))
    return result


def shown(value: object) -> str:
    """A value as people read it; what is not known is a dash."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1 else f"{value:.4g}"
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%H:%M:%S")
    return str(value)


def money(value: Decimal | float | None) -> str:
    """An amount with two decimals."""
    return "-" if value is None else f"{value:,.2f}"


def price(value: float | None) -> str:
    """A price: two decimals for shares, up to six where they mean something, as in currency pairs and averages."""
    if value is None:
        return "-"
    whole, _, decimals = f"{value:,.6f}".partition(".")
    return f"{whole}.{decimals[:2]}{decimals[2:].rstrip('0')}"


def age(moment: datetime | None) -> str:
    """How long ago something was true."""
    if moment is None:
        return "never"
    return seconds_ago((clock.now() - moment).total_seconds())


def seconds_ago(seconds: float | None) -> str:
    """An age in its most telling unit."""
    if seconds is None:
        return "never"
    if seconds <= -1:
        return "dated later than now"  # the clock was set back
    if seconds < 1:
        return "now"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def repeat(render: Callable[[], RenderableType]) -> None:
    """Show `render()` again every second until Ctrl-C; in place on a terminal, one below the other without."""
    pause = threading.Event()
    screen = console()
    try:
        if not screen.is_terminal:
            while True:
                screen.print(render())
                pause.wait(WATCH_INTERVAL)
        from rich.live import Live

        with Live(render(), console=screen, screen=True, auto_refresh=False) as live:
            while not pause.wait(WATCH_INTERVAL):
                live.update(render(), refresh=True)
    except KeyboardInterrupt:
        return
