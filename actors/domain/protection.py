"""Which positions should have a live stop, and how much of them has one. Pure.

Two things claim a stop. What the entry of a bracket with a stop has filled, until fills on the other side of the same
strategy have taken it back; and all that a strategy with `risk.protect` holds. No more is claimed of a position than
is held, and nothing while it is flat or has turned round. Whoever closed it by hand or elsewhere has ended the claim;
a strategy that trades against another's position has only hidden it, until it takes that back.
A stop covers what it would close: while the broker says that it works, it is on the other side, and as much of it as
its own entry has filled. Of orders of which one cancels or reduces the others the greatest counts. A profit's limit
order protects from nothing. Quantities of claims and positions are signed, negative is short.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Protocol

import msgspec

from actors.domain.contracts import words
from actors.domain.executions import NOT_A_POSITION, Place
from actors.domain.fills import COMBO
from actors.domain.holdings import Holdings
from actors.domain.order_state import OrderState
from actors.messages.broker import OrderTerms
from actors.messages.market import Contract
from actors.messages.orders import Execution, OrderStatus

NOTHING: Final = Decimal(0)
STOPS: Final = frozenset({"STP", "STP LMT", "TRAIL", "TRAIL LIMIT"})
_LIVE: Final[frozenset[OrderStatus]] = frozenset({"PRESUBMITTED", "SUBMITTED"})
_LOST: Final[frozenset[OrderStatus]] = frozenset({"CANCELLED", "REJECTED", "INACTIVE", "PENDING_CANCEL", "UNKNOWN"})

Whose = tuple[str, Place]
"""A strategy (empty: orders by hand) and the account and contract that it claims a stop for."""


class Claim(msgspec.Struct, frozen=True):
    """How much of a holding should have a stop because brackets opened it, as the journal keeps it."""

    strategy: str
    account: str
    con_id: int
    quantity: Decimal


class Exposure(msgspec.Struct, frozen=True):
    """A position of which `claimed` should have a live stop, and only `covered` has; both without a sign."""

    account: str
    con_id: int
    symbol: str
    quantity: Decimal
    claimed: Decimal
    covered: Decimal
    reason: str


class Orders(Protocol):
    """The orders that are known, as the book has them."""

    def __iter__(self) -> Iterator[OrderState]:
        """All of them."""
        ...

    def get(self, key: str) -> OrderState | None:
        """The order with this key."""
        ...

    def open_orders(self) -> Sequence[OrderState]:
        """Those of which anything is still expected."""
        ...


class Claims:
    """What should have a stop. `changed` until somebody has kept what brackets claim."""

    def __init__(self) -> None:
        self.changed = False
        self._strategies: frozenset[str] = frozenset()
        self._by_bracket: dict[Whose, Decimal] = {}
        self._by_strategy: defaultdict[Whose, Decimal] = defaultdict(Decimal)
        self._moved_by: dict[Place, str] = {}  # the strategy that traded last, empty: by hand or elsewhere

    def begin(self, kept: Iterable[Claim], strategies: Mapping[str, Iterable[Execution]]) -> None:
        """What brackets claimed before a restart, and every execution of the strategies that want protection."""
        self._strategies = frozenset(strategies)
        self._by_bracket = {(one.strategy, (one.account, one.con_id)): one.quantity for one in kept}
        self._by_strategy.clear()
        for name, executions in strategies.items():
            for execution in executions:
                if execution.sec_type not in NOT_A_POSITION:
                    self._by_strategy[name, (execution.account, execution.con_id)] += _signed(execution)

    def heard(self, before: Execution | None, after: Execution, *, has_stop: bool) -> None:
        """An execution was booked, `before` is what it corrects; `has_stop`: of the entry of a bracket with a stop."""
        if after.sec_type in NOT_A_POSITION:
            return
        whose = after.strategy, (after.account, after.con_id)
        moved = _signed(after) - (_signed(before) if before is not None else NOTHING)
        self._moved_by[whose[1]] = after.strategy
        if after.strategy in self._strategies:
            self._by_strategy[whose] += moved
        claimed = self._by_bracket.get(whose, NOTHING)
        if has_stop:
            self._set(whose, claimed + moved)
        elif claimed * _signed(after) < 0:  # on the other side: it takes back, a correction of it gives back
            left = claimed + moved
            self._set(whose, left if left * claimed > 0 else NOTHING)

    def ended(self, holdings: Holdings, unexplained: Collection[Place]) -> None:
        """Forget what is claimed of positions that are flat or have turned round; not while broker and executions do
        not agree on them, for the broker may only be late, nor when a strategy's trade did it.
        """
        for whose, claimed in [*self._by_bracket.items()]:
            if self._over(whose[1], claimed, holdings, unexplained):
                self._set(whose, NOTHING)
        for whose, claimed in [*self._by_strategy.items()]:
            if not claimed or self._over(whose[1], claimed, holdings, unexplained):
                del self._by_strategy[whose]

    def _over(self, place: Place, claimed: Decimal, holdings: Holdings, unexplained: Collection[Place]) -> bool:
        closed = holdings.of(*place) * claimed <= 0
        return closed and place not in unexplained and not self._moved_by.get(place)

    def kept(self) -> tuple[Claim, ...]:
        """What brackets claim, for a restart."""
        return tuple(Claim(strategy, *place, claimed) for (strategy, place), claimed in self._by_bracket.items())

    def on(self, place: Place, held: Decimal) -> dict[str, Decimal]:
        """How much of a position each strategy wants to have a stop, without a sign."""
        found: dict[str, Decimal] = {}
        for (strategy, where), claimed in (*self._by_bracket.items(), *self._by_strategy.items()):
            if where == place and claimed * held > 0:
                found[strategy] = max(found.get(strategy, NOTHING), abs(claimed))
        return found

    def places(self) -> list[Place]:
        """Everything that something is claimed of."""
        return [*dict.fromkeys(place for _, place in (*self._by_bracket, *self._by_strategy))]

    def _set(self, whose: Whose, claimed: Decimal) -> None:
        self.changed = True
        if claimed:
            self._by_bracket[whose] = claimed
        else:
            self._by_bracket.pop(whose, None)


def exposures(claims: Claims, holdings: Holdings, orders: Orders) -> tuple[Exposure, ...]:
    """Every position that has less live stops than it should."""
    found = []
    working = orders.open_orders()
    for account, con_id in claims.places():
        held = holdings.of(account, con_id)
        wanted = claims.on((account, con_id), held)
        claimed = min(abs(held), sum(wanted.values(), NOTHING))
        covered = _covered(_stops(working, account, con_id, held), con_id, orders) if claimed else NOTHING
        if covered < claimed:
            symbol = _symbol(con_id, holdings, orders)
            reason = _reason(claimed, covered, wanted, _stops(orders, account, con_id, held))
            found.append(Exposure(account, con_id, symbol, held, claimed, covered, reason))
    return tuple(found)


def effects(contract: Contract, terms: OrderTerms) -> Iterator[tuple[int, Decimal]]:
    """What one unit of an order, filled, does to positions: contract id and signed quantity, of a combo each leg's."""
    side = 1 if terms.side == "BUY" else -1
    if contract.sec_type != COMBO:
        yield contract.con_id, Decimal(side)
        return
    for leg in contract.legs:
        yield leg.con_id, Decimal(side * leg.ratio * (1 if leg.side == "BUY" else -1))


def _stops(orders: Iterable[OrderState], account: str, con_id: int, held: Decimal) -> list[OrderState]:
    """The stops among these orders that would close something of a position."""
    return [
        order
        for order in orders
        if order.terms.order_type in STOPS
        and order.terms.account == account
        and any(one == con_id and effect * held < 0 for one, effect in effects(order.contract, order.terms))
    ]


def _covered(stops: Iterable[OrderState], con_id: int, orders: Orders) -> Decimal:
    groups: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in stops:
        if order.status in _LIVE:
            name = order.terms.oca_group or order.key
            units = abs(dict(effects(order.contract, order.terms))[con_id])
            groups[name] = max(groups[name], units * _working(order, orders))
    return sum(groups.values(), NOTHING)


def _working(stop: OrderState, orders: Orders) -> Decimal:
    """How much of a stop works: it waits for its entry, as far as that has not filled."""
    left = stop.terms.quantity - stop.totals.filled
    entry = orders.get(stop.parent)  # one that is forgotten here was over long ago
    return left if entry is None else max(NOTHING, min(left, entry.totals.filled))


def _symbol(con_id: int, holdings: Holdings, orders: Orders) -> str:
    listed = holdings.contracts.get(con_id)
    if listed is not None:
        return words(listed)
    ordered = (order.contract for order in orders if order.contract.con_id == con_id)
    return next((words(contract) for contract in ordered), f"contract {con_id}")


def _reason(claimed: Decimal, covered: Decimal, wanted: Iterable[str], stops: Iterable[OrderState]) -> str:
    whose = ", ".join(f"strategy {name}" if name else "orders by hand" for name in sorted(wanted))
    text = f"{claimed} of it should have a live stop ({whose}), {covered} has"
    lost = [order for order in stops if order.status in _LOST]
    if not lost:
        return text
    last = max(lost, key=lambda order: order.updated)
    why = last.view().reason
    return f"{text}; {last.key} is {last.status}{f' ({why})' if why else ''}"


def _signed(execution: Execution) -> Decimal:
    return execution.quantity if execution.side == "BUY" else -execution.quantity
