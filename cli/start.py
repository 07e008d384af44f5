"""`start`: the service in the foreground, until SIGTERM or Ctrl-C drains it.

On a terminal it shows the live view and logs to a file; anywhere else it logs JSON lines on standard
output. The exit code is the supervisor's: 0 drained, 10 the gateway's accounts are not those that may be traded,
70 gave up, 78 something cannot run as configured.
A reload reads the same layers of configuration again, from the same places.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from actors.messages.orders import Halt
from actors.orders.halt_file import HaltFile, new_id
from cli.configuration import accepted
from cli.options import configuration, state_dir
from cli.service import claimed
from cli.terminal import foreground
from config.errors import InterlockError, SettingsError
from config.rules import fixed_while_running
from config.settings import Settings
from config.tightening import Ratchet
from config.tree import MESSAGES, PRELOAD, build
from supervision.errors import Rejected
from supervision.loop import run
from supervision.reporting import ReportingSettings
from supervision.spec import SupervisorSpec

LEAVE_SCREEN = "\x1b[?1049l\x1b[?25h"
"""Back from the alternate screen with a visible cursor, for a view that was killed before it could."""


@click.command()
@configuration
@click.option("--safe", is_flag=True, help="Leave every strategy parked.")
@state_dir
@click.pass_context
def start(
    ctx: click.Context,
    config_file: Path | None,
    mode: str | None,
    assignments: tuple[str, ...],
    safe: bool,
    state_dir: Path,
) -> None:
    """Run the service in the foreground: by default simulated, with the sample strategy."""
    os.umask(0o077)  # whatever any of our processes makes is for this user alone
    state_dir = state_dir.absolute()
    read = partial(accepted, config_file, mode, assignments, state_dir)
    settings = read()
    directory = state_dir / settings.directory_name
    on_screen = sys.stdout.isatty()
    log_file = _log_file(settings, directory, on_screen=on_screen)
    grow = partial(build, directory=directory, log_file=log_file if on_screen else None, safe=safe)
    tree = grow(settings)
    sys.path.append(str(Path.cwd()))  # where the user's own strategies are
    with foreground(), claimed(state_dir, settings) as service:
        if log_file is None:
            os.dup2(sys.stdout.fileno(), sys.stderr.fileno())  # one stream for the log of all processes
        code = run(
            tree,
            run_dir=Path(service.run_dir),
            messages=MESSAGES,
            preload=PRELOAD,
            reporting=_reporting(settings, log_file),
            load=partial(_reload, settings, Ratchet(settings), read, grow),
            on_user_signal=partial(_halt, directory),
            on_ready=partial(_say_mode, settings, state_dir),
        )
    if on_screen and sys.stdout.isatty():  # it may have hung up
        click.echo(f"{LEAVE_SCREEN}Nightdesk has stopped with exit code {code}; log: {log_file}")
    ctx.exit(code)


def _reload(
    running: Settings, limits: Ratchet, read: Callable[[], Settings], grow: Callable[[Settings], SupervisorSpec]
) -> SupervisorSpec:
    """The tree as it is configured now. Raises Rejected with everything that is wrong."""
    try:
        wanted = read()
        tree = grow(wanted)
    except SettingsError as error:
        raise Rejected(*map(str, error.problems), kind="configuration") from error
    except InterlockError as error:
        raise Rejected(str(error), kind="interlock") from error
    fixed = [*fixed_while_running(running, wanted), *limits.loosened(wanted)]
    if fixed:
        raise Rejected(*map(str, fixed), kind="restart")
    limits.take(wanted)
    return tree


def _halt(directory: Path, signal: str) -> None:
    """Pull the kill switch, whatever else is dead; Order cancels as soon as it sees it."""
    try:
        HaltFile(directory).write(Halt(signal, by="signal", id=new_id()))
    except OSError as error:
        logging.getLogger("service").critical("%s: the kill switch could NOT be pulled: %s", signal, error)
    else:
        logging.getLogger("service").critical("%s: the kill switch is on, no new order leaves", signal)


def _say_mode(settings: Settings, state_dir: Path) -> None:
    """The first line of a running service: on what it trades."""
    log, accounts = logging.getLogger("service"), ", ".join(settings.trading_accounts)
    gateway = f"{settings.gateway.host}:{settings.gateway.port}"
    if settings.mode == "live":
        log.warning("LIVE: REAL MONEY, account %s, gateway %s, state in %s", accounts, gateway, state_dir)
    elif settings.mode == "paper":
        log.info("mode paper, account %s, gateway %s, state in %s", accounts, gateway, state_dir)
    else:
        log.info("mode simulated, state in %s", state_dir)


def _log_file(settings: Settings, directory: Path, *, on_screen: bool) -> Path | None:
    """Where to log; None is the standard stream, which the live view would fight with."""
    if settings.logging.file:
        return Path(settings.logging.file).expanduser().absolute()
    return directory / "nightdesk.log" if on_screen else None


def _reporting(settings: Settings, log_file: Path | None) -> ReportingSettings:
    return ReportingSettings(
        level=settings.logging.level,
        json=None if log_file is None else True,
        file=log_file,
        sentry_dsn=settings.sentry.dsn.get_secret_value() or None,
        sentry_environment=settings.sentry.environment or settings.mode,
        quiet_loggers={"apscheduler": "warning", "ibapi": "warning"},
    )
