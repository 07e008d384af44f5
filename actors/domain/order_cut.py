"""What one confirmed picture of the broker says about every order, and how it differed from ours. Pure.

A part of the cut that failed is None and proves nothing. An order that changed since the cut was asked
is left for the next one: a picture must not judge what is newer than itself. Absence counts only when
open, completed and executions were all answered. An order that nobody can decide is told anew in each cut
until somebody does, because it locks its contract (`locks`); every other difference is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from actors.domain import order_events as ev
from actors.domain.differences import foreign_key, missing, orphan, other_account, other_status, other_terms, unsettled
from actors.domain.locks import undecided
from actors.domain.order_book import OrderBook, key_of
from actors.domain.order_likeness import followed, same_terms
from actors.domain.order_machine import apply
from actors.domain.order_state import OrderState
from actors.messages.broker import OrderReport
from actors.messages.state import ApplyCut, Difference

# Executions that a status counted and a whole cut did not list so many seconds after are not coming.
EXECUTIONS_LAG: Final = 5.0


class Verdict(msgspec.Struct, frozen=True):
    """An order before (None: unknown to us) and after the evidence, and what differed, if anything."""

    before: OrderState | None
    after: OrderState
    difference: Difference | None = None


def judge(
    book: OrderBook, cut: ApplyCut, now: float, at: datetime, readable: Callable[[OrderReport], bool]
) -> Iterator[Verdict]:
    """The verdicts, one for each order that the cut says something about; `at` is the date of `now`.

    A report that is not `readable` is left out, and then absence proves nothing either: the order that is missing
    may be the one it tells of. The cut's executions must be in the book before. Verdicts are drawn one by one, and
    each must be put into the book before the next is drawn.
    """
    seen: set[str] = set()
    complete = True
    for report in _reports(cut):
        if not readable(report):
            complete = False
            continue
        order = book.match(report)
        if order is None:
            adopted = book.adopt(report, now, at)
            seen.add(adopted.key)
            yield Verdict(None, adopted, _adoption(book.get(key_of(report)), adopted, report))
        elif order.key not in seen:
            seen.add(order.key)
            yield from _found(order, report, cut.asked, now, at)
    if not complete or failed_parts(cut):
        return
    for order in book.open_orders():
        if (
            order.key not in seen
            and max(order.heard, order.doubted) < cut.asked
            and order.reported not in ("INTENT", "SENDING")
        ):
            yield from _absent(order, cut.asked, now, at)
    for order in book.open_orders():
        if _exhausted(order, cut.asked):
            yield Verdict(order, apply(order, ev.Exhausted(order.question), now, at))
    for order in book.open_orders():
        if undecided(order):
            yield Verdict(order, order, unsettled(order))


def failed_parts(cut: ApplyCut) -> tuple[str, ...]:
    """The names of the queries that failed."""
    parts = {
        "open orders": cut.orders,
        "completed orders": cut.completed,
        "executions": cut.executions,
        "positions": cut.positions,
    }
    return tuple(name for name, answer in parts.items() if answer is None)


def _reports(cut: ApplyCut) -> Iterable[OrderReport]:
    """Open orders, then completed ones, which were asked later: what stands in both has completed meanwhile.

    An order with two permIds may be among the completed twice: filled under one of them, it was filled.
    """
    completed = () if cut.completed is None else cut.completed.items
    ended = {report.perm_id for report in completed if report.perm_id}
    if cut.orders is not None:
        yield from (report for report in cut.orders.items if report.perm_id not in ended)
    yield from sorted(completed, key=lambda report: report.status != "Filled")


def _adoption(named: OrderState | None, adopted: OrderState, report: OrderReport) -> Difference:
    """What is strange about an order of another client: that we did not know it, or that it has a key of ours."""
    if named is not None and not named.external:
        return foreign_key(named, adopted, report)
    return orphan(adopted, report)


def _found(order: OrderState, report: OrderReport, asked: float, now: float, at: datetime) -> Iterator[Verdict]:
    """A list names it. Listing open orders the broker says each again, which doubts anew what differs here: the list is
    believed all the same, and as the doubt may be of news after it, one more cut is asked for.
    """
    doubted = order.doubted >= asked
    newer = order.heard >= asked or (doubted and report.completed)
    if newer and order.acknowledged and order.reported != "UNKNOWN":
        return
    if not order.external and not order.terminal and report.terms.account not in ("", order.terms.account):
        yield Verdict(order, order, other_account(order, report.terms.account))
    heard = ev.reported(report)
    after = apply(order, ev.FoundCompleted(heard) if report.completed else ev.FoundOpen(heard), now, at)
    if doubted:
        after = msgspec.structs.replace(after, doubt=order.doubt, doubted=order.doubted)
    if after == order:
        return
    difference = None
    wanted = [terms for terms in (order.terms, order.pending, order.dropped) if terms is not None]
    if not any(same_terms(after.terms, followed(each, after.terms, order.totals.filled)) for each in wanted):
        difference = other_terms(order, after)
    elif after.status != order.status:
        difference = other_status(order, after, report.status)
    yield Verdict(order, after, difference)


def _absent(order: OrderState, asked: float, now: float, at: datetime) -> Iterator[Verdict]:
    after = apply(order, ev.Absent(asked, now), now, at)
    if after == order:
        return
    told = not order.terminal and not undecided(after)  # what is undecided is told at the end, in every cut
    yield Verdict(order, after, missing(order, after) if told else None)


def _exhausted(order: OrderState, asked: float) -> bool:
    """Whether all of the broker's executions are in, and the order's statuses still count more."""
    short = order.told > order.totals.filled and order.question
    return bool(short) and order.heard + EXECUTIONS_LAG <= asked
