"""Exit codes, which scripts and systemd rely on, and the one place where errors become them.

0 is done. 70, the supervisor gave up, comes from the supervisor itself.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

FAULT = 1
USAGE = 2
NOT_RUNNING = 3
DEGRADED = 4
TIMED_OUT = 5
REFUSED = 10
NEEDS_PERSON = 11
DAMAGED = 20
CONFIGURATION = 78

# The kinds of refusal that say what to do next; any other, a gate's, a limit's or the broker's, is REFUSED.
MISTAKES = frozenset({"contract", "bars", "invalid", "unknown", "state", "not_subscribed"})
NOT_NOW = frozenset(
    {
        "called_off",
        "disk",
        "expired",
        "mailbox_full",
        "no_answer",
        "no_cut",
        "no_session",
        "not_ready",
        "paced",
        "session_down",
        "stale",
        "unavailable",
    }
)


class Failure(Exception):
    """Ends the command with this message on standard error and this exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a user, the configuration or a dying actor can cause into a line and an exit code."""
    try:
        yield
    except (click.exceptions.Exit, click.ClickException, click.Abort):
        raise
    except Exception as error:
        failure = _failure(error)
        if failure is None:
            raise
        click.echo(f"nightdesk: {failure}", err=True)
        raise click.exceptions.Exit(failure.code) from error


class Translated(click.Group):
    """A group of commands whose errors become a line and an exit code, also where it is not part of `nightdesk`."""

    def invoke(self, ctx: click.Context) -> Any:
        with translated():
            return super().invoke(ctx)


def _failure(error: Exception) -> Failure | None:
    """The ending this error deserves; None when it is a fault of ours. Imports wait for the error."""
    from actors.running import NotRunning
    from config.errors import InterlockError, SettingsError
    from supervision.errors import ActorDied, ActorUnavailable, AskTimeout, Rejected, SpecError

    match error:
        case Failure():
            return error
        case SettingsError():
            return Failure(f"the configuration is wrong\n{error}", CONFIGURATION)
        case SpecError():
            return Failure(f"the supervisor tree cannot work: {error}", CONFIGURATION)
        case InterlockError():
            return Failure(str(error), REFUSED)
        case NotRunning():
            return Failure(str(error), NOT_RUNNING)
        case Rejected(kind="configuration"):
            return Failure(f"refused: {error}", CONFIGURATION)
        case Rejected():
            code = USAGE if error.kind in MISTAKES else DEGRADED if error.kind in NOT_NOW else REFUSED
            return Failure(f"refused: {error}", code)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Failure(f"{error}: make room on the disk of the state directory, and try again", FAULT)
        case AskTimeout():
            return Failure(str(error), TIMED_OUT)
        case ActorUnavailable() | ActorDied():
            return Failure(str(error), DEGRADED)
        case _:
            return None
