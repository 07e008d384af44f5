"""`arm` and `disarm`: the acknowledgement without which mode live does not start.

It is a command of its own, so that no option, file or variable that a start reads can give it. What is agreed to is
shown first, and agreed to by typing the account.
"""

from __future__ import annotations

import getpass
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from actors.running import NotRunning, find
from cli.configuration import loaded
from cli.exits import FAULT, REFUSED, USAGE, Failure
from cli.options import configuration, state_dir
from cli.output import console, table
from cli.service import make_usable
from config import arming
from config.interlocks import LIVE_PORTS, check_armable
from config.settings import Settings
from supervision import clock


@click.command()
@configuration
@click.option("--yes-account", metavar="ACCOUNT", help="Agree without a question, for scripts; several with commas.")
@state_dir
def arm(
    config_file: Path | None, mode: str | None, assignments: tuple[str, ...], yes_account: str | None, state_dir: Path
) -> None:
    """Agree to trade real money with this configuration; give the options that `start` will have."""
    settings = loaded(config_file, mode, assignments).settings
    check_armable(settings, os.environ)
    accounts = ",".join(settings.accounts)
    console().print(table(("what is agreed to", "value"), _facts(settings)))
    if settings.gateway.port not in LIVE_PORTS:
        click.echo(f"port {settings.gateway.port} is none of the usual live ports ({', '.join(map(str, LIVE_PORTS))})")
    typed = _asked(accounts) if yes_account is None else yes_account
    if "".join(typed.split()) != accounts:
        wrong = f"{typed!r} is not {accounts}, the accounts of the configuration"
        raise Failure(f"not armed: {wrong}{_before(state_dir)}", REFUSED)
    make_usable(state_dir)
    try:
        arming.write(arming.path(state_dir), settings, getpass.getuser(), clock.now())
    except OSError as error:
        wrong = f"{arming.path(state_dir)} cannot be written: {error.strerror}"
        raise Failure(f"not armed: {wrong}{_before(state_dir)}", FAULT) from error
    click.echo(f"ARMED: a service on {state_dir} may trade {accounts} with REAL MONEY until `nightdesk disarm`")


@click.command()
@state_dir
def disarm(state_dir: Path) -> None:
    """Withdraw what `arm` agreed to: mode live does not start any more."""
    file = arming.path(state_dir)
    try:
        file.unlink()
    except FileNotFoundError:
        click.echo(f"was not armed: there is no {file}")
    except OSError as error:
        raise Failure(f"still armed: {file} cannot be removed: {error.strerror}", FAULT) from error
    else:
        click.echo("disarmed: mode live does not start here any more")
    try:
        service = find(state_dir)
    except NotRunning:
        return
    if service.mode == "live":
        click.echo(f"a live service still runs (pid {service.pid}) and trades; `nightdesk halt` keeps its orders back")


def _facts(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "accounts", ", ".join(settings.accounts)
    yield "gateway", f"{settings.gateway.host}:{settings.gateway.port}"
    for key, value in settings.risk.model_dump(mode="json").items():
        yield f"risk.{key}", value if isinstance(value, str) else json.dumps(value)


def _before(state_dir: Path) -> str:
    """What still holds when nothing new was agreed to."""
    try:
        arming.read(arming.path(state_dir))
    except arming.Unacknowledged:
        return ""
    return "; what was agreed to before still holds, until `nightdesk disarm`"


def _asked(accounts: str) -> str:
    if not sys.stdin.isatty():
        raise Failure("not armed: there is no terminal to ask on; agree with --yes-account ACCOUNT", USAGE)
    what = "the accounts, with commas between them," if "," in accounts else "the account"
    answer: str = click.prompt(f"This is REAL MONEY. Type {what} to agree", default="", show_default=False)
    return answer
