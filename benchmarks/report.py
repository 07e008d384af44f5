"""Rows of figures and how they are shown; a figure never stands without what it is compared with."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import orjson
import psutil
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what, how much, the peer's or limit's figure of the same run, and the ratio between them."""

    what: str
    value: str
    beside: str = ""
    peer: str = ""
    ratio: str = ""


def percentile(samples: Sequence[float], share: float) -> float:
    """The sample below which `share` of all samples lie."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def machine() -> str:
    """The machine, in one line."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{platform.system()} {platform.release()}, {psutil.cpu_count()} CPUs, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    )


def show(title: str, rows: Sequence[Row], *, as_json: bool) -> None:
    """Print one benchmark's rows."""
    if as_json:
        print(orjson.dumps({"benchmark": title, "rows": [asdict(row) for row in rows]}).decode(), flush=True)
        return
    table = Table(title=title, title_justify="left")
    for column in ("what", "figure", "beside", "peer", "ratio"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(row.what, row.value, row.beside, row.peer, row.ratio)
    Console().print(table)
