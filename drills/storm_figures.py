"""What a storm did and what came of it, counted at its end: the figures of its report. Pure over the final books."""

from __future__ import annotations

from collections import Counter

from actors.failpoints import FAILPOINTS
from actors.messages.orders import SettleOrder
from drills.books import Books
from drills.ground import Ground
from drills.invariants import believed
from drills.record import Record
from drills.storm_nights import Nights


def figures(ground: Ground, nights: Nights) -> dict[str, str]:
    """The figures by name, in words for the report."""
    final = ground.final
    if final is None:
        return {}
    by_victim = ", ".join(f"{name} {count}" for name, count in nights.victims.most_common())
    return {
        "SIGKILLs": f"{nights.victims.total()} ({by_victim})",
        "at failpoints": f"{nights.instants.total()}, at {len(nights.instants)} of {len(FAILPOINTS)}",
        "orders": _orders(final),
        "executions": str(len(final.ledger_executions)),
        "UNKNOWN": _unknown(final, ground.record),
        "orders lost": str(len(lost_orders(final))),
        "orders doubled": str(len(doubled_orders(final))),
        "fills lost": str(len(lost_fills(final))),
        "fills doubled": str(len(doubled_fills(final))),
        "seed": str(ground.seed),
    }


def lost_orders(books: Books) -> set[str]:
    """Keys that the broker has and the service does not know, or that it believes in and the broker never had."""
    theirs = {order.key for order in books.ledger_orders if order.key}
    ours = {order.key for order in books.orders if not order.external}
    return (theirs - ours) | (believed(books) - theirs)


def doubled_orders(books: Books) -> set[str]:
    """Keys under which the broker got more than one order."""
    return {key for key, count in Counter(one.key for one in books.ledger_orders if one.key).items() if count > 1}


def lost_fills(books: Books) -> set[str]:
    """Executions that the broker has and the service does not."""
    return {one.exec_id for one in books.ledger_executions} - {one.exec_id for one in books.executions}


def doubled_fills(books: Books) -> set[str]:
    """Executions that the service counts twice, or that the broker never had."""
    counted = Counter(one.exec_id for one in books.executions)
    theirs = {one.exec_id for one in books.ledger_executions}
    return {exec_id for exec_id, count in counted.items() if count > 1 or exec_id not in theirs}


def _orders(books: Books) -> str:
    ends = Counter(order.status for order in books.orders if not order.external)
    said = ", ".join(f"{status} {count}" for status, count in ends.most_common())
    return f"{ends.total()} ({said}), at the broker {len(books.ledger_orders)}"


def _unknown(books: Books, record: Record) -> str:
    """How many orders were ever UNKNOWN, and what each is now; `held` are those that nothing decides yet."""
    ever = {row.key for row in books.journal if row.status == "UNKNOWN"}
    now = Counter(order.status for order in books.orders if order.key in ever)
    held = now.pop("UNKNOWN", 0)
    said = ", ".join(f"{status} {count}" for status, count in now.most_common())
    settled = {one.key for one in record.operations if one.what == SettleOrder.__name__ and one.outcome == "ok"}
    by = f"{now.total() - len(ever & settled)} resolved by evidence, {len(ever & settled)} settled by a person"
    return f"{len(ever)} seen, {by} ({said}), {held} still held"
