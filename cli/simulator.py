"""`simulator`: the simulated gateway alone; with a subcommand, control of the one a service runs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from actors.running import find
from cli.exits import FAULT, REFUSED, Failure
from cli.options import as_json, state_dir
from cli.output import console, print_json, table
from simulator.control import Answer, ControlClient, ControlError


@click.group(invoke_without_command=True)
@click.option("--port", type=click.IntRange(1, 65535), help="TCP port for clients [default: a free one].")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same market."
)
@click.option(
    "--speed", type=click.FloatRange(0, 100, min_open=True), default=1.0, show_default=True, help="Market pace."
)
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the ledger here [default: in memory].",
)
@click.pass_context
def simulator(ctx: click.Context, port: int | None, seed: int, speed: float, directory: Path | None) -> None:
    """Run the simulated gateway alone until Ctrl-C; prints `listening HOST:PORT` for clients."""
    if ctx.invoked_subcommand is not None:
        return
    from simulator.server import serve
    from simulator.settings import Settings

    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
    try:
        serve(Settings(seed=seed, speed=speed, port=port), directory, click.echo)
    except OSError as error:
        raise Failure(f"the simulator cannot run: {error}", FAULT) from error


@simulator.command()
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Come back by itself after this long.")
@state_dir
def down(seconds: float | None, state_dir: Path) -> None:
    """Take the running service's simulated gateway off the network; its market goes on."""
    _control(state_dir, "down", **({} if seconds is None else {"seconds": seconds}))
    click.echo("the gateway is down" + ("" if seconds is None else f" for {seconds:g} s"))


@simulator.command()
@state_dir
def up(state_dir: Path) -> None:
    """Bring it back at once."""
    _control(state_dir, "up")
    click.echo("the gateway is up")


@simulator.command()
@state_dir
@as_json
def ledger(state_dir: Path, as_json: bool) -> None:
    """What the simulated gateway's own books say, to compare with ours."""
    books = _control(state_dir, "ledger")
    if as_json:
        print_json(books)
        return
    rows = ((key, value if isinstance(value, str | int | float) else json.dumps(value)) for key, value in books.items())
    console().print(table(("ledger", "value"), rows))


def _control(state_dir: Path, command: str, **arguments: object) -> Answer:
    """Ask the simulator of the running service, found through its address file."""
    service = find(state_dir)
    if service.mode != "simulated":
        raise Failure(f"the service runs in mode {service.mode}: it has no simulator", REFUSED)
    try:
        address = json.loads((Path(service.directory) / "simulator.json").read_text())
        with ControlClient(address["host"], address["control_port"]) as control:
            return control.do(command, **arguments)
    except (OSError, ControlError) as error:
        raise Failure(f"the simulator does not answer: {error}", FAULT) from error
