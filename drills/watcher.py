"""Listens to everything that the service publishes, and keeps it in the record.

One listener of the Desk's hub for each topic; after a restart of its publisher the hub's link comes back by
itself. What was published while it was away is missing here and is found by the final reads instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from actors.desk import Desk
from actors.messages.orders import Fill, GateChanged, OrderEvent
from actors.messages.session import LinkChanged, SessionDown, SessionUp
from actors.messages.state import CutFinished
from drills.record import Record
from supervision.lifecycle import ChildView, TreeChanged
from supervision.message import Message

_TOPICS = ("system", "session", "orders", "risk")


@contextmanager
def watching(desk: Desk, record: Record) -> Iterator[None]:
    """Keep what the service publishes until the body ends."""
    assert desk.service is not None
    service = desk.service.pid
    pids: dict[str, int] = {}

    def heard(message: Message) -> None:
        if isinstance(message, TreeChanged):
            message = message.child
            _one_owner(record, pids, message)
        record.saw(service, message)
        record.note(*_words(message))

    end = desk.listen(_TOPICS, heard)
    try:
        yield
    finally:
        end()


def _one_owner(record: Record, pids: dict[str, int], child: ChildView) -> None:
    """A successor is born only after its predecessor was reaped: when we hear of the one, the other is gone."""
    before = pids.get(child.name)
    if child.pid is None or child.pid == before:
        return
    pids[child.name] = child.pid
    if before is not None and _lives(before):
        record.violations.append(f"I1: {child.name} has process {child.pid} while its predecessor {before} lives")


def _lives(pid: int) -> bool:
    """Whether it runs; one that died with the fork server may wait for init to reap it."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _words(message: Message) -> tuple[str, str]:
    match message:
        case ChildView():
            died = f", last death: {message.last_death}" if message.last_death else ""
            return message.name, f"{message.state}, incarnation {message.incarnation}, pid {message.pid}{died}"
        case SessionUp():
            return "connection", f"session {message.epoch} up"
        case SessionDown():
            return "connection", f"session {message.epoch} down: {message.reason}"
        case LinkChanged():
            return "connection", f"code {message.code}, link {'up' if message.up else 'down'}"
        case GateChanged():
            return "order", f"gate {message.gate.state} {'; '.join(message.gate.reasons)}".rstrip()
        case OrderEvent():
            order = message.order
            return (
                "order",
                f"{message.event} {order.key}: {order.status}, filled {order.filled} {order.reason}".rstrip(),
            )
        case Fill():
            one = message.execution
            return "order", f"fill {one.exec_id} of {one.key}: {one.side} {one.quantity} {one.symbol} at {one.price}"
        case CutFinished():
            cut = message.cut
            confirmed = "confirmed" if cut.confirmed else "not confirmed"
            return "state", f"cut {cut.cut} ({cut.cause}) {confirmed}, {len(cut.differences)} differences"
        case _:
            return "service", type(message).__name__
