"""`reload`: the running service reads its configuration anew, or says what is wrong with it and keeps the old one."""

from __future__ import annotations

from pathlib import Path

import click

from actors.desk import Desk
from cli.options import as_json, state_dir
from cli.output import print_json
from supervision.lifecycle import Reload

RELOAD_LIMIT = 10.0


@click.command()
@state_dir
@as_json
def reload(state_dir: Path, as_json: bool) -> None:
    """Read the configuration anew, from where `start` read it; only what changed in it is restarted.

    Exit 78: it is wrong, 10: it needs a full restart; then the old one stays and nothing is restarted.
    """
    with Desk.connect(state_dir) as desk:
        reloaded = desk.supervisor.ask(Reload(), timeout=RELOAD_LIMIT)
    changes = {"added": reloaded.added, "changed": reloaded.changed, "removed": reloaded.removed}
    if as_json:
        print_json(changes)
        return
    for what, names in changes.items():
        if names:
            click.echo(f"{what}: {', '.join(names)}")
    if not any(changes.values()):
        click.echo("nothing has changed")
