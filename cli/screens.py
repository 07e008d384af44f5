"""The screen of `status`, and the live view of a whole service: pure, from data to what rich draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from actors.messages.account import Accounts, Positions
from actors.messages.market import Quotes
from actors.messages.orders import OrderView
from actors.status import Status
from cli.account import positions_table
from cli.market import quotes_table
from cli.orders import STYLES, price_text
from cli.output import BAD, DIM, GOOD, WARN, age, money, shown, table

GATE_STYLES = {"open": GOOD, "reconciling": WARN, "paused": WARN, "reducing": WARN, "closed": BAD, "halted": BAD}
SESSION_STYLES = {"up": GOOD, "connecting": WARN, "waiting": WARN, "degraded": WARN, "down": BAD}
ACTOR_STYLES = {"running": GOOD, "parked": DIM, "stopped": DIM, "backing_off": BAD}
RECENT_ORDERS = 10


@dataclass(frozen=True)
class Picture:
    """What the live view knows; an exception stands where an actor is away."""

    status: Status
    quotes: Quotes | Exception
    positions: Positions | Exception
    accounts: Accounts | Exception
    orders: Sequence[OrderView]
    footer: str


def status_screen(status: Status) -> RenderableType:
    """One screen of truth."""
    return Group(_facts(status), *_problem_lines(status), Text(), actors_table(status))


def live_screen(picture: Picture) -> RenderableType:
    """Everything at a glance, for a terminal of usual size."""
    return Group(
        Panel(_facts(picture.status), title="Nightdesk", title_align="left", border_style=DIM),
        *_problem_lines(picture.status),
        actors_table(picture.status),
        Text(),
        Columns([_quotes(picture.quotes), _profit(picture.accounts)], padding=(0, 4)),
        Text(),
        _positions(picture.positions),
        Text(),
        _recent(picture.orders),
        Text(picture.footer, style=DIM),
    )


def actors_table(status: Status) -> Table:
    """Every supervised process."""
    columns = ("actor", "pid>", "incarnation>", "restarts>", "state", "mailbox>", "handled>", "last death")
    rows = (
        (
            actor.name,
            actor.pid,
            actor.incarnation,
            actor.restarts,
            Text(actor.state, style=ACTOR_STYLES.get(actor.state, WARN)),
            actor.mailbox,
            f"{actor.handled:,}",
            actor.last_death,
        )
        for actor in status.actors
    )
    return table(columns, rows)


def _facts(status: Status) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM)
    grid.add_column(overflow="fold")
    for name, value in _fact_rows(status):
        grid.add_row(name, value)
    return grid


def _fact_rows(status: Status) -> Iterable[tuple[str, RenderableType]]:
    gate, session, market, orders = status.gate, status.session, status.market_data, status.orders
    yield "mode", f"{status.mode}, account {status.account}, pid {status.pid}, up since {shown(status.started)}"
    yield "gate", _state(gate.state, GATE_STYLES, "; ".join(gate.reasons))
    yield "session", _state(session.state, SESSION_STYLES, _session_words(status))
    lines = f"{shown(market.lines)} of {shown(market.max_lines)} lines"
    yield "market data", f"{lines}, {shown(market.ticks)} ticks, {shown(market.stale)} stale"
    counts = ("working", "filled", "rejected", "unknown", "executions")
    yield "orders", ", ".join(f"{shown(getattr(orders, count))} {count}" for count in counts)
    yield "reconciled", _reconciled(status)


def _state(state: str, styles: dict[str, str], words: str) -> Text:
    return Text.assemble((state, styles.get(state, "")), f"  {words}" if words else "")


def _session_words(status: Status) -> str:
    session = status.session
    if session.state not in ("up", "degraded"):
        until = f", next attempt at {shown(session.retry_at)}" if session.retry_at else ""
        return f"{session.reason}{until}"
    return (
        f"epoch {session.epoch}, {session.host}:{session.port} as client {session.client_id}, "
        f"version {session.server_version}, {session.reconnects} reconnects, heartbeat {age(session.last_heartbeat)}"
    )


def _reconciled(status: Status) -> str:
    part = status.reconciliation
    if part.last is None:
        return "never" if "state" not in status.missing else "-"
    verdict = "confirmed" if part.confirmed else "NOT confirmed"
    return (
        f"{age(part.last)} ({part.cause}), {verdict}, {len(part.differences)} differences, {part.open_differences} open"
    )


def _problem_lines(status: Status) -> list[Text]:
    return [Text(f"! {problem}", style=BAD) for problem in status.problems]


def _away(name: str, error: Exception) -> Text:
    return Text(f"{name}: away ({error})", style=WARN)


def _quotes(quotes: Quotes | Exception) -> RenderableType:
    return _away("quotes", quotes) if isinstance(quotes, Exception) else quotes_table(list(quotes.items))


def _positions(positions: Positions | Exception) -> RenderableType:
    return _away("positions", positions) if isinstance(positions, Exception) else positions_table(positions)


def _profit(accounts: Accounts | Exception) -> RenderableType:
    if isinstance(accounts, Exception):
        return _away("profit and loss", accounts)
    rows = (
        (
            view.account,
            money(view.net_liquidation),
            *map(money, (view.pnl.daily, view.pnl.unrealized, view.pnl.realized)),
        )
        for view in accounts.items
    )
    return table(("account", "net liquidation>", "today>", "unrealised>", "realised>"), rows, title="profit and loss")


def _recent(orders: Sequence[OrderView]) -> Table:
    rows = (
        (
            order.updated,
            order.strategy or "by hand",
            f"{order.side} {order.quantity:f} {order.symbol}",
            price_text(order),
            f"{order.filled:f}",
            shown(order.average_price),
            Text(order.status, style=STYLES.get(order.status, "")),
        )
        for order in orders[-RECENT_ORDERS:]
    )
    return table(("time", "from", "order", "price", "filled>", "average>", "status"), rows, title="orders, newest last")
