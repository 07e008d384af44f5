"""The last check of an order before its bytes leave: a pure function of what Connection knows and what it was handed.

It is made when orders are handed over and once more when their turn has come, because in between the session can
end, the gateway can lose the broker (Connection hears of 1100 before Order does) and the gate can close. It fails
closed: until the incarnation of Order that asks has told where its gate stands, nothing leaves. A receipt is the
journal sequence of a durable intent; each must be newer than all before, so that no intent can leave twice.
The kill switch's file holds even when Order is dead or hung: with it nothing leaves but what Order sends because of it.
"""

from __future__ import annotations

import msgspec

from actors.domain.order_book import FIRST_REQUEST_ID
from actors.messages.broker import GateStands, Transmit
from supervision.errors import Rejected


class Standing(msgspec.Struct, frozen=True):
    """What Connection knows. Texts are empty when there is nothing wrong.

    `epoch` is None while no session is up. `gate` is what the connected incarnation of Order told last, None when it
    has told nothing. `receipt` is the newest that went before. `burst` is how many messages may leave at once.
    `halt_file` says that the kill switch's file is there.
    """

    epoch: int | None
    session_reason: str
    link_lost: str
    gate: GateStands | None
    receipt: int
    burst: int
    halt_file: str = ""


def why_not(standing: Standing, asked: Transmit) -> Rejected | None:
    """Why these orders must not leave, with every reason; None when they may."""
    problems = _malformed(standing, asked)
    if problems:
        return Rejected(*problems, kind="invalid")
    if standing.epoch != asked.epoch:
        return Rejected(f"no session with the gateway: {_other_session(standing, asked)}", kind="session_down")
    problems = _shut(standing, asked)
    return Rejected(*problems, kind="gate") if problems else None


def _malformed(standing: Standing, asked: Transmit) -> list[str]:
    problems = []
    if not asked.orders:
        problems.append("orders = (): at least one belongs in a message")
    if len(asked.orders) > standing.burst:
        problems.append(
            f"{len(asked.orders)} orders: they leave at once or not at all, and pacing.burst lets {standing.burst}"
        )
    newest, ids = standing.receipt, set[int]()
    for one in asked.orders:
        problems += _misplaced(one.order_id, ids)
        ids.add(one.order_id)
        if one.receipt <= newest:
            problems.append(
                f"order {one.order_id}: receipt = {one.receipt} must be above {newest}, the newest before it; each "
                "order leaves once, after its intent is durable (a journal that was set back needs a restart)"
            )
        newest = max(newest, one.receipt)
    return problems


def _misplaced(order_id: int, others: set[int]) -> list[str]:
    if not 0 < order_id < FIRST_REQUEST_ID:
        return [f"order_id = {order_id}: it must be above 0 and below {FIRST_REQUEST_ID}"]
    return [f"order_id = {order_id}: it is there twice"] if order_id in others else []


def _other_session(standing: Standing, asked: Transmit) -> str:
    if standing.epoch is None:
        return f"{standing.session_reason}; nothing was sent"
    return f"epoch {asked.epoch} is over, {standing.epoch} is up; nothing was sent"


def _shut(standing: Standing, asked: Transmit) -> list[str]:
    problems = []
    gate = standing.gate
    if gate is None:
        problems.append("the order actor has not told where its gate stands; nothing was sent")
    elif not (gate.passes == "all" or (gate.passes == "reducing" and asked.reducing)):
        problems.append(f"the gate is not open: {gate.reason}; nothing was sent")
    elif gate.version != asked.gate:
        problems.append(f"the gate has changed since (version {asked.gate}, now {gate.version}); nothing was sent")
    if standing.halt_file and not (gate is not None and gate.flattens and asked.reducing):
        problems.append(f"{standing.halt_file}; nothing was sent")
    if standing.link_lost:
        problems.append(f"{standing.link_lost}; nothing was sent")
    return problems
