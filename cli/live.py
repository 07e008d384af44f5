"""The live view's screen: pure, from data to as many lines as the terminal has.

What matters most stands on top and is whole on 80 x 24: gate, session, profit, problems, then who runs.
Every row is one line, cut at the right. Quotes, positions and orders share the lines that are left, and
each says how many of its rows are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from actors.messages.account import Accounts, AccountView, Positions
from actors.messages.market import Quotes
from actors.messages.orders import OrderView
from actors.status import ActorPart, Status
from cli.market import STYLES as QUOTE_STYLES
from cli.orders import STYLES as ORDER_STYLES
from cli.orders import price_text
from cli.output import BAD, DIM, WARN, money, price, seconds_ago, shown
from cli.screens import ACTOR_STYLES, fact_rows, problem_lines

MOST_PROBLEMS = 3
ROOMY_HEIGHT, ROOMY_WIDTH = 34, 100
"""From here on every actor has a line of its own, with its last death, and sections stand apart."""


@dataclass(frozen=True)
class Picture:
    """What the live view knows; an exception stands where an actor is away."""

    status: Status
    quotes: Quotes | Exception
    positions: Positions | Exception
    accounts: Accounts | Exception
    orders: Sequence[OrderView]
    footer: str


@dataclass(frozen=True)
class Block:
    """A section of rows under a heading line. `newest_last` shows the end of the list when it must be cut."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str | Text]]
    away: Text | None = None
    newest_last: bool = False


def live_screen(picture: Picture, width: int, height: int) -> RenderableType:
    """Everything at a glance, in `height` lines of `width`."""
    roomy = width >= ROOMY_WIDTH and height >= ROOMY_HEIGHT
    head: list[RenderableType] = [_facts(picture), *_problems(picture.status)]
    actors = picture.status.actors
    per_line = 1 if roomy else 2
    head_lines = len(list(_facts_of(picture))) + len(head) - 1
    actor_lines = 1 + -(-len(actors) // per_line)
    blocks = (_quotes(picture.quotes), _positions(picture.positions), _orders(picture.orders))
    gaps = (1 + len(blocks)) if roomy else 0
    room = height - head_lines - actor_lines - gaps - len(blocks) - 1
    parts: list[RenderableType] = [*head, *_gap(roomy), _actors(actors, per_line, detailed=roomy)]
    for block, lines in zip(blocks, _shares([len(block.rows) for block in blocks], room), strict=True):
        parts += [*_gap(roomy), _drawn(block, lines)]
    return Group(*parts, _one_line(Text(picture.footer, style=DIM)))


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """Lines for each of several lists: all it wants, or a fair part of `room`."""
    given = [0] * len(wanted)
    while room > 0 and given != list(wanted):
        for index, want in enumerate(wanted):
            if given[index] < want and room > 0:
                given[index] += 1
                room -= 1
    return given


def _gap(roomy: bool) -> list[Text]:
    return [Text()] if roomy else []


def _facts(picture: Picture) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM, no_wrap=True)
    grid.add_column()
    for name, value in _facts_of(picture):
        grid.add_row(name, _one_line(value))
    return grid


def _facts_of(picture: Picture) -> Iterator[tuple[str, str | Text]]:
    yield from fact_rows(picture.status)
    if isinstance(picture.accounts, Exception):
        yield "profit", Text(f"account: away ({picture.accounts})", style=WARN)
        return
    several = len(picture.accounts.items) > 1
    for view in picture.accounts.items:
        yield "profit", (f"{view.account}: " if several else "") + _profit(view)


def _profit(view: AccountView) -> str:
    pnl = view.pnl
    return (
        f"{money(pnl.daily)} today, {money(pnl.unrealized)} unrealised, {money(pnl.realized)} realised, "
        f"net liquidation {money(view.net_liquidation)} {view.currency}"
    )


def _problems(status: Status) -> list[Text]:
    lines = problem_lines(status)
    more = len(lines) - MOST_PROBLEMS
    if more > 0:
        lines[MOST_PROBLEMS - 1 :] = [Text(f"! and {more + 1} more: nightdesk status", style=BAD)]
    return [_one_line(line) for line in lines]


def _actors(actors: Sequence[ActorPart], per_line: int, *, detailed: bool) -> Table:
    names = ("actor", "pid>", "restarts>", "state", *(("mailbox>", "handled>", "last death") if detailed else ()))
    cells = [_actor_cells(actor)[: len(names)] for actor in actors]
    blank: tuple[str | Text, ...] = ("",) * len(names)
    lines = -(-len(cells) // per_line)
    columns = [[*cells[start : start + lines], *[blank] * lines][:lines] for start in range(0, len(cells), lines or 1)]
    rows = [[cell for group in line for cell in group] for line in zip(*columns, strict=True)]
    return _table(names * max(1, len(columns)), rows)


def _actor_cells(actor: ActorPart) -> tuple[str | Text, ...]:
    return (
        actor.name,
        shown(actor.pid),
        str(actor.restarts),
        Text(actor.state, style=ACTOR_STYLES.get(actor.state, WARN)),
        str(actor.mailbox),
        f"{actor.handled:,}",
        shown(actor.last_death),
    )


def _quotes(quotes: Quotes | Exception) -> Block:
    columns = ("quotes", "bid>", "ask>", "last>", "volume>", "age>", "state", "")
    if isinstance(quotes, Exception):
        return Block("quotes", columns, (), _away("quotes", quotes))
    rows = [
        (
            quote.symbol,
            price(quote.bid),
            price(quote.ask),
            price(quote.last),
            shown(quote.volume and f"{quote.volume:,.0f}"),
            seconds_ago(quote.age),
            Text(quote.state, style=QUOTE_STYLES[quote.state]),
            quote.note,
        )
        for quote in quotes.items
    ]
    return Block("quotes", columns, rows)


def _positions(positions: Positions | Exception) -> Block:
    columns = ("positions", "quantity>", "cost>", "price>", "value>", "unrealised>", "today>")
    if isinstance(positions, Exception):
        return Block("positions", columns, (), _away("positions", positions))
    several = len({item.account for item in positions.items}) > 1
    rows = [
        (
            f"{item.account} {item.symbol}" if several else item.symbol,
            shown(item.quantity),
            price(item.average_cost),
            price(item.market_price),
            money(item.market_value),
            money(item.unrealized),
            money(item.daily),
        )
        for item in positions.items
    ]
    return Block("positions", columns, rows)


def _orders(orders: Iterable[OrderView]) -> Block:
    rows = [
        (
            shown(order.updated),
            f"{order.side} {order.quantity:f} {order.contract}",
            price_text(order),
            f"{order.filled:f}",
            price(order.average_price),
            Text(order.status, style=ORDER_STYLES.get(order.status, "")),
            order.strategy or "by hand",
        )
        for order in orders
    ]
    columns = ("orders", "", "price", "filled>", "average>", "status", "from")
    return Block("orders", columns, rows, newest_last=True)


def _away(name: str, error: Exception) -> Text:
    return _one_line(Text(f"{name}: away ({error})", style=WARN))


def _drawn(block: Block, lines: int) -> RenderableType:
    if block.away is not None:
        return block.away
    total = len(block.rows)
    count = "none" if not total else "" if lines >= total else f"{lines} of {total}"
    heading = f"{block.name} ({count})" if count else block.name
    rows = block.rows[total - lines :] if block.newest_last else block.rows[:lines]
    return _table((heading, *block.columns[1:]), rows)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A table without rules, each row one line. The last column gives way first: to rich it is one that may wrap."""
    result = Table(box=None, pad_edge=False, padding=(0, 1), header_style=DIM)
    for column in columns:
        fixed = len(result.columns) < len(columns) - 1
        result.add_column(
            column.rstrip(">"), justify="right" if column.endswith(">") else "left", no_wrap=fixed, overflow="ellipsis"
        )
    for *cells, last in rows:
        result.add_row(*cells, _one_line(last))
    return result


def _one_line(cell: str | Text) -> Text:
    line = Text(cell) if isinstance(cell, str) else cell
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
