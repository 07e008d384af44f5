"""`start`: the service in the foreground, until SIGTERM or Ctrl-C drains it.

On a terminal it shows the live view and logs to a file; anywhere else it logs JSON lines on standard
output. The exit code is the supervisor's: 0 drained, 70 gave up, 78 something cannot run as configured.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import click

from cli.configuration import accepted
from cli.options import configuration, state_dir
from cli.service import claimed
from cli.terminal import foreground
from config.settings import Settings
from config.tree import MESSAGES, PRELOAD, build
from supervision.loop import run
from supervision.reporting import ReportingSettings

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
    settings = accepted(config_file, mode, assignments)
    state_dir = state_dir.absolute()
    on_screen = sys.stdout.isatty()
    log_file = _log_file(settings, state_dir / settings.directory_name, on_screen=on_screen)
    tree = build(settings, state_dir / settings.directory_name, log_file=log_file if on_screen else None, safe=safe)
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
            on_ready=lambda: logging.getLogger("service").info("mode %s, state in %s", settings.mode, state_dir),
        )
    if on_screen:
        click.echo(f"{LEAVE_SCREEN}Nightdesk has stopped with exit code {code}; log: {log_file}")
    ctx.exit(code)


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
