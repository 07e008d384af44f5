"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _default_state_dir() -> Path:
    from actors.running import default_state_dir

    return default_state_dir()


def state_dir(function: F) -> F:
    """`--state-dir`: where the service keeps its state, and so how a running one is found."""
    return click.option(
        "--state-dir",
        envvar="NIGHTDESK_STATE_DIR",
        type=click.Path(file_okay=False, path_type=Path),
        default=_default_state_dir,
        help="State directory of the service [env: NIGHTDESK_STATE_DIR; default: the platform's].",
    )(function)


def as_json(function: F) -> F:
    """`--json`: data for programs instead of a table for people."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def watch(function: F) -> F:
    """`--watch`: repeat until interrupted."""
    return click.option("--watch", is_flag=True, help="Repeat every second until Ctrl-C.")(function)


def configuration(function: F) -> F:
    """`--config`, `--mode` and `--set`: the layers of the configuration that a command line can give."""
    function = click.option(
        "--set",
        "assignments",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set one value, for example --set risk.max_order_value=5000; may be repeated.",
    )(function)
    function = click.option(
        "--mode",
        type=click.Choice(["simulated", "paper", "live"]),
        help="Short for --set mode=...; simulated if unset.",
    )(function)
    return click.option(
        "--config", "config_file", type=click.Path(path_type=Path), help="Your YAML file over the defaults."
    )(function)
