"""`strategies list|start|stop|new`: the embedded strategies, each a supervised process of its own."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from pathlib import Path
from string import Template

import click
from rich.text import Text

from actors.desk import Desk
from actors.messages.orders import GetOrdersView
from actors.status import PART_LIMIT
from cli.exits import DEGRADED, REFUSED, TIMED_OUT, USAGE, Failure
from cli.options import as_json, state_dir
from cli.output import console, print_json, table
from cli.screens import ACTOR_STYLES
from cli.settling import settled
from supervision.errors import DeliveryError, Rejected
from supervision.exits import SHUTDOWN
from supervision.lifecycle import ChildView, GetTree, StartChild, StopChild

PARENT = "strategies"
STOP_LIMIT = 30.0
START_LIMIT = 5.0

TEMPLATE = Template('''"""$name: what it trades, when it buys, when it sells, and what it never does."""

from __future__ import annotations

from actors.messages.market import Quote
from actors.messages.orders import Fill
from actors.strategy import Strategy


class $class_name(Strategy):
    """Buys once when the price falls to `limit`."""

    class Params(Strategy.Params):
        symbol: str = "AAPL"
        quantity: int = 1
        limit: float = 100.0

    params: Params

    def on_start(self) -> None:
        self.subscribe(self.params.symbol)

    def on_quote(self, quote: Quote) -> None:
        wanted = quote.ask is not None and quote.ask <= self.params.limit
        if wanted and not self.position(quote.symbol) and not self.working(quote.symbol):
            self.buy(quote.symbol, self.params.quantity, limit=self.params.limit)

    def on_fill(self, fill: Fill) -> None:
        self.log.info("%s %s at %s", fill.execution.side, fill.execution.quantity, fill.execution.price)
''')


@click.group()
def strategies() -> None:
    """List, start, stop or create strategies."""


@strategies.command("list")
@state_dir
@as_json
def list_(state_dir: Path, as_json: bool) -> None:
    """Every configured strategy with its state, and how many of its orders work (also those of one at rest)."""
    with Desk.connect(state_dir) as desk:
        children, working = _strategies(desk), _working(desk)
    if as_json:
        keys = ("name", "pid", "incarnation", "restarts", "state", "last_death")
        print_json(
            [{**{key: getattr(child, key) for key in keys}, "working": working(child.name)} for child in children]
        )
        return
    rows = (
        (
            child.name,
            child.pid,
            child.incarnation,
            child.restarts,
            Text(child.state, style=ACTOR_STYLES.get(child.state, "")),
            working(child.name),
            child.last_death,
        )
        for child in children
    )
    console().print(table(("strategy", "pid>", "incarnation>", "restarts>", "state", "working>", "last death"), rows))


@strategies.command()
@click.argument("name")
@state_dir
def start(name: str, state_dir: Path) -> None:
    """Start the parked strategy NAME, with a fresh restart history."""
    with Desk.connect(state_dir) as desk:
        _require(desk, name)
        desk.supervisor.ask(StartChild(name))
        now = _settled(desk, name, START_LIMIT)
    if now.state != "running":
        raise Failure(f"{name} is {now.state} ({now.last_death or 'not up yet'}); see the log", DEGRADED)
    click.echo(f"{name} started")


@strategies.command()
@click.argument("name")
@state_dir
def stop(name: str, state_dir: Path) -> None:
    """Stop the strategy NAME and keep it parked. Its orders stay as they are."""
    with Desk.connect(state_dir) as desk:
        _require(desk, name)
        desk.supervisor.ask(StopChild(name))
        now = _settled(desk, name, STOP_LIMIT)
        left = _working(desk)(name)
    if now.pid is not None:
        raise Failure(f"{name} was told to stop and is still {now.state}; it is killed at its limit", TIMED_OUT)
    count = "its" if left is None else f"its {left}"
    how = f" ({now.last_death})" if now.last_death.startswith(f"{SHUTDOWN},") else ""
    click.echo(f"{name} stopped{how}; {count} working orders are untouched")


@strategies.command()
@click.argument("name")
def new(name: str) -> None:
    """Write NAME.py, a strategy to start from, into this directory."""
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower():
        raise click.UsageError(f"{name!r} must be a Python module name in lower case, for example my_strategy")
    path = Path(f"{name}.py")
    class_name = "".join(part.capitalize() for part in name.split("_"))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(TEMPLATE.substitute(name=name, class_name=class_name))
    except FileExistsError as error:
        raise Failure(f"{path} exists already and was not touched", REFUSED) from error
    click.echo(f"{path} written. To run it, add to your configuration file:\n")
    click.echo(f"strategies:\n  - name: {name}\n    target: {name}:{class_name}\n    params: {{symbol: AAPL}}\n")
    click.echo("and start the service in this directory with: nightdesk start --config FILE")


def _strategies(desk: Desk) -> list[ChildView]:
    return [child for child in desk.supervisor.ask(GetTree()).children if child.parent == PARENT]


def _working(desk: Desk) -> Callable[[str], int | None]:
    """How many orders of a strategy work, None while Order does not say."""
    try:
        counts = desk.order.ask(GetOrdersView(), timeout=PART_LIMIT).working_of
    except (DeliveryError, Rejected):
        return lambda _: None
    return lambda name: counts.get(name, 0)


def _settled(desk: Desk, name: str, limit: float) -> ChildView:
    now = settled(desk, limit, name).get(name)
    if now is None:
        raise Failure(f"{name} has been removed from the configuration", USAGE)
    return now


def _require(desk: Desk, name: str) -> None:
    """Only strategies may be started and stopped by hand: the service's own actors stay up."""
    names = [child.name for child in _strategies(desk)]
    if name not in names:
        raise Failure(f"there is no strategy {name!r}; configured: {', '.join(names) or 'none'}", USAGE)
