"""Run all benchmarks, or those named, as in `python -m benchmarks ask ticks --json`."""

from __future__ import annotations

import importlib
import sys

import click

from benchmarks import report

NAMES = ("ask", "ticks", "orders", "risk", "start_method", "restart", "memory", "simulator")


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a benchmark.")
def main(names: tuple[str, ...], as_json: bool) -> None:
    """Measure Nightdesk beside its peers and limits; about four minutes in all."""
    if not as_json:
        click.echo(report.machine())
    for name in names or NAMES:
        if sys.stderr.isatty():
            click.echo(f"measuring {name} ...", err=True)
        module = importlib.import_module(f"benchmarks.{name}")
        report.show(module.TITLE, module.measure(), as_json=as_json)


if __name__ == "__main__":
    main()
