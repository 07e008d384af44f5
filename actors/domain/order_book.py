"""All orders, and which of them a report of the broker is about. Pure: time is passed in.

Identity is the permId where one is known, else our order id together with our client id, else the key
in orderRef together with our client id. Nothing else is ours: what remains is another client's order or
a manual one, adopted as external under its orderRef, or `ext:PERMID` when that is empty or taken.
The id floor rises with every id used, granted or seen, and never comes down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from actors.domain.fills import Commission, FillLedger, Recorded, Totals
from actors.domain.holdings import Holdings
from actors.domain.order_events import reported
from actors.domain.order_groups import exit_keys
from actors.domain.order_machine import apply
from actors.domain.order_state import OrderState, side_of
from actors.domain.own_positions import OwnPositions
from actors.domain.protection import Claims
from actors.messages.broker import ExecutionReport, OrderReport, OrderTerms, StatusReport
from actors.messages.market import Contract
from actors.messages.orders import Execution, GateView, Lock, OrderStatus, OrdersView

FIRST_REQUEST_ID: Final = 1_000_000_000
"""Order ids stay below and request ids begin here, so that the two never meet in the gateway's errors."""
EXTERNAL: Final = "ext:"

Report = OrderReport | StatusReport | ExecutionReport


class OrderBook:
    """Orders by key, by id and by permId, their executions, and the id floor."""

    def __init__(
        self,
        orders: Iterable[OrderState] = (),
        executions: Iterable[Execution] = (),
        commissions: Iterable[Commission] = (),
        floor: int = 0,
    ) -> None:
        self.ledger = FillLedger()
        self.holdings = Holdings()
        self.own: dict[str, OwnPositions] = {}
        """What the executions of some strategies add up to, by name: of those that somebody asked for."""
        self.claims = Claims()
        self.floor = floor
        self.counts: Counter[OrderStatus] = Counter()
        self._orders: dict[str, OrderState] = {}
        self._open: dict[str, None] = {}
        self._by_id: dict[int, str] = {}
        self._external_by_id: dict[tuple[int, int], str] = {}
        self._by_perm: dict[int, str] = {}
        self.take_back(orders, executions, commissions)

    def __iter__(self) -> Iterator[OrderState]:
        return iter(self._orders.values())

    def get(self, key: str) -> OrderState | None:
        """The order with this key."""
        return self._orders.get(key)

    def by_id(self, order_id: int) -> OrderState | None:
        """Our order with this id."""
        key = self._by_id.get(order_id)
        return None if key is None else self._orders[key]

    def find(self, reference: str) -> OrderState | None:
        """The order meant by a key, or by an order id of ours in digits."""
        order = self._orders.get(reference)
        if order is None and reference.isdecimal():
            return self.by_id(int(reference))
        return order

    def taken(self, key: str) -> bool:
        """Whether a new order could not have this key."""
        return key in self._orders or self.ledger.owns(key)

    def open_orders(self) -> list[OrderState]:
        """Orders of which anything is still expected, oldest first."""
        return [self._orders[key] for key in self._open]

    def overview(self, gate: GateView, locks: tuple[Lock, ...]) -> OrdersView:
        """Counts of our orders by what became of them, beside gate and locks."""
        working = [order for order in self.open_orders() if not order.terminal and not order.external]
        return OrdersView(
            gate=gate,
            working=len(working),
            filled=self.counts["FILLED"],
            rejected=self.counts["REJECTED"],
            unknown=self.counts["UNKNOWN"],
            total=self.counts.total(),
            executions=len(self.ledger),
            working_of=dict(Counter(order.strategy for order in working if order.strategy)),
            locks=locks,
        )

    def take_back(
        self, orders: Iterable[OrderState], executions: Iterable[Execution], commissions: Iterable[Commission]
    ) -> None:
        """Know again what was kept elsewhere because it was over; what is known here is newer."""
        for execution in executions:
            self.ledger.record(execution)
        for commission in commissions:
            self.ledger.charge(commission)
        for order in orders:
            if order.key not in self._orders:
                self.put(order)

    def forget(self, since: datetime) -> None:
        """Drop what is over and has not changed `since`, with its executions; of a bracket not before its entry."""
        for order in [*self._orders.values()]:
            if not order.open and order.updated < since and order.parent not in self._open:
                self._drop(order)
        self.ledger.forget(since, self._orders)

    def _drop(self, order: OrderState) -> None:
        del self._orders[order.key]
        for perm_id in order.perm_ids:
            self._by_perm.pop(perm_id, None)
        if order.external:
            self._external_by_id.pop((order.client_id, order.order_id), None)
        else:
            self._by_id.pop(order.order_id, None)
            self.counts[order.status] -= 1

    def put(self, order: OrderState) -> None:
        """Store an order's newest value."""
        old = self._orders.get(order.key)
        self._orders[order.key] = order
        if old is None or old.order_id != order.order_id or old.perm_ids != order.perm_ids:
            self._index(order)
        if not order.external:
            if old is not None:
                self.counts[old.status] -= 1
            self.counts[order.status] += 1
        if order.open:
            self._open[order.key] = None
        else:
            self._open.pop(order.key, None)

    # --- ids ------------------------------------------------------------------------------------

    def next_id(self) -> int | None:
        """An id never used before; None when they are used up."""
        if self.floor + 1 >= FIRST_REQUEST_ID:
            return None
        self.floor += 1
        return self.floor

    def raise_floor(self, used: int) -> bool:
        """No id up to `used` may be given out from now on; whether that changed anything."""
        if not self.floor < used < FIRST_REQUEST_ID:
            return False
        self.floor = used
        return True

    # --- whose report is it -----------------------------------------------------------------------

    def match(self, report: Report) -> OrderState | None:
        """The order a report is about; None when it is none that we know."""
        key = "" if isinstance(report, StatusReport) else key_of(report)
        by_perm = self._by_perm.get(report.perm_id) if report.perm_id else None
        if by_perm is not None:
            return self._orders[by_perm]
        ours = self.by_id(report.order_id)
        if ours is not None and ours.client_id == report.client_id and key in ("", ours.key):
            return ours
        external = self._external_by_id.get((report.client_id, report.order_id))
        if external is not None:
            return self._orders[external]
        named = self._orders.get(key)
        if named is None or named.external:
            return None
        anonymous = isinstance(report, OrderReport) and report.completed and _could_be(named, report)
        return named if anonymous or report.client_id == named.client_id else None

    def external_key(self, report: OrderReport | ExecutionReport) -> str:
        """The key under which an order that is not ours is known."""
        key = key_of(report)
        if key and key not in self._orders and not key.startswith(EXTERNAL):
            return key
        return f"{EXTERNAL}{report.perm_id}" if report.perm_id else f"{EXTERNAL}{report.client_id}:{report.order_id}"

    def adopt(self, report: OrderReport, now: float, at: datetime) -> OrderState:
        """The value of an order of another client or made by hand, not yet put."""
        key = self.external_key(report)
        order = OrderState(
            key=key,
            order_id=report.order_id,
            client_id=report.client_id,
            contract=report.contract,
            terms=report.terms,
            strategy="",
            created=at,
            updated=at,
            heard=now,
            external=True,
            totals=self._totals(key, report.contract, report.terms),
        )
        return apply(order, reported(report), now, at)

    def execution(self, report: ExecutionReport) -> Execution:
        """The execution a report stands for, attributed to its order or to an external key."""
        order = self.match(report)
        return Execution(
            exec_id=report.exec_id,
            key=self.external_key(report) if order is None else order.key,
            order_id=report.order_id,
            perm_id=report.perm_id,
            client_id=report.client_id,
            account=report.account,
            symbol=report.contract.symbol,
            con_id=report.contract.con_id,
            side=side_of(report.side),
            quantity=report.quantity,
            price=report.price,
            exchange=report.exchange,
            time=report.time,
            strategy="" if order is None else order.strategy,
            sec_type=report.contract.sec_type,
        )

    def record(self, execution: Execution, now: float) -> Recorded:
        """Count an execution that the broker told, and what it did to the position."""
        before = self.ledger.find(execution.exec_id)
        recorded = self.ledger.record(execution)
        if recorded is not Recorded.KNOWN:
            self.holdings.heard(before, execution, now)
            if execution.strategy in self.own:
                self.own[execution.strategy].count(execution)
            self.claims.heard(before, execution, has_stop=self._has_stop(execution.key))
        return recorded

    def _has_stop(self, key: str) -> bool:
        """Whether an order is the entry of a bracket with a stop, whatever became of that."""
        stop = self._orders.get(exit_keys(key)[1])
        return stop is not None and stop.parent == key

    def totals(self, order: OrderState) -> Totals:
        """What the executions that fill an order add up to."""
        return self._totals(order.key, order.contract, order.terms)

    def _totals(self, key: str, contract: Contract, terms: OrderTerms) -> Totals:
        return self.ledger.totals(key, sec_type=contract.sec_type, account=terms.account)

    def _index(self, order: OrderState) -> None:
        for perm_id in order.perm_ids:
            self._by_perm[perm_id] = order.key
        if order.order_id > 0:
            if order.external:
                self._external_by_id[order.client_id, order.order_id] = order.key
            else:
                self._by_id[order.order_id] = order.key
            self.raise_floor(order.order_id)


def _could_be(named: OrderState, report: OrderReport) -> bool:
    """Whether a completed order, which is told without client and order id, is the one with its key.

    Others may use the same key: so no permId may speak against it, nor what it says it was for.
    """
    same = (named.contract.symbol, named.contract.sec_type, named.terms.side)
    return not named.perm_ids and same == (report.contract.symbol, report.contract.sec_type, report.terms.side)


def key_of(report: OrderReport | ExecutionReport) -> str:
    """The orderRef of a report."""
    return report.key if isinstance(report, ExecutionReport) else report.terms.key
