"""Rules between settings that no single field can check.

`check_rules` finds configurations that cannot work (exit 78), `check_failpoints` the same in what a drill
set. Those that would work and must not (exit 10) are the business of `config.interlocks`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TypeAlias

from config.errors import Problem, SettingsError
from config.settings import RESERVED_NAMES, Settings
from supervision import failpoints
from supervision.errors import SpecError

Finding: TypeAlias = tuple[tuple[str, ...], object, str, str]

_ACCOUNT = re.compile(r"[A-Z]+[0-9]+[A-Z0-9-]*")


def check_rules(settings: Settings) -> Iterator[Finding]:
    """Path, value, what is wrong and the fix of everything that cannot work."""
    yield from _strategy_names(settings)
    yield from _account_names(settings)
    if settings.mode != "paper":
        return  # what mode live misses, its interlock names, with all else that keeps it from trading
    if not settings.accounts:
        yield ("accounts",), (), "paper mode needs the account to trade", "for example accounts: [DU1234567]"
    if settings.gateway.port is None:
        fix = "4002 for a paper IB Gateway, 7497 for a paper TWS"
        yield ("gateway", "port"), None, "paper mode needs the gateway's port", fix


def check_failpoints(text: str, declared: Collection[str]) -> None:
    """Raise SettingsError unless this value of NIGHTDESK_FAILPOINTS is well formed and all its names `declared`."""
    try:
        failpoints.check_names(failpoints.parse(text), declared)
    except SpecError as error:
        fix = f"correct it, or unset {failpoints.VARIABLE}: only drills need it"
        raise SettingsError(Problem(error.field, error.value, "environment", error.rule, fix)) from error


def fixed_while_running(running: Settings, wanted: Settings) -> list[Problem]:
    """What a reload would have to change and cannot: it needs a full restart."""
    before, after = (
        {
            "mode": settings.mode,
            "accounts": settings.trading_accounts,
            "logging": settings.logging.model_dump(),
            "sentry": settings.sentry.model_dump(),
        }
        for settings in (running, wanted)
    )
    fix = "stop and start the service"
    return [
        Problem(key, after[key], "all layers", f"is {before[key]!r} in the running service", fix)
        for key in before
        if after[key] != before[key]
    ]


def _account_names(settings: Settings) -> Iterator[Finding]:
    """An account is a number as IB writes it, and its name becomes that of a folder."""
    for account, count in Counter(settings.accounts).items():
        if not _ACCOUNT.fullmatch(account):
            yield ("accounts",), account, "is no account number", "write it as IB does, for example [U1234567]"
        if count > 1:
            yield ("accounts",), account, "is there twice", "name each account once"


def _strategy_names(settings: Settings) -> Iterator[Finding]:
    counts = Counter(strategy.name for strategy in settings.strategies)
    for name, count in counts.items():
        if count > 1:
            yield ("strategies",), name, "two strategies have this name", "give each a name of its own"
        if name in RESERVED_NAMES:
            yield ("strategies",), name, "the name belongs to the service", "choose another name"
