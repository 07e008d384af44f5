"""The screen of `status`: pure, from data to what rich draws. The live view shows the same facts on top."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from actors.status import Status
from cli.output import BAD, DIM, GOOD, WARN, age, shown, table

GATE_STYLES = {"open": GOOD, "reconciling": WARN, "paused": WARN, "reducing": WARN, "closed": BAD, "halted": BAD}
SESSION_STYLES = {"up": GOOD, "connecting": WARN, "waiting": WARN, "degraded": WARN, "down": BAD}
MODES = {"live": ("LIVE: REAL MONEY", "bold white on red"), "paper": ("PAPER", "bold black on yellow")}
"""How a mode is shown that has a broker behind it; the simulation is shown as it is called."""
ACTOR_STYLES = {"running": GOOD, "parked": DIM, "stopped": DIM, "backing_off": BAD}


def status_screen(status: Status) -> RenderableType:
    """One screen of truth."""
    deaths: list[RenderableType] = [Text(), deaths_table(status)] if status.deaths else []
    return Group(_facts(status), *problem_lines(status), Text(), actors_table(status), *deaths)


def actors_table(status: Status) -> Table:
    """Every supervised process."""
    columns = ("actor", "pid>", "restarts>", "state", "mailbox>", "handled>", "last death")
    rows = (
        (
            actor.name,
            actor.pid,
            actor.restarts,
            Text(actor.state, style=ACTOR_STYLES.get(actor.state, WARN)),
            actor.mailbox,
            f"{actor.handled:,}",
            actor.last_death,
        )
        for actor in status.actors
    )
    return table(columns, rows)


def deaths_table(status: Status) -> Table:
    """The last incarnations that ended, the latest first."""
    columns = ("died", "actor", "incarnation>", "after>", "why", "in hand")
    rows = (
        (death.at, death.name, death.incarnation, f"{death.uptime:,.1f} s", death.reason, death.in_hand)
        for death in reversed(status.deaths)
    )
    return table(columns, rows)


def _facts(status: Status) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM)
    grid.add_column(overflow="fold")
    for name, value in fact_rows(status):
        grid.add_row(name, value)
    return grid


def fact_rows(status: Status) -> Iterable[tuple[str, str | Text]]:
    """Name and value of what comes first; of each value the most important words come first too."""
    gate, session, market, orders = status.gate, status.session, status.market_data, status.orders
    yield "mode", _mode(status)
    yield "gate", _state(gate.state, GATE_STYLES, "; ".join(gate.reasons))
    yield "session", _state(session.state, SESSION_STYLES, _session_words(status))
    lines = f"{shown(market.lines)} of {shown(market.max_lines)} lines"
    yield "market data", f"{lines}, {shown(market.ticks)} ticks, {shown(market.stale)} stale"
    counts = ("working", "filled", "rejected", "unknown", "executions")
    yield "orders", ", ".join(f"{shown(getattr(orders, count))} {count}" for count in counts)
    yield "reconciled", _reconciled(status)


def _mode(status: Status) -> Text:
    words, style = MODES.get(status.mode, (status.mode, ""))
    about = f", account {status.account}, pid {status.pid}, up since {shown(status.started)}"
    return Text.assemble((words, style), about)


def _state(state: str, styles: dict[str, str], words: str) -> Text:
    return Text.assemble((state, styles.get(state, "")), f"  {words}" if words else "")


def _session_words(status: Status) -> str:
    session = status.session
    if session.state not in ("up", "degraded"):
        until = f", next attempt at {shown(session.retry_at)}" if session.retry_at else ""
        return f"{session.reason}{until}"
    return (
        f"epoch {session.epoch}, heartbeat {age(session.last_heartbeat)}, {session.reconnects} reconnects, "
        f"{session.host}:{session.port} as client {session.client_id}, version {session.server_version}"
    )


def _reconciled(status: Status) -> str:
    part = status.reconciliation
    if part.last is None:
        return "never" if "state" not in status.missing else "-"
    verdict = "confirmed" if part.confirmed else "NOT confirmed"
    return (
        f"{verdict} {age(part.last)}, {len(part.differences)} differences, {part.open_differences} open ({part.cause})"
    )


def problem_lines(status: Status) -> list[Text]:
    """What is wrong, one line each."""
    return [Text(f"! {problem}", style=BAD) for problem in status.problems]
