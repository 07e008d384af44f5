"""Which contracts take no new orders in which account, because broker and service do not agree on them. Pure.

Two things lock: an order of ours of which nobody knows what became, since a second order might double it, and a
position that no execution explains. An order's lock ends with the evidence, or with a person's decision. A position's
ends with a cut that finds what was expected, asked at least APART after the one that set it: executions and positions
move at slightly different times, so that two looks in one moment are one. A combo is locked with each of its legs,
and locks them. Nothing is kept on disk: orders are read back, and after a start no order leaves before a cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from actors.domain.order_state import OrderState
from actors.messages.market import Contract
from actors.messages.orders import Lock
from actors.messages.state import UnexplainedPosition

APART: Final = 2.0


class _PositionLock(msgspec.Struct, frozen=True):
    """`since` is the monotonic time at which the cut that set it was applied."""

    position: UnexplainedPosition
    since: float


class Locks:
    """The locks of one Order; `heard` and `judged` keep them true."""

    def __init__(self, orders: Iterable[OrderState] = ()) -> None:
        self._orders: dict[str, OrderState] = {}
        self._positions: dict[tuple[str, int], _PositionLock] = {}
        for order in orders:
            self.heard(order)

    def heard(self, order: OrderState) -> None:
        """An order has a new value."""
        if undecided(order):
            self._orders[order.key] = order
        elif self._orders:
            self._orders.pop(order.key, None)

    def judged(self, unexplained: Iterable[UnexplainedPosition], asked: float, now: float) -> None:
        """A cut that was asked at the monotonic time `asked` confirmed every position but these."""
        found = {(one.account, one.con_id): _PositionLock(one, now) for one in unexplained}
        early = {place: lock for place, lock in self._positions.items() if asked < lock.since + APART}
        self._positions = early | found

    def on(self, account: str, contract: Contract) -> str:
        """Why a new order in this contract is refused, in words; empty when it is not."""
        if not self._orders and not self._positions:
            return ""
        asked = _con_ids(contract)
        reasons = [
            f"{_name(contract)} is locked in {account}: {lock.reason} (unlocked by {lock.unlock})"
            for held, where, lock in self._each()
            if where == account and asked & held
        ]
        return "; ".join(reasons)

    def all(self) -> tuple[Lock, ...]:
        """Every lock, those of orders first."""
        return tuple(lock for _, _, lock in self._each())

    def questions(self) -> list[str]:
        """What only another cut can say: whether an unexplained position is at rest."""
        return [f"{position_subject(lock.position)}: no execution explains it" for lock in self._positions.values()]

    def positions(self) -> tuple[UnexplainedPosition, ...]:
        """The positions that are locked."""
        return tuple(lock.position for lock in self._positions.values())

    def _each(self) -> Iterable[tuple[frozenset[int], str, Lock]]:
        for order in self._orders.values():
            yield _con_ids(order.contract), order.terms.account, order_lock(order)
        for lock in self._positions.values():
            yield frozenset({lock.position.con_id}), lock.position.account, position_lock(lock.position)


def undecided(order: OrderState) -> bool:
    """Whether an order of ours locks its contract: nobody knows what became of it."""
    return not order.external and (order.held or (order.reported == "UNKNOWN" and not order.terminal))


def order_lock(order: OrderState) -> Lock:
    """The lock of an undecided order."""
    evidence = "the broker's word about it" if order.held else "evidence, which is being asked for"
    return Lock(
        account=order.terms.account,
        con_id=order.contract.con_id,
        symbol=_name(order.contract),
        reason=f"order {order.key} is {'held' if order.held else order.status}: {order.reason}",
        unlock=f"{evidence}, or `order settle {order.key}`",
    )


def position_lock(position: UnexplainedPosition) -> Lock:
    """The lock of a position that no execution explains."""
    return Lock(
        account=position.account,
        con_id=position.con_id,
        symbol=position.symbol,
        reason=f"its position is {position.actual:f}, executions make it {position.expected:f}",
        unlock=f"a cut, {APART:g} s later or more, that finds the position as expected",
    )


def position_subject(position: UnexplainedPosition) -> str:
    """How people call a holding."""
    return f"{position.symbol} in {position.account}"


def _name(contract: Contract) -> str:
    """What tells the contract from others of its symbol, if known."""
    return contract.local_symbol or contract.symbol


def _con_ids(contract: Contract) -> frozenset[int]:
    """What an order in this contract moves: the contract itself, or the legs of a combo."""
    legs = frozenset(leg.con_id for leg in contract.legs)
    return legs or frozenset({contract.con_id})
