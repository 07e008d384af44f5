"""The interlocks that guard real money: a configuration that could work and must not (exit 10).

Simulated and paper are the defaults, and nothing that may be real money gets past them. Mode live needs agreement of
accounts, their kind, the port and an acknowledgement that `nightdesk arm` wrote; every fact that disagrees is named,
all at once. Accounts tell their kind by their number, as IB gives it: paper accounts begin with D. What the gateway
then reports is checked again by Connection, by the same rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from config import arming
from config.errors import InterlockError
from config.settings import Settings
from supervision import clock, failpoints

LIVE_PORTS = {4001: "IB Gateway", 7496: "TWS"}
PAPER_PORTS = {4002: "IB Gateway", 7497: "TWS"}


def check_interlocks(settings: Settings, environment: Mapping[str, str], acknowledgement: Path) -> None:
    """Raise InterlockError when this configuration may reach money that nobody has unlocked, or a broker while it
    breaks on purpose.

    `environment` is where drills set their switches, `acknowledgement` the file that `nightdesk arm` writes.
    """
    if settings.mode == "simulated":
        return
    reasons = [*_switches(environment)]
    if settings.mode == "paper":
        reasons += _paper(settings)
    else:
        reasons += _live(settings)
        reasons += arming.disagreements(acknowledgement, settings)
    if reasons:
        raise InterlockError(f"mode {settings.mode} is refused", *reasons)


def check_armable(settings: Settings, environment: Mapping[str, str]) -> None:
    """Raise InterlockError unless an acknowledgement is all that this configuration lacks to trade live."""
    if settings.mode != "live":
        raise InterlockError("nothing to arm", f"mode is {settings.mode}, and only mode live needs an acknowledgement")
    reasons = [*_switches(environment), *_live(settings)]
    if reasons:
        raise InterlockError("mode live cannot be armed", *reasons)


def _switches(environment: Mapping[str, str]) -> Iterator[str]:
    for switch in (failpoints.VARIABLE, clock.VARIABLE):
        if environment.get(switch, "").strip():
            yield f"{switch} is set: what breaks on purpose trades in the simulation only. Unset it"


def _paper(settings: Settings) -> Iterator[str]:
    port = settings.gateway.port
    if port in LIVE_PORTS:
        yield (
            f"gateway.port is {port}, the live port of {LIVE_PORTS[port]}. "
            "Paper ports are 4002 (IB Gateway) and 7497 (TWS)"
        )
    for account in settings.accounts:
        if not account.startswith("D"):
            yield f"account {account} may be real money: the numbers of paper accounts begin with D"


def _live(settings: Settings) -> Iterator[str]:
    port = settings.gateway.port
    if not settings.accounts:
        yield "accounts is empty: name the account to trade, for example accounts: [U1234567]"
    for account in settings.accounts:
        if account.startswith("D"):
            yield f"account {account} is a paper account, as its D says: it belongs to mode paper"
    if port is None:
        yield "gateway.port is not set: 4001 is a live IB Gateway, 7496 a live TWS"
    elif port in PAPER_PORTS:
        yield f"gateway.port is {port}, the paper port of {PAPER_PORTS[port]}. Live ports are 4001 and 7496"
