"""`reload`: the running service reads its configuration anew, or says what is wrong with it and keeps the old one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from actors.desk import Desk
from cli.exits import DEGRADED, Failure
from cli.options import as_json, state_dir
from cli.output import print_json
from cli.settling import settled
from supervision.lifecycle import GetTree, Reload

RELOAD_LIMIT = 10.0
SETTLE_LIMIT = 30.0
UP = ("running", "overloaded")


@click.command()
@state_dir
@as_json
def reload(state_dir: Path, as_json: bool) -> None:
    """Read the configuration anew, from where `start` read it; only what changed in it is restarted.

    Exit 78: it is wrong, 10: it needs a full restart; then the old one stays and nothing is restarted.
    Exit 4: it was taken over, and something that ran before, or is new, does not run with it.
    """
    with Desk.connect(state_dir) as desk:
        ran = {child.name for child in desk.supervisor.ask(GetTree()).children if child.pid is not None}
        reloaded = desk.supervisor.ask(Reload(), timeout=RELOAD_LIMIT)
        now = settled(desk, SETTLE_LIMIT)
    changes = {"added": reloaded.added, "changed": reloaded.changed, "removed": reloaded.removed}
    if as_json:
        print_json(changes)
    else:
        _print(changes)
    concerned = {*reloaded.added, *(name for name in reloaded.changed if name in ran)}
    down = [child for child in now.values() if child.name in concerned and child.state not in UP and child.last_death]
    if down:
        raise Failure("; ".join(f"{child.name} is {child.state} ({child.last_death})" for child in down), DEGRADED)


def _print(changes: Mapping[str, tuple[str, ...]]) -> None:
    for what, names in changes.items():
        if names:
            click.echo(f"{what}: {', '.join(names)}")
    if not any(changes.values()):
        click.echo("nothing has changed")
