"""`simulator`: a simulated gateway alone, and statements and questions to one that runs.

A running one is that of the service on --state-dir, or the one whose control address --address gives. Exit codes are
those of `cli.exits`: 2 for a wrong option or statement, 78 for a wrong script, 10 for a statement that is refused, 1
when the simulator cannot run or does not answer.
"""

from __future__ import annotations

import ipaddress
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from cli.exits import CONFIGURATION, FAULT, REFUSED, USAGE, Failure, Translated
from cli.options import as_json, state_dir
from cli.output import console, print_json, table
from simulator.control import ControlClient, ControlError
from simulator.faults.act import Answer
from simulator.faults.language import ScriptError, Statement, parse_line, parse_script, read_script
from simulator.ledger import Table

F = TypeVar("F", bound=Callable[..., Any])


def _number(_: click.Context, __: click.Parameter, value: float) -> float:
    """A range lets nan pass."""
    if math.isnan(value):
        raise click.BadParameter("nan is not a number above 0 and up to 100.")
    return value


def _accounts(_: click.Context, __: click.Parameter, value: str) -> str:
    """One account code, or several separated by commas; one without a D plays a live account, without any money."""
    if not re.fullmatch(r"[A-Z]+[0-9]+(,[A-Z]+[0-9]+)*", value):
        raise click.BadParameter(f"{value!r} is no account; for example DU1000001, or DU1,DU2 for two.")
    if len(set(value.split(","))) != value.count(",") + 1:
        raise click.BadParameter(f"{value!r} names an account twice; each stands there once.")
    return value


@click.group(invoke_without_command=True, cls=Translated)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address for clients; control stays on loopback.")
@click.option("--port", type=click.IntRange(1, 65535), help="TCP port for clients [default: a free one].")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same market."
)
@click.option(
    "--speed",
    type=click.FloatRange(0, 100, min_open=True),
    callback=_number,
    default=1.0,
    show_default=True,
    help="Market pace.",
)
@click.option(
    "--hours",
    type=click.Choice(["always", "exchange"]),
    default="always",
    show_default=True,
    help="Trade round the clock, or by the exchanges' calendars.",
)
@click.option("--account", callback=_accounts, default="DU1000001", show_default=True, help="Account, or A,B.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the ledger here [default: in memory].",
)
@click.option("--replay", type=click.Path(dir_okay=False, path_type=Path), help="Prices of this file of ticks.")
@click.option("--wire-log", type=click.Path(dir_okay=False, path_type=Path), help="Log every message to this file.")
@click.option("--script", type=click.Path(dir_okay=False, path_type=Path), help="Carry out this script of statements.")
@click.option("--do", "statements", multiple=True, metavar="STATEMENT", help="Carry out this too; may be repeated.")
@click.pass_context
def simulator(
    ctx: click.Context,
    /,
    host: str,
    directory: Path | None,
    script: Path | None,
    statements: tuple[str, ...],
    **settings: Any,
) -> None:
    """Run the simulated gateway alone until Ctrl-C; prints `listening HOST:PORT` and `control HOST:PORT`.

    The statements of scripts, of --do and of `do` are told in docs/simulator.md.
    """
    if ctx.invoked_subcommand is not None:
        return
    from simulator.ledger_schema import BadLedger
    from simulator.market.recording import BadRecording
    from simulator.server import serve
    from simulator.settings import Settings

    program = (*_script(script), *_spoken(statements))
    if not _is_loopback(host):
        click.echo(f"warning: everybody who reaches {host} can trade on this simulator", err=True)
    try:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        serve(Settings(**settings), directory, click.echo, host=host, script=program)
    except ScriptError as error:
        raise Failure(f"a statement cannot be done: {error}", CONFIGURATION) from error
    except BadLedger as error:
        raise Failure(f"the ledger cannot be gone on with: {error}", CONFIGURATION) from error
    except BadRecording as error:
        raise Failure(f"the recording cannot be replayed: {error}", CONFIGURATION) from error
    except OSError as error:
        raise Failure(f"the simulator cannot run: {error}", FAULT) from error


def running(function: F) -> F:
    """`--address`, or else `--state-dir`: which running simulator is meant."""
    return click.option("--address", metavar="HOST:PORT", help="Control address of a simulator that runs alone.")(
        state_dir(function)
    )


@simulator.command()
@click.argument("statements", nargs=-1, required=True, metavar="STATEMENT...")
@running
def do(statements: tuple[str, ...], address: str | None, state_dir: Path) -> None:
    """Carry out statements, each of them one argument: simulator do "down for 20s" "price AAPL 150"."""
    try:
        for statement in statements:
            parse_line(statement)
    except ScriptError as error:
        raise Failure(f"the statement is wrong: {error}", USAGE) from error
    with _control(address, state_dir) as control:
        for statement in statements:
            answer = _told(control, statement)
            click.echo(f"{statement}: {json.dumps(answer) if answer else 'done'}")


@simulator.command()
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Come back by itself after this long.")
@running
@click.pass_context
def down(ctx: click.Context, seconds: float | None, address: str | None, state_dir: Path) -> None:
    """Take the gateway off the network; short for: do "down for SECONDSs"."""
    statement = "down" if seconds is None else f"down for {seconds:.6f}s"
    ctx.invoke(do, statements=(statement,), address=address, state_dir=state_dir)


@simulator.command()
@running
@click.pass_context
def up(ctx: click.Context, address: str | None, state_dir: Path) -> None:
    """Bring it back at once; short for: do up."""
    ctx.invoke(do, statements=("up",), address=address, state_dir=state_dir)


@simulator.command()
@running
@as_json
def status(address: str | None, state_dir: Path, as_json: bool) -> None:
    """Its address, clients with their quote lines, calendar, and the faults that are on."""
    with _control(address, state_dir) as control:
        _show({**_told(control, "status"), **_told(control, "faults")}, "simulator", as_json=as_json)


@simulator.command()
@click.argument("rows_of", required=False, metavar="[TABLE]", type=click.Choice(get_args(Table)))
@running
@as_json
def ledger(rows_of: str | None, address: str | None, state_dir: Path, as_json: bool) -> None:
    """What the simulated gateway's own books say; with TABLE its last 1000 rows, with tabs between the cells."""
    with _control(address, state_dir) as control:
        answer = _told(control, f"ledger {rows_of or ''}")
    if rows_of is None or as_json:
        _show(answer, "ledger", as_json=as_json)
        return
    rows = answer[rows_of]
    if not rows:
        click.echo(f"{rows_of}: nothing")
        return
    for cells in (list(rows[0]), *(list(row.values()) for row in rows)):
        click.echo("\t".join("" if cell is None else str(cell) for cell in cells))


@simulator.command("check-script")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def check_script(file: Path) -> None:
    """Read a script and carry out nothing of it; exit 78 at the first wrong line."""
    click.echo(f"{file}: {len(_script(file))} statements, nothing wrong")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _script(file: Path | None) -> tuple[Statement, ...]:
    try:
        return () if file is None else read_script(file)
    except ScriptError as error:
        raise Failure(f"the script is wrong: {error}", CONFIGURATION) from error


def _spoken(statements: tuple[str, ...]) -> tuple[Statement, ...]:
    try:
        return parse_script("\n".join(statements), "--do")
    except ScriptError as error:
        raise Failure(f"the statement is wrong: {error}", USAGE) from error


def _control(address: str | None, state_dir: Path) -> ControlClient:
    """A connection to the running simulator that is meant."""
    host, port = _service_address(state_dir) if address is None else _split(address)
    try:
        return ControlClient(host, port)
    except OSError as error:
        raise Failure(f"no simulator answers at {host}:{port}: {error.strerror or error}", FAULT) from error


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65536:
        hint = "expected HOST:PORT as the line `control HOST:PORT` of the simulator tells it"
        raise click.BadParameter(f"{address!r}; {hint}", param_hint="--address")
    return host, int(port)


def _service_address(state_dir: Path) -> tuple[str, int]:
    """Where the simulator of the running service listens for control, by its address file."""
    from actors.running import find

    service = find(state_dir)
    if service.mode != "simulated":
        raise Failure(f"the service runs in mode {service.mode}: it has no simulator", REFUSED)
    try:
        note = json.loads((Path(service.directory) / "simulator.json").read_text())
    except OSError as error:
        raise Failure(f"the service's simulator has not said where it listens: {error}", FAULT) from error
    return note["host"], note["control_port"]


def _told(control: ControlClient, line: str) -> Answer:
    try:
        return control.do(line)
    except ControlError as error:
        raise Failure(f"refused: {error}", REFUSED) from error
    except OSError as error:
        raise Failure(f"the simulator does not answer: {error}", FAULT) from error


def _show(answer: Answer, title: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    plain = {key: value if isinstance(value, str | int | float) else json.dumps(value) for key, value in answer.items()}
    console().print(table((title, "value"), plain.items()))
