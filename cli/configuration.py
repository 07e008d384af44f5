"""`config show|check|schema`: what the service would start with, from where, and what is accepted."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from actors.failpoints import FAILPOINTS
from cli.options import as_json, configuration, state_dir
from cli.output import console, print_json, shown, table
from config import arming
from config.interlocks import check_interlocks
from config.load import Loaded, load
from config.rules import check_failpoints
from config.settings import Settings
from config.targets import check_strategies
from supervision.failpoints import VARIABLE


def loaded(config_file: Path | None, mode: str | None, assignments: tuple[str, ...]) -> Loaded:
    """The configuration as a command line, the working directory and the environment give it."""
    chosen = () if mode is None else (f"mode={mode}",)
    return load(config_file, dotenv=Path(".env"), environment=os.environ, assignments=(*chosen, *assignments))


def accepted(config_file: Path | None, mode: str | None, assignments: tuple[str, ...], state_dir: Path) -> Settings:
    """The settings a service on this state directory may start with; SettingsError (78), InterlockError (10)."""
    configured = loaded(config_file, mode, assignments)
    settings = configured.settings
    check_interlocks(settings, os.environ, arming.path(state_dir))
    check_failpoints(os.environ.get(VARIABLE, ""), FAILPOINTS)
    check_strategies(configured, [str(Path.cwd())])
    return settings


@click.group()
def config() -> None:
    """Show, check or describe the configuration."""


@config.command()
@configuration
@state_dir
@as_json
def show(
    config_file: Path | None, mode: str | None, assignments: tuple[str, ...], state_dir: Path, as_json: bool
) -> None:
    """Every value with its source, and where the state would live; secrets are redacted."""
    configured = loaded(config_file, mode, assignments)
    rows = configured.rows()
    if as_json:
        print_json({key: {"value": value, "source": source} for key, value, source in rows})
        return
    cells = ((key, value if isinstance(value, str) else json.dumps(value), source) for key, value, source in rows)
    console().print(table(("key", "value", "source"), cells))
    if configured.settings.trading_accounts:  # else nothing can start that would have a state
        click.echo(f"state in {state_dir.absolute() / configured.settings.directory_name}")


@config.command()
@configuration
@state_dir
def check(config_file: Path | None, mode: str | None, assignments: tuple[str, ...], state_dir: Path) -> None:
    """Say whether `start` would accept it: exit 0, 78 (wrong) or 10 (refused by an interlock)."""
    from config.tree import build

    settings = accepted(config_file, mode, assignments, state_dir)
    tree = build(settings, state_dir / settings.directory_name)
    names = ", ".join(child.name for child in tree.leaves())
    click.echo(
        f"the configuration is good: mode {settings.mode}, account {shown(settings.trading_accounts[0])}, {names}"
    )


@config.command()
def schema() -> None:
    """The JSON schema of the configuration, for editors."""
    print_json(Settings.model_json_schema())
