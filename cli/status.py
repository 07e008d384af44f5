"""`status`: one screen of truth, and an exit code that scripts can use as a health check."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import RenderableType

from actors.desk import Desk
from actors.status import gather
from cli.exits import DEGRADED
from cli.options import as_json, state_dir, watch
from cli.output import console, print_json, repeat
from cli.screens import status_screen


@click.command()
@watch
@state_dir
@as_json
@click.pass_context
def status(ctx: click.Context, watch: bool, state_dir: Path, as_json: bool) -> None:
    """The state of the running service. Exit 0 healthy, 3 not running, 4 degraded."""
    with Desk.connect(state_dir) as desk:

        def screen() -> RenderableType:
            return status_screen(gather(desk))

        if watch and not as_json:
            repeat(screen)
            return
        now = gather(desk)
    if as_json:
        print_json(now)
    else:
        console().print(status_screen(now))
    if not now.healthy:
        ctx.exit(DEGRADED)
